"""From a snapshot to what a run says of the stars: of those chosen, and of all."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dashboard import figures, previews
from dashboard.snapshot import Snapshot
from inference import predictive, stacked
from inference.runner import RunRecord

FEWEST = 10
"""Draws of each chain before which nothing is said of single stars."""
BINS = 160
MOST = 5000
"""Stars that are stacked: of more, so many evenly spaced in the table."""
BROAD = 2.5
"""Standard deviations about each star's mean distance that are looked at."""
TAIL = 0.04
"""Share of the stacked densities that is cut off on either side."""


def chosen_among(snapshot: Snapshot) -> np.ndarray | None:
    """Return which of the fitted stars are chosen, bool (star,); None for all."""
    now, fitted = snapshot.selected.now, snapshot.fitted
    if now is None or fitted is None or len(now.mask) != len(fitted):
        return None
    return now.mask[fitted]


def chosen(
    snapshot: Snapshot,
) -> tuple[figures.Chosen | None, figures.Chosen | None]:
    """Return what the run says of the chosen stars, and of all beside them.

    Where no star is chosen the first is of all and the second is None, and both are
    before a run.
    """
    membership, run = previews.membership(snapshot), snapshot.shown
    if membership is None or run is None or run.drawn < FEWEST:
        return None, None
    among = chosen_among(snapshot)
    rows = np.arange(len(membership)) if among is None else np.flatnonzero(among)
    every = np.arange(len(membership))
    edges = _edges(run, rows if len(rows) else every)
    these = _bulk(_stacked(run, rows, edges))
    if among is None:
        return these, None
    return these, _stacked(run, every, these.edges)


def _bulk(these: figures.Chosen) -> figures.Chosen:
    """Cut off bins that hold little: a few stars may be anywhere."""
    counts = these.cluster + these.field
    if not counts.sum() > 0:
        return these
    rising = np.cumsum(counts) / counts.sum()
    first, last = np.searchsorted(rising, [TAIL, 1 - TAIL])
    first, last = max(first - 2, 0), min(last + 3, len(counts))
    return these._replace(
        edges=these.edges[first : last + 1],
        cluster=these.cluster[first:last],
        field=these.field[first:last],
    )


def _edges(run: RunRecord, rows: np.ndarray) -> np.ndarray:
    """Return edges of bins of distance [pc] that hold the bulk of some stars."""
    assert run.stars is not None
    mean, broad = run.stars.mean[rows], BROAD * run.stars.sd[rows]
    low, high = np.quantile(mean - broad, 0.02), np.quantile(mean + broad, 0.98)
    low = max(float(low), 1.0)
    return np.linspace(low, max(float(high), low + 1.0), BINS + 1)


def _stacked(run: RunRecord, rows: np.ndarray, edges: np.ndarray) -> figures.Chosen:
    assert run.stars is not None
    few = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST)).astype(int)]
    observed = run.observed
    parallax = (observed["parallax"] - observed["zero_point"])[few]
    parts = stacked.distances(
        run.draws, parallax, observed["parallax_error"][few], edges
    )
    share = len(rows) / max(len(few), 1)
    membership = run.stars.membership[rows]
    return figures.Chosen(edges, parts.cluster * share, parts.field * share, membership)


def describe(snapshot: Snapshot) -> str:
    """Say what the run finds of the chosen stars."""
    membership, run = previews.membership(snapshot), snapshot.shown
    if membership is None or run is None or run.stars is None:
        return "Run the model to see where these stars are."
    among = chosen_among(snapshot)
    rows = slice(None) if among is None else among
    if among is not None and not among.any():
        return "None of the selected stars is fitted."
    means, sds = run.stars.mean[rows], run.stars.sd[rows]
    # Of a sum of densities: the mean of the means, and both kinds of spread.
    mean = means.mean()
    sd = np.sqrt((sds**2 + (means - mean) ** 2).mean())
    which = "stars" if among is None else "selected stars"
    return (
        f"{membership[rows].sum():,.0f} of {len(means):,} {which} are expected in the "
        f"cluster. Their distances together: mean {mean:,.0f} pc, sd {sd:,.0f} pc."
    )


NAMES = ("log_L", "log_dist_clust", "log_sigma", "frac_clust")
NEAREST, FARTHEST = 5.0, 50_000.0
"""Between which distances [pc] one star is looked for."""


class InCluster(NamedTuple):
    """What the last run of the cluster says of one star."""

    distances: np.ndarray
    """[pc], (distance,)"""
    density: np.ndarray
    """Of its distance, (distance,)."""
    prior: np.ndarray
    """The same before its parallax is known, (distance,)."""
    interval: figures.Interval
    """Median and central 68 % of its distance [pc]."""
    membership: float


def in_cluster(snapshot: Snapshot) -> InCluster | None:
    """Return what the last run of the cluster says of the star, if there is one."""
    run = snapshot.cluster
    if run is None or run.drawn < FEWEST or "parallax" not in snapshot.observed:
        return None
    return _in_cluster(run, *_as_the_cluster_took_it(snapshot))


@lru_cache(maxsize=4)
def _in_cluster(run: RunRecord, parallax: float, error: float) -> InCluster:
    draws = predictive.thin(run.draws, NAMES, 100)
    distances = _finely(draws)
    density = predictive.star_in_cluster(draws, parallax, error, distances)
    edges = np.geomspace(NEAREST, FARTHEST, 400)
    part = stacked.distances(draws, np.array([parallax]), np.array([error]), edges)
    return InCluster(
        distances,
        density,
        stacked.population(draws, distances),
        _interval(distances, density),
        float(part.cluster.sum()),
    )


def _as_the_cluster_took_it(snapshot: Snapshot) -> tuple[float, float]:
    """Return the star's parallax, with the run's own zero-point, and error [mas]."""
    known, star = previews.table_membership(snapshot), snapshot.star
    observed, run = snapshot.observed, snapshot.cluster
    row = 0
    if known is not None and star is not None and np.isfinite(known[star]):
        observed, row = run.observed, int(np.isfinite(known[:star]).sum())
    parallax = observed["parallax"][row] - observed["zero_point"][row]
    return float(parallax), float(observed["parallax_error"][row])


def _finely(draws) -> np.ndarray:
    """Return distances [pc] that are close where the cluster is."""
    middle, depth = draws["log_dist_clust"], np.exp(draws["log_sigma"])
    low, high = (middle - 6 * depth).min(), (middle + 6 * depth).max()
    low, high = np.clip(np.exp([low, high]), NEAREST, FARTHEST)
    broad = np.geomspace(NEAREST, FARTHEST, 3000)
    return np.union1d(broad, np.geomspace(low, high, 300))


def _interval(xs: np.ndarray, density: np.ndarray) -> figures.Interval:
    steps = np.diff(xs) * (density[1:] + density[:-1]) / 2
    rising = np.concatenate([[0.0], np.cumsum(steps)])
    shares = np.array([0.16, 0.5, 0.84]) * rising[-1]
    return figures.Interval(*(float(x) for x in np.interp(shares, rising, xs)))


def compared(alone: figures.Interval, within: InCluster) -> str:
    """Say what the other stars add to the parallax of one."""
    found = within.interval
    text = (
        f"In the cluster model: {figures.printed(found)} pc, membership "
        f"{within.membership:.2f}."
    )
    ratio = (alone.high - alone.low) / max(found.high - found.low, 1e-9)
    if ratio > 1.2:
        return f"{text} What the other stars teach makes it {ratio:.2g} times sharper."
    if ratio < 1 / 1.2:
        return f"{text} That is {1 / ratio:.2g} times wider than alone."
    return f"{text} The other stars hardly sharpen it."
