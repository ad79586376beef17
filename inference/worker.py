"""What a worker process does: prepare a run, then one chunk of it at a time.

Tasks and results are plain records of NumPy arrays and names, so any executor can carry
them. Everything here may import JAX; the process that serves pages imports none of it
and names these functions by `inference.engines`.
"""

import multiprocessing
import threading
import time
from dataclasses import replace

import jax
import numpy as np

from inference import begin, chains, locate, nuts, programs, tables
from inference.devices import device
from inference.records import Chunk, Prepared, Task

STAR_DRAWS = 4, 32
"""About so many draws of a run have their star-by-star conditionals summed."""
STAR_SUMS = 2_000_000
"""With more stars than this comes to in most draws, fewer are: draws of a population
that many stars tell of are nearly alike."""


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
    shape = programs.shape_of(task, adapt=True)
    sampler = task.spec.sampler
    places = replace(sampler, chains=sampler.places)
    first_of_each = replace(task, spec=replace(task.spec, sampler=places))
    start, guide = begin.start(first_of_each, shape)
    task = replace(task, guide=_leaves(guide))
    arguments = programs.arguments_of(task)
    shape = shape._replace(adapt_metric=start.adapt)
    keys = np.stack([_chain_key(sampler.seed, chain) for chain in range(task.chains)])
    program = programs.program_of(task, shape, arguments)
    values = begin.first_values(first_of_each, shape, arguments, start)
    positions, metric, *values = chains.repeated(
        (start.positions, start.inverse_metric, *values), sampler.together
    )
    first = (positions, metric, keys, *values)
    if shape.chains > 1:
        state = program.initial(*first)
    else:
        state = chains.stack(
            [
                program.initial(*chains.take(first, chain))
                for chain in range(task.chains)
            ]
        )
    return Prepared(
        state=_leaves(state),
        adapt_metric=start.adapt,
        guide=task.guide,
        capacity=program.capacity,
        device=device(),
        seconds=time.perf_counter() - clock,
        seconds_a_draw=program.pace.seconds_a_draw if start.in_step else None,
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
    arguments = programs.arguments_of(task)
    shape = programs.shape_of(task, adapt=task.adapt_metric)
    program = programs.program_of(task, shape, arguments)
    state = jax.tree.unflatten(program.structure, task.state)
    length = np.int32(task.length)

    def advance(chain):
        out = program.chunk(chains.take(state, chain), arguments, length)
        return jax.tree.map(np.asarray, out)

    if shape.chains > 1:
        done = program.chunk(state, arguments, length)
    else:
        done = chains.stack(chains.in_threads(advance, task.chains))
    state, draws, stats = jax.tree.map(np.asarray, done)
    draws, stats = (
        {name: value[:, : task.length] for name, value in rows.items()}
        for rows in (draws, stats)
    )
    stars = _stars(task, draws) if task.sampling else None
    if task.sampling and task.drawn + task.length == task.spec.sampler.draws:
        _compile_rest(program)
    seconds = time.perf_counter() - clock
    program.pace.seconds_a_draw = seconds / task.length
    return Chunk(_leaves(state), draws, stats, stars, seconds, device())


def _compile_rest(program: nuts.Program) -> None:
    """Compile what the next run may need, beside what else a worker does.

    A process that computes for itself alone would rather end.
    """
    if multiprocessing.parent_process() is not None:
        threading.Thread(target=program.later.compiled, name=REST).start()


REST = "compiles the rest"
"""Name of a thread."""


def forget() -> None:
    """Forget what was learnt of tables, but not what was compiled, or is being."""
    for thread in threading.enumerate():
        if thread.name == REST:
            thread.join()
    tables.forget()


@jax.jit
def _chain_key(seed: int, chain: int) -> jax.Array:
    """Return the key of one chain, which the number of chains does not change."""
    return jax.random.fold_in(jax.random.PRNGKey(seed), chain)


def _leaves(state) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(leaf) for leaf in jax.tree.leaves(state))


def _stars(task: Task, draws) -> tuple[int, tuple[np.ndarray, ...]] | None:
    """Sum memberships and moments of distances over a few draws of a chunk."""
    if task.spec.model != "cluster":
        return None
    stars = tables.stars_of(task.observed, task.left_out)
    fewest, most = STAR_DRAWS
    wanted = min(max(STAR_SUMS // stars.parallax.size, fewest), most)
    sampler = task.spec.sampler
    stride = max(1, sampler.places * sampler.draws // wanted)
    chosen = _populations(task, draws, stride)
    return len(chosen), tables.over_stars(
        stars, lambda nodes: tables.summed(nodes, chosen)
    )


def _populations(task: Task, draws, stride: int) -> np.ndarray:
    """Take every so many draws of a chunk, (population, parameter).

    Which ones does not depend on how the run is cut into chunks. Of the chains that
    start together one is enough; the others take turns, so that the chunk with the
    first draws has little to do.
    """
    sampler, taken = task.spec.sampler, []
    for place in range(sampler.places):
        first = (place * stride // sampler.places - task.drawn) % stride
        rows = slice(first, None, stride)
        columns = [draws[n][place * sampler.together, rows] for n in locate.PARAMETERS]
        taken.append(np.stack(columns, axis=1))
    return np.concatenate(taken)
