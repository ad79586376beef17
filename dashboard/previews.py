"""From a snapshot to the arrays that a figure draws: thinned, summed, replicated."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from dashboard.snapshot import Snapshot
from data import DataError, LineData, fitted_stars, simulate_line
from inference import predictive
from inference.components import Noise, component_counts, noise
from inference.spec import RunSpec

LINES = 40
LINES_BESIDE = 15
"""Of A: enough to see where it goes, and few enough to see the others."""
REPLICATES = 50
PRIOR_REPLICATES = 40
BINS = 56
PRIOR_SAMPLE = 2000
MIXTURES = 20
"""Draws that the expected counts are averaged over."""
POPULATION = ("log_L", "log_dist_clust", "log_sigma", "frac_clust")

Curve = tuple[np.ndarray, np.ndarray]


@lru_cache(maxsize=64)
def _prior_sample(spec: str, count: int) -> dict[str, np.ndarray]:
    return predictive.prior_draws(RunSpec.from_json(json.loads(spec)), count, seed=0)


def prior_sample(spec: RunSpec, count: int = PRIOR_SAMPLE) -> dict[str, np.ndarray]:
    """Draw from the prior, the same draws for the same priors, (draw,) each."""
    # Data and sampler do not move a prior: leave them out of the cache's key.
    priors = {name: prior.to_json() for name, prior in spec.priors.items()}
    return _prior_sample(json.dumps({"model": spec.model, "priors": priors}), count)


def prior_curves(snapshot: Snapshot, names: tuple[str, ...]) -> dict[str, Curve]:
    """Return each prior's density where the draws are, or over its own bulk."""
    assert snapshot.spec is not None
    return {
        name: prior_curve(snapshot.spec, name, snapshot.draws.get(name))
        for name in names
    }


def prior_curve(spec: RunSpec, name: str, draws: np.ndarray | None = None) -> Curve:
    """Return values and prior density of a parameter or derived quantity."""
    if draws is not None and draws.size:
        low, high = np.quantile(draws, [0.001, 0.999])
        margin = 0.5 * (high - low)
        low, high = low - margin, high + margin
    else:
        low, high = np.quantile(prior_sample(spec)[name], [0.02, 0.9])
        low, high = _with_edges(spec, name, low, high)
    values = np.linspace(low, high, 160)
    return values, predictive.prior_density(spec, name, values)


def _with_edges(spec: RunSpec, name: str, low: float, high: float):
    """Widen a range to a prior's own edges, so that a bounded prior is seen whole."""
    if name not in spec.priors:
        return low, high
    lowest, highest = spec.priors[name].support
    margin = 0.15 * (high - low)
    return max(low - margin, lowest), min(high + margin, highest)


def lines(snapshot: Snapshot) -> np.ndarray:
    """Return slope and intercept of some posterior draws, (line, 2)."""
    return _lines(snapshot.chosen_draws if snapshot.shows_run else {}, LINES)


def lines_beside(snapshot: Snapshot) -> np.ndarray:
    """Return slope and intercept of some draws of A, (line, 2)."""
    return _lines(snapshot.draws_beside, LINES_BESIDE)


def _lines(draws: predictive.Draws, count: int) -> np.ndarray:
    if not np.size(draws.get("m", ())):
        return np.empty((0, 2))
    chosen = predictive.thin(draws, ("m", "b"), count)
    return np.stack([chosen["m"], chosen["b"]], axis=1)


def prior_lines(spec: RunSpec) -> np.ndarray:
    """Return slope and intercept of some prior draws, (line, 2)."""
    sample = prior_sample(spec)
    return np.stack([sample["m"][:LINES], sample["b"][:LINES]], axis=1)


def all_points(spec: RunSpec) -> LineData:
    """Return the points of a line, those that are left out too."""
    apart = ("source", "left_out")
    return simulate_line(**{n: v for n, v in spec.data.items() if n not in apart})


def inlier_probability(snapshot: Snapshot) -> np.ndarray | None:
    """Return each point's probability to be on the line, (point,)."""
    if not snapshot.shows_run or "p" not in snapshot.shown.draws:
        return None
    probability, chosen = snapshot.shown.draws["p"], snapshot.chosen
    if chosen is not None and chosen.any():
        return probability[chosen].mean(axis=0)
    return probability.mean(axis=(0, 1))


def membership(snapshot: Snapshot) -> np.ndarray | None:
    """Return each kept star's probability to be in the cluster, (star,)."""
    if not snapshot.shows_run or snapshot.shown.stars is None:
        return None
    known = snapshot.shown.stars.membership
    return known if len(known) == len(snapshot.observed["parallax"]) else None


def table_membership(snapshot: Snapshot) -> np.ndarray | None:
    """Return membership by the last cluster run for every star of the table, (star,).

    NaN for stars that it did not use; None where it used another table.
    """
    cluster, table = snapshot.cluster, snapshot.catalogue
    if cluster is None or cluster.stars is None or table is None:
        return None
    try:
        kept = fitted_stars(table, cluster.spec.data)
    except DataError:
        return None
    if not np.array_equal(table.parallax[kept], cluster.observed["parallax"]):
        return None
    membership = np.full(len(table), np.nan)
    membership[kept] = cluster.stars.membership
    return membership


def parallax_edges(snapshot: Snapshot) -> np.ndarray:
    """Return the histogram's bin edges [mas]."""
    assert snapshot.spec is not None
    return parallax_bins(snapshot.observed, snapshot.spec.data)


def parallax_bins(observed: predictive.Draws, data: Mapping[str, Any]) -> np.ndarray:
    """Return edges of bins [mas] of the stars that a spec's data part keeps."""
    parallax = observed["parallax"]
    low, high = np.quantile(parallax, [0.001, 0.999])
    # A cut is an edge of the data; without one, the bulk is what is looked at.
    low = max(low, data.get("parallax_min", low)) if len(parallax) > 50 else low
    return np.linspace(low, max(high, low + 1e-3), BINS + 1)


def mixture(snapshot: Snapshot, edges: np.ndarray) -> np.ndarray:
    """Return expected stars of field and cluster in each bin, (2, bin) or (2, 0).

    Averaged over some of the chosen draws.
    """
    draws = snapshot.chosen_draws
    if not snapshot.shows_run or not draws["log_L"].size:
        return np.empty((2, 0))
    return _mixture(Same(draws), Same(snapshot.observed), tuple(edges))


@lru_cache(maxsize=32)
def _mixture(draws: "Same", observed: "Same", edges: tuple[float, ...]) -> np.ndarray:
    some = predictive.thin(draws.arrays, POPULATION, MIXTURES)
    counts = component_counts(some, np.array(edges), _noise(observed))
    return np.stack([part.mean(axis=0) for part in counts])


def replicates(snapshot: Snapshot, edges: np.ndarray) -> np.ndarray:
    """Return counts of parallaxes that posterior draws predict, (replicate, bin)."""
    if not snapshot.shows_run:
        return np.empty((0, len(edges) - 1))
    draws, observed = Same(snapshot.chosen_draws), Same(snapshot.observed)
    return _replicates(draws, observed, tuple(edges))


@lru_cache(maxsize=32)
def _replicates(draws: "Same", observed: "Same", edges: tuple[float, ...]):
    if not draws.arrays["log_L"].size:
        return np.empty((0, len(edges) - 1))
    chosen = predictive.thin(draws.arrays, POPULATION, REPLICATES)
    generator = np.random.default_rng(0)
    return _counts(chosen, observed.arrays, np.array(edges), generator)


def replicates_beside(snapshot: Snapshot, edges: np.ndarray) -> np.ndarray:
    """Return counts of parallaxes that A's draws predict, (replicate, bin)."""
    if snapshot.beside is None:
        return np.empty((0, len(edges) - 1))
    draws, observed = Same(snapshot.draws_beside), Same(snapshot.beside.observed)
    return _replicates(draws, observed, tuple(edges))


@lru_cache(maxsize=8)
def _prior_counts(priors: str, observed: "Same", edges: tuple[float, ...]):
    spec = RunSpec.from_json(json.loads(priors))
    drawn = prior_sample(spec)
    chosen = {name: value[:PRIOR_REPLICATES] for name, value in drawn.items()}
    generator = np.random.default_rng(1)
    return _counts(chosen, observed.arrays, np.array(edges), generator)


class Same:
    """Carries arrays as a cache's key by their identity: they are never edited."""

    def __init__(self, arrays):
        self.arrays = arrays
        self._key = tuple(id(value) for value in arrays.values())

    def __eq__(self, other):
        return isinstance(other, Same) and self._key == other._key

    def __hash__(self):
        return hash(self._key)


@lru_cache(maxsize=8)
def _noise(observed: Same) -> Noise:
    return noise(observed.arrays)


def prior_replicates(snapshot: Snapshot, edges: np.ndarray) -> np.ndarray:
    """Return counts of parallaxes that prior draws predict, (replicate, bin)."""
    priors = {name: prior.to_json() for name, prior in snapshot.spec.priors.items()}
    key = json.dumps({"model": snapshot.spec.model, "priors": priors})
    return _prior_counts(key, Same(snapshot.observed), tuple(edges))


def _counts(draws, observed, edges, generator) -> np.ndarray:
    population = predictive.derive("cluster", {n: draws[n] for n in POPULATION})
    simulated = predictive.replicate("cluster", population, observed, generator)
    return np.stack([np.histogram(row, edges)[0] for row in simulated])
