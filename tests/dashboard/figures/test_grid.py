import numpy as np
import pytest

from dashboard.figures.grid import (
    Cell,
    Grid,
    Sides,
    nice_ticks,
    number,
    stack,
    steps,
    tick_labels,
)

CELL = Cell(0.2, 0.3, 0.5, 0.9)


def test_a_cell_maps_its_limits_to_its_corners():
    assert CELL.x([860.0, 870.0], (860.0, 870.0)) == pytest.approx([0.2, 0.5])
    assert CELL.y([-1.0, 3.0], (-1.0, 3.0)) == pytest.approx([0.3, 0.9])


def test_cell_transforms_invert():
    values = np.array([861.3, 865.0, 869.9])
    back = CELL.data_x(CELL.x(values, (860, 870)), (860, 870))
    up = CELL.data_y(CELL.y(values, (860, 870)), (860, 870))
    assert back == pytest.approx(values, rel=1e-12)
    assert up == pytest.approx(values, rel=1e-12)


def test_cells_of_a_grid_lie_on_the_canvas_and_do_not_overlap():
    grid = Grid(2, 3, Sides(0.1, 0.05, 0.1, 0.1), Sides(0.05, 0.05, 0.1, 0.2))
    cells = [grid.cell(row, column) for row in range(2) for column in range(3)]
    assert all(0 < cell.x0 < cell.x1 < 1 for cell in cells)
    assert all(0 < cell.y0 < cell.y1 < 1 for cell in cells)
    assert cells[0].x1 < cells[1].x0
    assert cells[3].y1 < cells[0].y0


def test_a_point_is_located_in_the_cell_that_holds_it():
    grid = Grid(3, 2, Sides(0.1, 0, 0.1, 0), Sides(right=0.1, top=0.1))
    for row in range(3):
        for column in range(2):
            x0, y0, x1, y1 = grid.cell(row, column)
            assert grid.locate((x0 + x1) / 2, (y0 + y1) / 2) == (row, column)
    assert grid.locate(0.05, 0.5) is None
    assert grid.locate(grid.cell(0, 0).x1 + 0.01, 0.9) is None


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((0.0, 1.0), [0.2, 0.4, 0.6, 0.8]),
        ((860.0, 872.0), [862, 864, 866, 868, 870]),
        ((-0.9, 0.9), [-0.5, 0.0, 0.5]),
    ],
)
def test_ticks_are_round_numbers(limits, expected):
    ticks = nice_ticks(limits, 5 if limits[1] > 1 else 4, 0.08)
    assert ticks == pytest.approx(expected)


@pytest.mark.parametrize("scale", [1e-6, 0.03, 1.0, 7.0, 1234.5, 9e8])
def test_every_range_gets_at_least_two_ticks_and_not_too_many(scale):
    for low in (-3.3, 0.0, 865.77):
        ticks = nice_ticks((low * scale, (low + 1) * scale), 3)
        assert 2 <= ticks.size <= 4


def test_a_range_that_is_no_range_has_no_ticks():
    assert nice_ticks((1.0, 1.0)).size == 0
    assert nice_ticks((0.0, np.nan)).size == 0


def test_tick_labels_have_no_spurious_digits():
    assert tick_labels(np.arange(3) * 0.1 + 0.1) == ["0.1", "0.2", "0.3"]
    assert tick_labels(np.array([1234.0000001, 1236.0])) == ["1234", "1236"]
    assert tick_labels(np.array([-0.0, 0.5])) == ["0.0", "0.5"]
    assert tick_labels(np.array([-2.0, 2.0])) == ["\N{MINUS SIGN}2", "2"]
    assert tick_labels(np.array([0.25])) == ["0.25"]
    assert tick_labels(np.array([])) == []


def test_tick_labels_of_huge_and_tiny_numbers_are_short():
    assert tick_labels(np.array([2e5, 4e5])) == ["2e5", "4e5"]
    assert tick_labels(np.array([2e-5, 4e-5])) == [
        "2e\N{MINUS SIGN}5",
        "4e\N{MINUS SIGN}5",
    ]


def test_numbers_have_two_digits_of_their_error():
    assert number(865.7612, 1.13) == "865.8"
    assert number(0.42841, 0.0109) == "0.428"
    assert number(-3.0, 12.0) == "\N{MINUS SIGN}3"
    assert number(np.nan, 1.0) == "\N{EN DASH}"


def test_stacked_lines_are_parted_by_nan():
    joined = stack([np.array([1.0, 2.0]), np.array([3.0])])
    assert joined[:2].tolist() == [1, 2]
    assert np.isnan(joined[2])
    assert joined[3:].tolist() == [3]
    assert stack([]).size == 0


def test_a_step_outline_starts_and_ends_on_the_floor():
    x, y = steps(np.array([0.0, 1.0, 3.0]), np.array([2.0, 5.0]))
    assert x.tolist() == [0, 0, 1, 1, 3, 3]
    assert y.tolist() == [0, 2, 2, 5, 5, 0]
