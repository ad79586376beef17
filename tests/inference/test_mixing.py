"""Ranks, growth and energy, against what is known and what ArviZ says of a run."""

import arviz_base
import arviz_stats
import numpy as np
import pytest
from scipy import stats

from inference import mixing


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_ranks_are_those_of_scipy():
    values = normal(3, 400)
    whole = stats.rankdata(values).reshape(values.shape)
    found = mixing.ranks(values)
    width = values.size / mixing.RANK_BINS
    for chain, counts in enumerate(found.counts):
        first = [np.sum(whole[chain] <= width * (k + 1)) for k in range(20)]
        assert np.cumsum(counts).tolist() == first
    assert found.counts.sum(axis=0).tolist() == [width] * 20
    assert found.expected == 20


def test_chains_that_agree_stay_in_the_band_about_99_times_in_100():
    left = [mixing.ranks(normal(4, 500, seed=k)).outside.any() for k in range(600)]
    # Six are expected; with their Poisson scatter 2 to 13 are, in 99 of 100 such tests.
    assert 2 <= sum(left) <= 13


def test_a_chain_elsewhere_leaves_it():
    values = normal(4, 500)
    values[1] += 0.8
    outside = mixing.ranks(values).outside
    assert outside[1].sum() > outside[[0, 2, 3]].sum(axis=1).max()
    assert outside[1, 0]
    assert outside[1, -1]


def test_the_band_is_wider_for_draws_that_are_correlated():
    slow = normal(4, 2000)
    for k in range(1, 2000):
        slow[:, k] = 0.9 * slow[:, k - 1] + np.sqrt(0.19) * slow[:, k]
    ratio = mixing.ranks(slow).margin / mixing.ranks(normal(4, 2000)).margin
    # An effective draw is (1 + rho) / (1 - rho) = 19 draws.
    assert ratio == pytest.approx(np.sqrt(19), rel=0.2)


def test_of_one_chain_the_halves_are_compared():
    drift = np.sort(normal(1, 400))
    found = mixing.ranks(drift)
    assert found.counts.shape == (2, mixing.RANK_BINS)
    assert found.counts[0, :10].sum() == 200


def test_more_panels_widen_the_band():
    values = normal(4, 500)
    assert mixing.ranks(values, 5).margin > mixing.ranks(values).margin


def test_growth_ends_where_arviz_says():
    values = normal(4, 1000)
    found = mixing.growth(values)
    assert found.drawn.tolist() == list(range(100, 1001, 100))
    tree = arviz_base.from_dict({"posterior": {"m": values[:, :700]}})
    bulk = float(arviz_stats.ess(tree, method="bulk")["m"])
    tail = float(arviz_stats.ess(tree, method="tail", prob=(0.05, 0.95))["m"])
    assert (found.bulk[6], found.tail[6]) == pytest.approx((bulk, tail))
    # Independent draws are as many effective ones.
    assert found.bulk[-1] == pytest.approx(4000, rel=0.15)


def test_growth_of_few_draws_is_what_can_be_known():
    assert mixing.growth(normal(4, 3)).drawn.size == 0
    assert mixing.growth(normal(4, 7)).drawn.tolist() == [4, 5, 6, 7]


def test_energy_is_that_of_arviz_and_of_its_definition():
    energies = normal(4, 300) + np.array([[5], [6], [7], [8]])
    found = mixing.energy(energies)
    assert found.marginal.mean(axis=1) == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(found.transition[2], energies[2, 1:] - energies[2, :-1])
    tree = arviz_base.from_dict({"sample_stats": {"energy": energies}})
    assert found.bfmi == pytest.approx(arviz_stats.bfmi(tree)["energy"].values)
    # Betancourt 2016, equation 7, of independent energies: twice their variance.
    assert found.bfmi.mean() == pytest.approx(2, abs=0.2)


def test_a_tree_of_n_doublings_has_two_to_the_n_less_one_steps():
    assert mixing.depths(np.array([1, 2, 3, 4, 7, 8, 1023])).tolist() == [
        1, 2, 2, 3, 3, 4, 10
    ]  # fmt: skip
