"""Points about a line, some of them outliers: the data of the first two lessons."""

from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from data.errors import DataError, shown


class LineData(NamedTuple):
    """Points with errors in y."""

    x: np.ndarray
    """Abscissa, exact, (point,)."""
    y: np.ndarray
    """Ordinate, (point,)."""
    yerr: np.ndarray
    """Standard error of y, (point,)."""
    inlier: np.ndarray
    """Whether the point was drawn from the line, bool (point,)."""


def simulate_line(
    points: int = 15,
    inlier_fraction: float = 0.8,
    slope: float = 1.0,
    intercept: float = 0.0,
    yerr: float = 0.2,
    seed: int = 12,
) -> LineData:
    """Simulate points on a line and outliers about zero.

    The defaults give the data set of Foreman-Mackey's posts "Mixture Models" (2014,
    doi:10.5281/zenodo.15856) and "An astronomer's introduction to NumPyro" (2022): 15
    points, of which 10 happen to be inliers.

    Parameters
    ----------
    points : int
        3 to 1000.
    inlier_fraction : float
        Probability of a point to be on the line.
    slope, intercept : float
    yerr : float
        Standard error of y, above zero.
    seed : int
        0 to 2³² - 1.

    Raises
    ------
    DataError
        If a setting is outside its range.
    """
    _check_whole("points", points, 3, 1000)
    _check("inlier_fraction", inlier_fraction, 0, 1)
    _check("slope", slope, -1e6, 1e6)
    _check("intercept", intercept, -1e6, 1e6)
    _check("yerr", yerr, 1e-6, 1e6)
    _check_whole("seed", seed, 0, 2**32 - 1)
    # The legacy generator, and the order of the draws, are those of the posts.
    generator = np.random.RandomState(seed)
    x = np.sort(generator.uniform(-2, 2, points))
    errors = yerr * np.ones_like(x)
    y = slope * x + intercept + errors * generator.randn(points)
    outlier = generator.rand(points) > inlier_fraction
    y[outlier] = np.sqrt(1.0 + errors[outlier] ** 2) * generator.randn(outlier.sum())
    return LineData(x, y, errors, ~outlier)


def _check(name: str, value: Any, low: float, high: float) -> None:
    if not (_is(Real, value) and low <= value <= high):
        raise DataError(
            f"{name} came as {shown(value)}: give a number from {low:g} to {high:g}."
        )


def _check_whole(name: str, value: Any, low: int, high: int) -> None:
    if not (_is(Integral, value) and low <= value <= high):
        raise DataError(
            f"{name} came as {shown(value)}: give a whole number from {low} to {high}."
        )


def _is(kind: type, value: Any) -> bool:
    # To Python, True is a whole number.
    return isinstance(value, kind) and not isinstance(value, bool)
