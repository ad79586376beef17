"""The marginal likelihood against a finer quadrature, and its slopes."""

from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference import conditionals, quadrature
from inference.quadrature import cluster, field, means

pytestmark = pytest.mark.usefixtures("engine")


def composite(log_integrand, low, high, peaks) -> float:
    """ln of an integral over ln r, by Gauss-Legendre on many panels where the mass is.

    ``peaks`` are (place, width) of what may be narrow. Two counts of panels must agree.
    """
    x = [np.linspace(low, high, 40_001)]
    x += [place + width * np.linspace(-60, 60, 6001) for place, width in peaks]
    x = np.unique(np.clip(np.concatenate(x), low, high))
    for _ in range(5):
        best = np.argmax(log_integrand(x))
        finer = np.linspace(x[max(best - 1, 0)], x[min(best + 1, x.size - 1)], 401)
        x = np.unique(np.concatenate([x, finer]))
    values = log_integrand(x)
    top = values.max()
    above = np.flatnonzero(values > top - 45)
    t, weight = np.polynomial.legendre.leggauss(20)
    totals = np.zeros(2)
    for run in np.split(above, np.flatnonzero(np.diff(above) > 1) + 1):
        ends = x[max(run[0] - 1, 0)], x[min(run[-1] + 1, x.size - 1)]
        for k, panels in enumerate((400, 640)):
            edges = np.linspace(*ends, panels + 1)
            half = 0.5 * np.diff(edges)[:, None]
            at = edges[:-1, None] + half * (1 + t)
            totals[k] += (half * weight * np.exp(log_integrand(at) - top)).sum()
    assert totals[0] == pytest.approx(totals[1], rel=1e-9)
    return top + np.log(totals[1])


def log_normal(value, mean, sd):
    return -0.5 * ((value - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)


def cluster_by_panels(y, e, mu, s) -> float:
    low, high, peaks = mu - 12 * s, mu + 12 * s, [(mu, s)]
    if y > 0:
        likely = np.log(1000 / y)
        low, high = min(low, likely - 1), max(high, likely + 1)
        peaks.append((likely, e / y))
    else:
        w = 1000 * np.exp(-mu)
        high += np.log1p(s**2 * w * (w - y) / e**2)
    return composite(
        lambda x: log_normal(y, 1000 * np.exp(-x), e) + log_normal(x, mu, s),
        *(low, high, peaks),
    )


def field_by_panels(y, e, scale) -> float:
    likely, peak = np.log(1000 / max(y, e)), np.log(3 * scale)
    cube, root = (4e6 * scale / e**2) ** (1 / 3), np.sqrt(4e3 * abs(y) * scale) / e
    return composite(
        lambda x: (
            log_normal(y, 1000 * np.exp(-x), e)
            + 3 * x
            - np.exp(x) / scale
            - np.log(2)
            - 3 * np.log(scale)
        ),
        min(likely, peak) - 12,
        max(likely, peak, np.log(max(cube, root))) + 4,
        [(likely, min(1, e / max(y, e)))],
    )


def nodes_of(y, e):
    return jax.tree.map(jnp.asarray, quadrature.star_nodes([y], [e]))


CORNERS = [
    (-5.0, -0.05, 0.0, 0.05, 1.0, 5.0, 30.0),
    (0.01, 0.1, 3.0),
    (30.0, 1000.0, 6000.0),
    (1e-4, 1e-3, 0.039, 0.041, 0.249, 0.251, 1.0),
    (20.0, 400.0, 1e4),
]
"""Of parallax, error [mas], cluster's distance [pc], its width, L [pc]."""


@pytest.fixture(scope="module")
def box():
    """Stars and populations from all over the box, and ln of both terms of each."""
    rng, count = np.random.default_rng(1), 250

    def spread(low, high):
        return np.exp(rng.uniform(np.log(low), np.log(high), count))

    e, s, scale, distance = (
        spread(*ends) for ends in ((0.01, 3), (1e-4, 1), (20, 1e4), (30, 6000))
    )
    y = rng.uniform(-5, 30, count)
    # Where most stars are: near the cluster, and near zero.
    y[:100] = rng.normal(1000 / distance, 3 * np.hypot(e, 1000 / distance * s))[:100]
    y[100:160] = 6 * (e * rng.standard_normal(count))[100:160]
    corners = np.array(list(product(*CORNERS)))
    corners = corners[rng.choice(len(corners), count, replace=False)]
    stars = np.stack([np.clip(y, -5, 30), e, distance, s, scale], axis=1)
    stars = np.concatenate([stars, corners])
    expected = [
        (field_by_panels(y, e, scale), cluster_by_panels(y, e, np.log(distance), s))
        for y, e, distance, s, scale in stars
    ]
    return stars, np.array(expected)


def terms_of(stars, dtype):
    """Both terms of each star under its own population, (star, 2)."""
    nodes = quadrature.star_nodes(stars[:, 0], stars[:, 1])
    population = np.log(stars[:, 4]), np.log(stars[:, 2]), stars[:, 3]

    @jax.jit
    def of_one(node, log_l, mu, s):
        return jnp.stack(
            [
                quadrature.log_field(node, log_l)[0],
                quadrature.log_cluster(node, mu, s)[0],
            ]
        )

    values = [
        of_one(
            jax.tree.map(lambda a, k=k: jnp.asarray(a[..., k : k + 1], dtype), nodes),
            *(jnp.asarray(a[k], dtype) for a in population),
        )
        for k in range(len(stars))
    ]
    assert all(value.dtype == dtype for value in values)
    return np.array(values, dtype=float)


def test_the_terms_are_exact_over_the_whole_box(box):
    stars, expected = box
    assert expected.min() < -1e5, "deep tails are among them"
    error = np.abs(terms_of(stars, jnp.float64) - expected)
    assert error.max() < 1e-6, stars[error.max(axis=1).argmax()]


def test_a_clusters_bound_is_never_less_than_its_density(box):
    stars, expected = box
    y, e, distance, s, _ = stars.T
    nodes = quadrature.StarNodes(y, e, None, None)
    bound = np.asarray(quadrature.cluster_bound(nodes, np.log(distance), s))
    assert (bound > expected[:, 1]).all()
    likely = expected[:, 1] > -5
    assert (bound - expected[:, 1])[likely].max() < 15, "it says something"


def test_in_float32_the_terms_are_as_exact_as_is_documented(box):
    stars, expected = box
    values = terms_of(stars, jnp.float32)
    assert np.isfinite(values).all()
    error = np.abs(values - expected)
    likely = expected > -50
    assert error[:, 0][likely[:, 0]].max() < 5e-4
    assert error[:, 1][likely[:, 1]].max() < 2e-3
    assert (error < np.where(likely, 2e-3, 5e-5 * np.abs(expected))).all()
    # Which is why everything is done in float64.
    assert error[:, 1][likely[:, 1]].max() > 1e-5


def test_slopes_agree_with_differences_of_the_reference(box):
    stars, _ = box
    h = 1e-4
    for y, e, distance, s, scale in stars[::12]:
        nodes, mu = nodes_of(y, e), np.log(distance)
        _, slopes = terms_and_slopes(nodes, np.log(scale), mu, jnp.asarray(s))
        by_l, by_mu, by_s = (np.asarray(slope) for slope in slopes)
        by_l, by_mu, by_log_s = by_l[0], by_mu[1], s * by_s[1]
        step = min(h, 0.01 * s)
        up, down = (cluster_by_panels(y, e, mu + d, s) for d in (step, -step))
        # The reference is rounded to some 1e-15 of itself.
        noise = 1e-14 * abs(up)
        assert by_mu == pytest.approx(
            (up - down) / (2 * step), rel=1e-5, abs=1e-5 / s + noise / step
        )
        up, down = (cluster_by_panels(y, e, mu, s * np.exp(d)) for d in (h, -h))
        assert by_log_s == pytest.approx(
            (up - down) / (2 * h), rel=1e-5, abs=1e-5 + noise / h
        )
        up, down = (field_by_panels(y, e, scale * np.exp(d)) for d in (h, -h))
        noise = 1e-14 * abs(up)
        assert by_l == pytest.approx(
            (up - down) / (2 * h), rel=1e-5, abs=1e-5 + noise / h
        )


def test_a_few_stars_with_two_modes_are_put_right():
    # Five near stars with the cluster behind; more than a few go another way.
    rng = np.random.default_rng(4)
    y, e = rng.normal(0.5, 0.1, 200), np.full(200, 0.1)
    y[:5], e[:5] = 8.0, 0.6
    mu, s = jnp.log(2000.0), jnp.asarray(0.2)
    for times in (1, 100):
        many = np.tile(np.stack([y, e]), times)
        nodes = jax.tree.map(jnp.asarray, quadrature.star_nodes(*many))
        values = quadrature.log_cluster(nodes, mu, s)
        for star in (0, 4, 5, 199):
            expected = cluster_by_panels(y[star], e[star], float(mu), 0.2)
            assert float(values[star]) == pytest.approx(expected, abs=1e-6)


def test_the_series_and_the_sum_of_the_field_agree(real_m67):
    from data import read_catalogue

    table = read_catalogue(real_m67)
    nodes = jax.tree.map(
        jnp.asarray, quadrature.star_nodes(table.parallax, table.parallax_error)
    )
    for scale in (25.0, 120.0, 490.0, 3000.0, 9000.0):
        log_l = jnp.log(scale)
        series, slope = field._either(field._series_at, field._sum_at, nodes, log_l)
        exact, exact_slope = field._sum_at(None, nodes, log_l)
        np.testing.assert_allclose(series, exact, atol=1e-7)
        np.testing.assert_allclose(slope, exact_slope, atol=1e-6)


@jax.jit
def total_of(nodes, z):
    return quadrature.log_cluster(nodes, z[0], jnp.exp(z[1])).sum() + (
        quadrature.log_field(nodes, z[2]).sum()
    )


@pytest.mark.parametrize("s", [0.003, 0.02, 0.2, 0.4, 1.0])
def test_the_slopes_agree_with_finite_differences(s):
    generator = np.random.default_rng(2)
    e = np.exp(generator.uniform(np.log(0.02), np.log(2), 200))
    y = generator.normal(1.15, e)
    nodes = jax.tree.map(jnp.asarray, quadrature.star_nodes(y, e))

    total = partial(total_of, nodes)
    z = jnp.array([np.log(860.0), np.log(s), np.log(480.0)])
    slopes = jax.jit(jax.grad(total_of, argnums=1))(nodes, z)
    for k, h in enumerate((1e-6, 1e-5, 1e-5)):
        step = jnp.zeros(3).at[k].set(h)
        difference = (total(z + step) - total(z - step)) / (2 * h)
        assert float(slopes[k]) == pytest.approx(float(difference), rel=2e-5, abs=1e-3)


def of_both(of_field, of_cluster):
    return jax.jit(lambda nodes, z: (of_field(nodes, z[0]), of_cluster(nodes, *z[1:])))


slopes_of = of_both(quadrature.field_and_slope, quadrature.cluster_and_slopes)
curvatures_of = of_both(quadrature.field_expansion, quadrature.cluster_expansion)


@pytest.mark.parametrize("series", [True, False])
@pytest.mark.parametrize("s", [0.003, 0.02, 0.1, 0.2, 0.4, 1.0])
def test_the_curvatures_are_the_slopes_slopes(s, series):
    generator = np.random.default_rng(6)
    e = np.exp(generator.uniform(np.log(0.02), np.log(2), 200))
    y = generator.normal(1.15, e)
    # Some far in front of the cluster: a narrow one's are integrated over windows.
    y[:20] += 30 * e[:20]
    nodes = jax.tree.map(jnp.asarray, quadrature.star_nodes(y, e))
    if not series:
        nodes = nodes._replace(series=None)
    at = np.array([np.log(480.0), np.log(860.0), s])

    def gradients(z):
        (_, by_l), (_, *by_cluster) = slopes_of(nodes, z)
        return np.array([by_l, *by_cluster])

    (*_, l_twice), (*_, twice, both, width_twice) = curvatures_of(nodes, at)
    steps = np.diag([1e-5, 1e-6, 1e-5 * s])
    by_l, by_distance, by_width = (
        (gradients(at + step) - gradients(at - step)) / (2 * step.max())
        for step in steps
    )
    pairs = [
        (l_twice, by_l[0]),
        (twice, by_distance[1]),
        (both, by_distance[2]),
        (both, by_width[1]),
        (width_twice, by_width[2]),
    ]
    for exact, difference in pairs:
        np.testing.assert_allclose(
            exact, difference, rtol=1e-4, atol=2e-5 * np.abs(difference).max()
        )


def test_both_kinds_of_nodes_agree_where_they_meet():
    generator = np.random.default_rng(3)
    e = np.exp(generator.uniform(np.log(0.05), np.log(1), 300))
    y = generator.normal(1.15, e)
    nodes = jax.tree.map(jnp.asarray, quadrature.star_nodes(y, e))
    mu, s = jnp.log(870.0), jnp.asarray(quadrature.WIDE)
    narrow, wide = (
        f(nodes.parallax, nodes.error, mu, s)[0]
        for f in (
            partial(cluster._narrow, means.SLOPES),
            partial(cluster._wide, means.SLOPES),
        )
    )
    np.testing.assert_allclose(narrow, wide, atol=1e-7)


def test_every_star_is_integrated_over_windows_where_hermites_nodes_do_not_serve():
    rng, count = np.random.default_rng(5), 60_000
    e, s, distance = (
        np.exp(rng.uniform(np.log(low), np.log(high), count))
        for low, high in ((0.01, 3), (1e-4, quadrature.WIDE), (30, 6000))
    )
    y = rng.uniform(-5, 30, count)
    near = rng.normal(1000 / distance, 4 * np.hypot(e, 1000 / distance * s))
    y = np.where(rng.random(count) < 0.5, y, np.clip(near, -5, 30))
    stars = y, e, np.log(distance), s
    exact = np.array(jax.jit(partial(cluster._wide, means.SLOPES))(*stars))
    thin = s < cluster.THIN
    for rule, of in ((cluster._thin, thin), (cluster._narrow, ~thin)):
        *found, missed = (
            np.array(part) for part in jax.jit(partial(rule, means.SLOPES))(*stars)
        )
        kept = of & ~missed & ~np.asarray(cluster._double(*stars))
        assert kept.sum() > 0.7 * of.sum()
        # Value, and slopes by the cluster's distance and its width, in its widths.
        for part, expected, unit, bound in zip(
            found, exact, (1, s, s), (1e-6, 1e-5, 1e-5), strict=True
        ):
            error = np.abs(part - expected) * unit
            assert error[kept].max() < bound
        wrong = np.abs(found[0] - exact[0]) > 1e-6
        assert (wrong & of).sum() > 50, "some stars do need them"


def test_stars_whose_mode_newton_misses_are_known():
    # Nearer than any cluster: the only place where many are missed.
    rng, count = np.random.default_rng(1), 60_000
    s = np.exp(rng.uniform(np.log(cluster.THIN), np.log(quadrature.WIDE), count))
    e = np.exp(rng.uniform(np.log(0.01), np.log(3), count))
    distance = np.exp(rng.uniform(0, np.log(30), count))
    y = rng.normal(1000 / distance, 4 * np.hypot(e, 1000 / distance * s))
    y = np.where(rng.random(count) < 0.5, rng.uniform(-5, 30, count), y)
    stars = y, e, np.log(distance), s
    exact = np.array(jax.jit(partial(cluster._wide, means.SLOPES))(*stars)[0])
    found, *_, missed = jax.jit(partial(cluster._narrow, means.SLOPES))(*stars)
    wrong = np.abs(np.array(found) - exact) > 1e-6
    wrong &= ~np.array(cluster._double(*stars))
    assert wrong.sum() > 10
    assert not (wrong & ~np.array(missed)).any()


@settings(max_examples=120, deadline=None)
@given(
    y=st.floats(-5, 30),
    e=st.floats(0.01, 3),
    log_l=st.floats(-5, 20),
    mu=st.floats(-5, 20),
    log_sigma=st.floats(-12, 8),
)
def test_every_proposal_gives_finite_terms(y, e, log_l, mu, log_sigma):
    nodes = nodes_of(y, e)
    values, slopes = terms_and_slopes(nodes, log_l, mu, jnp.exp(log_sigma))
    assert np.isfinite(values).all()
    assert np.isfinite(np.array(slopes)).all()


@jax.jit
def terms_and_slopes(nodes, log_l, mu, s):
    def terms(log_l, mu, s):
        return jnp.concatenate(
            [quadrature.log_field(nodes, log_l), quadrature.log_cluster(nodes, mu, s)]
        )

    at = log_l, mu, s
    return terms(*at), jax.jacfwd(terms, argnums=(0, 1, 2))(*at)


# The cluster wide, narrow and thin; and a near star before it, which has two modes.
@pytest.mark.parametrize(
    ("y", "distance", "s"),
    [(1.0, 850.0, 0.4), (1.0, 850.0, 0.1), (1.0, 850.0, 0.02), (8.0, 2000.0, 0.2)],
)
def test_moments_of_a_distance_agree_with_quadrature(y, distance, s):
    e, mu, scale, share = 0.3, np.log(distance), 500.0, 0.4
    moments = moments_of(nodes_of(y, e), np.log(scale), mu, s, share)
    r = np.linspace(20, 40_000, 4_000_001)
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


def test_means_of_each_kind_of_nodes_are_the_same():
    y, e = np.array([8.0, 1.2, 0.4]), np.array([0.6, 0.1, 0.5])
    for s, rule in ((0.03, cluster._thin), (0.15, cluster._narrow)):
        of_star = y, e, np.log(850.0), s
        for wanted in (means.SLOPES, means.CURVATURES, means.DISTANCES):
            *found, missed = rule(wanted, *of_star)
            exact = cluster._wide(wanted, *of_star)
            assert not missed.any()
            for one, other in zip(found, exact, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-5)


moments_of = jax.jit(conditionals.star_moments)
