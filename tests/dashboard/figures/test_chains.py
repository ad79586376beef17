"""Ranks, growth and energies: one canvas each."""

import holoviews as hv
import numpy as np
import pytest

from dashboard.figures import energies, ess_growth, ranks
from dashboard.figures.growth import layout as growth_layout
from dashboard.figures.ranks import layout as rank_layout
from tests.dashboard.figures.test_canvases import structure, texts

NONE = np.empty((1, 0))


def even(chains: int = 4, bins: int = 20) -> tuple[np.ndarray, float, float]:
    return np.full((chains, bins), 50), 50.0, 20.0


def grown(last: float = 4000.0) -> tuple[np.ndarray, ...]:
    drawn = np.arange(100, 1001, 100)
    return drawn, drawn * last / 1000, drawn * last / 2000


def chains(slow: bool = False) -> tuple[np.ndarray, ...]:
    values = np.random.default_rng(1).normal(size=(4, 300))
    bfmi = np.array([1.0, 0.9, 0.2 if slow else 0.8, 1.1])
    depth = np.random.default_rng(2).integers(1, 4, (4, 300))
    return values, np.diff(values), bfmi, depth


def test_each_is_the_same_elements_empty_or_full(labels):
    assert structure(ranks({}, labels)) == structure(
        ranks({"log_L": even(), "frac_clust": even()}, labels, dark=True)
    )
    assert structure(ess_growth({}, labels, wanted=400)) == structure(
        ess_growth({"log_L": grown()}, labels, wanted=400, dark=True)
    )
    assert structure(energies(NONE, NONE, np.empty(1), NONE)) == structure(
        energies(*chains(), dark=True)
    )


def test_without_draws_each_says_so(labels):
    empty = ranks({}, labels), ess_growth({}, labels, wanted=400)
    for overlay in (*empty, energies(NONE, NONE, np.empty(1), NONE)):
        assert "no draws yet" in texts(overlay)
    assert "no draws yet" not in texts(energies(*chains()))


def test_a_bar_outside_the_band_is_marked_where_it_is(labels):
    counts, expected, margin = even()
    counts = counts.copy()
    counts[2, 5] = 75
    counts[2, 6] = 69
    found = {"log_L": even(), "frac_clust": (counts, expected, margin)}
    overlay = ranks(found, labels)
    (marks,) = (item for item in overlay if isinstance(item, hv.Points))
    assert len(marks) == 1
    cell = rank_layout(2, 4).cell(1, 2)
    x, y = (float(marks.dimension_values(k)[0]) for k in ("x", "y"))
    assert cell.holds(x, y)
    assert cell.data_x(x, (0, 20)) == pytest.approx(5.5)
    assert "chain 4" in texts(overlay)


def test_a_bar_is_as_high_as_its_count(labels):
    counts = np.full((1, 20), 40)
    counts[0, 0] = 80
    bars = list(ranks({"log_L": (counts, 42.0, 10.0)}, labels))[1]
    cell, peak = rank_layout(1, 1).cell(0, 0), 1.08 * 80
    heights = cell.data_y(bars.dimension_values("y"), (0, peak))
    assert np.unique(heights.round(6)).tolist() == [0, 40, 80]


def test_growth_has_its_threshold_where_it_belongs(labels):
    found = {"log_L": grown(), "frac_clust": grown(600)}
    overlay = ess_growth(found, labels, wanted=400)
    assert any("bulk 4,000" in text and "tail 2,000" in text for text in texts(overlay))
    few = [text for text in texts(overlay) if "too few" in text]
    assert len(few) == 1
    assert "bulk 600" in few[0]
    bulk, tail = (item for item in overlay if type(item) is hv.Curve)
    cell = growth_layout(2).cell(0, 0)
    limits = (0, 1.08 * 4000)
    x, y = (bulk.dimension_values(k)[:10] for k in ("x", "y"))
    assert cell.data_x(x, (0, 1000)) == pytest.approx(grown()[0])
    assert cell.data_y(y, limits) == pytest.approx(grown()[1])
    assert cell.data_y(tail.dimension_values("y")[:10], limits) == pytest.approx(
        grown()[2]
    )
    (rules,) = (item for item in overlay if isinstance(item, hv.Segments))
    assert any(
        cell.data_y(float(y), limits) == pytest.approx(400)
        for y in rules.dimension_values("y0")
    )


def test_a_chain_of_little_energy_is_a_warning():
    good, slow = texts(energies(*chains())), texts(energies(*chains(slow=True)))
    assert not any("\N{BLACK UP-POINTING TRIANGLE}" in text for text in good)
    assert "BFMI 0.20 \N{BLACK UP-POINTING TRIANGLE}" in slow
    lenient = texts(energies(*chains(slow=True), bfmi_limit=0.1))
    assert "BFMI 0.20" in lenient


def test_energies_that_do_not_change_are_drawn():
    values = np.zeros((4, 50))
    overlay = energies(
        values, np.diff(values), np.full(4, np.nan), np.ones((4, 50), int)
    )
    assert "BFMI nan \N{BLACK UP-POINTING TRIANGLE}" in texts(overlay)
