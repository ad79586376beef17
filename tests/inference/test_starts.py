"""Where chains start, and whether the metric at the mode is kept."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data import observe, read_catalogue
from inference import engines, starts
from inference.records import Task
from inference.spec import RunSpec

pytestmark = pytest.mark.usefixtures("engine")
BOX = {"a": (-10.0, 10.0), "b": (-10.0, 10.0)}
GUESSES = [{"a": 1.0, "b": -2.0}, {"a": -3.0, "b": 3.0}]


def fit(potential, guesses=GUESSES):
    value_and_gradient = jax.value_and_grad(potential)
    return starts.laplace(value_and_gradient, guesses, BOX, seed=0)


def test_a_gaussian_is_found_exactly():
    precision = np.array([[4.0, 1.0], [1.0, 0.5]])

    def potential(z):
        away = jnp.array([z["a"] - 0.3, z["b"] + 1.2])
        return 0.5 * away @ precision @ away

    found = fit(potential)
    np.testing.assert_allclose(found.mode, [0.3, -1.2], atol=1e-6)
    np.testing.assert_allclose(found.covariance, np.linalg.inv(precision), rtol=1e-5)
    assert found.efficiency > 0.99
    assert not starts.about_mode(found, lambda v: {"a": v[0], "b": v[1]}, 2, 1).adapt


def test_the_better_of_two_modes_is_taken():
    def potential(z):
        near = -0.5 * ((z["a"] - 4) ** 2 + z["b"] ** 2) / 0.01 + 3.0
        far = -0.5 * ((z["a"] + 4) ** 2 + z["b"] ** 2) / 0.01
        return -jnp.logaddexp(near, far)

    found = fit(potential, [{"a": -3.5, "b": 0.1}, {"a": 3.5, "b": 0.1}])
    np.testing.assert_allclose(found.mode, [4.0, 0.0], atol=1e-4)


def test_a_funnel_has_its_metric_adapted():
    def potential(z):
        return 0.5 * z["a"] ** 2 / 9 + 0.5 * (z["b"] * jnp.exp(-z["a"])) ** 2 + z["a"]

    found = fit(potential)
    assert found.efficiency < starts.GOOD_EFFICIENCY
    assert starts.about_mode(found, lambda v: {"a": v[0], "b": v[1]}, 2, 1).adapt


@pytest.mark.parametrize("seed", range(4))
def test_the_field_with_a_cluster_keeps_its_metric_whatever_the_seed(seed):
    spec = RunSpec.from_json({"model": "cluster", "sampler": {"seed": seed}})
    task = Task(spec, observe(spec.data))
    assert not engines.prepare(task).adapt_metric


def test_a_table_of_members_only_is_sampled_all_the_same(sample, real_ngc2516):
    data = {"source": "file", "path": str(real_ngc2516)}
    record = sample(
        {"model": "cluster", "data": data, "sampler": {"warmup": 400, "draws": 300}}
    )
    assert len(read_catalogue(real_ngc2516)) == 1428
    # Catalogued at 407.1 pc with a zero-point of some -30 µas, which moves it by 5 pc.
    assert record.draws["dist_clust"].mean() == pytest.approx(410, abs=5)
    assert record.draws["frac_clust"].mean() > 0.95
