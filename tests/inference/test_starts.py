"""Where chains start, and whether the metric at the mode is kept."""

import threading
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data import observe, read_catalogue
from inference import (
    begin,
    densities,
    emulator,
    engines,
    laplace,
    locate,
    nuts,
    population,
    programs,
    starts,
    tables,
)
from inference.chains import take
from inference.records import Task
from inference.spec import RunSpec

pytestmark = pytest.mark.usefixtures("engine")
BOX = np.array([(-10.0, 10.0), (-10.0, 10.0)])
UNITS = [np.ones(2)] * 2
GUESSES = [np.array([1.0, -2.0]), np.array([-3.0, 3.0])]


def flat(potential):
    """-ln densities, gradients and Hessians, of an array (point, parameter)."""

    def call(z):
        three = (potential, jax.grad(potential), jax.hessian(potential))
        return tuple(np.asarray(jax.vmap(one)(jnp.asarray(z))) for one in three)

    return call


def modes(*search):
    return laplace.distinct(laplace.searches(*search))


def adapts(potential, fit):
    share = laplace.efficiency(lambda z: flat(potential)(z)[0], fit, 0)
    return share < laplace.GOOD_EFFICIENCY


def test_a_gaussian_is_found_exactly():
    precision = np.array([[4.0, 1.0], [1.0, 0.5]])

    def potential(z):
        away = z - jnp.array([0.3, -1.2])
        return 0.5 * away @ precision @ away

    (found,) = modes(flat(potential), GUESSES, BOX, UNITS)
    np.testing.assert_allclose(found.mode, [0.3, -1.2], atol=1e-6)
    np.testing.assert_allclose(found.covariance, np.linalg.inv(precision), rtol=1e-5)
    # The integral of exp(-potential), without the factors of 2 pi.
    assert found.log_mass == pytest.approx(-0.5 * np.linalg.slogdet(precision)[1])
    assert not adapts(potential, found)
    scales = [np.array([0.05, 3.0])] * 2
    (same,) = modes(flat(potential), GUESSES, BOX, scales)
    np.testing.assert_allclose(same.mode, found.mode, atol=1e-6)


def test_a_search_goes_down_from_where_the_density_curves_upwards():
    # A Student t with two degrees of freedom, and a double well from its saddle.
    def potential(z):
        return 1.5 * jnp.log1p(z[0] ** 2 / 2) + (z[1] ** 2 - 1) ** 2

    guesses = [np.array([8.0, 0.01]), np.array([-9.0, -0.01])]
    near, far = modes(flat(potential), guesses, BOX, UNITS)
    np.testing.assert_allclose(sorted([near.mode[1], far.mode[1]]), [-1, 1], atol=5e-3)
    np.testing.assert_allclose([near.mode[0], far.mode[0]], 0, atol=5e-3)


def test_a_search_ends_at_the_wall_of_its_box_and_says_that_it_is_no_mode():
    def potential(z):
        return -z[0] - 1e-3 * z[0] ** 2 + z[1] ** 2

    (found,) = modes(flat(potential), GUESSES[:1], BOX, UNITS)
    assert not found.proper
    np.testing.assert_allclose(found.mode, [10, 0], atol=1e-6)


def test_a_proposal_of_no_value_is_taken_back():
    # From 1.5 Newton's step goes to -1.5 ** 3, where there is nothing.
    def potential(z):
        return jnp.where(z[0] < -2, jnp.nan, jnp.sqrt(1 + z[0] ** 2) + z[1] ** 2)

    (found,) = modes(flat(potential), [np.array([1.5, 1.0])], BOX, UNITS)
    np.testing.assert_allclose(found.mode, 0, atol=1e-3)


def test_the_weak_priors_of_a_search_have_their_derivatives():
    def at(theta):
        return tuple(part[0] for part in locate._weak_prior(theta[None]))

    theta = np.array([5.0, 7.5, -2.0, 1.3])
    _, slope, hessian = at(theta)
    for k, step in enumerate(1e-5 * np.eye(4)):
        up, down = at(theta + step), at(theta - step)
        assert slope[k] == pytest.approx((up[0] - down[0]) / 2e-5, rel=1e-6)
        difference = (up[1] - down[1]) / 2e-5
        np.testing.assert_allclose(hessian[k], difference, rtol=1e-6, atol=1e-9)


def two_modes(log_ratio):
    def potential(z):
        near = -0.5 * ((z[0] - 4) ** 2 + z[1] ** 2) / 0.01 + log_ratio
        far = -0.5 * ((z[0] + 4) ** 2 + z[1] ** 2) / 0.01
        return -jnp.logaddexp(near, far)

    guesses = [np.array([-3.5, 0.1]), np.array([3.5, 0.1])]
    return modes(flat(potential), guesses, BOX, UNITS)


def test_modes_come_by_their_mass_and_hopeless_ones_not_at_all():
    first, second = two_modes(3.0)
    np.testing.assert_allclose(first.mode, [4.0, 0.0], atol=1e-4)
    np.testing.assert_allclose(second.mode, [-4.0, 0.0], atol=1e-4)
    assert first.log_mass - second.log_mass == pytest.approx(3.0, abs=1e-3)
    assert len(two_modes(20.0)) == 1


def test_the_first_end_is_there_while_other_searches_go_on():
    taken = threading.Event()
    call = flat(lambda z: 0.5 * z @ z)

    def expand(z):
        assert z[0, 0] < 5 or taken.wait(20), "the first end came with the others"
        return call(z)

    ends = laplace.searches(expand, [np.ones(2), np.full(2, 8.0)], BOX, UNITS)
    first = next(ends)
    taken.set()
    np.testing.assert_allclose([first.mode, *(end.mode for end in ends)], 0, atol=1e-6)


@pytest.mark.parametrize("masses", [(0.0, -2.0), (0.0, 2.0)])
def test_what_is_known_is_of_the_best_mode_whichever_is_found_first(masses):
    ends = [
        laplace.Laplace(np.full(4, 9.0 * k), np.eye(4), mass)
        for k, mass in enumerate(masses)
    ]
    modes, known = locate._best(iter(ends), lambda mode: mode.mode[0])
    assert [mode.log_mass for mode in modes] == sorted(masses, reverse=True)
    assert known == 9.0 * int(np.argmax(masses))


def test_chains_take_modes_in_turn():
    start = starts.about_modes(two_modes(1.0), lambda v: {"z": v}, 4, 1, adapt=True)
    assert np.array_equal(np.sign(start.positions["z"][:, 0]), [1, -1, 1, -1])


def test_a_funnel_has_its_metric_adapted():
    def potential(z):
        return 0.5 * z[0] ** 2 / 9 + 0.5 * (z[1] * jnp.exp(-z[0])) ** 2 + z[0]

    assert adapts(potential, modes(flat(potential), GUESSES, BOX, UNITS)[0])


@pytest.mark.parametrize("seed", range(4))
def test_the_field_with_a_cluster_keeps_its_metric_whatever_the_seed(seed):
    spec = RunSpec.from_json({"model": "cluster", "sampler": {"seed": seed}})
    task = Task(spec, observe(spec.data))
    assert not engines.prepare(task).adapt_metric


def test_a_warm_up_that_keeps_its_metric_stays_where_the_posterior_is():
    settings = {"warmup": 100, "draws": 500}
    spec = RunSpec.from_json({"model": "cluster", "sampler": settings})
    task = Task(spec, observe(spec.data), length=100)
    prepared = engines.prepare(task)
    assert not prepared.adapt_metric
    known = {"adapt_metric": False, "guide": prepared.guide}
    warmed = engines.run_chunk(replace(task, state=prepared.state, **known))
    # NumPyro alone begins its search at ten times the step, and seeks again after 90.
    steps = warmed.stats["step_size"] / nuts.step_size(4)
    assert steps.max() < 4
    after = replace(task, state=warmed.state, length=500, drawn=0, **known)
    drawn = engines.run_chunk(after).stats
    assert not drawn["diverging"].any()
    assert np.ptp(drawn["step_size"], axis=1).max() == 0
    assert drawn["acceptance_rate"].mean(axis=1) == pytest.approx(0.85, abs=0.07)


def test_a_table_of_members_only_is_sampled_all_the_same(sample, real_ngc2516):
    data = {"source": "file", "path": str(real_ngc2516)}
    record = sample(
        {"model": "cluster", "data": data, "sampler": {"warmup": 400, "draws": 300}}
    )
    assert len(read_catalogue(real_ngc2516)) == 1428
    # Catalogued at 407.1 pc with a zero-point of some -30 µas, which moves it by 5 pc.
    assert record.draws["dist_clust"].mean() == pytest.approx(410, abs=5)
    assert record.draws["frac_clust"].mean() > 0.95


def test_a_steep_line_through_few_points_is_found(sample):
    # Six points of fifteen on one line. Chains that started at prior draws alone all
    # stayed at a far less probable line with a slope of -0.4, and agreed.
    generator = np.random.default_rng(6)
    data = observe({"source": "line"})
    x, error, on_line = data["x"], data["yerr"], np.arange(15) % 5 < 2
    y = np.where(
        on_line,
        generator.normal(-3.74 * x - 5.87, error),
        generator.normal(0.75, 0.6, x.size),
    )
    settings = {"warmup": 300, "draws": 300, "seed": 1}
    record = sample(
        {"model": "line_outliers", "sampler": settings},
        {"x": x, "y": y, "yerr": error},
    )
    slopes = record.draws["m"].mean(axis=1)
    np.testing.assert_allclose(slopes, -3.74, atol=0.3)
    assert record.draws["p"].mean(axis=(0, 1))[on_line].min() > 0.5


def test_the_curvature_at_a_start_is_its_metric_where_it_has_one():
    start = starts.Start(
        {"a": np.zeros(3), "b": np.arange(3.0)}, np.stack([np.eye(2)] * 3), True
    )
    narrow, saddle = np.array([[100.0, 30.0], [30.0, 25.0]]), np.diag([-4.0, 0.01])
    hessians = iter([narrow, saddle, np.full((2, 2), np.nan)])
    curved = starts.curved(start, lambda z: (z.sum(), 2 * z, next(hessians)))
    np.testing.assert_allclose(curved.inverse_metric[0], np.linalg.inv(narrow))
    np.testing.assert_allclose(curved.inverse_metric[1], np.diag([0.25, 1.0]))
    np.testing.assert_allclose(curved.inverse_metric[2], np.eye(2))
    values, slopes = curved.first
    np.testing.assert_array_equal(values, [0, 1, 2])
    np.testing.assert_array_equal(slopes, [[0, 0], [0, 2], [0, 4]])


def test_an_expansion_has_the_slope_and_the_curvature():
    def quartic(z):
        return z[0] ** 4 + z[0] * jnp.exp(z[1])

    at = jnp.array([0.7, -0.3])
    value, slope, hessian = laplace.expansion(
        jax.vmap(jax.value_and_grad(quartic)), np.asarray(at)
    )
    np.testing.assert_allclose(value, quartic(at), rtol=1e-14)
    np.testing.assert_allclose(slope, jax.grad(quartic)(at), rtol=1e-14)
    np.testing.assert_allclose(hessian, jax.hessian(quartic)(at), rtol=1e-6)


PRIORS = {
    "published": {},
    "of bounded support": {
        "log_L": {"family": "Uniform", "low": 4.0, "high": 8.0},
        "frac_clust": {"family": "Beta", "concentration1": 2.0, "concentration0": 5.0},
    },
}


@pytest.mark.parametrize("priors", PRIORS.values(), ids=PRIORS)
@pytest.mark.parametrize("serves", [False, True])
def test_the_posterior_of_a_population_is_the_models(priors, serves):
    content = {"model": "cluster", "priors": priors, "strength": 0.7}
    spec = RunSpec.from_json(content)
    task = Task(spec, observe(spec.data))
    shape = programs.shape_of(task, adapt=False)
    guide = tables.table(tables.stars_of(task.observed)).emulator
    emulated = guide if serves else emulator.never()
    arguments = programs.marginal_arguments(task, emulated)
    density = densities.log_density(shape)
    names = sorted(locate.PARAMETERS)

    def potential(z):
        return density(dict(zip(names, z, strict=True)), arguments)

    start, _ = begin.start(task, shape)
    z = starts.ravelled(take(start.positions, 0))
    whole = population.posterior(shape.families, arguments)
    (value,), (gradient,), (hessian,) = whole.potential(z[None], emulated)
    slopes = jax.jit(jax.grad(potential))
    assert value == pytest.approx(float(potential(jnp.asarray(z))), rel=1e-10)
    np.testing.assert_allclose(gradient, slopes(jnp.asarray(z)), rtol=1e-6, atol=1e-6)
    steps = 1e-5 * np.eye(4)
    differences = np.stack(
        [
            (slopes(jnp.asarray(z + s)) - slopes(jnp.asarray(z - s))) / 2e-5
            for s in steps
        ]
    )
    scale = np.sqrt(np.abs(np.outer(np.diag(hessian), np.diag(hessian))))
    np.testing.assert_allclose(hessian / scale, differences / scale, atol=1e-4)
    # The likelihood's coordinates, and how they stretch.
    theta, stretch = whole.coordinates(z)
    up, down = (whole.coordinates(z + side)[0] for side in (1e-6, -1e-6))
    np.testing.assert_allclose(stretch, (up - down) / 2e-6, rtol=1e-6)
    given = densities.constrained(shape, dict(zip(names, z, strict=True)), arguments)
    np.testing.assert_allclose(np.exp(theta[0]), given["L"], rtol=1e-10)
    np.testing.assert_allclose(np.exp(theta[1]), given["dist_clust"], rtol=1e-10)
    odds = given["frac_clust"] / (1 - given["frac_clust"])
    np.testing.assert_allclose(np.exp(theta[3]), odds, rtol=1e-9)


def test_chains_begin_with_the_value_and_the_slope_at_their_starts():
    spec = RunSpec.from_json({"model": "line_outliers"})
    task = Task(spec, {n: observe(spec.data)[n] for n in spec.problem.observed})
    shape = programs.shape_of(task, adapt=True)
    arguments = programs.arguments_of(task)
    start, _ = begin.start(task, shape)
    values, slopes = begin.first_values(task, shape, arguments, start)
    density = jax.value_and_grad(densities.log_density(shape))
    for chain in range(task.chains):
        position = take(start.positions, chain)
        value, slope = density(position, arguments)
        np.testing.assert_allclose(values[chain], value, rtol=1e-12)
        np.testing.assert_allclose(slopes[chain], starts.ravelled(slope), rtol=1e-8)
