"""The likelihood's power: from the prior to the posterior, exact at both ends."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from data import observe
from inference import begin, emulator, locate, population, programs, starts
from inference.chains import take
from inference.priors import SpecError
from inference.records import Task
from inference.spec import RunSpec
from tests.conftest import monte_carlo_z

pytestmark = pytest.mark.usefixtures("engine")

LINE = {"model": "line", "sampler": {"warmup": 300, "draws": 2000, "seed": 3}}


@pytest.fixture(scope="module")
def points():
    return observe({"source": "line"})


def moments(points, strength: float) -> dict[str, tuple[float, float]]:
    """Mean and sd of theta and b_perp on a grid, by summation."""
    theta = np.linspace(-np.pi / 2, np.pi / 2, 3001)[:, None]
    b_perp = np.linspace(-4, 4, 1601)[None]
    log = stats.norm.logpdf(b_perp) + 0 * theta
    for x, y, yerr in zip(points["x"], points["y"], points["yerr"], strict=True):
        line = np.tan(theta) * x + b_perp / np.cos(theta)
        log = log + strength * stats.norm.logpdf(y, line, yerr)
    mass = np.exp(log - log.max())
    mass /= mass.sum()
    found = {}
    for name, values in (("theta", theta), ("b_perp", b_perp)):
        mean = float((mass * values).sum())
        found[name] = mean, float(np.sqrt((mass * (values - mean) ** 2).sum()))
    return found


@pytest.mark.parametrize("strength", [0.0, 0.02, 0.3, 1.0])
def test_a_line_at_any_strength_is_what_a_grid_says(sample, points, strength):
    record = sample(LINE | {"strength": strength}, points)
    for name, (mean, sd) in moments(points, strength).items():
        values = record.draws[name]
        assert abs(monte_carlo_z(values, mean)) < 5, name
        assert abs(monte_carlo_z((values - mean) ** 2, sd**2)) < 5, name


def test_the_likelihood_kept_with_a_draw_is_the_whole_one(sample, points):
    record = sample(LINE | {"strength": 0.3}, points)
    draws = {name: v[..., None] for name, v in record.draws.items()}
    line = draws["m"] * points["x"] + draws["b"]
    whole = stats.norm.logpdf(points["y"], line, points["yerr"]).sum(axis=-1)
    np.testing.assert_allclose(record.stats["log_likelihood"], whole, rtol=1e-6)
    prior = sum(p.log_density(record.draws[n]) for n, p in record.spec.priors.items())
    np.testing.assert_allclose(record.stats["log_prior"], prior, rtol=1e-6)
    # The density of what is sampled, theta = pi (s - 1/2) with s = 1 / (1 + e^-z).
    s = record.draws["theta"] / np.pi + 0.5
    tempered = prior + 0.3 * whole + np.log(np.pi * s * (1 - s))
    np.testing.assert_allclose(record.stats["lp"], tempered, rtol=1e-6)


def test_a_cluster_without_data_is_its_prior(sample):
    record = sample(
        {
            "model": "cluster",
            "strength": 0.0,
            "sampler": {"warmup": 300, "draws": 500, "chains": 4},
        },
        {
            "parallax": np.full(30, 1.2),
            "parallax_error": np.full(30, 0.1),
            "zero_point": np.zeros(30),
        },
    )
    for name, prior in record.spec.priors.items():
        values = record.draws[name]
        assert abs(monte_carlo_z(values, prior.scipy.mean())) < 5, name
        squared = (values - prior.scipy.mean()) ** 2
        assert abs(monte_carlo_z(squared, prior.scipy.var())) < 5, name


def test_what_makes_no_power_is_refused():
    with pytest.raises(SpecError, match="strength"):
        RunSpec.from_json(LINE | {"strength": 1.2})
    with pytest.raises(SpecError, match="hierarchical"):
        RunSpec.from_json(
            {"model": "cluster", "method": "hierarchical", "strength": 0.5}
        )
    spec = RunSpec.from_json(LINE | {"strength": 0.5})
    assert RunSpec.from_json(spec.to_json()) == spec


def test_a_cluster_at_little_strength_is_what_importance_sampling_says(sample):
    sampler = {"warmup": 200, "draws": 400, "seed": 5}
    content = {"model": "cluster", "strength": 0.1, "sampler": sampler}
    spec = RunSpec.from_json(content)
    observed = observe(spec.data)
    record = sample(content, observed)
    # Longer trajectories were those of steps that were adapted to where an emulator
    # ends, in the midst of the posterior.
    assert record.stats["n_steps"].mean() < 8

    task = Task(spec, observed)
    shape = programs.shape_of(task, adapt=False)
    whole = population.posterior(
        shape.families, programs.marginal_arguments(task, emulator.never())
    )
    start, _ = begin.start(task, shape)
    spread = np.linalg.cholesky(start.inverse_metric[0])
    mode = np.mean([starts.ravelled(take(start.positions, k)) for k in range(4)], 0)
    z = np.random.default_rng(0).standard_t(10, (4000, 4))
    at = mode + 1.5 * z @ spread.T
    log_weights = -whole.values(at, emulator.never())
    log_weights -= stats.t.logpdf(z, 10).sum(axis=1)
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    assert 1 / (weights**2).sum() > 400
    for name, values in zip(sorted(locate.PARAMETERS), at.T, strict=True):
        expected = expit(values) if name == "frac_clust" else values
        mean = weights @ expected
        error = np.sqrt((weights**2) @ (expected - mean) ** 2)
        sampled = record.draws[name]
        assert abs(monte_carlo_z(sampled, mean, error)) < 5, name
        assert sampled.std() == pytest.approx(
            np.sqrt(weights @ (expected - mean) ** 2), rel=0.15
        )


@pytest.mark.parametrize("strength", [0.0, 0.1])
def test_where_the_likelihood_counts_little_no_run_is_taken_for_a_quick_one(strength):
    content = {"model": "cluster", "strength": strength}
    spec = RunSpec.from_json(content)
    task = Task(spec, observe(spec.data))
    start, guide = begin.start(task, programs.shape_of(task, adapt=False))
    serves = emulator.Emulator(*guide)
    # Without data nothing is as quick; by the table a draw takes a thousand times as
    # long, and what serves about the table's own mode serves few of them.
    assert (start.in_step, float(serves.radius)) == {
        0.0: (True, np.inf),
        0.1: (False, 0.0),
    }[strength]
    far = np.array([[-30.0, 80.0, 9.0, 0.0], [6.0, 6.0, -4.0, 0.0]])
    if strength == 0:
        value, gradient, hessian = emulator.at(serves, far, _never_asked)
        assert not value.any() and not gradient.any() and not hessian.any()


def _never_asked(thetas):
    raise AssertionError("The table is looked at.")
