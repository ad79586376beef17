"""How well chains mix: ranks, growth of the effective size, energy; plain arrays."""

from typing import Any, NamedTuple

import numpy as np
from arviz_stats.base import array_stats
from scipy import stats

from inference.summaries import TAILS

STATS: Any = array_stats
AXES = {"chain_axis": 0, "draw_axis": 1}
RANK_BINS = 20
FALSE_ALARM = 0.01
"""Chance that any bar of chains that agree leaves the band."""


class Ranks(NamedTuple):
    """How the draws of each chain are spread among those of all."""

    counts: np.ndarray
    """Draws in each bin of ranks, (chain, bin)."""
    expected: float
    """Draws in a bin, where all chains have one distribution."""
    margin: float
    """How far from that a bar may be, if all bars may be, 99 times in 100."""

    @property
    def outside(self) -> np.ndarray:
        """Which bars are further off, bool (chain, bin)."""
        return np.abs(self.counts - self.expected) > self.margin


class Growth(NamedTuple):
    """Effective draws of one quantity, as its chains grew."""

    drawn: np.ndarray
    """Draws of each chain, (point,)."""
    bulk: np.ndarray
    """(point,)"""
    tail: np.ndarray
    """(point,)"""


class Energy(NamedTuple):
    """The energies of each chain, as NUTS met them."""

    marginal: np.ndarray
    """Energy less its chain's mean, (chain, draw)."""
    transition: np.ndarray
    """Change from draw to draw, (chain, draw - 1)."""
    bfmi: np.ndarray
    """Fraction of the one that the other tells, (chain,)."""


def ranks(values: np.ndarray, panels: int = 1) -> Ranks:
    """Count the ranks of each chain's draws (Vehtari et al. 2021, arXiv:1903.08008).

    Parameters
    ----------
    values : array (chain, draw)
        With eight draws at least. The halves of a single chain are compared.
    panels : int
        Quantities that are looked at together: the margin allows for all their bars.
    """
    if len(values) == 1:
        half = values.shape[1] // 2
        values = values[:, : 2 * half].reshape(2, half)
    chains, draws = values.shape
    place = STATS.compute_ranks(values, axis=(0, 1)) - 0.5
    bins = (place * RANK_BINS / values.size).astype(int)
    counts = np.stack([np.bincount(row, minlength=RANK_BINS) for row in bins])
    # A chain's draws are taken from all without putting back, and those that are
    # correlated count for fewer; that chains are apart must not widen the band.
    share = 1 / RANK_BINS
    variance = draws * share * (1 - share) * (1 - 1 / chains)
    inside = values - values.mean(axis=1, keepdims=True)
    size = min(float(STATS.ess(inside, method="bulk", **AXES)), values.size)
    variance *= values.size / size if size > 0 else np.inf
    sigmas = stats.norm.isf(FALSE_ALARM / (2 * counts.size * panels))
    return Ranks(counts, draws * share, float(sigmas * np.sqrt(variance)))


def growth(values: np.ndarray, points: int = 10) -> Growth:
    """Return the effective sizes of ever more of each chain's draws.

    Parameters
    ----------
    values : array (chain, draw)
    points : int
        How many lengths to look at, evenly spaced to the last draw.
    """
    drawn = np.unique(np.linspace(0, values.shape[1], points + 1).astype(int))
    drawn = drawn[drawn >= 4]
    sizes = [
        [
            float(STATS.ess(values[:, :count], method="bulk", **AXES)),
            float(STATS.ess(values[:, :count], method="tail", prob=TAILS, **AXES)),
        ]
        for count in drawn
    ]
    bulk, tail = np.reshape(sizes, (-1, 2)).T
    return Growth(drawn, bulk, tail)


def energy(energies: np.ndarray) -> Energy:
    """Return what is looked at of energies (chain, draw); at least two draws."""
    middle = energies.mean(axis=1, keepdims=True)
    fractions = np.atleast_1d(STATS.bfmi(energies, **AXES))
    return Energy(energies - middle, np.diff(energies, axis=1), fractions)


def depths(steps: np.ndarray) -> np.ndarray:
    """Return how often each trajectory was doubled, of its leapfrog steps."""
    return np.ceil(np.log2(np.asarray(steps) + 1)).astype(int)
