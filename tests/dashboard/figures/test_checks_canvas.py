"""Data against predictions, on one canvas."""

import holoviews as hv
import numpy as np
import pytest

from dashboard.figures import brushed_statistic, predictive_checks, statistic_limits
from dashboard.figures.checks import (
    RESIDUALS,
    STATISTIC,
    TRANSFORMS,
    Compared,
    Measured,
    Transformed,
)

RNG = np.random.default_rng(4)
RESIDUAL = Measured(np.array([0.0, 1.0, 4.0]), np.array([0.5, -5.0, 2.9]), "x")
VALUES = RNG.normal(10, 2, 4000)
AT = np.linspace(0, 1, 11)
TRANSFORM = Transformed(AT, 0.1 * np.sin(6 * AT), -0.2 * AT, 0.2 * AT, "PIT")


def drawn(statistic=None, residuals=RESIDUAL, transforms=TRANSFORM, **options):
    return predictive_checks(
        residuals, statistic or Compared(VALUES, 13.0, "T"), transforms, **options
    )


def elements(overlay, kind):
    return [item for item in overlay if type(item) is kind]


def test_it_is_the_same_elements_empty_or_full():
    chosen = Compared(VALUES, 13.0, "T", VALUES > 12)
    structures = {
        tuple((type(item).__name__, item.label) for item in overlay)
        for overlay in (
            drawn(chosen, dark=True),
            predictive_checks(None, None, None),
            predictive_checks(None, None, None, alone=True),
            drawn(chosen, None, None, alone=True),
        )
    }
    assert len(structures) == 1
    texts = elements(predictive_checks(None, None, None), hv.Labels)[0]
    assert "no draws yet" in texts.dimension_values("text")


def test_points_beyond_three_sigma_have_another_mark():
    (marks,) = elements(drawn(), hv.Points)
    x, y, kind = (marks.dimension_values(n) for n in ("x", "y", "marker"))
    assert list(kind) == ["inverted_triangle", "circle", "circle", "diamond"]
    # 5 below zero is lower than 2.9 above, and as far down as 1.12 times that allows.
    middle = (RESIDUALS.y0 + RESIDUALS.y1) / 2
    half = middle - RESIDUALS.y0
    assert y[3] == pytest.approx(middle - half / 1.12)
    assert y[2] == pytest.approx(middle + half * 2.9 / 5.6)
    assert x[1] < x[3] < x[2]


def bar_heights(overlay, index):
    area = elements(overlay, hv.Area)[index]
    return area.dimension_values("y") - STATISTIC.y0


def test_bars_are_the_replicates_and_the_darker_ones_those_of_chosen_draws():
    chosen = VALUES > 12
    overlay = drawn(Compared(VALUES, 13.0, "T", chosen))
    full, part = bar_heights(overlay, 1), bar_heights(overlay, 2)
    assert part.sum() / full.sum() == pytest.approx(chosen.mean(), abs=0.02)
    everywhere = drawn(Compared(VALUES, 13.0, "T", np.ones(4000, bool)))
    np.testing.assert_allclose(bar_heights(everywhere, 2), full)
    assert len(elements(drawn(), hv.Area)[2]) == 0


def test_the_data_s_own_value_stands_where_it_is_however_far():
    for seen in (13.0, 500.0, -80.0):
        statistic = Compared(VALUES, seen, "T")
        limits = statistic_limits(statistic)
        assert limits[0] < min(seen, 5) and max(seen, 15) < limits[1]
        (marks,) = elements(drawn(statistic), hv.Points)
        x = marks.dimension_values("x")[0]
        assert x == pytest.approx(float(STATISTIC.x(seen, limits)))
        # The bars keep their number: they are over the replicates alone.
        bars = np.unique(bar_heights(drawn(statistic), 1))
        assert len(bars) > 20


def test_whole_numbers_have_a_bar_each():
    values = RNG.integers(0, 4, 1000).astype(float)
    statistic = Compared(values, 2.0, "n")
    overlay = drawn(statistic)
    area = elements(overlay, hv.Area)[1]
    limits = statistic_limits(statistic)
    edges = STATISTIC.data_x(np.unique(area.dimension_values("x")), limits)
    np.testing.assert_allclose(edges[1:-1], [0.5, 1.5, 2.5])


@pytest.mark.parametrize("values", [np.zeros(500), np.full(500, 3.2)])
def test_equal_replicates_are_one_bar(values):
    heights = bar_heights(drawn(Compared(values, values[0], "n")), 1)
    assert np.isfinite(heights).all() and heights.max() > 0


def test_a_box_on_the_statistic_is_a_range_of_it():
    statistic = Compared(VALUES, 13.0, "T")
    limits = statistic_limits(statistic)
    left, right = STATISTIC.x((11.0, 12.5), limits)
    inside = (left, STATISTIC.y0 + 0.05, right, STATISTIC.y1 - 0.05)
    found = brushed_statistic(inside, limits)
    assert found == pytest.approx((11.0, 12.5))
    for cell in (RESIDUALS, TRANSFORMS):
        box = (cell.x0 + 0.1, cell.y0 + 0.05, cell.x1 - 0.1, cell.y1 - 0.05)
        assert brushed_statistic(box, limits) is None
    # A box that reaches out of the cell ends where the cell does.
    wide = brushed_statistic((0.0, 0.2, STATISTIC.x1, 0.4), limits)
    assert wide == pytest.approx(limits)


def test_the_excess_is_drawn_over_its_band():
    overlay = drawn()
    (line,) = elements(overlay, hv.Curve)
    x, y = line.dimension_values("x"), line.dimension_values("y")
    np.testing.assert_allclose(x, TRANSFORMS.x(AT, (0, 1)))
    tall = 1.15 * 0.2
    np.testing.assert_allclose(y, TRANSFORMS.y(TRANSFORM.excess, (-tall, tall)))
