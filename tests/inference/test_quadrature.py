"""The marginal likelihood against adaptive quadrature, and its slopes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from inference import conditionals, quadrature

pytestmark = pytest.mark.usefixtures("engine")


def adaptive(log_integrand, starts) -> float:
    """ln of an integral over ln r, by adaptive quadrature about its peak."""
    grid = np.unique(
        np.concatenate([np.linspace(s - 3, s + 3, 60_001) for s in starts])
    )
    values = log_integrand(grid)
    peak, top = grid[np.argmax(values)], values.max()
    near = grid[values > top - 45]
    span = max(near[-1] - near[0], 1e-7)
    low, high = near[0] - 0.05 * span, near[-1] + 0.05 * span
    integral, _ = quad(
        lambda x: np.exp(log_integrand(x) - top),
        low,
        high,
        points=[peak],
        epsabs=0,
        epsrel=1e-11,
        limit=500,
    )
    return top + np.log(integral)


def log_normal(value, mean, sd):
    return -0.5 * ((value - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)


def cluster_by_quad(y, e, mu, s) -> float:
    starts = [mu] + ([np.log(1000 / y)] if y > 0 else [])
    return adaptive(
        lambda x: log_normal(y, 1000 * np.exp(-x), e) + log_normal(x, mu, s), starts
    )


def field_by_quad(y, e, scale) -> float:
    starts = [np.log(2 * scale), np.log(1000 / max(y, e))]
    return adaptive(
        lambda x: (
            log_normal(y, 1000 * np.exp(-x), e)
            + 3 * x
            - np.exp(x) / scale
            - np.log(2)
            - 3 * np.log(scale)
        ),
        starts,
    )


def nodes_of(y, e):
    return jax.tree.map(jnp.asarray, quadrature.star_nodes([y], [e]))


def random_stars(count: int, seed: int):
    """Stars as Gaia measures them, and populations as a prior may propose them."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        distance = np.exp(generator.uniform(np.log(50), np.log(6000)))
        e = np.exp(generator.uniform(np.log(0.01), np.log(3)))
        y = generator.normal(1000 / distance, e)
        mu = np.log(distance) + generator.normal(0, 0.3)
        s = np.exp(generator.uniform(np.log(1e-4), 0))
        scale = np.exp(generator.uniform(np.log(50), np.log(5000)))
        yield y, e, mu, s, scale


@pytest.mark.parametrize("star", list(random_stars(40, 1)), ids=lambda s: f"{s[0]:.2f}")
def test_the_terms_agree_with_adaptive_quadrature(star):
    y, e, mu, s, scale = star
    nodes = nodes_of(y, e)
    field = float(quadrature.log_field(nodes, jnp.log(scale))[0])
    cluster = float(quadrature.log_cluster(nodes, jnp.asarray(mu), jnp.asarray(s))[0])
    assert field == pytest.approx(field_by_quad(y, e, scale), abs=2e-6)
    exact = cluster_by_quad(y, e, mu, s)
    # A term that is e^-50 of anything that competes with it may be less exact.
    assert cluster == pytest.approx(
        exact, abs=2e-6 if exact > -50 else 1e-2 * abs(exact)
    )


def test_the_series_and_the_sum_of_the_field_agree(real_m67):
    from data import read_catalogue

    table = read_catalogue(real_m67)
    nodes = jax.tree.map(
        jnp.asarray, quadrature.star_nodes(table.parallax, table.parallax_error)
    )
    likely = table.parallax > -3 * table.parallax_error
    for scale in (25.0, 120.0, 490.0, 3000.0, 9000.0):
        log_l = jnp.log(scale)
        series, slope = quadrature._series_at(nodes, log_l)
        exact, exact_slope = quadrature._sum_at(nodes, log_l)
        np.testing.assert_allclose(series[likely], exact[likely], atol=1e-6)
        np.testing.assert_allclose(slope[likely], exact_slope[likely], atol=1e-4)


@pytest.mark.parametrize("s", [0.003, 0.02, 0.2, 0.4, 1.0])
def test_the_slopes_agree_with_finite_differences(s):
    generator = np.random.default_rng(2)
    e = np.exp(generator.uniform(np.log(0.02), np.log(2), 200))
    y = generator.normal(1.15, e)
    nodes = jax.tree.map(jnp.asarray, quadrature.star_nodes(y, e))

    def total(z):
        return quadrature.log_cluster(nodes, z[0], jnp.exp(z[1])).sum() + (
            quadrature.log_field(nodes, z[2]).sum()
        )

    z = jnp.array([np.log(860.0), np.log(s), np.log(480.0)])
    slopes = jax.grad(total)(z)
    for k, h in enumerate((1e-6, 1e-5, 1e-5)):
        step = jnp.zeros(3).at[k].set(h)
        difference = (total(z + step) - total(z - step)) / (2 * h)
        assert float(slopes[k]) == pytest.approx(float(difference), rel=2e-5, abs=1e-3)


def test_both_kinds_of_nodes_agree_where_they_meet():
    generator = np.random.default_rng(3)
    e = np.exp(generator.uniform(np.log(0.05), np.log(1), 300))
    y = generator.normal(1.15, e)
    nodes = jax.tree.map(jnp.asarray, quadrature.star_nodes(y, e))
    mu, s = jnp.log(870.0), jnp.asarray(quadrature.WIDE)
    narrow, wide = (f(nodes, mu, s)[0] for f in (quadrature._narrow, quadrature._wide))
    np.testing.assert_allclose(narrow, wide, atol=2e-5)


@settings(max_examples=60, deadline=None)
@given(
    y=st.floats(-5, 30),
    e=st.floats(0.01, 3),
    log_l=st.floats(-5, 20),
    mu=st.floats(-5, 20),
    log_sigma=st.floats(-12, 8),
    fraction=st.floats(0, 1),
)
def test_no_proposal_gives_nan(y, e, log_l, mu, log_sigma, fraction):
    nodes = nodes_of(y, e)
    for function, arguments in (
        (quadrature.log_field, (jnp.asarray(log_l),)),
        (quadrature.log_cluster, (jnp.asarray(mu), jnp.exp(log_sigma))),
    ):
        value, slopes = jax.value_and_grad(
            lambda *a, f=function: f(nodes, *a).sum(),
            argnums=tuple(range(len(arguments))),
        )(*arguments)
        assert not np.isnan(value)
        assert not any(np.isnan(slope) for slope in slopes)


def test_moments_of_a_distance_agree_with_quadrature():
    y, e, mu, s, scale, share = 1.0, 0.3, np.log(850.0), 0.02, 500.0, 0.4
    moments = conditionals.star_moments(
        nodes_of(y, e),
        jnp.log(scale),
        jnp.asarray(mu),
        jnp.asarray(s),
        jnp.asarray(share),
    )
    r = np.linspace(100, 20_000, 2_000_001)
    near = np.exp(log_normal(np.log(r), mu, s)) / r
    far = r**2 * np.exp(-r / scale) / (2 * scale**3)
    likelihood = np.exp(log_normal(y, 1000 / r, e))
    parts = [share * near * likelihood, (1 - share) * far * likelihood]
    evidence = [np.trapezoid(part, r) for part in parts]
    total = sum(evidence)
    membership = evidence[0] / total
    mean = np.trapezoid(r * (parts[0] + parts[1]), r) / total
    square = np.trapezoid(r**2 * (parts[0] + parts[1]), r) / total
    assert float(moments.membership[0]) == pytest.approx(membership, rel=1e-6)
    assert float(moments.mean[0]) == pytest.approx(mean, rel=1e-5)
    assert float(moments.square[0]) == pytest.approx(square, rel=1e-4)
