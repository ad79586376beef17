"""A table of any size as a few thousand weighted stars.

The log likelihood is a sum over stars of one smooth function of parallax and error,
ln f(y, e). Over a small tile of the (y, ln e) plane that function is nearly a
polynomial, so the stars of a tile may be replaced by any weighted points that have the
same moments: the sum stays what it was for every polynomial up to a degree. The points
are Padua's, at which polynomials of two variables are interpolated nearly best of all
(Bos et al. 2006, doi:10.1016/j.jat.2006.03.008). Weights may be negative.

`python -m benchmarks.scale --errors` gives the error of the total log likelihood
about the truth. For a million stars (29,000 rows) the largest at 11 populations, spread
by 0.1 in ln L, 0.03 in ln D, 0.3 in ln s and 0.4 in the logit of Q, was 0.0016. At 8
from all of L 100 to 3000 pc, D 300 to 3000 pc, s 0.001 to 0.5 and Q 0.02 to 0.98, where
the log likelihood is 200,000 to 2,400,000 below its maximum, the median was 0.03 and
the worst 0.35: what is wrong by so much has no posterior mass.

A tile is a few errors wide, because ln f passes from the cluster to the field within
about one error, and spans a factor in the error. The more stars it has the more its
polynomials matter, and the higher is their degree. Stars of which even a wide tile has
fewer than points are kept.
"""

from typing import NamedTuple

import numpy as np

from inference import quadrature

WIDTHS, HEIGHT = (2.4, 4.8), 0.65
"""Of a tile: in parallax, in units of its least error; in ln of the error.

Stars that do not crowd a tile are tried in a wider one, where the field is smooth.
"""

FAR = 15.0
"""Parallax over error beyond which the field's density is as smooth as its prior.

Nearer, where a band of errors has few stars, it turns within less than an error from
the tail of the many far stars to the few near ones.
"""
WIDER = 2
"""Degrees more in a wider tile."""

THIN, STEEPER = 0.1, 5
"""A tile with less than this share of the fullest of its band is in such a tail; its
degree is so much higher."""

DEGREES = 9, 22
"""Least and largest degree of the polynomials that a tile sums exactly."""

SHARE, GAIN = 0.03, 6.0
"""A tile with this share of all stars has degree 14; two degrees more make good so many
times as many, as far as was seen: they make the error so many times smaller."""

LARGE = 20_000
"""Stars beyond which a table is reduced."""

BLOCK = 20_000
"""Stars whose moments are taken at a time."""


ROWS = 256
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
    left = [np.asarray(a, dtype=float) for a in (parallax, error)]
    parts = []
    for width in WIDTHS:
        tiled, single = _tiled(left[0], left[1], width, np.size(parallax))
        parts += tiled
        left = [a[single] for a in left]
    parts.append(Reduced(left[0], left[1], np.ones(left[0].size)))
    columns = zip(*parts, strict=True)
    return Reduced._make(np.concatenate([a.ravel() for a in c]) for c in columns)


def _tiled(y, e, width, total):
    """Return weighted points of the crowded tiles, and which stars are in none."""
    band = np.floor(np.log(e) / HEIGHT)
    least = width * np.exp(band * HEIGHT)
    column = np.floor(y / least)
    tiles, tile, count = np.unique(
        np.stack([band, column], axis=1),
        axis=0,
        return_inverse=True,
        return_counts=True,
    )
    degree, may = _degrees(tiles, count, width, total)
    crowded = may & (count > (degree + 1) * (degree + 2) // 2)
    u = 2 * (y / least - column) - 1
    v = 2 * (np.log(e) / HEIGHT - band) - 1
    parts = []
    for of in np.unique(degree[crowded]):
        chosen = crowded & (degree == of)
        member = chosen[tile]
        number = (np.cumsum(chosen) - 1)[tile[member]]
        weight = _weights(u[member], v[member], number, of)
        row, place = tiles[chosen].T[:, :, None]
        points = 0.5 * (padua(of) + 1)
        at = width * np.exp(row * HEIGHT) * (place + points[:, 0])
        parts.append(Reduced(at, np.exp(HEIGHT * (row + points[:, 1])), weight))
    return parts, ~crowded[tile]


def _degrees(tiles, count, width, total):
    """Return the degree of each tile's polynomials, and whether its stars may go."""
    band, column = tiles.T
    steep = np.abs(column + 0.5) * width < FAR
    degree = 14 + 2 * np.log(count / (SHARE * total)) / np.log(GAIN)
    if width > WIDTHS[0]:
        may = ~steep
        degree += WIDER
    else:
        may = np.ones(count.size, dtype=bool)
        _, of = np.unique(band, return_inverse=True)
        fullest = np.zeros(of.max() + 1)
        np.maximum.at(fullest, of, count)
        degree += STEEPER * (steep & (count < THIN * fullest[of]))
    return np.clip(np.ceil(degree).astype(int), *DEGREES), may


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
    # Stars of a block are alike, so that a cluster is out of reach for all or none.
    order = np.lexsort([rows.parallax, np.floor(np.log(rows.error) / HEIGHT)])
    rows = Reduced._make(column[order] for column in rows)
    pad = (0, -rows.weight.size % ROWS)
    columns = (
        np.pad(rows.parallax, pad, mode="edge"),
        np.pad(rows.error, pad, mode="edge"),
        np.pad(rows.weight, pad),
    )
    split = (column.reshape(-1, ROWS) for column in columns)
    blocks = [quadrature.star_nodes(*block) for block in zip(*split, strict=True)]
    leaves = zip(*blocks, strict=True)
    return quadrature.StarNodes._make(np.stack(leaf) for leaf in leaves)


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
    return np.linalg.solve(_basis(points[:, 0], points[:, 1], degree).T, moments.T).T


def _basis(u, v, degree) -> np.ndarray:
    """Products of Chebyshev polynomials up to a total degree, (point, term)."""
    pairs = [(i, k - i) for k in range(degree + 1) for i in range(k + 1)]
    i, j = np.array(pairs).T
    order = np.arange(degree + 1)
    of_u, of_v = (np.cos(np.arccos(t)[:, None] * order) for t in (u, v))
    return of_u[:, i] * of_v[:, j]
