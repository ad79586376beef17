"""How many stars of field and of cluster a population puts into each bin of parallax.

Exactly, by quadrature over the distance, in NumPy. A star of true parallax w is seen
below an edge E with probability Phi((E - w - zp) / e): summed over the stars of a table
that is one smooth function of E - w, tabulated once for the table.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from inference.predictive import Draws

FIELD = np.linspace(-7.0, 3.6, 601)
"""Nodes in ln(r / L): 1e-10 of the field is nearer than the first."""
CLUSTER = np.linspace(-6.0, 6.0, 301)
"""Nodes of ln r in a cluster, in its own standard deviations.

Evenly spaced: the error of the sum falls exponentially where the spacing in parallax is
below a star's error.
"""
STEPS = 601
"""Of the table."""
REACH = 6.0
"""Largest standard errors that the table reaches on either side."""
BLOCK = 4096
"""Stars summed at a time: a table of a million would fill the memory."""


class Noise(NamedTuple):
    """The stars of a table seen below a true parallax plus something, summed."""

    at: np.ndarray
    """What is added to the true parallax [mas], (step,), increasing."""
    below: np.ndarray
    """Number of stars, (step,)."""

    def __call__(self, away: np.ndarray) -> np.ndarray:
        """Return how many stars are seen below so far from their true parallax."""
        return np.interp(away, self.at, self.below)


def noise(observed: Mapping[str, np.ndarray]) -> Noise:
    """Sum over the stars of a table, (star,) each.

    Parameters
    ----------
    observed : mapping
        ``parallax_error`` and ``zero_point`` [mas].
    """
    error, shift = observed["parallax_error"], observed["zero_point"]
    # Fine where the smallest errors turn from 0 to 1, coarse where only large ones do.
    small, large = np.quantile(error, 0.01), REACH * error.max()
    t = np.linspace(-1, 1, STEPS) * np.arcsinh(large / small)
    at = small * np.sinh(t) + np.median(shift)
    below = np.zeros(STEPS)
    for first in range(0, len(error), BLOCK):
        block = slice(first, first + BLOCK)
        away = at[:, None] - shift[block]
        below += ndtr(away / error[block]).sum(axis=1)
    return Noise(at, below)


def component_counts(
    draws: Draws, edges: np.ndarray, noise: Noise
) -> tuple[np.ndarray, np.ndarray]:
    """Return how many stars of field and cluster are expected in each bin.

    Parameters
    ----------
    draws : mapping of arrays (draw,)
        ``log_L``, ``log_dist_clust``, ``log_sigma`` and ``frac_clust``.
    edges : array (bin + 1,)
        Of the bins [mas].
    noise : Noise
        Of the table.

    Returns
    -------
    field, cluster : array (draw, bin)
    """
    column = {name: np.asarray(values)[:, None] for name, values in draws.items()}
    field = _counts(column["log_L"] + FIELD, 3 * FIELD - np.exp(FIELD), edges, noise)
    at = column["log_dist_clust"] + np.exp(column["log_sigma"]) * CLUSTER
    cluster = _counts(at, -0.5 * CLUSTER**2, edges, noise)
    share = column["frac_clust"]
    return (1 - share) * field, share * cluster


def _counts(log_distance, log_density, edges, noise: Noise) -> np.ndarray:
    """Average over nodes (draw, node) with a density (node,): (draw, bin)."""
    density = np.exp(log_density)
    weight = density / density.sum()
    true = 1000.0 * np.exp(-np.clip(log_distance, -600, 600))
    below = noise(edges[:, None, None] - true) @ weight
    return np.diff(below, axis=0).T
