"""Expected counts of field and cluster against SciPy's integration and replicates."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from inference import predictive
from inference.components import component_counts, noise

EDGES = np.array([0.2, 0.9, 1.1, 1.16, 1.3, 2.0, 4.0])
OBSERVED = {
    "parallax_error": np.array([0.03, 0.1, 0.4, 2.0]),
    "zero_point": np.array([0.0, -0.02, 0.05, -0.03]),
}


def population(**other):
    of = {
        "log_L": np.log(450.0),
        "log_dist_clust": np.log(860.0),
        "log_sigma": -3.9,
        "frac_clust": 0.4,
    } | other
    return {name: np.array([value]) for name, value in of.items()}


def below(edge: float, distance):
    """Stars that are seen below an edge where all are at one distance."""
    away = edge - 1000 / distance - OBSERVED["zero_point"]
    return stats.norm.cdf(away / OBSERVED["parallax_error"]).sum()


def integral(edge: float, prior) -> float:
    """Average over a distribution of the distance, through its quantiles."""
    ends = prior.ppf(np.linspace(1e-9, 1 - 1e-9, 15))
    return sum(
        integrate.quad(lambda r: below(edge, r) * prior.pdf(r), *piece, epsabs=1e-8)[0]
        for piece in pairwise(ends)
    )


@pytest.mark.parametrize(
    "other", [{}, {"log_sigma": -9.0}, {"log_sigma": -0.5}, {"log_L": np.log(2000.0)}]
)
def test_counts_are_those_of_an_adaptive_integral(other):
    draws = population(**other)
    field, cluster = component_counts(draws, EDGES, noise(OBSERVED))
    of = {name: value[0] for name, value in draws.items()}
    far = stats.gamma(3, scale=np.exp(of["log_L"]))
    near = stats.lognorm(np.exp(of["log_sigma"]), scale=np.exp(of["log_dist_clust"]))
    expected = [np.diff([integral(e, prior) for e in EDGES]) for prior in (far, near)]
    share = of["frac_clust"]
    np.testing.assert_allclose(field[0], (1 - share) * expected[0], atol=1e-3)
    np.testing.assert_allclose(cluster[0], share * expected[1], atol=1e-3)


def test_replicates_have_the_counts_that_are_expected():
    rng = np.random.default_rng(1)
    observed = {
        "parallax_error": rng.lognormal(np.log(0.15), 0.8, 2000),
        "zero_point": rng.normal(-0.03, 0.01, 2000),
    }
    draws = population(log_sigma=-2.0)
    many = {name: np.repeat(value, 200) for name, value in draws.items()}
    drawn = predictive.replicate(
        "cluster", predictive.derive("cluster", many), observed, rng
    )
    counts = np.stack([np.histogram(row, EDGES)[0] for row in drawn])
    field, cluster = component_counts(draws, EDGES, noise(observed))
    error = counts.std(axis=0, ddof=1) / np.sqrt(len(counts))
    away = (counts.mean(axis=0) - (field + cluster)[0]) / error
    assert np.abs(away).max() < 4


def test_every_star_is_somewhere():
    field, cluster = component_counts(
        population(frac_clust=0.25), np.array([-1e9, 1e9]), noise(OBSERVED)
    )
    assert field[0, 0] == pytest.approx(3)
    assert cluster[0, 0] == pytest.approx(1)
