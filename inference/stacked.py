"""Where some stars are, all together: the sum of their distances' posteriors, in NumPy.

Given a population, a star's distance r has the density

    (F near(r) + (1 - F) far(r)) l(r) / Z,   Z = F Zc + (1 - F) Zf,

with l its parallax's likelihood and Zc, Zf the integrals of near l and far l. Summed
over stars within a bin of r and averaged over draws of the population this is the
number of those stars that is expected in the bin. As in `inference.predictive` there is
no JAX here: this follows a hand on the page.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from inference.predictive import Draws, thin

POPULATIONS = 12
"""Draws of the population that are averaged over."""
FIELD_NODES, CLUSTER_NODES = 64, 32
AWAY = 12.0
"""Standard errors of a parallax within which its star is looked for."""
DEPTHS = 8.0
"""The same of a cluster's depth."""
FARTHEST = 60.0
"""Field scales beyond which no star is looked for."""
PARTS = 4
"""Parts of a bin in which population and likelihood are averaged one by one."""
NOTHING = 1e-100
BLOCK = 1024
"""Stars at a time."""


class Stacked(NamedTuple):
    """Expected numbers of stars in bins of distance."""

    cluster: np.ndarray
    """Members of the cluster, (bin,)."""
    field: np.ndarray
    """Stars of the field, (bin,)."""


class _Populations(NamedTuple):
    """Some draws of the population, a column for each, (1, population)."""

    length: np.ndarray
    mu: np.ndarray
    depth: np.ndarray
    fraction: np.ndarray


def distances(
    draws: Draws, parallax: np.ndarray, error: np.ndarray, edges: np.ndarray
) -> Stacked:
    """Return how many of some stars are expected in bins of distance.

    Parameters
    ----------
    draws : mapping of arrays (chain, draw)
        ``log_L``, ``log_dist_clust``, ``log_sigma``, ``frac_clust``.
    parallax, error : array (star,)
        Parallax with its zero-point subtracted, and its error [mas].
    edges : array (bin + 1,)
        Of the bins, positive and increasing [pc].

    Returns
    -------
    Stacked
        They sum to the number of stars, less those outside the bins.
    """
    populations = _populations(draws)
    fine = _parts(np.asarray(edges, dtype=float))
    near, far = _masses(populations, fine)
    sums = np.zeros((2, near.shape[1]))
    for y, e in _blocks(parallax, error):
        in_cluster, in_field = _normalised(populations, y, e)
        seen = _mean_likelihood(y, e, fine)
        sums[0] += (near * (in_cluster.T @ seen)).mean(axis=0)
        sums[1] += (far * (in_field.T @ seen)).mean(axis=0)
    cluster, field = sums.reshape(2, -1, PARTS).sum(axis=2)
    return Stacked(cluster, field)


def population(draws: Draws, distance: np.ndarray) -> np.ndarray:
    """Return the density of a distance before its star's parallax is known.

    Parameters
    ----------
    draws : mapping of arrays (chain, draw)
        As of `distances`.
    distance : array (distance,)
        Positive [pc].

    Returns
    -------
    array (distance,)
        F near + (1 - F) far per pc, averaged over draws: the prior that the other stars
        teach.
    """
    length, mu, depth, fraction = (part.T for part in _populations(draws))
    z = (np.log(distance) - mu) / depth
    near = np.exp(-0.5 * z**2) / (np.sqrt(2 * np.pi) * depth * distance)
    far = distance**2 * np.exp(-distance / length) / (2 * length**3)
    return (fraction * near + (1 - fraction) * far).mean(axis=0)


def _populations(draws: Draws) -> _Populations:
    names = ("log_L", "log_dist_clust", "log_sigma", "frac_clust")
    chosen = thin(draws, names, POPULATIONS)
    log_length, mu, log_depth, fraction = (chosen[name][None] for name in names)
    return _Populations(np.exp(log_length), mu, np.exp(log_depth), fraction)


def _blocks(parallax, error) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    y, e = (np.asarray(part, dtype=float)[:, None] for part in (parallax, error))
    for begin in range(0, len(y), BLOCK):
        yield y[begin : begin + BLOCK], e[begin : begin + BLOCK]


def _parts(edges: np.ndarray) -> np.ndarray:
    share = np.arange(PARTS) / PARTS
    inner = edges[:-1, None] + np.diff(edges)[:, None] * share
    return np.append(inner.ravel(), edges[-1])


def _masses(of: _Populations, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of each component in every part of a bin, (population, part)."""
    length, mu, depth, _ = (np.swapaxes(part, 0, 1) for part in of)
    near = np.diff(ndtr((np.log(edges) - mu) / depth), axis=1)
    middle = (edges[1:] + edges[:-1]) / 2
    far = middle**2 * np.exp(-middle / length) / (2 * length**3) * np.diff(edges)
    return near, far


def _mean_likelihood(y, e, edges: np.ndarray) -> np.ndarray:
    """Return the mean of l over every part of a bin, as of its peak, (star, part).

    The mean is over 1/r, so that a part wider than the likelihood still has its mass.
    """
    inverse = 1000.0 / edges
    mass = -np.diff(ndtr((inverse - y) / e), axis=1)
    mean = np.sqrt(2 * np.pi) * e * mass / -np.diff(inverse)
    # Numbers near the smallest there are would take most of the time.
    return np.where(mean > NOTHING, mean, 0.0)


def _normalised(of: _Populations, y, e) -> tuple[np.ndarray, np.ndarray]:
    """Return F / Z and (1 - F) / Z, (star, population) each."""
    near = np.concatenate(
        [_near(y, e, mu, s) for mu, s in zip(of.mu[0], of.depth[0], strict=True)],
        axis=1,
    )
    total = of.fraction * near + (1 - of.fraction) * _far(y, e, of.length)
    # A star that no population explains is nowhere.
    total = np.maximum(total, NOTHING)
    return of.fraction / total, (1 - of.fraction) / total


def _near(y, e, mu: float, depth: float) -> np.ndarray:
    """Return Zc for one population, (star, 1)."""
    low, high = _ends(y, e, np.inf)
    low = np.maximum(low, mu - DEPTHS * depth)
    high = np.minimum(high, mu + DEPTHS * depth)
    # Where these do not meet there is no density to speak of.
    x, step = _nodes(low, np.maximum(high, low), CLUSTER_NODES)
    density = np.exp(-0.5 * ((x - mu) / depth) ** 2) / (np.sqrt(2 * np.pi) * depth)
    return step * (density * _likelihood(y, e, x)).sum(axis=1, keepdims=True)


def _far(y, e, length: np.ndarray) -> np.ndarray:
    """Return Zf, (star, population)."""
    low, high = _ends(y, e, FARTHEST * float(length.max()))
    x, step = _nodes(np.minimum(low, high - 1e-3), high, FIELD_NODES)
    r = np.exp(x)
    weight = step * r**3 * _likelihood(y, e, x)
    sums = [(weight * np.exp(-r / scale)).sum(axis=1) for scale in length[0]]
    return np.stack(sums, axis=1) / (2 * length**3)


def _likelihood(y, e, x: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * ((1000.0 * np.exp(-x) - y) / e) ** 2)


def _ends(y, e, farthest: float) -> tuple[np.ndarray, np.ndarray]:
    """Return between which ln r a parallax lets its star be, (star, 1) each."""
    # Of a negative parallax the likelihood is largest at infinity.
    most = y + np.sqrt(np.minimum(y, 0) ** 2 + (AWAY * e) ** 2)
    least = np.maximum(y - AWAY * e, 1000.0 / min(farthest, 1e9))
    return np.log(1000.0 / most), np.log(1000.0 / least)


def _nodes(low, high, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the midpoints of equal steps, (star, node), and the step, (star, 1)."""
    step = (high - low) / count
    return low + step * (np.arange(count) + 0.5), step
