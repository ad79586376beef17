"""A reduced table against the exact sum over its stars."""

from itertools import chain, pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.polynomial import chebyshev

from benchmarks.scale import SPREAD, TRUTH, exact_totals, field
from inference import locate, quadrature, reduction, worker
from inference.models import cluster
from inference.records import Task
from inference.spec import RunSpec

pytestmark = pytest.mark.usefixtures("engine")

STARS = 100_000


@pytest.fixture(scope="module")
def table():
    return field(STARS, 7)


def test_the_weights_are_those_of_all_stars(table):
    rows = reduction.reduce(*table)
    assert rows.weight.size < STARS / 5
    assert rows.weight.sum() == pytest.approx(STARS, abs=1e-6)
    # Sums of what is a polynomial of low degree in parallax.
    for power in (1, 2):
        expected = (table[0] ** power).sum()
        assert rows.weight @ rows.parallax**power == pytest.approx(expected, rel=1e-9)
    log_error = np.log(table[1]).sum()
    assert rows.weight @ np.log(rows.error) == pytest.approx(log_error, rel=1e-9)


def test_the_total_is_that_of_the_exact_sum(table):
    moved = SPREAD * np.random.default_rng(3).standard_normal((6, 4))
    thetas = np.concatenate([TRUTH[None], TRUTH + moved])
    exact = exact_totals(*table, thetas)
    nodes = jax.tree.map(jnp.asarray, reduction.reduced_nodes(*table))
    both = jax.jit(cluster.sum_and_gradient)
    totals = np.array([both(nodes, theta)[0] for theta in thetas])
    np.testing.assert_allclose(totals, exact, atol=0.002, rtol=0)
    assert (totals != exact).any(), "the table was reduced"
    # Its gradient is the total's own.
    gradient = both(nodes, TRUTH)[1]
    for k in range(4):
        step = 1e-5 * np.eye(4)[k]
        up, down = (both(nodes, TRUTH + d)[0] for d in (step, -step))
        difference = float(up - down) / 2e-5
        assert float(gradient[k]) == pytest.approx(difference, rel=1e-5, abs=0.1)


def test_blocks_that_no_cluster_reaches_are_left_out_of_no_sum(table):
    nodes = jax.tree.map(jnp.asarray, reduction.reduced_nodes(*table))
    whole = jax.tree.map(
        lambda a: jnp.concatenate(list(a), axis=-1), nodes._replace(series=None)
    )

    @jax.jit
    def at_once(theta):
        return jax.value_and_grad(
            lambda t: whole.weight @ cluster.log_likelihood(whole, t)
        )(theta)

    both = jax.jit(cluster.sum_and_gradient)
    for log_width, logit in ((np.log(0.02), -0.3), (np.log(0.3), 5.0), (-9.0, -12.0)):
        theta = np.array([TRUTH[0], TRUTH[1], log_width, logit])
        value, gradient = both(nodes, theta)
        expected, slopes = at_once(theta)
        assert float(value) == pytest.approx(float(expected), abs=1e-3)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-2)
    # Some of the work is spared about the truth, and none that counts.
    bound = quadrature.cluster_bound(nodes, TRUTH[1], np.exp(TRUTH[2]))
    reached = (np.asarray(bound).max(axis=1) > cluster.NOTHING).mean()
    assert 0.2 < reached < 0.9


def test_few_stars_are_kept_as_they_are():
    parallax, error = field(20, 1)
    rows = reduction.reduce(parallax, error)
    assert sorted(rows.parallax) == sorted(parallax)
    assert (rows.weight == 1).all()


@pytest.mark.parametrize("degree", [6, 7, 14])
def test_paduas_points_interpolate_polynomials_of_their_degree(degree):
    points = reduction.padua(degree)
    assert len(points) == (degree + 1) * (degree + 2) // 2
    rng = np.random.default_rng(degree)
    u, v = rng.uniform(-1, 1, (2, 300))
    weight = reduction._weights(u, v, np.zeros(300, int), degree)
    coefficients = rng.normal(size=(degree + 1, degree + 1))
    i, j = np.indices(coefficients.shape)
    coefficients[i + j > degree] = 0
    total = chebyshev.chebval2d(u, v, coefficients).sum()
    assert weight[0] @ chebyshev.chebval2d(*points.T, coefficients) == pytest.approx(
        total, abs=1e-9
    )
    # Well conditioned: no cancellation between large weights.
    assert np.abs(weight).sum() < 5 * 300


def test_stars_in_blocks_are_those_of_one_table():
    parallax, error = field(50, 2)
    blocks = list(quadrature.in_blocks(parallax, error, 16))
    assert [b.weight.sum() for b in blocks] == [16, 16, 16, 2]
    joined = np.concatenate([b.parallax[b.weight > 0] for b in blocks])
    np.testing.assert_array_equal(joined, parallax)
    whole = jax.tree.map(jnp.asarray, quadrature.star_nodes(parallax, error))
    expected = quadrature.log_field(whole, jnp.log(400.0))
    found = np.concatenate(
        [np.asarray(quadrature.log_field(b, jnp.log(400.0))) for b in blocks]
    )
    np.testing.assert_allclose(found[:50], expected, atol=1e-7)


def test_stars_of_large_tables_are_summed_over_fewer_draws(monkeypatch):
    parallax, error = field(300, 5)
    observed = {"parallax": parallax, "parallax_error": error}
    observed["zero_point"] = np.zeros(300)
    spec = RunSpec.from_json(
        {"model": "cluster", "sampler": {"chains": 2, "draws": 80}}
    )
    task = Task(spec, observed, length=80, sampling=True)
    draws = {name: np.zeros((2, 80)) for name in locate.PARAMETERS}
    monkeypatch.setattr(worker.tables, "summed", lambda *_: (np.zeros(300),) * 3)
    assert worker._stars(task, draws)[0] == 32
    monkeypatch.setattr(worker, "STAR_SUMS", 300 * 8)
    assert worker._stars(task, draws)[0] == 8
    monkeypatch.setattr(worker, "STAR_SUMS", 1)
    assert worker._stars(task, draws)[0] == 4


def test_the_draws_whose_stars_are_summed_do_not_depend_on_the_chunks():
    sampler = {"chains": 4, "draws": 100}
    spec = RunSpec.from_json({"model": "cluster", "sampler": sampler})
    numbers = np.arange(400.0).reshape(4, 100)
    draws = dict.fromkeys(locate.PARAMETERS, numbers)

    def taken(first, last):
        task = Task(spec, {}, length=last - first, drawn=first, sampling=True)
        chunk = {name: values[:, first:last] for name, values in draws.items()}
        return worker._populations(task, chunk, 20)[:, 0].tolist()

    whole = taken(0, 100)
    assert len(whole) == len(set(whole)) == 20
    for cuts in ((0, 100), (0, 7, 100), (0, 1, 2, 33, 34, 80, 100)):
        pieces = [taken(*ends) for ends in pairwise(cuts)]
        assert sorted(chain.from_iterable(pieces)) == sorted(whole)
    # Every chain gives as many, and the first chunk need not have more than one.
    assert np.bincount(np.array(whole).astype(int) // 100).tolist() == [5, 5, 5, 5]
    assert taken(0, 5) == [0.0]


def test_a_run_of_a_reduced_table_has_the_same_posterior_and_stars(sample, monkeypatch):
    content = {"model": "cluster", "sampler": {"warmup": 100, "draws": 500}}
    whole = sample(content)
    worker.forget()
    monkeypatch.setattr(reduction, "LARGE", 3000)
    monkeypatch.setattr(reduction, "BLOCK", 2000)
    reduced = sample(content)
    worker.forget()
    for name in ("L", "dist_clust", "approx_size_clust", "frac_clust"):
        one, other = reduced.draws[name], whole.draws[name]
        # Both with some 1500 effective draws or more: five standard errors.
        margin = 5 * np.sqrt(2 / 1500)
        assert abs(one.mean() - other.mean()) < margin * other.std(), name
        assert not np.array_equal(one, other), "the table was reduced"
    # Of every real star, averaged over some 60 draws of each run.
    np.testing.assert_allclose(
        reduced.stars.membership, whole.stars.membership, atol=0.03
    )
    np.testing.assert_allclose(reduced.stars.mean, whole.stars.mean, rtol=0.05)
