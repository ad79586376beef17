import numpy as np
import pytest

from dashboard.figures.summary import (
    density_range,
    histogram,
    interval,
    plotting_range,
    plotting_ranges,
    thin,
)


def test_the_interval_of_a_uniform_grid_is_known():
    low, median, high = interval(np.linspace(0, 100, 101).reshape(1, -1))
    assert (low, median, high) == pytest.approx((16, 50, 84))


def test_the_interval_leaves_out_what_is_not_finite():
    assert interval(np.array([[1.0, np.nan, 3.0, np.inf]])).median == 2.0
    assert np.isnan(interval(np.zeros((4, 0)))).all()


def test_a_range_holds_the_bulk_and_not_a_wild_draw():
    values = np.append(np.random.default_rng(0).normal(0, 1, 4000), 1e6)
    low, high = plotting_range(values)
    assert -5 < low < -2
    assert 2 < high < 5


def test_a_range_is_kept_while_draws_stay_inside_it():
    values = np.linspace(0, 10, 500)
    before = plotting_range(values)
    assert plotting_range(values * 0.95, before) == before


def test_a_range_is_left_when_draws_leave_it_or_fill_too_little():
    values = np.linspace(0, 10, 500)
    before = plotting_range(values)
    assert plotting_range(values + 5, before) != before
    assert plotting_range(values * 0.3, before) != before


def test_draws_that_do_not_move_have_a_range():
    low, high = plotting_range(np.full((4, 10), 865.0))
    assert low < 865 < high


def test_no_draws_keep_the_previous_range():
    assert plotting_range(np.zeros((4, 0)), (2.0, 3.0)) == (2.0, 3.0)
    assert plotting_range(np.zeros((4, 0))) == (0.0, 1.0)
    assert plotting_ranges({"a": np.zeros((4, 0))}) == {}


def test_counts_of_a_histogram_sum_to_the_draws():
    values = np.random.default_rng(1).normal(size=(4, 250))
    counted = histogram(values, (-10, 10))
    assert counted.counts.sum() == 1000
    assert counted.density @ np.diff(counted.edges) == pytest.approx(1)


def test_a_density_is_that_of_all_draws_also_of_those_outside():
    values = np.linspace(0, 1, 1000, endpoint=False)
    counted = histogram(values, (0, 0.5), 10)
    assert counted.density == pytest.approx(np.ones(10), rel=0.05)


def test_the_range_of_a_density_is_its_bulk():
    xs = np.linspace(0, 100, 2001)
    low, high = density_range((xs, np.exp(-((xs - 50) ** 2) / 2)))
    assert 46 < low < 48
    assert 52 < high < 54


def test_thinning_keeps_every_chain_and_the_first_draw():
    values = np.arange(4000.0).reshape(4, 1000)
    index, kept = thin(values, 300)
    assert kept.shape == (4, 250)
    assert index[:2].tolist() == [0, 4]
    assert thin(values, 5000)[1].shape == (4, 1000)
    assert thin(values[:, :0], 300)[1].shape == (4, 0)
