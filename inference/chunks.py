"""One chain advanced by a chunk of draws: what a compiled program does.

The loop keeps little of each state; what a draw means is worked out afterwards, of many
draws together.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
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


def _kept(state) -> dict:
    """Return what is kept of the sampler's state at each draw."""
    adapted = {"step_size": state.adapt_state.step_size}
    names = {"z", "potential_energy", "rng_key", *STATS} - adapted.keys()
    return adapted | {name: getattr(state, name) for name in names}


TOGETHER = 64
"""Draws that are computed at a time from what the sampler kept: a multiple of what a
vector of any processor holds, so that a draw's bits do not depend on its place."""


class Quick(NamedTuple):
    """What serves for a density in a part of its space, and costs much less."""

    kernel: Callable
    """``(state, (arguments,)) -> state``, diverging where it leaves that part."""
    covers: Callable
    """Whether ``(position as one vector, arguments)`` is in it."""


def advance(
    shape: densities.Shape,
    kernel: Callable,
    quick: Quick | None,
    unravel: Callable,
    capacity: int,
    state,
    arguments: densities.Arguments,
    length,
):
    """Advance one chain; rows beyond the length mean nothing.

    Parameters
    ----------
    shape : Shape
    kernel : callable
        ``(state, (arguments,)) -> state``.
    quick : Quick, optional
        To be tried first.
    unravel : callable
        A position as one vector to one by names.
    capacity : int
        Rows to be returned.
    state : HMCState
    arguments : Arguments
    length : int
        Draws, at most as many as rows.

    Returns
    -------
    state, draws, stats
        The last two are dictionaries of arrays (row, ...).
    """
    rows = jax.tree.map(
        lambda a: jnp.zeros((capacity, *a.shape), a.dtype),
        jax.eval_shape(_kept, state),
    )

    def put(index, state, rows):
        return jax.tree.map(lambda a, new: a.at[index].set(new), rows, _kept(state))

    def step(state):
        return kernel(state, (arguments,))

    if quick is None:
        state, rows = _plain_loop(step, put, state, rows, length)
    else:
        quick_step = partial(_quick_step, shape.warmup, quick, arguments)
        state, rows = _quick_loop(step, quick_step, put, state, rows, length)
    # Outside the loop many draws are computed together, of the rows that are filled.
    every = jax.vmap(lambda row: _draw(shape, unravel, row, arguments))
    size = min(TOGETHER, capacity)

    def finish(block, done):
        # Where the last block would go beyond the rows, it begins before.
        begin = block * size
        some = jax.tree.map(lambda a: lax.dynamic_slice_in_dim(a, begin, size), rows)
        return jax.tree.map(
            lambda a, new: lax.dynamic_update_slice_in_dim(a, new, begin, axis=0),
            done,
            every(some),
        )

    empty = jax.tree.map(
        lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(every, rows)
    )
    draws, stats = lax.fori_loop(0, -(-length // size), finish, empty)
    return state, draws, stats


def _plain_loop(step, put, state, rows, length):
    def draw(index, carry):
        state, rows = carry
        state = step(state)
        return state, put(index, state, rows)

    return lax.fori_loop(0, length, draw, (state, rows))


def _quick_step(warmup, quick, arguments, state):
    """Return the next state by the quick density, and whether it will do.

    Whether a trajectory left what that density covers shows as a divergence. Warm-up
    turns back there: nobody sees its draws, and so far out there is hardly one.
    """
    new = quick.kernel(state, (arguments,))
    turned_back = lax.cond(
        new.diverging & (state.i < warmup),
        lambda: quick.covers(state.z, arguments),
        lambda: jnp.array(False),
    )
    return new, ~new.diverging | turned_back


def _quick_loop(step, quick_step, put, state, rows, length):
    """Draw with what serves for the density, and with the density where it fails.

    A draw for which it fails is done over again, from the same state and key: draws are
    those of the density alone. XLA executes loops that touch nothing large without
    scheduling what they do: to have no table within reach makes a leapfrog step six
    times as fast as to choose within it.
    """

    def quickly(carry):
        index, state, rows, _ = carry
        new, good = quick_step(state)
        state = jax.tree.map(partial(jnp.where, good), new, state)
        return index + good, state, put(index, new, rows), good

    def properly(index, state, rows):
        state = step(state)
        return index + 1, state, put(index, state, rows)

    def stretch(carry):
        *reached, good = lax.while_loop(
            lambda carry: (carry[0] < length) & carry[3],
            quickly,
            (*carry, jnp.array(True)),
        )
        return lax.cond(good, lambda *same: same, properly, *reached)

    begin = jnp.zeros_like(length), state, rows
    _, state, rows = lax.while_loop(lambda carry: carry[0] < length, stretch, begin)
    return state, rows


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
