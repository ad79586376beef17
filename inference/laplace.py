"""Modes of a posterior, and the Gaussians about them."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from inference import chains

CHECK_DRAWS = 128
GOOD_EFFICIENCY = 0.5
"""Importance-sampling efficiency of a Gaussian above which its covariance is kept as
the metric. A metric needs the right scales, not the right tails: Pareto k, which judges
tails, turned good metrics away for every other seed."""


TRUSTED, MOST_STEPS = 10.0, 60
"""How far a search may go in its first step, in its units, and in how many steps."""
NEAR = 0.1
"""Standard deviations from a mode at which a search ends: a step of Newton's from there
misses it by a hundredth."""
FLAT = 1e-3
"""Smallest curvature that a step takes for real."""


class Laplace(NamedTuple):
    """A Gaussian about a mode."""

    mode: np.ndarray
    """(parameter,)"""
    covariance: np.ndarray
    """(parameter, parameter)"""
    log_mass: float
    """ln of the integral of the Gaussian; -inf where the mode is no maximum."""

    @property
    def proper(self) -> bool:
        """Whether the density falls off on every side."""
        return bool(np.isfinite(self.log_mass))


def searches(
    expand: Callable,
    guesses: list[np.ndarray],
    box: np.ndarray,
    scales: list[np.ndarray],
) -> Iterator[Laplace]:
    """Yield where searches end, in the order of the guesses that they begin from.

    All go on at once, so that whoever takes the first end can use it meanwhile.

    Parameters
    ----------
    expand : callable
        Positions (point, parameter) to -ln posterior (point,), its gradients, of their
        shape, and its Hessians (point, parameter, parameter); of one position it is
        asked by several threads.
    guesses : list of arrays (parameter,)
    box : array (parameter, 2)
        Where to look.
    scales : list of arrays (parameter,)
        Units in which to search from each guess. About as wide as the mode to be found,
        they make the search a short one.
    """

    def fit(k: int) -> Laplace:
        start = np.clip(guesses[k], *box.T)
        return _gaussian(*_end(expand, start, box, scales[k]))

    return chains.as_threads_end(fit, len(guesses))


def distinct(ends: Iterable[Laplace]) -> tuple[Laplace, ...]:
    """Return the modes among where searches ended, that with the most mass first.

    Without those that hold less than a thousandth of the first one's mass.
    """
    found: list[Laplace] = []
    for end in ends:
        if not any(_same(end.mode, other) for other in found):
            found.append(end)
    found.sort(key=lambda fit: -fit.log_mass)
    return tuple(
        f for f in found if f is found[0] or f.log_mass > found[0].log_mass - 7
    )


def _end(expand: Callable, start: np.ndarray, box: np.ndarray, scale: np.ndarray):
    """Return where Newton's method ends, inside a box.

    Where a direction curves downwards it goes down all the same, as far as it would
    were the curvature of the other sign (Dauphin et al. 2014, arXiv:1406.2572). A step
    that does not descend is taken back, and steps are shorter from then on.
    """
    z, longest = start, TRUSTED
    (value,), (slope,), (hessian,) = expand(z[None])
    for _ in range(MOST_STEPS):
        curvature, directions = np.linalg.eigh(scale[:, None] * hessian * scale)
        pull = (scale * slope) @ directions
        if curvature[0] > 0 and (pull**2 / curvature).sum() < NEAR**2:
            break
        step = -directions @ (pull / np.maximum(np.abs(curvature), FLAT))
        length = np.linalg.norm(step)
        share = min(1.0, longest / max(length, 1e-8))
        trial = np.clip(z + share * scale * step, *box.T)
        moved = np.linalg.norm((trial - z) / scale)
        if moved < 1e-8:
            break
        found = expand(trial[None])
        if not found[0][0] <= value:
            longest = moved / 4
            continue
        z, ((value,), (slope,), (hessian,)) = trial, found
        longest *= 2
    return z, value, slope, hessian


def _same(mode: np.ndarray, fit: Laplace) -> bool:
    """Whether a search ended where another one did."""
    away = mode - fit.mode
    return bool(away @ np.linalg.solve(fit.covariance, away) < 1.0)


def expansion(values_and_gradients: Callable, at: np.ndarray, step: float = 1e-4):
    """Return a function's value, gradient and Hessian at a point.

    Parameters
    ----------
    values_and_gradients : callable
        Positions (point, parameter) to values (point,) and gradients, of their shape.
    at : array (parameter,)
    step : float
        Of the central differences of the exact gradient that give the Hessian.

    Returns
    -------
    tuple of float, array (parameter,) and array (parameter, parameter)
    """
    steps = step * np.eye(at.size)
    values, slopes = values_and_gradients(
        np.concatenate([[at], at + steps, at - steps])
    )
    slope, above, below = np.split(np.asarray(slopes), [1, 1 + at.size])
    hessian = (above - below) / (2 * step)
    return np.asarray(values)[0], slope[0], 0.5 * (hessian + hessian.T)


def _gaussian(end, value, slope, hessian) -> Laplace:
    """Return the Gaussian about a mode that a search ended near."""
    covariance = _inverse(hessian)
    if covariance is None:
        return Laplace(end, np.eye(end.size), -np.inf)
    step = -covariance @ slope
    mode, lowest = end + step, value + 0.5 * step @ slope
    return Laplace(mode, covariance, 0.5 * np.linalg.slogdet(covariance)[1] - lowest)


def _inverse(hessian: np.ndarray) -> np.ndarray | None:
    """Invert a Hessian; None where it is not that of a minimum."""
    eigenvalues, vectors = np.linalg.eigh(hessian)
    if not np.all(np.isfinite(eigenvalues)) or eigenvalues.min() <= 0:
        return None
    return (vectors / eigenvalues) @ vectors.T


def efficiency(values: Callable, fit: Laplace, seed: int) -> float:
    """Return the effective share of a Gaussian's draws, weighted to the posterior.

    Parameters
    ----------
    values : callable
        Positions (point, parameter) to -ln posterior (point,).
    fit : Laplace
    seed : int

    Returns
    -------
    float
        From 0 to 1; 0 for what is no maximum.
    """
    if not fit.proper:
        return 0.0
    z = np.random.default_rng(seed).standard_normal((CHECK_DRAWS, fit.mode.size))
    draws = fit.mode + z @ np.linalg.cholesky(fit.covariance).T
    log_weights = 0.5 * (z**2).sum(axis=1) - values(draws)
    weights = np.exp(log_weights - log_weights.max())
    return float(weights.sum() ** 2 / (weights**2).sum() / CHECK_DRAWS)
