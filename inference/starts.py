"""Where chains start, and with which metric.

Models without a fitted mode start at the best of a few prior draws. The cluster starts
about the mode of its marginal posterior, with the inverse Hessian there as the metric;
an importance-sampling check of that Gaussian decides whether the metric is kept.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np

from inference.chains import take
from inference.laplace import Laplace
from inference.priors import Prior

PRIOR_TRIES = 16
PAIR_TRIES = 1024
"""Lines through two points each; fifteen points have 105 pairs."""
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
    in_step: bool = True
    """Whether draws may be taken to last as long as the program's last ones."""


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
