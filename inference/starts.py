"""Where chains start, and with which metric.

Models without a fitted mode start at the best of a few prior draws. The cluster starts
about the mode of its marginal posterior, with the inverse Hessian there as the metric;
an importance-sampling check of that Gaussian decides whether the metric is kept.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np
from jax.flatten_util import ravel_pytree
from numpyro.distributions import biject_to, constraints
from scipy.optimize import minimize

from inference import conditionals
from inference.priors import Prior

PRIOR_TRIES = 16
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


class Laplace(NamedTuple):
    """A Gaussian about a mode, in unconstrained coordinates."""

    mode: np.ndarray
    """(parameter,)"""
    covariance: np.ndarray
    """(parameter, parameter)"""
    efficiency: float
    """Effective share of draws of this Gaussian, weighted to the posterior: 0 to 1."""


def chain_generator(seed: int, chain: int) -> np.random.Generator:
    """Return a chain's own generator: it does not depend on the number of chains."""
    return np.random.default_rng([seed, chain])


def from_priors(
    potential: Callable, priors: dict[str, Prior], distributions, chains: int, seed: int
) -> Start:
    """Start each chain at the best of a few draws from the prior.

    Parameters
    ----------
    potential : callable
        Unconstrained position to -ln posterior.
    priors : dict
        Of the sampled parameters.
    distributions : dict
        The same priors as NumPyro distributions.
    chains, seed : int
    """
    positions = []
    for chain in range(chains):
        generator = chain_generator(seed, chain)
        tries = {}
        for name, prior in priors.items():
            value = prior.sample(generator, PRIOR_TRIES)
            unconstrain = biject_to(distributions[name].support).inv
            tries[name] = np.clip(np.asarray(unconstrain(value)), -20, 20)
        values = [
            float(potential({name: value[i] for name, value in tries.items()}))
            for i in range(PRIOR_TRIES)
        ]
        best = int(np.nanargmin(values))
        positions.append({name: value[best] for name, value in tries.items()})
    stacked = {name: np.stack([p[name] for p in positions]) for name in positions[0]}
    metric = np.broadcast_to(np.eye(len(priors)), (chains, len(priors), len(priors)))
    return Start(stacked, np.array(metric), adapt=True)


def laplace(
    value_and_gradient: Callable,
    guesses: list[dict[str, float]],
    bounds: dict[str, tuple[float, float]],
    seed: int,
) -> Laplace:
    """Find the best mode from several guesses, and the Gaussian about it.

    Parameters
    ----------
    value_and_gradient : callable
        Unconstrained position (a dict of scalars) to -ln posterior and its gradient.
    guesses : list of positions
    bounds : dict of (low, high)
        A box for the search, in unconstrained coordinates.
    seed : int
        Of the draws that check the Gaussian.
    """
    unravel = ravel_pytree(guesses[0])[1]

    def function(flat):
        value, gradient = value_and_gradient(unravel(flat))
        return float(value), np.asarray(ravel_pytree(gradient)[0])

    box = [bounds[name] for name in sorted(bounds)]
    fits = [
        minimize(
            function,
            np.clip(np.asarray(ravel_pytree(guess)[0]), *np.transpose(box)),
            jac=True,
            method="L-BFGS-B",
            bounds=box,
            options={"ftol": 1e-12, "gtol": 1e-2},
        )
        for guess in guesses
    ]
    mode = min(fits, key=lambda fit: fit.fun).x
    covariance = _inverse_hessian(lambda flat: function(flat)[1], mode)
    if covariance is None:
        return Laplace(mode, np.eye(mode.size), 0.0)
    mode = mode - covariance @ function(mode)[1]
    efficiency = _efficiency(lambda flat: function(flat)[0], mode, covariance, seed)
    return Laplace(mode, covariance, efficiency)


def _inverse_hessian(gradient: Callable, mode: np.ndarray, step: float = 1e-4):
    """Invert the Hessian, from central differences of the exact gradient."""
    rows = [
        (gradient(mode + step * unit) - gradient(mode - step * unit)) / (2 * step)
        for unit in np.eye(mode.size)
    ]
    hessian = 0.5 * (np.stack(rows) + np.stack(rows).T)
    eigenvalues, vectors = np.linalg.eigh(hessian)
    if not np.all(np.isfinite(eigenvalues)) or eigenvalues.min() <= 0:
        return None
    return (vectors / eigenvalues) @ vectors.T


def _efficiency(function: Callable, mode, covariance, seed: int) -> float:
    z = np.random.default_rng(seed).standard_normal((CHECK_DRAWS, mode.size))
    draws = mode + z @ np.linalg.cholesky(covariance).T
    log_weights = np.array([-function(d) for d in draws]) + 0.5 * (z**2).sum(axis=1)
    weights = np.exp(log_weights - log_weights.max())
    return float(weights.sum() ** 2 / (weights**2).sum() / CHECK_DRAWS)


def about_mode(fit: Laplace, unravel: Callable, chains: int, seed: int) -> Start:
    """Start chains spread about a mode, with the covariance there as the metric."""
    factor = SPREAD * np.linalg.cholesky(fit.covariance)
    flat = [
        fit.mode + factor @ chain_generator(seed, c).standard_normal(fit.mode.size)
        for c in range(chains)
    ]
    positions = jax.tree.map(lambda *a: np.stack(a), *[unravel(f) for f in flat])
    metric = np.repeat(fit.covariance[None], chains, axis=0)
    return Start(positions, metric, adapt=fit.efficiency < GOOD_EFFICIENCY)


def with_distances(start: Start, nodes, populations, seed: int) -> Start:
    """Add each star's distance, drawn from its conditional, and its metric.

    Parameters
    ----------
    start : Start
        Of the marginal model.
    nodes : quadrature.StarNodes
    populations : list of (log_L, log_dist_clust, sigma, fraction)
        One a chain.
    seed : int
    """
    conditional = jax.jit(conditionals.conditional)
    distances, variances = [], []
    for chain, population in enumerate(populations):
        _, x, weight = (np.asarray(a) for a in conditional(nodes, *population))
        cumulative = np.cumsum(weight, axis=0)
        level = chain_generator(seed, chain).random(x.shape[1]) * cumulative[-1]
        index = (cumulative < level).sum(axis=0)
        distances.append(np.take_along_axis(x, index[None], axis=0)[0])
        mean = (weight * x).sum(axis=0)
        variances.append((weight * (x - mean) ** 2).sum(axis=0))
    positions = dict(start.positions) | {"distance": np.stack(distances)}
    # NumPyro ravels a position in the order of its names: "distance" comes first.
    diagonal = np.diagonal(start.inverse_metric, axis1=1, axis2=2)
    metric = np.concatenate([np.stack(variances), diagonal], axis=1)
    return Start(positions, metric, adapt=False)


CLUSTER_BOX = {
    "log_L": (0.0, 14.0),
    "log_dist_clust": (0.0, 14.0),
    "log_sigma": (-10.0, 3.0),
}
"""Where the cluster's mode is looked for: distances from 1 pc to 1 Mpc."""
LOGIT_BOX = (-12.0, 12.0)


def cluster_guesses(parallax, error, distributions):
    """Guess the cluster's population where parallaxes pile up, and elsewhere.

    Parameters
    ----------
    parallax, error : array (star,)
        Parallax with its zero-point subtracted, and its error [mas].
    distributions : dict
        The priors, as NumPyro distributions.

    Returns
    -------
    guesses : list of unconstrained positions
    bounds : dict of (low, high)
        Unconstrained.
    """
    # The peak of the parallaxes' density, each smeared by its own error: precise
    # stars decide. Distances where that density, or the bulk of the stars, lies.
    low, high = np.quantile(parallax, [0.01, 0.99])
    grid = np.linspace(low, high, 400)
    best = np.argsort(error)[:2000]
    width = np.maximum(error[best], 0.01)
    z = (grid[:, None] - parallax[best]) / width
    peak = grid[np.argmax((np.exp(-0.5 * z**2) / width).sum(axis=1))]
    mean = np.average(parallax, weights=1 / error**2)
    populations = [
        {
            "log_L": np.log(400.0),
            "log_dist_clust": np.log(1000.0 / max(float(value), 0.05)),
            "log_sigma": np.log(relative),
            "frac_clust": 0.5,
        }
        for value in (peak, mean)
        for relative in (0.02, 0.2)
    ]
    bounds = {
        name: CLUSTER_BOX[name]
        if distribution.support is constraints.real
        else LOGIT_BOX
        for name, distribution in distributions.items()
    }
    return [_unconstrained(p, distributions) for p in populations], bounds


def _unconstrained(values, distributions):
    """Map values to unconstrained coordinates, the nearest where a prior forbids."""
    position = {}
    for name, distribution in distributions.items():
        support = distribution.support
        value = values[name]
        if support is not constraints.real:
            low, high = float(support.lower_bound), float(support.upper_bound)
            margin = 0.01 * (high - low)
            value = np.clip(value, low + margin, high - margin)
        position[name] = float(biject_to(support).inv(value))
    return position
