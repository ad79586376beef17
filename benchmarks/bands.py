"""Whether values that should be uniform are: the simultaneous band of their ECDF.

At every point of a grid the number of values below it is Binomial. A band that is as
improbable to leave at one point as at any other, and is left anywhere with a chosen
probability, follows from the counts being a Markov chain along the grid (Säilynoja,
Bürkner & Vehtari 2022, doi:10.1007/s11222-022-10090-6, algorithm 2). The p-value here
is that of the widest such band that the values leave: it is exact.
"""

from functools import lru_cache

import numpy as np
from scipy.stats import binom

GRID = np.arange(1, 32) / 32
"""Where counts are looked at."""


def p_value(positions: np.ndarray) -> float:
    """Return how probable so large a departure from uniformity is.

    Parameters
    ----------
    positions : array (simulation,)
        Between 0 and 1.

    Returns
    -------
    float
        Probability that uniform values are, at their most improbable grid point, as
        improbable as these or more.
    """
    positions = np.asarray(positions)
    counts = (positions[:, None] < GRID).sum(axis=0)
    rarity = _rarity(len(positions))
    least = rarity[np.arange(GRID.size), counts].min()
    # Counts as rare as the rarest one lie outside; ties are equal to rounding.
    return 1.0 - _stays(rarity > least * (1 + 1e-9))


def band(count: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the band that uniform values leave with a probability.

    Parameters
    ----------
    count : int
        Number of values.
    level : float
        Probability to leave it; counts are whole, so it is this or less.

    Returns
    -------
    low, high : array (grid,)
        Smallest and largest share of values below each point of `GRID`.
    """
    rarity = _rarity(count)
    low, high = 0.0, level
    for _ in range(12):
        middle = 0.5 * (low + high)
        leaves = 1.0 - _stays(rarity > middle)
        low, high = (middle, high) if leaves <= level else (low, middle)
    inside = rarity > low
    first = inside.argmax(axis=1)
    last = count - inside[:, ::-1].argmax(axis=1)
    return first / count, last / count


@lru_cache(maxsize=16)
def _rarity(count: int) -> np.ndarray:
    """Two-sided p-value of every count at every grid point, (grid, count + 1)."""
    below = np.arange(count + 1)
    share = GRID[:, None]
    tails = binom.cdf(below, count, share), binom.sf(below - 1, count, share)
    return np.minimum(2 * np.minimum(*tails), 1.0)


def _stays(inside: np.ndarray) -> float:
    """Return the probability that counts of uniform values stay where ``inside``."""
    count = inside.shape[1] - 1
    reached = np.array([0])
    probability = np.array([1.0])
    before = 0.0
    for share, allowed in zip(GRID, inside, strict=True):
        # Of the values not yet met, each lies in this step with this probability.
        step = (share - before) / (1 - before)
        after = np.flatnonzero(allowed)
        more = after[None, :] - reached[:, None]
        moves = binom.pmf(more, count - reached[:, None], step)
        probability, reached, before = probability @ moves, after, share
    return float(min(probability.sum(), 1.0))
