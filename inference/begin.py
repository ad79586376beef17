"""Where a task's chains start, whatever its model, and what is known there."""

from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from numpyro.distributions import biject_to

from inference import (
    chains,
    densities,
    laplace,
    locate,
    nuts,
    population,
    programs,
    starts,
    tables,
)
from inference.emulator import never
from inference.models import numpyro_priors
from inference.problems import PROBLEMS
from inference.records import Task


def start(task: Task, shape: densities.Shape) -> tuple[starts.Start, tuple]:
    """Return where chains start, and what guides them (`Task.guide`)."""
    spec, seed = task.spec, task.spec.sampler.seed
    distributions = numpyro_priors(dict(shape.families), task.hyperparameters)
    arguments = programs.arguments_of(task)
    if spec.model != "cluster":
        evaluate = _compiled_evaluation(_density_of(shape))
        sampled = {p.name: spec.priors[p.name] for p in spec.problem.parameters}
        outliers = spec.model == "line_outliers"
        pairs = outliers and len(task.observed["x"]) > 1
        points = (task.observed["x"], task.observed["y"]) if pairs else None
        start = starts.from_priors(
            lambda values: evaluate(values, arguments),
            sampled,
            task.chains,
            seed,
            points,
        )
        gradients = partial(
            _swapped, _compiled_gradients(_density_of(shape)), arguments
        )
        return starts.curved(start, partial(laplace.expansion, gradients)), ()
    stars = tables.stars_of(task.observed, task.left_out)
    arguments = programs.marginal_arguments(task, never())
    whole = population.posterior(shape.families, arguments)
    located = locate.posterior(
        whole,
        partial(tables.likelihoods, stars.nodes),
        tables.table(stars),
        distributions,
        spec.priors,
        spec.strength,
    )
    best = located.modes[0]
    share = laplace.efficiency(
        lambda positions: whole.values(positions, located.emulator), best, seed
    )
    adapt = len(located.modes) > 1 or share < laplace.GOOD_EFFICIENCY
    start = starts.about_modes(located.modes, _by_name, task.chains, seed, adapt)
    if spec.method == "marginal":
        # By the table a draw takes a thousand times as long as by its emulator.
        start = start._replace(in_step=located.in_step)
        # Vectorised chains would compute both branches of every choice.
        return start, located.emulator if shape.chains == 1 else ()
    transform = biject_to(distributions["log_L"].support)
    centre = float(transform(_by_name(best.mode)["log_L"]))
    guide = tables.over_stars(stars, lambda block: tables.field_guide(block, centre))
    count = stars.parallax.size
    return starts.with_offsets(start, count, seed), (np.float64(centre), *guide)


def _by_name(position: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(sorted(locate.PARAMETERS), position, strict=True))


def first_values(task: Task, shape: densities.Shape, arguments, start: starts.Start):
    """Return -ln posterior (chain,) and its gradient (chain, parameter) at starts."""
    if start.first is not None:
        return start.first
    at = [
        starts.ravelled(chains.take(start.positions, chain))
        for chain in range(task.chains)
    ]
    if (task.spec.model, task.spec.method) == ("cluster", "marginal"):
        whole = population.posterior(shape.families, arguments)
        serves = jax.tree.map(np.asarray, arguments.observed["emulator"])
        return whole.potential(np.stack(at), serves)[:2]
    gradient = _compiled_gradient(_density_of(shape))
    values, slopes = zip(*(gradient(z, arguments) for z in at), strict=True)
    return np.stack(values), np.stack(slopes)


def _swapped(function, second, first):
    return function(first, second)


def _density_of(shape: densities.Shape) -> densities.Shape:
    """Return a shape without what a density does not depend on."""
    return shape._replace(
        warmup=0, target_accept=0.0, max_tree_depth=0, adapt_metric=False, chains=1
    )


@lru_cache(maxsize=8)
def _compiled_evaluation(shape: densities.Shape):
    """Values (chain, try) to unconstrained positions and -ln posterior there."""
    potential = densities.log_density(shape)

    def evaluate(values, arguments):
        priors = numpyro_priors(dict(shape.families), arguments.priors)
        position = {
            name: jnp.clip(biject_to(priors[name].support).inv(value), -20, 20)
            for name, value in values.items()
        }
        return position, potential(position, arguments)

    over_tries = jax.vmap(evaluate, in_axes=(0, None))
    return nuts.traced_once(jax.vmap(over_tries, in_axes=(0, None)))


@lru_cache(maxsize=8)
def _compiled_gradient(shape: densities.Shape):
    """Return -ln posterior and its gradient, of an array (parameter,)."""
    return nuts.traced_once(_gradient(shape))


@lru_cache(maxsize=8)
def _compiled_gradients(shape: densities.Shape):
    """Return -ln posteriors and their gradients, of an array (point, parameter)."""
    return nuts.traced_once(jax.vmap(_gradient(shape), in_axes=(0, None)))


def _gradient(shape: densities.Shape):
    names = [p.name for p in PROBLEMS[shape.model].parameters]
    example: dict[str, Any] = dict.fromkeys(names, 0.0)
    if shape.method == "hierarchical":
        stars = shape.observed[0]
        example |= {name: np.zeros(stars) for name in densities.OFFSETS}
    unravel = ravel_pytree(example)[1]
    density = densities.log_density(shape)
    return jax.value_and_grad(lambda z, arguments: density(unravel(z), arguments))
