"""What a worker process does: prepare a run, then one chunk of it at a time.

Tasks and results are plain records of NumPy arrays and names, so any executor can carry
them. Everything here may import JAX; the process that serves pages imports none of it
and names these functions by `inference.engines`.
"""

import os
import stat
import time
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from numpyro.distributions import biject_to

from inference import locate, nuts, starts, tables
from inference.emulator import Emulator, never
from inference.models import cluster, numpyro_priors
from inference.problems import PROBLEMS
from inference.records import Chunk, Prepared, Task

POPULATION = ("log_L", "log_dist_clust", "log_sigma", "frac_clust")
NOWHERE = cluster.FieldGuide(*np.zeros(4))
"""Of the method that has no use for it."""
STAR_DRAWS = 32
"""About so many draws of a run have their star-by-star conditionals summed."""


def configure(cache: str | None = None) -> None:
    """Set JAX up, once, before anything is computed.

    All is done in float64. In float32 the parallax at a distance is wrong by its
    size over its error times the rounding of ln r, 5e-7: terms of the likelihood were
    wrong by up to 1e-3 each where ln f > -50, and by 1e-5 of themselves below
    (`inference.quadrature.windows`), which thousands of stars would add up.

    Parameters
    ----------
    cache : str, optional
        Folder of the compilation cache; by default a private one of the user. JAX
        trusts its contents as code, so a folder that others may write is refused.
    """
    jax.config.update("jax_enable_x64", True)
    folder = Path(cache or cache_folder())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid == os.getuid() and not status.st_mode & (
        stat.S_IWGRP | stat.S_IWOTH
    ):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def cache_folder() -> Path:
    """Return the user's private folder for compiled programs."""
    root = os.environ.get("NUTSHELL_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "nutshell"
    )
    return Path(root) / "jax"


def device() -> str:
    """Name the device that runs inference."""
    first = jax.devices()[0]
    if first.platform == "cpu":
        cores = len(os.sched_getaffinity(0))
        return f"CPU, {cores} core{'s' if cores > 1 else ''}"
    return f"{first.platform.upper()} {first.device_kind}"


def prepare(task: Task) -> Prepared:
    """Compile a run's programs and find where its chains start.

    Parameters
    ----------
    task : Task
        ``state`` and ``length`` are not looked at.

    Returns
    -------
    Prepared
    """
    clock = time.perf_counter()
    shape = _shape(task, adapt=True)
    start, guide = _start(task, shape)
    task = replace(task, guide=_leaves(guide))
    arguments = _arguments(task)
    shape = shape._replace(adapt_metric=start.adapt)
    keys = jnp.stack(
        [
            jax.random.fold_in(jax.random.PRNGKey(task.spec.sampler.seed), chain)
            for chain in range(task.chains)
        ]
    )
    program = _program(task, shape, arguments)
    begin = (start.positions, start.inverse_metric, keys)
    begin += _first_values(task, shape, arguments, start.positions)
    if shape.chains > 1:
        state = program.initial(*begin)
    else:
        state = nuts.stack(
            [program.initial(*nuts.take(begin, chain)) for chain in range(task.chains)]
        )
    return Prepared(
        state=_leaves(state),
        adapt_metric=start.adapt,
        guide=task.guide,
        capacity=program.capacity,
        device=device(),
        seconds=time.perf_counter() - clock,
        seconds_a_draw=program.pace.seconds_a_draw,
    )


def run_chunk(task: Task) -> Chunk:
    """Advance every chain of a run by ``task.length`` draws.

    Parameters
    ----------
    task : Task
        With the state that `prepare` or the last chunk returned.

    Returns
    -------
    Chunk
    """
    clock = time.perf_counter()
    arguments = _arguments(task)
    shape = _shape(task, adapt=task.adapt_metric)
    program = _program(task, shape, arguments)
    state = jax.tree.unflatten(program.structure, task.state)
    length = np.int32(task.length)

    def advance(chain):
        out = program.chunk(nuts.take(state, chain), arguments, length)
        return jax.tree.map(np.asarray, out)

    if shape.chains > 1:
        done = program.chunk(state, arguments, length)
    else:
        done = nuts.stack(nuts.in_threads(advance, task.chains, tables.threads()))
    state, draws, stats = jax.tree.map(np.asarray, done)
    draws, stats = (
        {name: value[:, : task.length] for name, value in rows.items()}
        for rows in (draws, stats)
    )
    stars = _stars(task, draws) if task.sampling else None
    seconds = time.perf_counter() - clock
    program.pace.seconds_a_draw = seconds / task.length
    return Chunk(_leaves(state), draws, stats, stars, seconds, device())


def forget() -> None:
    """Forget what was learnt of tables, but not what was compiled."""
    tables.forget()


def _leaves(state) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(leaf) for leaf in jax.tree.leaves(state))


def _shape(task: Task, adapt: bool) -> nuts.Shape:
    spec = task.spec
    vectorised = jax.default_backend() != "cpu"
    return nuts.Shape(
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
        chains=task.chains if vectorised else 1,
    )


def _shapes(task: Task) -> tuple[tuple[int, ...], ...]:
    if task.spec.method == "marginal":
        return (tables.stars_of(task.observed).nodes.parallax.shape,)
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


def _arguments(task: Task) -> nuts.Arguments:
    """Return data on the device, and hyper-parameters."""
    if task.spec.method == "marginal":
        emulator = Emulator(*task.guide) if task.guide else never()
        return _marginal_arguments(task, emulator)
    observed: dict[str, Any] = {n: jnp.asarray(v) for n, v in task.observed.items()}
    if task.spec.model == "cluster":
        guide = cluster.FieldGuide(*task.guide) if task.guide else NOWHERE
        observed["field"] = jax.tree.map(jnp.asarray, guide)
    return nuts.Arguments(observed, task.hyperparameters, float(task.spec.strength))


def _marginal_arguments(task: Task, emulator: Emulator) -> nuts.Arguments:
    nodes = tables.stars_of(task.observed).nodes
    observed = {"nodes": nodes, "emulator": jax.tree.map(jnp.asarray, emulator)}
    return nuts.Arguments(observed, task.hyperparameters, float(task.spec.strength))


def _program(task: Task, shape: nuts.Shape, arguments) -> nuts.Program:
    return nuts.program(shape, nuts.Example(*_example_start(task, shape), arguments))


def _first_values(task: Task, shape: nuts.Shape, arguments, positions):
    """Return -ln posterior (chain,) and its gradient (chain, parameter) at starts."""
    if (task.spec.model, task.spec.method) == ("cluster", "marginal"):
        potential = tables.population_potential(shape.families, arguments)
        serves = jax.tree.map(np.asarray, arguments.observed["emulator"])
        gradient = partial(_swapped, potential, serves)
    else:
        gradient = partial(_swapped, _compiled_gradient(_density_of(shape)), arguments)
    done = [
        gradient(np.asarray(ravel_pytree(nuts.take(positions, chain))[0]))
        for chain in range(task.chains)
    ]
    values, slopes = zip(*done, strict=True)
    return np.stack(values), np.stack(slopes)


def _swapped(function, second, first):
    return function(first, second)


def _density_of(shape: nuts.Shape) -> nuts.Shape:
    """Return a shape without what a density does not depend on."""
    return shape._replace(
        warmup=0, target_accept=0.0, max_tree_depth=0, adapt_metric=False, chains=1
    )


def _example_start(task: Task, shape: nuts.Shape):
    names = [p.name for p in task.spec.problem.parameters]
    position: dict[str, np.ndarray] = {name: np.zeros(()) for name in names}
    size = len(names)
    if task.spec.method == "hierarchical":
        stars = len(task.observed["parallax"])
        position |= dict.fromkeys(nuts.OFFSETS, np.zeros(stars))
        size += 2 * stars
    metric = np.eye(size) if shape.dense_metric else np.ones(size)
    return position, metric, jax.random.PRNGKey(0)


def _start(task: Task, shape: nuts.Shape) -> tuple[starts.Start, tuple]:
    """Return where chains start, and what guides them (`Task.guide`)."""
    spec, seed = task.spec, task.spec.sampler.seed
    distributions = numpyro_priors(dict(shape.families), task.hyperparameters)
    arguments = _arguments(task)
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
        return start, ()
    stars = tables.stars_of(task.observed)
    arguments = _marginal_arguments(task, never())
    potential = tables.population_potential(shape.families, arguments)
    located = locate.posterior(
        potential,
        partial(tables.likelihoods, stars.nodes),
        tables.table(stars),
        distributions,
        spec.priors,
        spec.strength,
    )
    unravel = ravel_pytree(dict.fromkeys(sorted(POPULATION), 0.0))[1]
    best = located.modes[0]
    share = starts.efficiency(
        lambda z: float(potential(z, located.emulator)[0]), best, seed
    )
    adapt = len(located.modes) > 1 or share < starts.GOOD_EFFICIENCY
    start = starts.about_modes(located.modes, unravel, task.chains, seed, adapt)
    if spec.method == "marginal":
        # Vectorised chains would compute both branches of every choice.
        return start, located.emulator if shape.chains == 1 else ()
    transform = biject_to(distributions["log_L"].support)
    centre = float(transform(unravel(jnp.asarray(best.mode))["log_L"]))
    guide = tables.over_stars(stars, lambda block: tables.field_guide(block, centre))
    count = stars.parallax.size
    return starts.with_offsets(start, count, seed), (np.float64(centre), *guide)


@lru_cache(maxsize=8)
def _compiled_evaluation(shape: nuts.Shape):
    """Values (chain, try) to unconstrained positions and -ln posterior there."""
    potential = nuts.log_density(shape)

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
def _compiled_gradient(shape: nuts.Shape):
    """Return -ln posterior and its gradient, of an array (parameter,)."""
    names = [p.name for p in PROBLEMS[shape.model].parameters]
    example: dict[str, Any] = dict.fromkeys(names, 0.0)
    if shape.method == "hierarchical":
        stars = shape.observed[0]
        example |= {name: np.zeros(stars) for name in nuts.OFFSETS}
    unravel = ravel_pytree(example)[1]
    density = nuts.log_density(shape)
    return nuts.traced_once(
        jax.value_and_grad(lambda z, arguments: density(unravel(z), arguments))
    )


def _stars(task: Task, draws) -> tuple[int, tuple[np.ndarray, ...]] | None:
    """Sum memberships and moments of distances over a few draws of a chunk."""
    if task.spec.model != "cluster":
        return None
    # Which draws are taken does not depend on how the run is cut into chunks.
    stride = max(1, task.chains * task.spec.sampler.draws // STAR_DRAWS)
    rows = slice(-task.drawn % stride, None, stride)
    chosen = np.stack([draws[name][:, rows].ravel() for name in POPULATION], axis=1)
    stars = tables.stars_of(task.observed)
    return len(chosen), tables.over_stars(
        stars, lambda nodes: tables.summed(nodes, chosen)
    )
