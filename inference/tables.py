"""What a worker learns of a catalogue, and keeps while it may be asked again."""

import math
from collections.abc import Mapping
from functools import lru_cache, partial
from hashlib import sha256
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from inference import (
    chains,
    conditionals,
    devices,
    locate,
    quadrature,
    reduction,
)
from inference.models import cluster


class Stars(NamedTuple):
    """A catalogue's stars, as a worker keeps them; known by the identity of its nodes.

    The nodes are those of a few more stars, which do not count: a moved cut then finds
    its program compiled.
    """

    nodes: quadrature.StarNodes
    """On the device."""
    parallax: np.ndarray
    """With its zero-point subtracted [mas], (star,)."""
    error: np.ndarray
    """[mas], (star,)"""

    def __eq__(self, other):
        return self.nodes is other.nodes

    def __hash__(self):
        return id(self.nodes)


class _Unhashed(NamedTuple):
    """Carries arrays past a cache whose key is their digest."""

    arrays: tuple[np.ndarray, ...]

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


def stars_of(observed: Mapping[str, np.ndarray], left_out: int = 0) -> Stars:
    """Return a catalogue's stars, the same ones for the same arrays.

    Parameters
    ----------
    observed : mapping of arrays (star,)
        ``parallax``, ``parallax_error`` and ``zero_point`` [mas].
    left_out : int
        How many stars were taken from the table. It is filled up as if they were there:
        however many a person leaves out, the program of the whole table serves.
    """
    y = np.asarray(observed["parallax"] - observed["zero_point"], dtype=float)
    e = np.asarray(observed["parallax_error"], dtype=float)
    digest = sha256(y.tobytes() + e.tobytes()).hexdigest()
    whole = y.size + left_out
    size = padded_size(whole if whole <= reduction.LARGE else y.size)
    return _stars_of(digest, size, _Unhashed((y, e)))


@lru_cache(maxsize=8)
def _stars_of(digest: str, size: int, arrays: _Unhashed) -> Stars:
    del digest
    y, e = arrays.arrays
    if y.size > reduction.LARGE:
        nodes = reduction.reduced_nodes(y, e)
    else:
        pad = (0, size - y.size)
        weight = np.pad(np.ones(y.size), pad)
        y_padded, e_padded = (np.pad(a, pad, mode="edge") for a in (y, e))
        series = _series.of(y_padded, e_padded)
        nodes = quadrature.StarNodes(y_padded, e_padded, series, weight)
    return Stars(jax.tree.map(jnp.asarray, nodes), y, e)


class _Series:
    """Series of the field for the stars of a table, to be found again in the next.

    A star's is the same to the bit in whatever table it is: a table from which stars
    are left out, or that another cut makes larger, needs those of the new stars only.
    """

    def __init__(self):
        self.forget()

    def of(self, y: np.ndarray, e: np.ndarray) -> np.ndarray:
        """Return what `quadrature.field_series` does."""
        stars = y + 1j * e
        known, series = self._known
        rows = np.searchsorted(known, stars)
        # Past the last of those known is the first of the new ones.
        new = np.append(known, np.nan)[rows] != stars
        if not new.any():
            return np.take(series, rows, axis=-1)
        fitted = quadrature.field_series(y[new], e[new])
        rows[new] = known.size + np.arange(fitted.shape[-1])
        both = np.concatenate([series, fitted], axis=-1) if known.size else fitted
        series, order = np.take(both, rows, axis=-1), np.argsort(stars)
        self._known = stars[order], np.take(series, order, axis=-1)
        return series

    def forget(self) -> None:
        """Know no star."""
        # Stars as y + i e, in their order, and the series of each.
        self._known = np.empty(0, dtype=complex), np.empty(0)


_series = _Series()


SMALLEST, GROWTH = 64, 1.15


def padded_size(stars: int) -> int:
    """Return how many stars a table of so many is filled up to.

    Few sizes, so that tables of about one size share what was compiled.
    """
    size = float(SMALLEST)
    while size < stars:
        size *= GROWTH
    return math.ceil(size)


def over_stars(stars: Stars, function) -> tuple[np.ndarray, ...]:
    """Apply a function of stars' nodes to all real stars, in blocks where many.

    Every array that it returns is (star,).
    """
    nodes, y, e = stars
    if nodes.parallax.ndim == 1:
        blocks = [function(nodes)]
    else:
        blocks = [function(b) for b in quadrature.in_blocks(y, e, reduction.BLOCK)]
    return tuple(np.concatenate(part)[: y.size] for part in zip(*blocks, strict=True))


@lru_cache(maxsize=8)
def table(stars: Stars) -> locate.Table:
    """Return the modes of a table and the emulator of its likelihood."""
    nodes, y, e = stars
    return locate.table(partial(likelihoods, nodes), y, e)


def forget() -> None:
    """Forget every table."""
    table.cache_clear()
    _stars_of.cache_clear()
    _series.forget()


AT_ONCE = 8
"""Populations at most that one call evaluates: what it costs beside its sums, while
other threads wait for the interpreter, they share."""


def likelihoods(nodes, thetas):
    """Return ln likelihoods, gradients and Hessians at many populations.

    Parameters
    ----------
    nodes : StarNodes
    thetas : array (point, parameter)

    Returns
    -------
    values, gradients, hessians : array (point,), (point, parameter) and (point,
        parameter, parameter)
    """
    calls = -(-len(thetas) // AT_ONCE)
    calls += -calls % devices.cores()
    parts = np.array_split(np.asarray(thetas), min(calls, len(thetas)))

    def some(k):
        part = parts[k]
        rows = np.zeros((AT_ONCE, part.shape[1]))
        rows[: len(part)] = part
        found = _likelihoods(nodes, rows, np.int32(len(part)))
        return [np.asarray(each)[: len(part)] for each in found]

    done = chains.in_threads(some, len(parts))
    return tuple(np.concatenate(part) for part in zip(*done, strict=True))


@jax.jit
def _likelihoods(nodes, rows, count):
    """Evaluate the first rows, one after the other: bits depend on no neighbour."""

    def one(row):
        return tuple(cluster.sum_expansion(nodes, row))

    def add(k, found):
        return jax.tree.map(lambda a, new: a.at[k].set(new), found, one(rows[k]))

    empty = jax.tree.map(
        lambda a: jnp.zeros((len(rows), *a.shape), a.dtype),
        jax.eval_shape(one, rows[0]),
    )
    return lax.fori_loop(0, count, add, empty)


field_guide = jax.jit(conditionals.field_guide)


def summed(nodes, populations) -> tuple[np.ndarray, ...]:
    """Sum each star's membership, distance [pc] and its square over populations.

    Parameters
    ----------
    nodes : StarNodes
    populations : array (population, parameter)
        As `conditionals.star_moments` takes them.
    """
    zero = np.zeros(nodes.parallax.shape)
    sums = (zero, zero, zero)
    for one in chains.in_threads(
        lambda k: _moments(nodes, populations[k]), len(populations)
    ):
        sums = tuple(
            total + np.asarray(part) for total, part in zip(sums, one, strict=True)
        )
    return sums


@jax.jit
def _moments(nodes, population):
    log_l, log_distance, log_sigma, fraction = population
    return conditionals.star_moments(
        nodes, log_l, log_distance, jnp.exp(log_sigma), fraction
    )
