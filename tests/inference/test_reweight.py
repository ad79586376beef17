"""Estimates by importance sampling, against real runs and against what is known."""

import numpy as np
import pytest
from scipy import stats

from data import observe
from inference import reweight
from inference.reweight import Reach
from inference.spec import RunSpec
from tests.conftest import monte_carlo_z

SAMPLER = {"warmup": 300, "draws": 2000, "seed": 5}


def weighted(estimate, values):
    mean = float((estimate.weights * values).sum())
    return mean, float(np.sqrt((estimate.weights * (values - mean) ** 2).sum()))


def test_gaussian_weights_move_a_gaussian():
    rng = np.random.default_rng(1)
    draws = rng.standard_normal((4, 5000))
    estimate = reweight.from_log_ratio(stats.norm.logpdf(draws, 0.5) - _log(draws))
    assert estimate.reach is Reach.GOOD
    assert estimate.weights.sum() == pytest.approx(1.0)
    mean, sd = weighted(estimate, draws)
    assert mean == pytest.approx(0.5, abs=5 / np.sqrt(estimate.size))
    assert sd == pytest.approx(1.0, abs=5 / np.sqrt(2 * estimate.size))
    # The effective share of such weights is e^(-shift^2).
    assert estimate.size == pytest.approx(20_000 * np.exp(-0.25), rel=0.03)


def _log(draws):
    return stats.norm.logpdf(draws)


def test_what_is_too_far_is_withdrawn():
    rng = np.random.default_rng(2)
    draws = rng.standard_normal((4, 1000))
    wide = reweight.from_log_ratio(stats.norm.logpdf(draws, 0, 8) - _log(draws))
    assert wide.reach is Reach.TOO_FAR
    assert wide.k > reweight.limit(4000)
    away = reweight.from_log_ratio(stats.norm.logpdf(draws, 6.0) - _log(draws))
    assert away.reach is Reach.TOO_FAR
    nowhere = reweight.from_log_ratio(np.full((4, 100), -np.inf))
    assert nowhere.reach is Reach.TOO_FAR
    for estimate in (wide, away, nowhere):
        assert estimate.weights.size == 0
        assert reweight.resampled(estimate, {"x": draws}) == {}
        assert "run again" in estimate.sentence


def test_equal_weights_change_nothing():
    estimate = reweight.from_log_ratio(np.full((2, 500), 3.0))
    assert estimate.reach is Reach.GOOD
    assert estimate.size == pytest.approx(1000)


def test_resampling_keeps_the_weighted_moments():
    rng = np.random.default_rng(3)
    draws = rng.standard_normal((4, 1000))
    estimate = reweight.from_log_ratio(0.7 * draws)
    again = reweight.resampled(estimate, {"x": draws}, 4000)["x"]
    assert again.shape == (1, 4000)
    mean, sd = weighted(estimate, draws)
    assert again.mean() == pytest.approx(mean, abs=0.005)
    assert again.std() == pytest.approx(sd, abs=0.005)


def normal(loc, scale):
    return {"family": "Normal", "loc": loc, "scale": scale}


CASES = {
    "line": (
        {"model": "line"},
        {"priors": {"b_perp": normal(0.1, 0.1)}},
        ("m", "b"),
    ),
    "star": (
        {"model": "star"},
        {"priors": {"L": {"family": "Delta", "v": 330.0}}},
        ("distance",),
    ),
    "cluster": (
        {"model": "cluster"},
        {"priors": {"log_dist_clust": normal(6.758, 2e-3)}},
        ("dist_clust", "L", "frac_clust", "approx_size_clust"),
    ),
    "half strength": ({"model": "line"}, {"strength": 0.7}, ("m", "b")),
    "a point left out": (
        {"model": "line_outliers"},
        # Not the first: it matters so much that k is 0.6 to 0.9, as the draws fall.
        {"data": {"source": "line", "left_out": [10]}},
        ("m", "b", "Q"),
    ),
    "half a point taken back": (
        {
            "model": "line",
            "data": {"source": "line", "left_out": [4]},
            "strength": 0.5,
        },
        {"data": {"source": "line"}},
        ("m", "b"),
    ),
}


def bulk(draws):
    """Width of the middle 68 %."""
    low, high = np.quantile(draws, [0.16, 0.84])
    return high - low


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_estimate_is_the_posterior_of_a_run(sample, case):
    content, change, names = case
    from_run = sample(content | {"sampler": SAMPLER})
    to = sample(content | change | {"sampler": SAMPLER | {"seed": 6}})
    estimate = reweight.reweight(from_run, to.spec, observe(to.spec.data))
    assert estimate is not None
    assert estimate.reach is not Reach.TOO_FAR, estimate
    for name in names:
        mean, sd = weighted(estimate, from_run.draws[name])
        error = 1.5 * sd / np.sqrt(estimate.size)
        assert abs(monte_carlo_z(to.draws[name], mean, error)) < 5, name
        # By the bulk: a few lines that miss all points make a third of the slope's sd,
        # and runs of this length have them or not.
        drawn = reweight.resampled(estimate, {name: from_run.draws[name]}, 8000)[name]
        assert bulk(drawn) == pytest.approx(bulk(to.draws[name]), rel=0.15), name
        # What was moved did move.
        assert abs(monte_carlo_z(from_run.draws[name], mean)) > 1e-6


def test_what_a_run_could_not_draw_is_not_estimated(sample):
    inside = {"b_perp": {"family": "Uniform", "low": 0.0, "high": 0.2}}
    record = sample({"model": "line", "priors": inside, "sampler": SAMPLER})
    wider = RunSpec.from_json({"model": "line"})
    estimate = reweight.reweight(record, wider)
    assert estimate is not None
    assert estimate.reach is Reach.TOO_FAR
    other_data = RunSpec.from_json(
        {"model": "line", "data": {"source": "line", "seed": 13}}
    )
    assert reweight.reweight(record, other_data, observe(other_data.data)) is None
