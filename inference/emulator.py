"""A polynomial in place of a sum over thousands of stars, where it has been checked.

Within a few standard deviations of its mode the log likelihood of a large table is very
nearly quadratic, and the rest of it very nearly a polynomial of low degree. An
`Emulator` is that polynomial, fitted to values, slopes and curvatures of the exact sum
at points in a ball about the mode, and compared with it at other points. It serves
inside the ball; outside, the exact sum does. A gradient then costs microseconds however
many stars there are, and no prior enters: moving one needs no new fit while the
posterior stays inside.
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import combinations_with_replacement, product
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from scipy.linalg import solve_triangular

DIMENSIONS = 4
DEGREE = 6
RADIUS = 6.0
"""Of the ball, in standard deviations."""
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
_PAIRS = tuple(combinations_with_replacement(range(DIMENSIONS), 2))
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


def nothing() -> Emulator:
    """Return the emulator of a likelihood that does not count: 0 everywhere."""
    return never()._replace(radius=np.asarray(np.inf))


def value_and_gradient(emulator: Emulator, theta, exact: Callable | None):
    """Return the log likelihood and its gradient, the cheaper way where it serves.

    Parameters
    ----------
    emulator : Emulator
    theta : array (parameter,)
    exact : callable, optional
        ``theta -> (value, gradient)``, for where the emulator does not serve. Without
        it the value there is -inf.
    """
    z = emulator.whitening @ (theta - emulator.centre)
    inside = z @ z < emulator.radius**2
    if exact is None:
        value, gradient = _polynomial(emulator, z)
        return jnp.where(inside, value, -jnp.inf), gradient
    return lax.cond(inside, lambda: _polynomial(emulator, z), lambda: exact(theta))


def at(emulator: Emulator, thetas: np.ndarray, exact: Callable):
    """Return what serves at many points, and its derivatives, compiling nothing.

    Parameters
    ----------
    emulator : Emulator
    thetas : array (point, parameter)
    exact : callable
        ``thetas (point, parameter) -> values (point,), gradients (point, parameter),
        Hessians (point, parameter, parameter)``, for where the emulator does not serve.
    """
    z = emulator.whitening @ (thetas - emulator.centre).T
    outside = (z**2).sum(axis=0) >= emulator.radius**2
    if outside.all():
        return exact(thetas)
    values, gradients = _polynomial(emulator, z, np)
    gradients, hessians = gradients.T, _hessians(emulator, z)
    if outside.any():
        values[outside], gradients[outside], hessians[outside] = exact(thetas[outside])
    return values, gradients, hessians


def values_at(emulator: Emulator, thetas: np.ndarray, exact: Callable) -> np.ndarray:
    """Return the first that `at` does, (point,)."""
    z = emulator.whitening @ (thetas - emulator.centre).T
    outside = (z**2).sum(axis=0) >= emulator.radius**2
    values = _polynomial(emulator, z, np)[0]
    if outside.any():
        values[outside] = exact(thetas[outside])[0]
    return values


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


def _hessians(emulator, z):
    """Hessians (point, parameter, parameter) at (parameter, point), by NumPy."""
    factors = _factors(z.T / emulator.radius)
    whole = np.empty((z.shape[1], DIMENSIONS, DIMENSIONS))
    for a, b in _PAIRS:
        first, last = factors(a, b)
        bend = (first * (emulator.coefficients @ last)).sum(axis=0)
        whole[:, a, b] = whole[:, b, a] = bend
    by_theta = emulator.whitening / emulator.radius
    return by_theta.T @ whole @ by_theta


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
        ``theta (point, parameter) -> values (point,), gradients (point, parameter),
        Hessians (point, parameter, parameter)``.
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
    values, gradients, hessians = (np.asarray(a) for a in exact(at))
    seen, unseen = np.split(values, [len(points)])
    slopes = (gradients[: len(points)] @ factor).T * RADIUS
    bends = factor.T @ hessians[: len(points)] @ factor * RADIUS**2
    second = [bends[:, a, b] for a, b in _PAIRS]
    told = np.concatenate([seen[None], slopes, second]) * _weight(points)
    terms = solver @ told.ravel()
    error = (np.abs(design @ terms - unseen) * _weight(checks)).max()
    coefficients = np.zeros(_ALLOWED.shape)
    coefficients[_ALLOWED] = terms
    centre, whitening = np.asarray(centre, dtype=float), np.linalg.inv(factor)
    radius = np.asarray(RADIUS if error <= tolerance else 0.0)
    return Fitted(Emulator(centre, whitening, coefficients, radius), float(error))


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
    points, checks = _points()
    weights = _weight(points)[:, None]
    rows = np.concatenate(list(_derivatives(points / RADIUS) * weights))
    q, r = np.linalg.qr(rows)
    return points, solve_triangular(r, q.T), checks, _derivatives(checks / RADIUS)[0]


def _weight(z: np.ndarray) -> np.ndarray:
    """How much an error counts: less where the likelihood has fallen far, (point,)."""
    return 1 / np.maximum(1, (z**2).sum(axis=1) / 4)


def _points() -> tuple[np.ndarray, np.ndarray]:
    """Return the points of a fit and of its check, (point, 4).

    The vertices of a 24-cell are the best spread of 24 points on a sphere in four
    dimensions. With value, slopes and curvatures there and in the centre, of the 210
    terms two sums stay open: those that are constant on each of the three 16-cells
    which the centres of its facets make up. A point of each settles them. Others, as
    far from the fit's as can be, are its check. So 28 points give as good a fit as 73
    with values and slopes.
    """
    along = [sign * row for sign in (1, -1) for row in np.eye(4)]
    between = [np.array(signs) / 2 for signs in product((1, -1), repeat=4)]
    fit, checks = [0.85 * vertex for vertex in along + between], []
    for pair in ((0, 1), (0, 2), (0, 3)):
        other = [axis for axis in range(4) if axis not in pair]
        # Centres of facets are (1, 1, 0, 0) / sqrt(2) and the like.
        first, one, two, three, inner = np.zeros((5, 4))
        first[[*pair]] = one[other] = inner[[*pair]] = np.sqrt([0.5, 0.5])
        two[[*pair]] = three[other] = np.sqrt(0.5) * np.array([1, -1])
        fit.append(0.85 * first)
        checks += [0.95 * one, 0.95 * two, 0.95 * three, -0.5 * inner]
    return RADIUS * np.array([*fit, np.zeros(4)]), RADIUS * np.array(checks)


def _derivatives(t):
    """Rows of values, slopes by each coordinate and curvatures by each two.

    (1 + 4 + 10, point, term), at (point, 4).
    """
    factors = _factors(t)

    def row(*by):
        first, last = factors(*by)
        return (first[:, None] * last)[_ALLOWED].T

    singles = [row(axis) for axis in range(DIMENSIONS)]
    return np.stack([row(), *singles, *(row(*pair) for pair in _PAIRS)])


def _factors(t):
    """Return what gives both factors of all terms, differentiated by some axes.

    (term of two coordinates, point) each, at (point, 4).
    """
    power, slope = _powers(t, np)
    bend = np.zeros_like(power)
    for k in range(2, DEGREE + 1):
        bend[k] = k * (k - 1) * power[k - 2]
    orders = power, slope, bend

    def factors(*by):
        one = [orders[by.count(axis)][:, :, axis] for axis in range(DIMENSIONS)]
        return one[0][_FIRST] * one[1][_SECOND], one[2][_FIRST] * one[3][_SECOND]

    return factors
