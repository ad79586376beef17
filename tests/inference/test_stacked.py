"""Stacked distances against dense sums over a grid."""

import numpy as np
import pytest

from inference import stacked

POPULATION = {
    "log_L": np.log([[470.0, 490.0]]),
    "log_dist_clust": np.log([[860.0, 862.0]]),
    "log_sigma": np.log([[0.02, 0.018]]),
    "frac_clust": np.array([[0.4, 0.38]]),
}


def only(parallax, error, draws, edges):
    """The two parts of every star, one star at a time on a dense grid of its own."""
    x = np.linspace(np.log(5.0), np.log(60_000.0), 200_001)
    r, parts = np.exp(x), np.zeros((2, len(edges) - 1))
    columns = [np.ravel(draws[name]) for name in POPULATION]
    for y, e in zip(parallax, error, strict=True):
        log_likelihood = -0.5 * ((1000 / r - y) / e) ** 2
        for log_l, mu, log_s, f in zip(*columns, strict=True):
            s, length = np.exp(log_s), np.exp(log_l)
            near = f * np.exp(log_likelihood - 0.5 * ((x - mu) / s) ** 2) / s
            near /= np.sqrt(2 * np.pi)
            far = (1 - f) * r**3 * np.exp(log_likelihood - r / length)
            far /= 2 * length**3
            total = (near + far).sum() * len(columns[0])
            for k, part in enumerate((near, far)):
                parts[k] += np.histogram(r, edges, weights=part)[0] / total
    return parts


def wide(draws, **changes):
    return draws | {name: np.array([value]) for name, value in changes.items()}


@pytest.mark.parametrize(
    ("draws", "edges"),
    [
        (POPULATION, np.linspace(503, 1303, 81)),
        (POPULATION, np.linspace(1, 6000, 61)),
        # Deep, and thinner than a bin, than any error.
        (wide(POPULATION, log_sigma=[-0.5, -0.7]), np.linspace(1, 4000, 81)),
        (wide(POPULATION, log_sigma=[-9.0, -8.0]), np.linspace(503, 1303, 81)),
        # Draws that differ widely, as those of a prior do.
        (wide(POPULATION, log_L=[4.0, 7.5], log_dist_clust=[5.0, 8.0]),
         np.geomspace(20, 20_000, 80)),
    ],
)  # fmt: skip
def test_stars_are_where_a_dense_sum_finds_them(draws, edges):
    rng = np.random.default_rng(3)
    parallax = np.concatenate([rng.normal(1.16, 0.1, 6), rng.uniform(-0.4, 3, 6)])
    error = np.concatenate([rng.uniform(0.02, 0.1, 6), rng.uniform(0.05, 0.6, 6)])
    found = stacked.distances(draws, parallax, error, edges)
    expected = only(parallax, error, draws, edges)
    for part, truth in zip(found, expected, strict=True):
        # In stars, of 12, in a bin.
        np.testing.assert_allclose(part, truth, atol=0.02)
        assert part.sum() == pytest.approx(truth.sum(), abs=0.02)


def test_stars_a_population_hardly_explains_are_counted_too():
    """A bright nearby star, hopeless errors, a negative and an absurd parallax."""
    parallax = np.array([50.0, 0.5, -3.0, 0.02, 1.0, 300.0])
    error = np.array([0.02, 3.0, 0.5, 0.008, 1e-3, 0.01])
    edges = np.concatenate([[1.0], np.geomspace(3, 60_000, 400)])
    found = stacked.distances(POPULATION, parallax, error, edges)
    assert np.isfinite(found.cluster).all() and np.isfinite(found.field).all()
    assert found.cluster.sum() + found.field.sum() == pytest.approx(6, abs=0.02)


def test_more_stars_than_a_block_are_the_sum_of_all():
    parallax, error = np.full(2 * stacked.BLOCK + 1, 1.15), 0.1
    errors = np.full_like(parallax, error)
    edges = np.linspace(500, 1300, 41)
    many = stacked.distances(POPULATION, parallax, errors, edges)
    one = stacked.distances(POPULATION, parallax[:1], errors[:1], edges)
    np.testing.assert_allclose(many.cluster, one.cluster * len(parallax), rtol=1e-12)
