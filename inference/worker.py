"""What a worker process does: prepare a run, then one chunk of it at a time.

Tasks and results are plain records of NumPy arrays and names, so any executor can carry
them. Everything here may import JAX; the process that serves pages imports none of it
and names these functions by `inference.engines`.
"""

import os
import stat
import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from inference import conditionals, nuts, quadrature, starts
from inference.models import numpyro_priors
from inference.records import Chunk, Prepared, Task

POPULATION = ("log_L", "log_dist_clust", "log_sigma", "frac_clust")
STAR_DRAWS = 8
"""Draws of a chunk whose star-by-star conditionals are summed."""


def configure(cache: str | None = None) -> None:
    """Set JAX up, once, before anything is computed.

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
    observed = _observed(task)
    arguments = nuts.Arguments(observed, task.hyperparameters)
    shape = _shape(task, adapt=True)
    start = _start(task, shape, arguments)
    shape = shape._replace(adapt_metric=start.adapt)
    keys = jnp.stack(
        [
            jax.random.fold_in(jax.random.PRNGKey(task.spec.sampler.seed), chain)
            for chain in range(task.chains)
        ]
    )
    program = _program(task, shape, arguments)

    def initial(chain):
        return program.initial(
            *nuts.take((start.positions, start.inverse_metric, keys), chain), arguments
        )

    if shape.chains > 1:
        state = program.initial(start.positions, start.inverse_metric, keys, arguments)
    else:
        state = nuts.stack(nuts.in_threads(initial, task.chains, _threads()))
    return Prepared(
        state=_leaves(state),
        adapt_metric=start.adapt,
        capacity=program.capacity,
        device=device(),
        seconds=time.perf_counter() - clock,
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
    observed = _observed(task)
    arguments = nuts.Arguments(observed, task.hyperparameters)
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
        done = nuts.stack(nuts.in_threads(advance, task.chains, _threads()))
    state, draws, stats = jax.tree.map(np.asarray, done)
    draws, stats = (
        {name: value[:, : task.length] for name, value in rows.items()}
        for rows in (draws, stats)
    )
    return Chunk(
        state=_leaves(state),
        draws=draws,
        stats=stats,
        stars=_stars(task, observed, draws) if task.sampling else None,
        seconds=time.perf_counter() - clock,
        device=device(),
    )


def _threads() -> int:
    return len(os.sched_getaffinity(0))


def _leaves(state) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(leaf) for leaf in jax.tree.leaves(state))


def _shape(task: Task, adapt: bool) -> nuts.Shape:
    spec = task.spec
    vectorised = jax.default_backend() != "cpu"
    return nuts.Shape(
        model=spec.model,
        method=spec.method,
        families=tuple((name, p.family) for name, p in spec.priors.items()),
        observed=tuple(np.shape(task.observed[name]) for name in sorted(task.observed)),
        warmup=spec.sampler.warmup,
        target_accept=spec.sampler.target_accept,
        max_tree_depth=spec.sampler.max_tree_depth,
        adapt_metric=adapt,
        dense_metric=spec.method != "hierarchical",
        latent=task.latent,
        chains=task.chains if vectorised else 1,
    )


def _observed(task: Task) -> dict[str, Any]:
    """Return the observed arrays on the device, with nodes for the cluster."""
    names = tuple(sorted(task.observed))
    arrays = tuple(np.asarray(task.observed[name], dtype=float) for name in names)
    digest = sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()
    return _placed(
        digest, task.spec.model, _Unhashed(dict(zip(names, arrays, strict=True)))
    )


class _Unhashed(NamedTuple):
    """Carries arrays past a cache whose key is their digest."""

    arrays: Mapping[str, np.ndarray]

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


@lru_cache(maxsize=8)
def _placed(digest: str, model: str, observed: _Unhashed) -> dict[str, Any]:
    del digest
    placed: dict[str, Any] = {
        name: jnp.asarray(value) for name, value in observed.arrays.items()
    }
    if model == "cluster":
        parallax = observed.arrays["parallax"] - observed.arrays["zero_point"]
        nodes = quadrature.star_nodes(parallax, observed.arrays["parallax_error"])
        placed["nodes"] = jax.tree.map(jnp.asarray, nodes)
    return placed


def _program(task: Task, shape: nuts.Shape, arguments) -> nuts.Program:
    return nuts.program(shape, nuts.Example(*_example_start(task, shape), arguments))


def _example_start(task: Task, shape: nuts.Shape):
    names = [p.name for p in task.spec.problem.parameters]
    position: dict[str, np.ndarray] = {name: np.zeros(()) for name in names}
    size = len(names)
    if task.spec.method == "hierarchical":
        stars = len(task.observed["parallax"])
        position["distance"] = np.zeros(stars)
        size += stars
    metric = np.eye(size) if shape.dense_metric else np.ones(size)
    return position, metric, jax.random.PRNGKey(0)


def _start(task: Task, shape: nuts.Shape, arguments) -> starts.Start:
    spec, seed = task.spec, task.spec.sampler.seed
    distributions = numpyro_priors(dict(shape.families), task.hyperparameters)
    if spec.model != "cluster":
        potential = _compiled_potential(shape)
        sampled = {p.name: spec.priors[p.name] for p in spec.problem.parameters}
        return starts.from_priors(
            lambda position: potential(position, arguments),
            sampled,
            distributions,
            task.chains,
            seed,
        )
    y = np.asarray(arguments.observed["nodes"].parallax)
    e = np.asarray(arguments.observed["nodes"].error)
    value_and_gradient = _compiled_gradient(shape._replace(method="marginal"))
    guesses, bounds = starts.cluster_guesses(y, e, distributions)
    fit = starts.laplace(
        lambda z: value_and_gradient(z, arguments), guesses, bounds, seed
    )
    start = starts.about_mode(fit, ravel_pytree(guesses[0])[1], task.chains, seed)
    if spec.method == "marginal":
        return start
    marginal = shape._replace(method="marginal")
    populations = [
        _population(
            nuts.constrained(marginal, nuts.take(start.positions, c), arguments)
        )
        for c in range(task.chains)
    ]
    return starts.with_distances(start, arguments.observed["nodes"], populations, seed)


def _population(values):
    log_l, log_distance, log_sigma, fraction = (values[name] for name in POPULATION)
    return log_l, log_distance, jnp.exp(log_sigma), fraction


@lru_cache(maxsize=8)
def _compiled_potential(shape: nuts.Shape):
    return nuts.traced_once(nuts.log_density(shape))


@lru_cache(maxsize=8)
def _compiled_gradient(shape: nuts.Shape):
    return nuts.traced_once(jax.value_and_grad(nuts.log_density(shape)))


def _stars(task: Task, observed, draws) -> tuple[int, tuple[np.ndarray, ...]] | None:
    """Sum memberships and moments of distances over a few draws of a chunk."""
    if task.spec.model != "cluster":
        return None
    flat = np.stack([draws[name].ravel() for name in POPULATION], axis=1)
    chosen = flat[np.linspace(0, len(flat) - 1, STAR_DRAWS).astype(int)]
    sums = _summed_moments(observed["nodes"], chosen)
    return STAR_DRAWS, tuple(np.asarray(s) for s in sums)


@jax.jit
def _summed_moments(nodes, populations):
    def add(total, population):
        log_l, log_distance, log_sigma, fraction = population
        moments = conditionals.star_moments(
            nodes, log_l, log_distance, jnp.exp(log_sigma), fraction
        )
        return jax.tree.map(jnp.add, total, moments), None

    zero = jnp.zeros_like(nodes.parallax)
    return jax.lax.scan(add, conditionals.StarMoments(zero, zero, zero), populations)[0]
