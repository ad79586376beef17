"""Whether the data look like what a run's model predicts.

Everything here is of one `RunRecord`: its draws against the data that they were drawn
with. A record never changes, so what takes a while is kept for the last few.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from arviz_stats import ecdf_utils
from arviz_stats.base import array_stats
from scipy.special import ndtr

from inference import predictive
from inference.progress import RunRecord
from inference.statistics import Sample, Statistic, cut, statistic

NUMBERS = 600_000
"""Replicated data of one run, in all."""
FEWEST, MOST = 40, 4000
"""Replicates of one run."""
LEAVES = 200_000
"""Numbers (draw, point) that are weighted to leave each point out."""
COVER = 0.95
"""Probability with which uniform values stay within the band."""
SIMULATIONS = 1000
LARGE = 1000
"""Values from which on the band is that of so many: it has its limit by then."""
UNUSUAL = 0.025
"""Share of replicates beyond the observed value below which it is called unusual."""


class Replicates(NamedTuple):
    """Data that draws predict, each knowing its draw."""

    draw: np.ndarray
    """Numbers of the draws, all chains in one row, (replicate,)."""
    values: np.ndarray
    """y of points or parallaxes [mas], (replicate, datum)."""


class Residuals(NamedTuple):
    """Data minus prediction, in the prediction's standard deviations."""

    at: np.ndarray
    """x of points, or middles of bins [mas], (place,)."""
    size: np.ndarray
    """(place,)"""


class Uniformity(NamedTuple):
    """The ECDF of values that should be uniform, minus that of uniform ones."""

    at: np.ndarray
    """(place,) from 0 to 1."""
    excess: np.ndarray
    """(place,)"""
    low: np.ndarray
    """Lower and upper end of the band for all places at once, (place,) each."""
    high: np.ndarray

    @property
    def leaves(self) -> bool:
        """Whether the excess is outside its band anywhere."""
        return bool(((self.excess < self.low) | (self.excess > self.high)).any())


def _population(record: RunRecord, index: np.ndarray) -> dict[str, np.ndarray]:
    """Return some draws of every scalar quantity, (draw,) each."""
    return {
        name: values.reshape(-1)[index]
        for name, values in record.draws.items()
        if values.ndim == 2
    }


@lru_cache(maxsize=6)
def replicates(record: RunRecord) -> Replicates:
    """Simulate a data set for draws evenly chosen, the same ones every time."""
    data = record.observed[record.spec.problem.observed[0]].size
    drawn = record.drawn * record.spec.sampler.chains
    count = min(max(NUMBERS // data, FEWEST), MOST)
    index = predictive.evenly(drawn, count)
    generator = np.random.default_rng(0)
    values = predictive.replicate(
        record.spec.model, _population(record, index), record.observed, generator
    )
    return Replicates(index, values)


@lru_cache(maxsize=12)
def replicated(record: RunRecord, chosen: Statistic) -> np.ndarray:
    """Return a statistic of every replicate, (replicate,)."""
    values = replicates(record).values
    return chosen.of(Sample(values, record.observed, record.spec))


def observed(record: RunRecord, chosen: Statistic) -> float:
    """Return a statistic of the data."""
    name = "y" if "y" in record.observed else "parallax"
    data = np.asarray(record.observed[name], dtype=float)[None]
    return float(chosen.of(Sample(data, record.observed, record.spec))[0])


def of_draws(record: RunRecord, name: str) -> np.ndarray | None:
    """Return a statistic of every draw's replicate, as if it were a quantity.

    Parameters
    ----------
    record : RunRecord
        With draws.
    name : str
        Of the statistic.

    Returns
    -------
    array (chain, draw) or None
        NaN for draws without a replicate; None where the model has no such statistic.
    """
    chosen = statistic(record.spec.model, name)
    if chosen is None:
        return None
    full = np.full(record.spec.sampler.chains * record.drawn, np.nan)
    full[replicates(record).draw] = replicated(record, chosen)
    return full.reshape(record.spec.sampler.chains, record.drawn)


def residuals(record: RunRecord, edges: np.ndarray | None = None) -> Residuals:
    """Measure the data against their predictive distribution.

    Parameters
    ----------
    record : RunRecord
        With draws.
    edges : array (bin + 1,), optional
        Of the parallaxes' histogram [mas], for a cluster: counts are compared with
        the median of the replicates' counts, of as many stars within the data's cut.
        A bin's standard deviation is taken for one star at least, for counts are
        whole.
    """
    data = record.observed
    if edges is None:
        index = predictive.evenly(record.drawn * record.spec.sampler.chains, MOST)
        mean, sd = point_moments(
            record.spec.model, _population(record, index), record.observed
        )
        return Residuals(data["x"], (data["y"] - mean) / sd)
    values, (low, high) = replicates(record).values, cut(record.spec)
    counts = np.stack([np.histogram(one, edges)[0] for one in values])
    kept = ((values >= low) & (values <= high)).sum(axis=1, keepdims=True)
    counts = counts * (data["parallax"].size / np.maximum(kept, 1))
    seen = np.histogram(data["parallax"], edges)[0]
    sd = np.maximum(counts.std(axis=0, ddof=1), 1.0)
    middle = (edges[1:] + edges[:-1]) / 2
    return Residuals(middle, (seen - np.median(counts, axis=0)) / sd)


def point_moments(model: str, draws, data) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation that draws predict of each point, (point,).

    Parameters
    ----------
    model : {"line", "line_outliers"}
    draws : mapping of arrays (draw,)
    data : mapping of arrays (point,)
        ``x`` and ``yerr``.
    """
    column = {name: values[:, None] for name, values in draws.items()}
    mean = column["m"] * data["x"] + column["b"]
    within = np.broadcast_to(data["yerr"] ** 2, mean.shape)
    if model == "line_outliers":
        share, apart = column["Q"], mean - column["bg_mean"]
        within = within + (1 - share) * (column["bg_sigma"] ** 2 + share * apart**2)
        mean = mean - (1 - share) * apart
    # The mean of the draws' variances, and the variance of their means.
    return mean.mean(axis=0), np.sqrt(within.mean(axis=0) + mean.var(axis=0))


def point_cdf(model: str, draws, data) -> np.ndarray:
    """Return the probability that a point is predicted below where it is.

    Parameters
    ----------
    model : {"line", "line_outliers"}
    draws : mapping of arrays (draw,)
    data : mapping of arrays (point,)
        ``x``, ``y`` and ``yerr``.

    Returns
    -------
    array (draw, point)
    """
    column = {name: values[:, None] for name, values in draws.items()}
    y, error = data["y"], data["yerr"]
    inlier = ndtr((y - column["m"] * data["x"] - column["b"]) / error)
    if model == "line":
        return inlier
    sigma = np.hypot(column["bg_sigma"], error)
    outlier = ndtr((y - column["bg_mean"]) / sigma)
    return column["Q"] * inlier + (1 - column["Q"]) * outlier


@lru_cache(maxsize=6)
def transforms(record: RunRecord) -> np.ndarray:
    """Return the probability integral transform of every datum, (datum,).

    A point's is under the draws weighted as if it had been left out. A star's is the
    rank of its parallax among the replicates of itself that the cut keeps, placed at
    random between its neighbours: of those it is one in thousands that made the draws.
    """
    if "y" in record.observed:
        return _leave_one_out_transforms(record)
    values, parallax = replicates(record).values, record.observed["parallax"]
    low, high = cut(record.spec)
    inside = (values >= low) & (values <= high)
    below = (inside & (values < parallax)).sum(axis=0)
    place = np.random.default_rng(1).random(parallax.size)
    return (below + place) / (inside.sum(axis=0) + 1)


def _leave_one_out_transforms(record: RunRecord) -> np.ndarray:
    spec = record.spec
    drawn = record.drawn * spec.sampler.chains
    index = predictive.evenly(drawn, max(LEAVES // record.observed["y"].size, 100))
    draws = _population(record, index)
    rows = {name: values[None] for name, values in draws.items()}
    terms = predictive.log_likelihood(spec.model, rows, record.observed)[0].T
    weights = _weights(spec.strength * terms)
    below = point_cdf(spec.model, draws, record.observed)
    return (weights * below.T).sum(axis=1)


def _weights(terms: np.ndarray) -> np.ndarray:
    """Weights of draws without each point, by its ln likelihood, (point, draw)."""
    if np.ptp(terms, axis=1).max() < 1e-9:
        return np.full_like(terms, 1 / terms.shape[1])
    stats: Any = array_stats
    log_weights, _ = stats.psislw(terms)
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def uniformity(values: np.ndarray) -> Uniformity:
    """Compare the ECDF of values between 0 and 1 with that of uniform ones.

    The band is that of Säilynoja, Bürkner & Vehtari (2022,
    doi:10.1007/s11222-022-10090-6), by ArviZ: uniform values stay within it at all
    places at once with probability `COVER`.
    """
    count = len(values)
    at, pointwise = _pointwise(min(count, LARGE))
    ends = ecdf_utils.get_pointwise_confidence_band(pointwise, count, at)
    shares = (at, ecdf_utils.compute_ecdf(values, at), *ends)
    # All begin at 0 and end at 1.
    at, ecdf, low, high = (np.concatenate([[0.0], part, [1.0]]) for part in shares)
    return Uniformity(at, ecdf - at, low - at, high - at)


@lru_cache(maxsize=64)
def _pointwise(count: int) -> tuple[np.ndarray, float]:
    """Return places, and the pointwise probability that makes a band for all."""
    places = min(max(count, 4), 40)
    at = np.arange(1, places) / places
    generator = np.random.default_rng(2)
    probability = ecdf_utils.simulate_confidence_bands(
        count, 1, at, COVER, SIMULATIONS, generator
    )
    return at, float(probability)


def tail(values: np.ndarray, seen: float, label: str) -> str:
    """Say how many replicates are as far out as the data.

    Parameters
    ----------
    values : array (replicate,)
    seen : float
        The observed value.
    label : str
        Of the statistic, with its unit in brackets.
    """
    name, _, unit = label.partition(" [")
    unit = f" {unit.rstrip(']')}" if unit else ""
    text = f"Observed {name}: {seen:.3g}{unit}; "
    if (values == seen).all():
        return text + f"all {len(values):,} replicates have just that."
    above, below = (values >= seen).mean(), (values <= seen).mean()
    share, side = min((above, "large"), (below, "small"))
    if not share:
        text += f"none of {len(values):,} replicates is as {side}"
    else:
        text += f"{_percent(share)} of {len(values):,} replicates are as {side}"
    if share < UNUSUAL:
        return f"{text}: the model does not make data like these."
    return f"{text}: nothing unusual for the model."


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
