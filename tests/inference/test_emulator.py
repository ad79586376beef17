"""The polynomial that serves in place of a sum over stars."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data import observe
from inference import emulator, laplace, quadrature, tables, worker
from inference.models import cluster
from inference.spec import RunSpec

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture(scope="module")
def m67():
    """Nodes, exact likelihood, mode and covariance of the simulated field."""
    observed = observe(RunSpec.from_json({"model": "cluster"}).data)
    nodes = quadrature.star_nodes(observed["parallax"], observed["parallax_error"])
    nodes = jax.tree.map(jnp.asarray, nodes)
    exact = jax.jit(
        jax.value_and_grad(lambda theta: cluster.log_likelihood(nodes, theta).sum())
    )

    def many(thetas):
        return tables.likelihoods(nodes, thetas)

    def negative(thetas):
        return tuple(-part for part in many(thetas))

    box = np.array([(4.0, 8.0), (5.0, 8.0), (-6.0, 0.0), (-4.0, 4.0)])
    guess = np.array([np.log(480.0), np.log(860.0), np.log(0.02), 0.0])
    (fit,) = laplace.searches(negative, [guess], box, [np.ones(4)])

    return nodes, exact, many, fit


def test_it_agrees_with_the_exact_sum_throughout_its_ball(m67):
    nodes, exact, many, fit = m67
    fitted = emulator.fit(many, fit.mode, fit.covariance)
    assert 0 < fitted.error < emulator.TOLERANCE
    serves = jax.tree.map(jnp.asarray, fitted.emulator)
    total = jax.jit(
        jax.value_and_grad(
            lambda theta: cluster.total_log_likelihood(nodes, serves, theta)
        )
    )
    # Points of our own: normal draws, and some on the rim of the ball.
    rng = np.random.default_rng(5)
    z = rng.standard_normal((60, 4))
    z[40:] *= 0.98 * emulator.RADIUS / np.linalg.norm(z[40:], axis=1)[:, None]
    factor = np.linalg.cholesky(fit.covariance)
    for step in z:
        theta = fit.mode + factor @ step
        value, gradient = exact(theta)
        emulated, slope = total(theta)
        near = step @ step < emulator.SMALLEST**2
        error = emulator.TOLERANCE if near else 3 * emulator.TOLERANCE
        assert emulated == pytest.approx(float(value), abs=error)
        np.testing.assert_allclose(slope @ factor, gradient @ factor, atol=0.05)
        assert float(emulated) != float(value), "the polynomial served"


def test_outside_its_ball_the_exact_sum_serves(m67):
    nodes, exact, many, fit = m67
    serves = emulator.fit(many, fit.mode, fit.covariance).emulator
    factor = np.linalg.cholesky(fit.covariance)
    for direction in np.eye(4):
        theta = jnp.asarray(fit.mode + 1.01 * emulator.RADIUS * factor @ direction)
        total = cluster.total_log_likelihood(nodes, serves, theta)
        np.testing.assert_allclose(total, exact(theta)[0], rtol=1e-12)


def test_without_a_table_nothing_is_likely_outside_its_ball(m67):
    nodes, _, many, fit = m67
    serves = emulator.fit(many, fit.mode, fit.covariance).emulator
    out = emulator.RADIUS * np.linalg.cholesky(fit.covariance)[:, 2]
    for step, inside in ((0.0, True), (0.99, True), (1.01, False), (50.0, False)):
        theta = jnp.asarray(fit.mode + step * out)
        alone = cluster.total_log_likelihood(None, serves, theta)
        known = cluster.total_log_likelihood(nodes, serves, theta)
        assert float(alone) == (pytest.approx(float(known)) if inside else -np.inf)


def test_what_is_no_polynomial_is_left_to_the_exact_sum():
    def kinked(thetas):
        flat = np.zeros((len(thetas), 4, 4))
        return -10 * np.abs(thetas).sum(axis=1), -10 * np.sign(thetas), flat

    fitted = emulator.fit(kinked, np.zeros(4), np.eye(4))
    assert fitted.error > emulator.TOLERANCE
    assert fitted.emulator.radius == 0


def test_a_posterior_that_leaves_the_ball_is_noticed():
    def gaussian(thetas):
        hessians = np.broadcast_to(-np.eye(4), (len(thetas), 4, 4))
        return -0.5 * (thetas**2).sum(axis=1), -thetas, hessians

    serves = emulator.fit(gaussian, np.zeros(4), np.eye(4)).emulator
    assert serves.radius == emulator.RADIUS
    assert emulator.reaches(serves, np.zeros(4), np.eye(4))
    assert emulator.reaches(serves, np.array([1.5, 0, 0, 0]), np.eye(4))
    assert not emulator.reaches(serves, np.array([3.0, 0, 0, 0]), np.eye(4))
    assert not emulator.reaches(serves, np.zeros(4), 9 * np.eye(4))


PRIORS = {
    "published": {},
    "narrow": {"log_sigma": {"family": "Normal", "loc": -3.0, "scale": 0.1}},
    # Ten of the posterior's standard deviations away, and sure of it.
    "strong and wrong": {
        "log_dist_clust": {"family": "Normal", "loc": 6.79, "scale": 0.0005}
    },
}


@pytest.mark.parametrize("priors", PRIORS.values(), ids=PRIORS)
def test_runs_with_and_without_it_have_one_posterior(sample, monkeypatch, priors):
    content = {
        "model": "cluster",
        "priors": priors,
        "sampler": {"warmup": 150, "draws": 1000},
    }
    served = sample(content)
    monkeypatch.setattr(emulator, "TOLERANCE", 0.0)
    tables.table.cache_clear()
    exact = sample(content)
    tables.table.cache_clear()
    for name in ("L", "dist_clust", "approx_size_clust", "frac_clust"):
        one, other = served.draws[name], exact.draws[name]
        # Both with some 3000 effective draws or more: five standard errors.
        margin = 5 * np.sqrt(2 / 3000)
        assert abs(one.mean() - other.mean()) < margin * other.std(), name
        assert one.std() == pytest.approx(other.std(), rel=margin), name
        assert not np.array_equal(one, other)


def test_a_moved_prior_fits_nothing_anew_and_depends_on_nothing_before(
    sample, monkeypatch
):
    short = {"model": "cluster", "sampler": {"warmup": 50, "draws": 50}}
    prior = {"family": "Normal", "loc": -2.0, "scale": 1.0}
    moved = short | {"priors": {"log_sigma": prior}}
    fits, fit = [], emulator.fit
    monkeypatch.setattr(emulator, "fit", lambda *a: fits.append(1) or fit(*a))
    worker.forget()
    sample(short)
    assert len(fits) == 1
    after_another = sample(moved)
    assert len(fits) == 1
    worker.forget()
    first_of_all = sample(moved)
    for name, values in first_of_all.draws.items():
        np.testing.assert_array_equal(values, after_another.draws[name], name)


def test_a_polynomial_of_its_degree_is_found_exactly():
    rng = np.random.default_rng(4)
    coefficients = np.where(emulator._ALLOWED, rng.standard_normal((28, 28)), 0.0)
    exponents = [(i, j) for i in range(7) for j in range(7 - i)]

    def polynomial(theta):
        t = theta / emulator.RADIUS
        first = jnp.stack([t[0] ** i * t[1] ** j for i, j in exponents])
        last = jnp.stack([t[2] ** i * t[3] ** j for i, j in exponents])
        return first @ coefficients @ last

    derivatives = [
        jax.jit(jax.vmap(f))
        for f in (polynomial, jax.grad(polynomial), jax.hessian(polynomial))
    ]

    def exact(thetas):
        # Off the axes, where powers of 0 have no slope for JAX.
        return tuple(np.asarray(f(jnp.asarray(thetas) + 1e-9)) for f in derivatives)

    fitted = emulator.fit(exact, np.zeros(4), np.eye(4))
    assert fitted.error < 1e-6
    np.testing.assert_allclose(fitted.emulator.coefficients, coefficients, atol=1e-5)
    z = rng.standard_normal((5, 4))
    for served, expected in zip(
        emulator.at(fitted.emulator, z, exact), exact(z), strict=True
    ):
        np.testing.assert_allclose(served, expected, atol=1e-6)


def test_its_check_tells_how_well_it_does_anywhere_in_the_ball(m67):
    _, _, many, fit = m67
    fitted = emulator.fit(many, fit.mode, fit.covariance)
    rng = np.random.default_rng(8)
    z = rng.standard_normal((300, 4))
    z *= (emulator.RADIUS * rng.random(300) ** 0.5 / np.linalg.norm(z, axis=1))[:, None]
    thetas = fit.mode + z @ np.linalg.cholesky(fit.covariance).T
    served = emulator.at(fitted.emulator, thetas, many)[0]
    off = np.abs(served - many(thetas)[0]) * emulator._weight(z)
    assert off.max() < min(3 * fitted.error, emulator.TOLERANCE)


def test_stars_left_out_fit_no_series_anew_and_depend_on_nothing_before(
    sample, monkeypatch
):
    short = {"model": "cluster", "sampler": {"warmup": 50, "draws": 50}}
    data = RunSpec.from_json(short).data
    fewer = short | {"data": {**data, "left_out": [3, 4, 5, 700, 4000]}}
    fitted, series = [], quadrature.field_series
    monkeypatch.setattr(
        quadrature, "field_series", lambda y, e: fitted.append(y.size) or series(y, e)
    )
    worker.forget()
    sample(short)
    after_another = sample(fewer)
    assert len(fitted) == 1
    worker.forget()
    alone = sample(fewer)
    assert len(fitted) == 2
    np.testing.assert_array_equal(after_another.draws["L"], alone.draws["L"])
    # And back: of the stars that had been left out alone.
    whole = sample(short)
    left = whole.observed["parallax"].size - alone.observed["parallax"].size
    assert fitted[2:] == [left] != [0]
    worker.forget()
    np.testing.assert_array_equal(whole.draws["L"], sample(short).draws["L"])


def test_many_points_at_once_are_as_one_by_one_compiled(m67):
    nodes, _, many, fit = m67
    serves = emulator.fit(many, fit.mode, fit.covariance).emulator
    steps = np.random.default_rng(1).standard_normal((12, 4))
    steps *= (np.linspace(0.1, 11.3, 12) / np.linalg.norm(steps, axis=1))[:, None]
    assert 2 < (np.linalg.norm(steps, axis=1) > emulator.RADIUS).sum() < 10
    thetas = fit.mode + steps @ np.linalg.cholesky(fit.covariance).T
    values, gradients, hessians = emulator.at(serves, thetas, many)
    np.testing.assert_array_equal(emulator.values_at(serves, thetas, many), values)
    total = jax.jit(
        jax.value_and_grad(lambda t: cluster.total_log_likelihood(nodes, serves, t))
    )
    factor = np.linalg.cholesky(fit.covariance)
    for theta, value, gradient, hessian in zip(
        thetas, values, gradients, hessians, strict=True
    ):
        expected, slope = total(theta)
        assert value == pytest.approx(float(expected), rel=1e-12)
        np.testing.assert_allclose(gradient, slope, rtol=1e-7, atol=1e-6)
        # In standard deviations, by differences of the compiled gradient.
        for k in range(4):
            step = 1e-4 * factor[:, k]
            difference = (total(theta + step)[1] - total(theta - step)[1]) / 2e-4
            np.testing.assert_allclose(
                factor.T @ hessian @ factor[:, k], factor.T @ difference, atol=1e-4
            )
