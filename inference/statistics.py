"""Test statistics: one number of a data set, of the observed and of replicates alike.

Each is a function of the data alone, so that there is one observed value. Points are
measured from the weighted least-squares line through themselves: chi-squared is then
that of the best line, with N - 2 degrees of freedom where all points are on one.
Parallaxes are cut as the observed ones were: a model that knows of no cut puts stars
beyond it, which are no part of what is compared.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from inference.spec import RunSpec

BEYOND = 3.0
"""Residuals larger than this [sigma] are counted."""
PEAK_SHARE = 0.25
"""Of the observed stars, that the peak holds: the shortest interval that does."""
NORMAL_MAD = 1.4826
"""Standard deviation of a Normal over its median absolute deviation."""


class Sample(NamedTuple):
    """What a statistic is computed of."""

    values: np.ndarray
    """y of points or parallaxes [mas], (replicate, datum)."""
    observed: Mapping[str, np.ndarray]
    """The observed data, with what belongs to them."""
    spec: RunSpec


class Statistic(NamedTuple):
    """One number of a data set."""

    name: str
    label: str
    """As a plot's axis says it, with its unit in brackets."""
    of: Callable[[Sample], np.ndarray]
    """From a sample to one number a replicate, (replicate,)."""


def _residuals(sample: Sample) -> np.ndarray:
    """Points minus the best line through them, in sigmas, (replicate, point)."""
    error = sample.observed["yerr"]
    design = np.stack([1 / error, sample.observed["x"] / error], axis=1)
    # Singular values tell how many directions there are: one point has one, not two.
    left, size, _ = np.linalg.svd(design, full_matrices=False)
    basis = left[:, size > 1e-10 * size.max()]
    scaled = sample.values / error
    return scaled - (scaled @ basis) @ basis.T


def _slope(sample: Sample) -> np.ndarray:
    x, weight = sample.observed["x"], sample.observed["yerr"] ** -2.0
    away = x - np.average(x, weights=weight)
    spread = (weight * away**2).sum()
    return sample.values @ (weight * away) / (spread if spread > 0 else 1.0)


def _kept(sample: Sample) -> np.ndarray:
    """Parallaxes that the cut keeps, the others NaN, (replicate, star)."""
    low, high = cut(sample.spec)
    inside = (sample.values >= low) & (sample.values <= high)
    return np.where(inside, sample.values, np.nan)


def cut(spec: RunSpec) -> tuple[float, float]:
    """Return the lowest and highest parallax [mas] that a spec's data may have."""
    data = spec.data
    return data.get("parallax_min", -np.inf), data.get("parallax_max", np.inf)


def peak(sample: Sample) -> tuple[float, float]:
    """Return the shortest interval [mas] with a quarter of the observed parallaxes."""
    ordered = np.sort(sample.observed["parallax"])
    held = max(int(np.ceil(PEAK_SHARE * len(ordered))), 1)
    width = ordered[held - 1 :] - ordered[: len(ordered) - held + 1]
    first = int(width.argmin())
    return float(ordered[first]), float(ordered[first + held - 1])


def _in_peak(sample: Sample) -> np.ndarray:
    low, high = peak(sample)
    kept = _kept(sample)
    inside = ((kept >= low) & (kept <= high)).sum(axis=1)
    return inside / np.maximum(np.isfinite(kept).sum(axis=1), 1)


def _medians(values: np.ndarray) -> np.ndarray:
    """Median of each row's numbers, (row,): some ten times as fast as NumPy's."""
    ordered, count = np.sort(values, axis=1), np.isfinite(values).sum(axis=1)
    row, last = np.arange(len(values)), np.maximum(count - 1, 0)
    return (ordered[row, last // 2] + ordered[row, (last + 1) // 2]) / 2


def _spread(sample: Sample) -> np.ndarray:
    kept = _kept(sample)
    return NORMAL_MAD * _medians(np.abs(kept - _medians(kept)[:, None]))


def _skewness(values: np.ndarray) -> np.ndarray:
    """Third central moment over the second's power, of each row's numbers, (row,)."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, values, 0.0).sum(axis=1) / count
    away = np.where(known, values - mean[:, None], 0.0)
    second, third = ((away**power).sum(axis=1) / count for power in (2, 3))
    return third / np.where(second > 0, second, np.inf) ** 1.5


_POINTS = (
    Statistic(
        "chi_squared",
        "\N{GREEK SMALL LETTER CHI}\N{SUPERSCRIPT TWO} of the best line",
        lambda sample: (_residuals(sample) ** 2).sum(axis=1),
    ),
    Statistic(
        "largest_residual",
        "largest residual [\N{GREEK SMALL LETTER SIGMA}]",
        lambda sample: np.abs(_residuals(sample)).max(axis=1),
    ),
    Statistic(
        "far_points",
        "points beyond 3 \N{GREEK SMALL LETTER SIGMA}",
        lambda sample: (np.abs(_residuals(sample)) > BEYOND).sum(axis=1).astype(float),
    ),
    Statistic(
        "residual_skewness",
        "skewness of the residuals",
        lambda sample: _skewness(_residuals(sample)),
    ),
    Statistic("best_slope", "slope of the best line", _slope),
)
_PARALLAXES = (
    Statistic("in_peak", "share of the stars in the peak", _in_peak),
    Statistic("median_parallax", "median parallax [mas]", lambda s: _medians(_kept(s))),
    Statistic("parallax_spread", "spread of the parallaxes [mas]", _spread),
    Statistic(
        "parallax_skewness",
        "skewness of the parallaxes",
        lambda sample: _skewness(_kept(sample)),
    ),
    Statistic(
        "negative",
        "share of negative parallaxes",
        lambda sample: (_kept(sample) < 0).mean(axis=1),
    ),
    Statistic(
        "kept",
        "share of the stars within the cut",
        lambda sample: np.isfinite(_kept(sample)).mean(axis=1),
    ),
)
_STAR = (
    Statistic("its_parallax", "parallax of the star [mas]", lambda s: s.values[:, 0]),
)
STATISTICS: dict[str, tuple[Statistic, ...]] = {
    "line": _POINTS,
    "line_outliers": _POINTS,
    "star": _STAR,
    "cluster": _PARALLAXES,
}
"""What can be chosen for each model, the default first."""


def statistic(model: str, name: str) -> Statistic | None:
    """Return a model's statistic of that name, if it has one."""
    found = (one for one in STATISTICS[model] if one.name == name)
    return next(found, None)
