"""A polynomial in place of a sum over thousands of stars, where it has been checked.

Within a few standard deviations of its mode the log likelihood of a large table is very
nearly quadratic, and the rest of it very nearly a polynomial of low degree. An
`Emulator` is that polynomial, fitted to values and slopes of the exact sum at points in
a ball about the mode, and compared with it at other points. It serves inside the ball;
outside, the exact sum does. A gradient then costs microseconds however many stars there
are, and no prior enters: moving one needs no new fit while the posterior stays inside.
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from scipy.linalg import solve_triangular
from scipy.stats import norm, qmc

DIMENSIONS = 4
DEGREE = 6
RADIUS = 6.0
"""Of the ball, in standard deviations."""
CHECKS = 32
TOLERANCE = 0.01
"""Largest error at a check, in ln likelihood, with which an emulator is used: where
most draws are. Farther out, where few are, it may grow with the squared distance."""
SMALLEST = 4.3
"""Radius of the smallest ball that is of use: draws of four parameters stray further
once in a thousand times."""

# Terms are products of a term in the first two coordinates and one in the last two.
_FIRST, _SECOND = np.array(
    [(i, j) for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)]
).T
_ALLOWED = (_FIRST + _SECOND)[:, None] + (_FIRST + _SECOND) <= DEGREE


class Emulator(NamedTuple):
    """A polynomial in whitened coordinates z = whitening @ (theta - centre)."""

    centre: Any
    """(parameter,)"""
    whitening: Any
    """(parameter, parameter)"""
    coefficients: Any
    """(term of the first two coordinates, term of the last two)"""
    radius: Any
    """Largest |z| at which the polynomial serves; 0 where it never does."""


class Fitted(NamedTuple):
    """An emulator, and how well it does."""

    emulator: Emulator
    error: float
    """Largest error in ln likelihood at the points that the fit did not see, each as a
    share of what `TOLERANCE` grows to there."""


def never() -> Emulator:
    """Return the emulator that always leaves the work to the exact sum."""
    zero, size = np.zeros(DIMENSIONS), _FIRST.size
    return Emulator(zero, np.eye(DIMENSIONS), np.zeros((size, size)), np.zeros(()))


def value_and_gradient(emulator: Emulator, theta, exact: Callable):
    """Return the log likelihood and its gradient, the cheaper way where it serves.

    Parameters
    ----------
    emulator : Emulator
    theta : array (parameter,)
    exact : callable
        ``theta -> (value, gradient)``, for where the emulator does not serve.
    """
    z = emulator.whitening @ (theta - emulator.centre)
    inside = z @ z < emulator.radius**2
    return lax.cond(inside, lambda: _polynomial(emulator, z), lambda: exact(theta))


def at(emulator: Emulator, thetas: np.ndarray, exact: Callable):
    """Return what `value_and_gradient` does of many points, compiling nothing.

    Parameters
    ----------
    emulator : Emulator
    thetas : array (point, parameter)
    exact : callable
        ``thetas (point, parameter) -> values (point,), gradients (point, parameter)``,
        for those where the emulator does not serve.
    """
    z = emulator.whitening @ (thetas - emulator.centre).T
    outside = (z**2).sum(axis=0) >= emulator.radius**2
    values, gradients = _polynomial(emulator, z, np)
    if outside.any():
        values[outside], gradients.T[outside] = exact(thetas[outside])
    return values, gradients.T


def _polynomial(emulator, z, numpy=jnp):
    """Value and gradient at (parameter, ...)."""
    # Where the radius is 0 this is not used, but under vmap it is computed.
    scale = numpy.where(emulator.radius > 0, emulator.radius, 1.0)
    power, slope = _powers(z / scale, numpy)
    first, first_slopes = _pair(power[:, 0], slope[:, 0], power[:, 1], slope[:, 1])
    last, last_slopes = _pair(power[:, 2], slope[:, 2], power[:, 3], slope[:, 3])
    by_first = emulator.coefficients @ last
    by_last = emulator.coefficients.T @ first
    slopes = [(s * by_first).sum(axis=0) for s in first_slopes]
    slopes += [(s * by_last).sum(axis=0) for s in last_slopes]
    gradient = emulator.whitening.T @ numpy.stack(slopes) / scale
    return (first * by_first).sum(axis=0), gradient


def _powers(t, numpy):
    """Powers and their slopes, (power, ...)."""
    powers = [numpy.ones_like(t)]
    for _ in range(DEGREE):
        powers.append(powers[-1] * t)
    slopes = [0 * t] + [k * powers[k - 1] for k in range(1, DEGREE + 1)]
    return numpy.stack(powers), numpy.stack(slopes)


def _pair(power, slope, other_power, other_slope):
    first, second = power[_FIRST], other_power[_SECOND]
    slopes = slope[_FIRST] * second, first * other_slope[_SECOND]
    return first * second, slopes


def fit(
    exact: Callable,
    centre: np.ndarray,
    covariance: np.ndarray,
    tolerance: float | None = None,
) -> Fitted:
    """Fit a polynomial about a mode, and compare it with the exact log likelihood.

    Parameters
    ----------
    exact : callable
        ``theta (point, parameter) -> values (point,), gradients (point, parameter)``.
    centre : array (parameter,)
    covariance : array (parameter, parameter)
        Of the likelihood or posterior there; it sets the ball's shape.
    tolerance : float, optional
        Instead of `TOLERANCE`, where the likelihood counts for less.

    Returns
    -------
    Fitted
        In a smaller ball where the polynomial fails in that of `RADIUS`, and of radius
        0 where it fails in the smallest, too.
    """
    tolerance = TOLERANCE if tolerance is None else tolerance
    fitted = _fit(exact, centre, covariance, tolerance)
    # The error is that of the first degree left out.
    shrink = 0.97 * (tolerance / max(fitted.error, 1e-12)) ** (1 / (DEGREE + 1))
    if SMALLEST / RADIUS < shrink < 0.97:
        fitted = _fit(exact, centre, shrink**2 * covariance, tolerance)
    return fitted


def _fit(exact, centre, covariance, tolerance) -> Fitted:
    factor = np.linalg.cholesky(covariance)
    points, solver, checks, design = _plan()
    at = centre + np.concatenate([points, checks]) @ factor.T
    values, gradients = (np.asarray(a) for a in exact(at))
    seen, unseen = np.split(values, [len(points)])
    slopes = (gradients[: len(points)] @ factor).T * RADIUS
    told = np.concatenate([seen[None], slopes]) * _weight(points)
    terms = solver @ told.ravel()
    error = (np.abs(design @ terms - unseen) * _weight(checks)).max()
    coefficients = np.zeros(_ALLOWED.shape)
    coefficients[_ALLOWED] = terms
    emulator = Emulator(
        np.asarray(centre, dtype=float),
        np.linalg.inv(factor),
        coefficients,
        np.asarray(RADIUS if error <= tolerance else 0.0),
    )
    return Fitted(emulator, float(error))


def reaches(emulator: Emulator, mode: np.ndarray, covariance: np.ndarray) -> bool:
    """Whether a Gaussian lies inside the ball, to four standard deviations."""
    if emulator.radius == 0:
        return False
    whitening = emulator.whitening
    away = np.linalg.norm(whitening @ (mode - emulator.centre))
    spread = np.linalg.eigvalsh(whitening @ covariance @ whitening.T).max()
    return bool(away + 4 * np.sqrt(spread) <= emulator.radius)


@lru_cache(maxsize=1)
def _plan():
    """Points of a fit and of its check, and the least squares, the same for all."""
    points, checks = _shells(), _in_ball(CHECKS)
    weights = _weight(points)[:, None]
    q, r = np.linalg.qr(np.concatenate(list(_design(points / RADIUS) * weights)))
    return points, solve_triangular(r, q.T), checks, _design(checks / RADIUS)[0]


def _weight(z: np.ndarray) -> np.ndarray:
    """How much an error counts: less where the likelihood has fallen far, (point,)."""
    return 1 / np.maximum(1, (z**2).sum(axis=1) / 4)


def _shells() -> np.ndarray:
    """Return the points of a fit, (point, 4): the centre and two shells about it.

    The vertices of a 24-cell are the best spread of 24 points on a sphere in four
    dimensions; with those of its dual they integrate polynomials of degree 7 exactly
    (a spherical design: Delsarte, Goethals & Seidel 1977, doi:10.1007/BF03187604). 73
    of these give a better fit than 128 points of a Sobol sequence.
    """
    along = [s * row for s in (1, -1) for row in np.eye(4)]
    between = [np.array(signs) / 2 for signs in product((1, -1), repeat=4)]
    cell = np.array(along + between)
    pairs = [v for v in product((0, 1, -1), repeat=4) if np.abs(v).sum() == 2]
    dual = np.array(pairs) / np.sqrt(2)
    # A rotation (multiplication by the quaternion 5 + 3i + j) that brings no vertex
    # upon another.
    a, b, c = np.array([5, 3, 1]) / np.sqrt(35)
    turned = cell @ [[a, -b, -c, 0], [b, a, 0, c], [c, 0, a, -b], [0, -c, b, a]]
    outer = 0.85 * np.concatenate([cell, dual])
    return RADIUS * np.concatenate([outer, 0.55 * turned, np.zeros((1, 4))])


def _design(t):
    """Rows of values, and of slopes by each coordinate, (1 + 4, point, term)."""
    power, slope = _powers(t, np)
    parts = []
    for by in (None, *range(DIMENSIONS)):
        factors = [(slope if by == k else power)[:, :, k] for k in range(DIMENSIONS)]
        first = factors[0][_FIRST] * factors[1][_SECOND]
        last = factors[2][_FIRST] * factors[3][_SECOND]
        parts.append((first[:, None] * last)[_ALLOWED].T)
    return np.stack(parts)


def _in_ball(count: int) -> np.ndarray:
    """Points evenly spread in direction, denser towards the centre, (point, 4)."""
    uniform = qmc.Sobol(DIMENSIONS + 1, rng=1).random(count)
    direction = norm.ppf(np.clip(uniform[:, :-1], 1e-9, 1 - 1e-9))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    return direction * RADIUS * np.sqrt(uniform[:, -1:])
