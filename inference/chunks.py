"""One chain advanced by a chunk of draws.

What is drawn keeps little of each state; what a draw means is worked out afterwards, of
many draws together.

Where something quick serves for a density, draws are made by it alone, and each for
which it fails is done over again by the density, from the same state and key: draws are
those of the density alone. XLA executes loops that touch nothing large without
scheduling what they do: to have no table within reach makes a leapfrog step six times
as fast as to choose within it. And what is hardly ever needed is compiled when it is.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from inference import densities

STATS = {
    "diverging": "diverging",
    "energy": "energy",
    "num_steps": "n_steps",
    "accept_prob": "acceptance_rate",
    "step_size": "step_size",
}
"""What is kept of a state, under the names that ArviZ gives it."""


TOGETHER = 64
"""Draws that are computed at a time from what the sampler kept: a multiple of what a
vector of any processor holds, so that a draw's bits do not depend on its place."""


class Steps(NamedTuple):
    """The compiled parts of a chunk."""

    plainly: Callable
    """``(state, rows, begin, end, arguments)``"""
    quickly: Callable | None
    """The same, of arguments without a table; None where nothing serves for it."""
    finished: Callable
    """``(rows, length, arguments)``, also without a table."""
    rows: dict
    """Empty rows, as many as a chunk may have."""


def advance(steps: Steps, state, arguments: densities.Arguments, length: int):
    """Advance a chain; rows beyond the length mean nothing.

    Parameters
    ----------
    steps : Steps
    state : HMCState
    arguments : Arguments
    length : int
        Draws, at most as many as there are rows.

    Returns
    -------
    state, draws, stats
        The last two are dictionaries of arrays (row, ...).
    """
    rows, begin, end = steps.rows, np.int32(0), np.int32(length)
    few = densities.without_table(arguments)
    quickly = steps.quickly
    if quickly is not None and not densities.served(arguments):
        quickly = None
    while begin < end:
        after = end
        if quickly is not None:
            state, rows, reached = quickly(state, rows, begin, end, few)
            begin = np.int32(reached)
            after = min(begin + np.int32(1), end)
        if begin < end:
            state, rows = steps.plainly(state, rows, begin, after, arguments)
            begin = after
    return state, *steps.finished(rows, end, few)


def kept_of(state):
    """Return what is kept of a state at each draw."""
    adapted = {"step_size": state.adapt_state.step_size}
    names = {"z", "potential_energy", "rng_key", *STATS} - adapted.keys()
    return adapted | {name: getattr(state, name) for name in names}


def _put(index, state, rows):
    return jax.tree.map(lambda a, new: a.at[index].set(new), rows, kept_of(state))


def plainly(kernel: Callable, state, rows, begin, end, arguments):
    """Draw by a density, from one row to another.

    Parameters
    ----------
    kernel : callable
        ``(state, (arguments,)) -> state``.
    state : HMCState
    rows : dict of array (row, ...)
    begin, end : int
    arguments : Arguments

    Returns
    -------
    state, rows
    """

    def draw(index, carry):
        state, rows = carry
        state = kernel(state, (arguments,))
        return state, _put(index, state, rows)

    return lax.fori_loop(begin, end, draw, (state, rows))


def quickly(kernel: Callable, covers: Callable, warmup: int, *of_plainly):
    """Draw by what serves for a density, as far as it does.

    Whether a trajectory left what that covers shows as a divergence. Warm-up turns back
    there: nobody sees its draws, and so far out there is hardly one.

    Parameters
    ----------
    kernel : callable
        ``(state, (arguments,)) -> state``, diverging where nothing serves.
    covers : callable
        Whether it serves at ``(position as one vector, arguments)``.
    warmup : int
        Draws of warm-up.
    *of_plainly
        As `plainly` takes them, the arguments without a table.

    Returns
    -------
    state, rows, reached
        The last is the first row that is not drawn.
    """
    state, rows, begin, end, arguments = of_plainly

    def draw(carry):
        index, state, rows, _ = carry
        new = kernel(state, (arguments,))
        turned_back = lax.cond(
            new.diverging & (state.i < warmup),
            lambda: covers(state.z, arguments),
            lambda: jnp.array(False),
        )
        good = ~new.diverging | turned_back
        state = jax.tree.map(lambda a, b: jnp.where(good, a, b), new, state)
        return index + good, state, _put(index, new, rows), good

    reached, state, rows, _ = lax.while_loop(
        lambda carry: (carry[0] < end) & carry[3],
        draw,
        (begin, state, rows, jnp.array(True)),
    )
    return state, rows, reached


def finished(shape: densities.Shape, unravel: Callable, rows, length, arguments):
    """Return draws and their statistics, of what was kept of states.

    Parameters
    ----------
    shape : Shape
    unravel : callable
        A position as one vector to one by names.
    rows : dict of array (row, ...)
    length : int
        Rows that are filled.
    arguments : Arguments

    Returns
    -------
    draws, stats : dict of array (row, ...)
    """
    every = jax.vmap(lambda row: _draw(shape, unravel, row, arguments))
    capacity = len(rows["energy"])
    size = min(TOGETHER, capacity)

    def some(block, done):
        # Where the last block would go beyond the rows, it begins before.
        begin = block * size
        those = jax.tree.map(lambda a: lax.dynamic_slice_in_dim(a, begin, size), rows)
        return jax.tree.map(
            lambda a, new: lax.dynamic_update_slice_in_dim(a, new, begin, axis=0),
            done,
            every(those),
        )

    empty = jax.tree.map(
        lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(every, rows)
    )
    return lax.fori_loop(0, -(-length // size), some, empty)


def _draw(shape, unravel, row, arguments):
    """Return one draw and its statistics, of what was kept of the state."""
    position = unravel(row["z"])
    stats = {ours: row[its] for its, ours in STATS.items()}
    total = -row["potential_energy"]
    prior, jacobian = densities.log_prior(shape, position, arguments)
    # Without data a draw does not say how likely they are.
    strength = jnp.where(arguments.strength > 0, arguments.strength, jnp.nan)
    stats |= {"lp": total, "log_prior": prior}
    stats["log_likelihood"] = (total - prior - jacobian) / strength
    key = row["rng_key"] if shape.latent else None
    return densities.constrained(shape, position, arguments, key), stats
