"""A table of any size as a few thousand weighted stars.

The log likelihood is a sum over stars of one smooth function of parallax and error,
ln f(y, e). Over a small tile of the (y, ln e) plane that function is nearly a
polynomial, so the stars of a tile may be replaced by any weighted points that have the
same moments: the sum stays what it was for every polynomial up to a degree. The points
are Padua's, at which polynomials of two variables are interpolated nearly best of all
(Bos et al. 2006, doi:10.1016/j.jat.2006.03.008). Weights may be negative.

A tile is a few errors wide, because ln f passes from the cluster to the field within
about one error, and spans a factor in the error. The more stars it has the more its
polynomials matter, and the higher is their degree. A tile with fewer stars than points
keeps its stars.
"""

from typing import NamedTuple

import numpy as np

from inference import quadrature

WIDTH, HEIGHT = 2.4, 0.7
"""Of a tile: in parallax, in units of its least error; in ln of the error."""

DEGREES = np.arange(6, 21)
"""Of the polynomials that a tile sums exactly."""

STARS, GAIN = 10_000, 6.0
"""At so many stars a tile has degree 14; two degrees more make good so many times as
many, as far as was seen: they make the error of one star so many times smaller."""

BLOCK = 20_000
"""Stars whose moments are taken at a time."""


ROWS = 4096
"""Weighted stars a block of a reduced table."""


class Reduced(NamedTuple):
    """Weighted stars that stand for a table."""

    parallax: np.ndarray
    """[mas], (row,)"""
    error: np.ndarray
    """[mas], (row,)"""
    weight: np.ndarray
    """How often each counts, (row,); they add up to the number of stars."""


def reduce(parallax, error) -> Reduced:
    """Replace the stars of a table by fewer, weighted ones.

    Parameters
    ----------
    parallax, error : array (star,)
        Parallax with its zero-point subtracted, and its standard error [mas].

    Returns
    -------
    Reduced
    """
    y, e = (np.asarray(a, dtype=float) for a in (parallax, error))
    band = np.floor(np.log(e) / HEIGHT)
    width = WIDTH * np.exp(band * HEIGHT)
    column = np.floor(y / width)
    tiles, tile, count = np.unique(
        np.stack([band, column], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    degree = 14 + 2 * np.log(count / STARS) / np.log(GAIN)
    degree = np.clip(np.ceil(degree).astype(int), DEGREES[0], DEGREES[-1])
    crowded = count > (degree + 1) * (degree + 2) // 2
    single = ~crowded[tile]
    rows = [(y[single], e[single], np.ones(single.sum()))]
    u = 2 * (y / width - column) - 1
    v = 2 * (np.log(e) / HEIGHT - band) - 1
    for of in np.unique(degree[crowded]):
        chosen = crowded & (degree == of)
        member = chosen[tile]
        number = (np.cumsum(chosen) - 1)[tile[member]]
        weight = _weights(u[member], v[member], number, of)
        band, column = tiles[chosen].T[:, :, None]
        points = 0.5 * (padua(of) + 1)
        at = WIDTH * np.exp(band * HEIGHT) * (column + points[:, 0])
        rows.append((at, np.exp(HEIGHT * (band + points[:, 1])), weight))
    parts = zip(*rows, strict=True)
    return Reduced(*(np.concatenate([a.ravel() for a in part]) for part in parts))


def reduced_nodes(parallax, error) -> quadrature.StarNodes:
    """Prepare a table for sums over its stars, reduced.

    Parameters
    ----------
    parallax, error : array (star,)
        Parallax with its zero-point subtracted, and its standard error [mas].

    Returns
    -------
    StarNodes
        In blocks of `ROWS`, the last filled up with stars that do not count.
    """
    rows = reduce(parallax, error)
    pad = -rows.weight.size % ROWS
    y, e = (np.pad(a, (0, pad), mode="edge") for a in rows[:2])
    blocks = [
        quadrature.star_nodes(*block)
        for block in zip(
            *(
                a.reshape(-1, ROWS)
                for a in (y, e, np.pad(rows.weight, (0, pad)))
            ),
            strict=True,
        )
    ]
    return quadrature.StarNodes(
        *(np.stack(field) for field in zip(*blocks, strict=True))
    )


def padua(degree: int) -> np.ndarray:
    """Return Padua's points of a degree in [-1, 1]², (point, 2)."""
    j, k = np.meshgrid(np.arange(degree + 1), np.arange(degree + 2), indexing="ij")
    chosen = (j + k) % 2 == 0
    return np.cos(
        np.pi * np.stack([j[chosen] / degree, k[chosen] / (degree + 1)], axis=1)
    )


def _weights(u, v, tile, degree) -> np.ndarray:
    """Weights of each tile's points, with the moments of its stars, (tile, point)."""
    points = padua(degree)
    moments = np.zeros((tile.max() + 1, len(points)))
    order = np.argsort(tile)
    for begin in range(0, order.size, BLOCK):
        rows = order[begin : begin + BLOCK]
        first = np.flatnonzero(np.diff(tile[rows], prepend=-1))
        terms = _basis(u[rows], v[rows], degree)
        moments[tile[rows[first]]] += np.add.reduceat(terms, first)
    return np.linalg.solve(_basis(*points.T, degree).T, moments.T).T


def _basis(u, v, degree) -> np.ndarray:
    """Products of Chebyshev polynomials up to a total degree, (point, term)."""
    pairs = [(i, k - i) for k in range(degree + 1) for i in range(k + 1)]
    i, j = np.array(pairs).T
    order = np.arange(degree + 1)
    of_u, of_v = (np.cos(np.arccos(t)[:, None] * order) for t in (u, v))
    return of_u[:, i] * of_v[:, j]
