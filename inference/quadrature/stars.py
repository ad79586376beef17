"""What is prepared once for each star of a table, before any population is proposed."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from inference.quadrature.field import field_series


class StarNodes(NamedTuple):
    """Everything about the stars that no parameter changes.

    A large table is in blocks: every array has another axis, before all others.
    """

    parallax: Any
    """Parallax with its zero-point subtracted [mas], (star,)."""
    error: Any
    """Its standard error [mas], (star,)."""
    series: Any
    """ln f_field + 3 ln L as Chebyshev series in ln L, (panel, term, star); None where
    it is not worth fitting: the integral is then done anew for every population."""
    weight: Any
    """How often each counts in a sum over stars, (star,): 1 for a star of a table."""


def star_nodes(parallax, error, weight=None):
    """Prepare every star, once for a table.

    Parameters
    ----------
    parallax, error : array_like (star,)
        Parallax with its zero-point subtracted, and its standard error [mas].
    weight : array_like (star,), optional
        How often each counts; by default once.

    Returns
    -------
    StarNodes
        NumPy arrays in float64.
    """
    y, e = (np.asarray(a, dtype=np.float64) for a in (parallax, error))
    counts = np.ones_like(y) if weight is None else np.asarray(weight, dtype=float)
    return StarNodes(y, e, field_series(y, e), counts)


def in_blocks(parallax, error, size: int) -> Iterator[StarNodes]:
    """Yield a table too large to prepare as blocks of one size, without series.

    Parameters
    ----------
    parallax, error : array (star,)
        Parallax with its zero-point subtracted, and its standard error [mas].
    size : int
        Of a block. The last is filled up with its last star, which does not count.
    """
    for begin in range(0, len(parallax), size):
        y, e = (a[begin : begin + size] for a in (parallax, error))
        pad = (0, size - len(y))
        weight = np.pad(np.ones(len(y)), pad)
        y, e = (np.pad(a, pad, mode="edge") for a in (y, e))
        yield StarNodes(y, e, None, weight)
