"""The posterior under other priors, from draws that there are: importance sampling.

Draws of one posterior, weighted by how much likelier another prior (or another power of
the likelihood) makes each, stand for the posterior under that one as long as a few
draws do not carry all the weight. The weights are Pareto-smoothed, and the shape k of
their tail says how far they can be trusted (Vehtari et al. 2024, arXiv:1507.02646).
"""

import enum
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from arviz_stats.base import array_stats

from inference.predictive import log_likelihood, prior_density
from inference.progress import RunRecord
from inference.spec import RunSpec

GOOD = 0.5
"""Pareto k below which the weights have a variance."""
LARGEST = 0.7
"""Pareto k above which no number of draws that a page holds is enough."""
FEWEST = 100
"""Draws below which no tail can be judged."""


class Reach(enum.Enum):
    """How far an estimate can be trusted."""

    GOOD = "good"
    USABLE = "usable"
    TOO_FAR = "too far"


class Estimate(NamedTuple):
    """Draws of one posterior weighted to another."""

    weights: np.ndarray
    """(chain, draw), their sum is 1; empty where they cannot be trusted."""
    k: float
    """Shape of the weights' tail."""
    size: float
    """How many unweighted draws they are worth, by their variance."""
    reach: Reach

    @property
    def sentence(self) -> str:
        """What the estimate is worth."""
        if self.reach is Reach.TOO_FAR:
            return (
                "These settings are too far from the run to estimate from its draws "
                f"(Pareto k {self.k:.2f}): run again."
            )
        return (
            f"Dotted: estimated from this run's draws, {self.reach.value} "
            f"(Pareto k {self.k:.2f}, worth {self.size:,.0f} draws)."
        )


def limit(draws: int) -> float:
    """Return the largest Pareto k with which so many draws are still enough."""
    return min(1 - 1 / np.log10(draws), LARGEST)


def reweight(
    record: RunRecord,
    spec: RunSpec,
    observed: Mapping[str, np.ndarray] | None = None,
) -> Estimate | None:
    """Weight the draws of a run to the posterior of another spec.

    Parameters
    ----------
    record : RunRecord
    spec : RunSpec
        Of the same model and data, with priors and a strength of its own. Points of a
        line may be left out, or taken back.
    observed : mapping of arrays, optional
        The data of ``spec``, where points are left out.

    Returns
    -------
    Estimate or None
        None where the specs differ in more than that, or too little is drawn.
    """
    old = record.spec
    if spec.model != old.model or record.drawn * old.sampler.chains < FEWEST:
        return None
    same = spec.data == old.data
    if not same and (observed is None or not _same_but_left_out(old, spec)):
        return None
    if not all(_covers(old, spec, name) for name in spec.priors):
        return _refused(0.0)
    log_ratio = prior_log_ratio(record, spec)
    if spec.strength != old.strength:
        power = spec.strength - old.strength
        log_ratio = log_ratio + power * record.stats["log_likelihood"]
    if observed is not None and not same:
        with_draws = (spec.model, record.draws)
        more = log_likelihood(*with_draws, observed).sum(axis=-1)
        less = log_likelihood(*with_draws, record.observed).sum(axis=-1)
        log_ratio = log_ratio + spec.strength * (more - less)
    return from_log_ratio(log_ratio)


def _same_but_left_out(old: RunSpec, new: RunSpec) -> bool:
    """Whether two specs are of points of one line."""
    one, other = ({**spec.data, "left_out": ()} for spec in (old, new))
    return old.data["source"] == "line" and one == other


def _covers(old: RunSpec, new: RunSpec, name: str) -> bool:
    """Whether every value that a new prior allows could have been drawn."""
    if old.priors[name].family == "Delta":
        return True
    (low, high), (lowest, highest) = new.priors[name].support, old.priors[name].support
    return lowest <= low and high <= highest


def _refused(size: float, k: float = np.inf) -> Estimate:
    return Estimate(np.empty((0, 0)), k, size, Reach.TOO_FAR)


def prior_log_ratio(record: RunRecord, spec: RunSpec) -> np.ndarray:
    """Return ln of the new prior's density over the old one's, (chain, draw)."""
    chains, drawn = record.spec.sampler.chains, record.drawn
    total = np.zeros((chains, drawn))
    # The scale L of a star's prior is no parameter, but moves the prior on distance.
    names = ("distance",) if spec.model == "star" else spec.priors
    for name in names:
        if spec.model != "star" and spec.priors[name] == record.spec.priors[name]:
            continue
        values = record.draws[name]
        with np.errstate(divide="ignore"):
            new = np.log(prior_density(spec, name, values))
            old = np.log(prior_density(record.spec, name, values))
        total += new - old
    return total


def from_log_ratio(log_ratio: np.ndarray) -> Estimate:
    """Smooth importance weights.

    Parameters
    ----------
    log_ratio : array (chain, draw)
        ln of the density wanted over the density drawn from; -inf where it vanishes.
    """
    flat = np.asarray(log_ratio, dtype=float).ravel()
    alive = np.isfinite(flat)
    bound = limit(flat.size)
    if alive.sum() < FEWEST:
        return _refused(float(alive.sum()))
    if np.ptp(flat[alive]) < 1e-9:
        # Equal weights have no tail.
        log_weights, k = np.zeros(alive.sum()), 0.0
    else:
        # ArviZ takes the ln likelihood of what is left out: the ratio's negative.
        log_weights, k = array_stats.psislw(-flat[alive])
    weights = np.zeros(flat.size)
    weights[alive] = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    size = float(1 / (weights**2).sum())
    k = float(k)
    if not k <= bound or size < FEWEST:
        return _refused(size, k)
    reach = Reach.GOOD if k < GOOD else Reach.USABLE
    return Estimate(weights.reshape(log_ratio.shape), k, size, reach)


def resampled(estimate: Estimate, draws: dict[str, np.ndarray], count: int = 2000):
    """Return unweighted draws that stand for weighted ones, (1, count) each.

    By systematic resampling: each draw comes as often as its weight says, to within
    one, and the same draws come for the same weights.

    Parameters
    ----------
    estimate : Estimate
    draws : mapping of arrays (chain, draw)
    count : int
    """
    if not estimate.weights.size:
        return {}
    edges = np.cumsum(estimate.weights.ravel())
    picked = np.searchsorted(edges / edges[-1], (np.arange(count) + 0.5) / count)
    return {name: values.ravel()[picked][None] for name, values in draws.items()}
