"""How well a model of points foresees each of them: leave-one-out cross-validation.

The density of a point given all others is an importance-weighted mean over the draws
given all (Vehtari, Gelman & Gabry 2017, arXiv:1507.04544), by ArviZ.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from arviz_stats.base import array_stats

from inference.predictive import log_likelihood
from inference.progress import RunRecord

MODELS = ("line", "line_outliers")
UNSURE = 0.7
"""Pareto k above which a point's own term is not to be trusted."""
SMALL = 4.0
"""Difference of totals below which models foresee alike, and its error is no guide
(Sivula, Magnusson, Matamoros & Vehtari 2020, arXiv:2008.10296)."""


class LeaveOneOut(NamedTuple):
    """Expected log predictive density of a run's model."""

    pointwise: np.ndarray
    """ln density of each point given the others, (point,)."""
    effective: float
    """Effective number of parameters."""
    k: np.ndarray
    """Pareto k of each point's weights, (point,)."""

    @property
    def total(self) -> float:
        """Sum over points."""
        return float(self.pointwise.sum())

    @property
    def error(self) -> float:
        """Standard error of the sum, as if points were drawn at random."""
        return _error(self.pointwise)

    def better_than(self, other: "LeaveOneOut") -> tuple[float, float]:
        """Return the difference of totals and its standard error, point by point."""
        difference = self.pointwise - other.pointwise
        return float(difference.sum()), _error(difference)


def _error(pointwise: np.ndarray) -> float:
    return float(np.sqrt(pointwise.size * pointwise.var(ddof=1)))


@lru_cache(maxsize=8)
def leave_one_out(record: RunRecord) -> LeaveOneOut | None:
    """Cross-validate a run of a line; None for other models and tempered data.

    Parameters
    ----------
    record : RunRecord
        With draws.
    """
    spec = record.spec
    if spec.model not in MODELS or spec.strength < 1 or record.drawn < 100:
        return None
    stats: Any = array_stats
    terms = log_likelihood(spec.model, record.draws, record.observed)
    found = [
        stats.loo(terms[..., point], chain_axis=0, draw_axis=1)
        for point in range(terms.shape[-1])
    ]
    pointwise, k, effective = (np.array(column) for column in zip(*found, strict=True))
    return LeaveOneOut(pointwise, float(effective.sum()), k)


def sentence(own: LeaveOneOut, other: LeaveOneOut | None, name: str) -> str:
    """Say how well a model foresees its points, and whether better than another.

    Parameters
    ----------
    own, other : LeaveOneOut
        Of the same points.
    name : str
        Of the other model.
    """
    text = (
        f"Leave-one-out: expected log density of the points {own.total:.1f} ± "
        f"{own.error:.1f}, {own.effective:.1f} effective parameters."
    )
    if other is not None:
        gain, error = own.better_than(other)
        word = "better" if gain > 0 else "worse"
        text += (
            f" That is {abs(gain):.1f} ± {error:.1f} {word} than {name} in its last "
            f"run{_weighed(gain, error)}."
        )
    unsure = np.flatnonzero(own.k > UNSURE)
    if unsure.size:
        which = (
            "One point decides" if unsure.size == 1 else f"{unsure.size} points decide"
        )
        text += (
            f" {which} too much to be left out by weights (Pareto k up to "
            f"{own.k.max():.2f}; {UNSURE} is the limit): brush and leave out to see "
            "what a run without them says."
        )
    return text


def _weighed(gain: float, error: float) -> str:
    if abs(gain) < SMALL:
        return ", which is too little to choose by"
    return "" if abs(gain) > 2 * error else ", within twice its error"
