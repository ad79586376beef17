"""Checks of a model against its data: closed forms, simulated truth, a wrong model."""

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy import stats

from data import observe
from inference import checks, predictive
from inference.checks import Uniformity
from inference.progress import Phase, RunRecord
from inference.spec import RunSpec
from inference.statistics import STATISTICS

SAMPLER = {"warmup": 300, "draws": 2000, "seed": 4}


def record_of(model, observed, draws, data=None) -> RunRecord:
    """A run of one chain with these draws, (draw,) each."""
    content = {"model": model, "sampler": {"chains": 1}}
    if data is not None:
        content["data"] = data
    rows = {name: np.asarray(values)[None] for name, values in draws.items()}
    drawn = len(next(iter(draws.values())))
    return RunRecord(
        RunSpec.from_json(content), observed, Phase.DONE, drawn=drawn, draws=rows
    )


class Gaussian:
    """Points on a line with a flat prior: everything has a closed form."""

    def __init__(self, points: int, seed: int, draws: int = 4000):
        rng = np.random.default_rng(seed)
        x, error = rng.uniform(-2, 2, points), rng.uniform(0.1, 0.5, points)
        self.observed = {"x": x, "y": rng.normal(0.7 * x + 0.2, error), "yerr": error}
        self.design = np.stack([x, np.ones(points)], axis=1)
        mean, covariance = self.posterior(np.full(points, True))
        m, b = rng.multivariate_normal(mean, covariance, draws).T
        self.record = record_of("line", self.observed, {"m": m, "b": b})

    def posterior(self, kept):
        weight = (self.observed["yerr"] ** -2.0)[kept]
        design, y = self.design[kept], self.observed["y"][kept]
        covariance = np.linalg.inv(design.T @ (design * weight[:, None]))
        return covariance @ (design.T @ (weight * y)), covariance

    def predicted(self, kept, at):
        """Mean and standard deviation of a point given others."""
        mean, covariance = self.posterior(kept)
        row = self.design[at]
        variance = row @ covariance @ row + self.observed["yerr"][at] ** 2
        return row @ mean, np.sqrt(variance)


def test_residuals_of_a_line_are_those_of_its_closed_form():
    line = Gaussian(12, seed=1)
    everything = np.full(12, True)
    predicted = np.array([line.predicted(everything, i) for i in range(12)])
    expected = (line.observed["y"] - predicted[:, 0]) / predicted[:, 1]
    found = checks.residuals(line.record)
    np.testing.assert_array_equal(found.at, line.observed["x"])
    np.testing.assert_allclose(found.size, expected, atol=0.03)


def test_moments_of_a_mixture_are_those_of_its_replicates():
    rng = np.random.default_rng(2)
    count = 60_000
    draws = {
        "m": rng.normal(1, 0.3, count),
        "b": rng.normal(0, 0.2, count),
        "bg_mean": rng.normal(2, 0.5, count),
        "bg_sigma": np.abs(rng.normal(0, 1, count)),
        "Q": rng.uniform(0.4, 1, count),
    }
    data = {"x": np.array([-1.0, 0.5, 3.0]), "yerr": np.array([0.1, 0.4, 0.2])}
    drawn = predictive.replicate("line_outliers", draws, data, rng)
    mean, sd = checks.point_moments("line_outliers", draws, data)
    np.testing.assert_allclose(mean, drawn.mean(axis=0), atol=5 * 2 / count**0.5)
    np.testing.assert_allclose(sd, drawn.std(axis=0), rtol=0.02)
    data["y"] = np.array([-0.8, 1.9, 2.5])
    below = checks.point_cdf("line_outliers", draws, data).mean(axis=0)
    shares = (drawn < data["y"]).mean(axis=0)
    np.testing.assert_allclose(below, shares, atol=5 * 0.5 / count**0.5)


def test_the_transform_of_a_point_is_that_of_the_line_without_it():
    line = Gaussian(10, seed=3)
    exact = []
    for i in range(10):
        mean, sd = line.predicted(np.arange(10) != i, i)
        exact.append(stats.norm.cdf(line.observed["y"][i], mean, sd))
    found = checks.transforms(line.record)
    np.testing.assert_allclose(found, exact, atol=0.02)
    # ArviZ's own, from ranks of replicates.
    terms = predictive.log_likelihood("line", line.record.draws, line.observed)
    log_weights, _ = array_stats.psislw(terms[0].T)
    ranks = array_stats.loo_pit(
        checks.replicates(line.record).values.T[:, None],
        line.observed["y"],
        log_weights[:, None],
    )
    np.testing.assert_allclose(found, ranks, atol=5 * 0.5 / 1000**0.5)


def test_without_data_nothing_is_left_out():
    line = Gaussian(8, seed=5)
    spec = RunSpec.from_json(line.record.spec.to_json() | {"strength": 0.0})
    prior = RunRecord(
        spec, line.observed, Phase.DONE, drawn=4000, draws=line.record.draws
    )
    draws = {name: values[0] for name, values in prior.draws.items()}
    plain = checks.point_cdf("line", draws, line.observed).mean(axis=0)
    np.testing.assert_allclose(checks.transforms(prior), plain, atol=1e-12)


@pytest.mark.parametrize("count", [4, 15, 200])
def test_uniform_values_stay_within_the_band_as_often_as_it_says(count):
    rng = np.random.default_rng(6)
    stays = [not checks.uniformity(v).leaves for v in rng.random((1500, count))]
    # Counts are whole, so that a band of few values may hold a little more often.
    assert checks.COVER - 0.025 < np.mean(stays) < checks.COVER + 0.03


def test_a_band_of_many_values_serves_more():
    rng = np.random.default_rng(7)
    stays = [not checks.uniformity(v).leaves for v in rng.random((400, 5000))]
    assert np.mean(stays) == pytest.approx(checks.COVER, abs=0.035)
    skewed = checks.uniformity(rng.random(5000) ** 1.1)
    assert skewed.leaves


POPULATION = {
    "log_L": np.log(470.0),
    "log_dist_clust": np.log(860.0),
    "log_sigma": -4.0,
    "frac_clust": 0.4,
}


def cluster_record(seed, *, data=None, **other) -> RunRecord:
    """3000 stars of a population, and a run that is sure of it, or of another."""
    rng = np.random.default_rng(seed)
    errors = rng.lognormal(np.log(0.15), 0.7, 3000)
    observed = {"parallax_error": errors, "zero_point": np.full(3000, -0.02)}
    true = {name: np.array([value]) for name, value in POPULATION.items()}
    true = predictive.derive("cluster", true)
    parallax = predictive.replicate("cluster", true, observed, rng)[0]
    low, high = (data["parallax_min"], data["parallax_max"]) if data else (-99, 99)
    kept = (parallax >= low) & (parallax <= high)
    observed = {n: v[kept] for n, v in (observed | {"parallax": parallax}).items()}
    known = {n: np.full(300, v) for n, v in (POPULATION | other).items()}
    cut = data or {"parallax_min": -99.0, "parallax_max": 99.0}
    return record_of(
        "cluster",
        observed,
        predictive.derive("cluster", known),
        {"source": "simulated_m67"} | cut,
    )


CUT = {"parallax_min": 0.3, "parallax_max": 2.0}
EDGES = np.linspace(0.3, 2.0, 31)


@pytest.mark.parametrize("data", [None, CUT])
def test_transforms_of_a_cluster_s_stars_are_uniform(data):
    record = cluster_record(8, data=data)
    values = checks.transforms(record)
    assert stats.kstest(values, "uniform").pvalue > 0.01
    assert not checks.uniformity(values).leaves


def test_residuals_of_a_cut_sample_are_of_what_the_cut_keeps():
    sizes = checks.residuals(cluster_record(10, data=CUT), EDGES).size
    # Of 30 bins with unit variance: five Monte-Carlo standard errors.
    assert np.mean(sizes) == pytest.approx(0, abs=5 / np.sqrt(30))
    assert np.mean(sizes**2) == pytest.approx(1, abs=5 * np.sqrt(2 / 30))


def test_a_cluster_at_a_wrong_distance_shows_in_residuals_and_transforms():
    right = cluster_record(9)
    wrong = cluster_record(9, log_dist_clust=np.log(820.0))
    sizes = checks.residuals(right, EDGES).size
    assert np.abs(sizes).max() < 4
    assert np.mean(sizes**2) == pytest.approx(1, abs=5 * np.sqrt(2 / 30))
    assert np.abs(checks.residuals(wrong, EDGES).size).max() > 4.5
    assert checks.uniformity(checks.transforms(wrong)).leaves


@pytest.fixture(scope="module")
def runs(sample):
    points = observe({"source": "line"})
    return {
        model: sample({"model": model, "sampler": SAMPLER}, points)
        for model in ("line", "line_outliers")
    }


def test_a_line_through_outliers_fails_every_check_and_the_mixture_none(runs):
    plain, mixture = runs["line"], runs["line_outliers"]
    assert (np.abs(checks.residuals(plain).size) > 3).sum() >= 3
    assert (np.abs(checks.residuals(mixture).size) < 3).all()
    chi_squared = STATISTICS["line"][0]
    for record, fails in ((plain, True), (mixture, False)):
        values = checks.replicated(record, chi_squared)
        beyond = (values >= checks.observed(record, chi_squared)).mean()
        assert (beyond < checks.UNUSUAL) == fails
        assert checks.uniformity(checks.transforms(record)).leaves == fails
    said = checks.tail(
        checks.replicated(plain, chi_squared),
        checks.observed(plain, chi_squared),
        chi_squared.label,
    )
    assert "none of 4,000 replicates is as large: the model does not" in said


def test_chi_squared_of_replicates_is_chi_squared(runs):
    values = checks.replicated(runs["line"], STATISTICS["line"][0])
    assert stats.kstest(values, stats.chi2(13).cdf).pvalue > 0.01


def test_a_replicate_knows_its_draw(runs):
    record = runs["line"]
    slope = next(one for one in STATISTICS["line"] if one.name == "best_slope")
    of_draws, m = checks.of_draws(record, "best_slope"), record.draws["m"]
    assert of_draws.shape == m.shape
    # There are 8000 draws and half as many replicates; the others have no value.
    known = np.isfinite(of_draws)
    assert known.sum() == checks.MOST
    np.testing.assert_array_equal(np.flatnonzero(known), checks.replicates(record).draw)
    np.testing.assert_array_equal(of_draws[known], checks.replicated(record, slope))
    # A replicate's slope is its draw's, and the errors' scatter.
    x, error = record.observed["x"], record.observed["yerr"][0]
    scatter = error / np.sqrt(((x - x.mean()) ** 2).sum())
    away = of_draws[known] - m[known]
    assert away.std() == pytest.approx(scatter, rel=0.05)
    assert abs(np.corrcoef(away, m[known])[0, 1]) < 0.07
    assert checks.of_draws(record, "m") is None
    assert checks.of_draws(record, "median_parallax") is None


def test_tails_are_said_in_words():
    values = np.arange(1000.0)
    said = checks.tail(values, 880.0, "length [pc]")
    assert said.startswith("Observed length: 880 pc; 12 % of 1,000 replicates are as")
    assert said.endswith("as large: nothing unusual for the model.")
    said = checks.tail(values, 4.0, "length")
    assert "0.5 % of 1,000 replicates are as small: the model does not" in said
    assert "all 10 replicates have just that" in checks.tail(np.ones(10), 1.0, "n")


def test_an_excess_outside_its_band_is_seen_anywhere():
    at = np.array([0.0, 0.5, 1.0])
    low, high = np.array([0.0, -0.2, 0.0]), np.array([0.0, 0.2, 0.0])
    for middle, leaves in ((0.1, False), (0.3, True), (-0.3, True)):
        excess = np.array([0.0, middle, 0.0])
        assert Uniformity(at, excess, low, high).leaves == leaves
