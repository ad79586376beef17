"""From a task to the program that computes it: its shape, and its arguments."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from inference import densities, nuts, tables
from inference.emulator import Emulator, never
from inference.models import cluster
from inference.records import Task

NOWHERE = cluster.FieldGuide(*np.zeros(4))
"""Of the method that has no use for it."""


def shape_of(task: Task, adapt: bool) -> densities.Shape:
    """Return what is fixed when a task's program is compiled.

    Parameters
    ----------
    task : Task
    adapt : bool
        Whether warm-up adapts the metric.
    """
    spec = task.spec
    return densities.Shape(
        model=spec.model,
        method=spec.method,
        families=tuple((name, p.family) for name, p in spec.priors.items()),
        observed=_shapes(task),
        warmup=spec.sampler.warmup,
        target_accept=spec.sampler.target_accept,
        max_tree_depth=_depth(task, adapt),
        adapt_metric=adapt,
        dense_metric=spec.method != "hierarchical",
        latent=task.latent,
        chains=task.chains if _in_one_program(task) else 1,
    )


THREADED = {"line": 16, "line_outliers": 16, "star": 16}
"""Most chains, by model, that a processor computes one by one, each in a thread; those
that are not here never are one program there, as their density has shortcuts that
chains side by side could not take one by one (`benchmarks.accelerator` measures)."""


def _in_one_program(task: Task) -> bool:
    """Whether a task's chains are one vectorised program: on a graphics card always."""
    if jax.default_backend() != "cpu":
        return task.chains > 1
    return task.chains > THREADED.get(task.spec.model, task.chains)


def _shapes(task: Task) -> tuple[tuple[int, ...], ...]:
    if task.spec.method == "marginal":
        return (tables.stars_of(task.observed, task.left_out).nodes.parallax.shape,)
    return tuple(np.shape(task.observed[name]) for name in sorted(task.observed))


def _depth(task: Task, adapt: bool) -> int:
    """Return the largest depth of a trajectory's tree.

    Thousands of standard normal coordinates swing with one period, and NUTS cannot see
    the turn of a trajectory whose doublings jump over it: it then goes on for hundreds
    of steps. A tree that spans one period, as long as steps are in so many dimensions,
    is all that such coordinates need; half a period gave a third of the effective draws
    a step.
    """
    depth = task.spec.sampler.max_tree_depth
    if task.spec.method != "hierarchical" or adapt:
        return depth
    period = 2 * np.pi / nuts.step_size(2 * len(task.observed["parallax"]))
    return min(depth, int(np.log2(period)))


def arguments_of(task: Task) -> densities.Arguments:
    """Return data on the device, and hyper-parameters."""
    if task.spec.method == "marginal":
        emulator = Emulator(*task.guide) if task.guide else never()
        return marginal_arguments(task, emulator)
    observed: dict[str, Any] = dict(task.observed)
    if task.spec.model == "cluster":
        guide = cluster.FieldGuide(*task.guide) if task.guide else NOWHERE
        observed["field"] = jax.tree.map(jnp.asarray, guide)
    return densities.Arguments(
        observed, task.hyperparameters, float(task.spec.strength)
    )


def marginal_arguments(task: Task, emulator: Emulator) -> densities.Arguments:
    """Return those of the method that integrates distances out."""
    nodes = tables.stars_of(task.observed, task.left_out).nodes
    observed = {"nodes": nodes, "emulator": jax.tree.map(jnp.asarray, emulator)}
    return densities.Arguments(
        observed, task.hyperparameters, float(task.spec.strength)
    )


def program_of(task: Task, shape: densities.Shape, arguments) -> nuts.Program:
    """Return the compiled program of a task."""
    example = nuts.Example(lambda: (*example_start(task, shape), arguments))
    return nuts.program(shape, example)


def example_start(task: Task, shape: densities.Shape):
    """Return a position, a metric and a key of the types that a start has."""
    names = [p.name for p in task.spec.problem.parameters]
    position: dict[str, np.ndarray] = {name: np.zeros(()) for name in names}
    size = len(names)
    if task.spec.method == "hierarchical":
        stars = len(task.observed["parallax"])
        position |= dict.fromkeys(densities.OFFSETS, np.zeros(stars))
        size += 2 * stars
    metric = np.eye(size) if shape.dense_metric else np.ones(size)
    return position, metric, jax.random.PRNGKey(0)
