"""Numbers that figures print and the ranges that they draw in: plain NumPy."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

Limits = tuple[float, float]
Draws = Mapping[str, np.ndarray]
Density = tuple[np.ndarray, np.ndarray]

KEEP_FRACTION = 0.6


class Interval(NamedTuple):
    """The median and the central 68 % of some draws."""

    low: float
    """16 % quantile."""
    median: float
    """50 % quantile."""
    high: float
    """84 % quantile."""


class Histogram(NamedTuple):
    """Counts of draws and the density that they stand for."""

    edges: np.ndarray
    """(bin + 1,)"""
    counts: np.ndarray
    """(bin,) draws in each bin."""
    density: np.ndarray
    """(bin,) per unit of the parameter; integrates to the share of draws inside."""


def finite(values: np.ndarray) -> np.ndarray:
    """Keep the finite values of an array of any shape, flat."""
    flat = np.asarray(values, dtype=float).ravel()
    return flat[np.isfinite(flat)]


def interval(values: np.ndarray) -> Interval:
    """
    Median and 16-84 % range.

    Parameters
    ----------
    values
        Draws of any shape; those that are not finite are left out.

    Returns
    -------
    Interval
        NaN thrice when there are no draws.
    """
    kept = finite(values)
    if not kept.size:
        return Interval(np.nan, np.nan, np.nan)
    return Interval(*(float(q) for q in np.percentile(kept, (16, 50, 84))))


def _padded(low: float, high: float, padding: float) -> Limits:
    span = high - low
    # A parameter that does not move yet still needs a range to be drawn in.
    if span <= 1e-9 * max(abs(low), abs(high)):
        half = 0.05 * abs(low) or 0.5
        return low - half, high + half
    return low - padding * span, high + padding * span


def plotting_range(
    values: np.ndarray,
    previous: Limits | None = None,
    *,
    cover: float = 0.99,
    padding: float = 0.12,
) -> Limits:
    """
    Range that shows the bulk of some draws.

    Parameters
    ----------
    values
        Draws of any shape.
    previous
        The range drawn last. It is kept as long as the draws stay inside it and
        fill at least 60 % of it, so that axes do not jitter while draws arrive.
    cover
        Share of the draws inside, before padding.
    padding
        Share of the range added on each side.

    Returns
    -------
    tuple of float
        Lower and upper limit; ``previous``, else (0, 1), when there are no draws.
    """
    kept = finite(values)
    if not kept.size:
        return previous or (0.0, 1.0)
    tail = 50 * (1 - cover)
    low, high = (float(q) for q in np.percentile(kept, (tail, 100 - tail)))
    if previous is not None and _still_fits(low, high, previous, padding):
        return previous
    return _padded(low, high, padding)


def _still_fits(low: float, high: float, previous: Limits, padding: float) -> bool:
    inside = previous[0] <= low and high <= previous[1]
    span = (high - low) * (1 + 2 * padding)
    return inside and span >= KEEP_FRACTION * (previous[1] - previous[0])


def plotting_ranges(
    draws: Draws, previous: Mapping[str, Limits] | None = None
) -> dict[str, Limits]:
    """``plotting_range`` of each parameter that has draws (chain, draw)."""
    before = previous or {}
    return {
        name: plotting_range(values, before.get(name))
        for name, values in draws.items()
        if np.size(values)
    }


def density_range(density: Density, cover: float = 0.99) -> Limits:
    """
    Range that holds the bulk of a tabulated density.

    Parameters
    ----------
    density
        xs and density, each (point,).
    cover
        Share of the mass inside.
    """
    xs, height = (np.asarray(part, dtype=float) for part in density)
    steps = np.diff(xs) * (height[1:] + height[:-1]) / 2
    mass = np.concatenate([[0.0], np.cumsum(np.nan_to_num(steps))])
    if xs.size < 2 or mass[-1] <= 0:
        return (0.0, 1.0) if not xs.size else _padded(xs[0], xs[-1], 0.0)
    tail = (1 - cover) / 2
    low, high = np.interp([tail, 1 - tail], mass / mass[-1], xs)
    return _padded(float(low), float(high), 0.05)


def histogram(values: np.ndarray, limits: Limits, bins: int = 36) -> Histogram:
    """
    Histogram of draws inside some limits.

    Parameters
    ----------
    values
        Draws of any shape; those outside the limits count in the normalisation,
        so that the density is that of all draws.
    limits
        Lower and upper edge.
    bins
        How many bins; the same all along a run, so that bars grow and never jump.
    """
    kept = finite(values)
    counts, edges = np.histogram(kept, bins=bins, range=limits)
    width = edges[1] - edges[0]
    return Histogram(edges, counts, counts / (max(kept.size, 1) * width))


def thin(values: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """
    At most so many draws of each chain, evenly spaced.

    Parameters
    ----------
    values
        (chain, draw)
    most
        The most draws to keep.

    Returns
    -------
    tuple of ndarray
        Numbers of the kept draws (kept,) and their values (chain, kept).
    """
    draws = values.shape[1]
    stride = max(1, -(-draws // most))
    index = np.arange(0, draws, stride)
    return index, values[:, index]
