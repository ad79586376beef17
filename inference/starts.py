"""Where chains start, and with which metric.

Models without a fitted mode start at the best of a few prior draws. The cluster starts
about the mode of its marginal posterior, with the inverse Hessian there as the metric;
an importance-sampling check of that Gaussian decides whether the metric is kept.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from scipy.optimize import minimize

from inference.chains import take
from inference.priors import Prior

PRIOR_TRIES = 16
PAIR_TRIES = 1024
"""Lines through two points each; fifteen points have 105 pairs."""
CHECK_DRAWS = 128
GOOD_EFFICIENCY = 0.5
"""Importance-sampling efficiency of a Gaussian above which its covariance is kept as
the metric. A metric needs the right scales, not the right tails: Pareto k, which judges
tails, turned good metrics away for every other seed."""
SPREAD = 1.5
"""Chains start this many posterior standard deviations about the mode."""


class Start(NamedTuple):
    """Positions, metric, and what was learnt on the way; the first axis is chain."""

    positions: dict[str, np.ndarray]
    """Unconstrained, (chain, ...) each."""
    inverse_metric: np.ndarray
    """(chain, parameter, parameter), or (chain, parameter) where it is diagonal."""
    adapt: bool
    """Whether warm-up should replace the metric."""
    first: tuple[np.ndarray, np.ndarray] | None = None
    """-ln posterior (chain,) and its gradient (chain, parameter), if known."""


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


def chain_generator(seed: int, chain: int) -> np.random.Generator:
    """Return a chain's own generator: it does not depend on the number of chains."""
    return np.random.default_rng([seed, chain])


def from_priors(
    evaluate: Callable,
    priors: dict[str, Prior],
    chains: int,
    seed: int,
    points: tuple[np.ndarray, np.ndarray] | None = None,
) -> Start:
    """Start each chain at the best of a few draws from the prior.

    Parameters
    ----------
    evaluate : callable
        Values (chain, try) of each parameter to unconstrained positions of the same
        shape and -ln posterior there, (chain, try).
    priors : dict
        Of the sampled parameters.
    chains, seed : int
    points : tuple of arrays (point,), optional
        x and y. Lines through two of them are tried too: where other points are
        outliers a line is a narrow peak that hardly a prior draw is near.
    """
    generators = [chain_generator(seed, chain) for chain in range(chains)]
    tries = [_prior_tries(generator, priors, points) for generator in generators]
    values = {name: np.stack([one[name] for one in tries]) for name in priors}
    positions, potential = evaluate(values)
    best = np.nanargmin(np.asarray(potential), axis=1)
    chosen = {n: np.asarray(v)[range(chains), best] for n, v in positions.items()}
    metric = np.broadcast_to(np.eye(len(priors)), (chains, len(priors), len(priors)))
    return Start(chosen, np.array(metric), adapt=True)


def _prior_tries(generator, priors, points) -> dict[str, np.ndarray]:
    """Draw values of each parameter to be tried, (try,)."""
    count = PRIOR_TRIES + (0 if points is None else PAIR_TRIES)
    tries = {name: prior.sample(generator, count) for name, prior in priors.items()}
    if points is not None:
        for name, lines in _through_pairs(generator, *points).items():
            tries[name][PRIOR_TRIES:] = lines
    return tries


def _through_pairs(generator, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Draw lines through two points each, (try,) each."""
    one = generator.integers(x.size, size=PAIR_TRIES)
    other = (one + generator.integers(1, x.size, size=PAIR_TRIES)) % x.size
    run, rise = x[other] - x[one], y[other] - y[one]
    theta = np.arctan2(np.where(run < 0, -rise, rise), np.abs(run))
    return {"theta": theta, "b_perp": y[one] * np.cos(theta) - x[one] * np.sin(theta)}


def modes(
    value_and_gradient: Callable, guesses: list[np.ndarray], box: np.ndarray
) -> tuple[Laplace, ...]:
    """Find the modes that guesses lead to, that with the most mass first.

    Parameters
    ----------
    value_and_gradient : callable
        Position (parameter,) to -ln posterior and its gradient.
    guesses : list of arrays (parameter,)
    box : array (parameter, 2)
        Where to look.

    Returns
    -------
    tuple of Laplace
        Without those that hold less than a thousandth of the first one's mass.
    """
    found: list[Laplace] = []
    for guess in guesses:
        fit = minimize(
            value_and_gradient,
            np.clip(guess, *box.T),
            jac=True,
            method="L-BFGS-B",
            bounds=box,
            options={"ftol": 1e-12, "gtol": 1e-2},
        )
        if not any(_same(fit.x, other) for other in found):
            found.append(_gaussian(value_and_gradient, fit.x))
    found.sort(key=lambda fit: -fit.log_mass)
    return tuple(
        f for f in found if f is found[0] or f.log_mass > found[0].log_mass - 7
    )


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


def _gaussian(value_and_gradient: Callable, mode: np.ndarray) -> Laplace:
    def one_by_one(points):
        return zip(*map(value_and_gradient, points), strict=True)

    _, slope, hessian = expansion(one_by_one, mode)
    covariance = _inverse(hessian)
    if covariance is None:
        return Laplace(mode, np.eye(mode.size), -np.inf)
    mode = mode - covariance @ slope
    log_mass = 0.5 * np.linalg.slogdet(covariance)[1] - value_and_gradient(mode)[0]
    return Laplace(mode, covariance, log_mass)


def _inverse(hessian: np.ndarray) -> np.ndarray | None:
    """Invert a Hessian; None where it is not that of a minimum."""
    eigenvalues, vectors = np.linalg.eigh(hessian)
    if not np.all(np.isfinite(eigenvalues)) or eigenvalues.min() <= 0:
        return None
    return (vectors / eigenvalues) @ vectors.T


def efficiency(value: Callable, fit: Laplace, seed: int) -> float:
    """Return the effective share of a Gaussian's draws, weighted to the posterior.

    Parameters
    ----------
    value : callable
        Position (parameter,) to -ln posterior.
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
    log_weights = 0.5 * (z**2).sum(axis=1) - np.array([value(d) for d in draws])
    weights = np.exp(log_weights - log_weights.max())
    return float(weights.sum() ** 2 / (weights**2).sum() / CHECK_DRAWS)


def about_modes(
    fits: tuple[Laplace, ...], unravel: Callable, chains: int, seed: int, adapt: bool
) -> Start:
    """Start chains spread about modes, with the covariance there as the metric.

    Chains take the modes in turn, so that modes which chains do not travel between show
    as chains that disagree.
    """
    flat, metric = [], []
    for chain in range(chains):
        fit = fits[chain % len(fits)]
        z = chain_generator(seed, chain).standard_normal(fit.mode.size)
        flat.append(fit.mode + SPREAD * np.linalg.cholesky(fit.covariance) @ z)
        metric.append(fit.covariance)
    positions = jax.tree.map(lambda *a: np.stack(a), *[unravel(f) for f in flat])
    return Start(positions, np.stack(metric), adapt)


def curved(start: Start, expand: Callable) -> Start:
    """Take the curvature at each chain's start for its metric, until warm-up learns it.

    Parameters
    ----------
    start : Start
    expand : callable
        Position (parameter,) to -ln posterior, its gradient and its Hessian.

    Returns
    -------
    Start
        A direction that curves downwards, or less than a unit scale does, has the size
        of its curvature, or unit scale: the mass of a mixture is nowhere Gaussian, but
        its scales show (SoftAbs: Betancourt 2013, arXiv:1212.4693).
    """
    flat = [
        ravelled(take(start.positions, k)) for k in range(len(start.inverse_metric))
    ]
    values, slopes, hessians = zip(*map(expand, flat), strict=True)
    metrics = [
        _soft_inverse(hessian) if np.all(np.isfinite(hessian)) else known
        for hessian, known in zip(hessians, start.inverse_metric, strict=True)
    ]
    first = np.stack(values), np.stack(slopes)
    return start._replace(inverse_metric=np.stack(metrics), first=first)


def _soft_inverse(hessian: np.ndarray) -> np.ndarray:
    curvature, directions = np.linalg.eigh(hessian)
    return (directions / np.maximum(np.abs(curvature), 1.0)) @ directions.T


def ravelled(position) -> np.ndarray:
    """Return a position as one vector, in the order of `ravel_pytree`."""
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(position)])


def with_offsets(start: Start, stars: int, seed: int) -> Start:
    """Add both offsets of every star, which are nearly standard normal.

    Parameters
    ----------
    start : Start
        Of the population.
    stars : int
    seed : int
    """
    chains = start.inverse_metric.shape[0]
    offsets = np.stack(
        [
            np.random.default_rng([seed, chain, 1]).standard_normal((2, stars))
            for chain in range(chains)
        ]
    )
    both = {"as_field": offsets[:, 0], "as_member": offsets[:, 1]}
    # NumPyro ravels a position in the order of its names: these come first.
    diagonal = np.diagonal(start.inverse_metric, axis1=1, axis2=2)
    metric = np.concatenate([np.ones((chains, 2 * stars)), diagonal], axis=1)
    return Start(both | start.positions, metric, start.adapt)
