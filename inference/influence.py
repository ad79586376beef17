"""How much a prior mattered for each parameter of a run, in numbers and words."""

from typing import Any, NamedTuple

import numpy as np
from arviz_stats.base import array_stats

from inference.progress import RunRecord

SENSITIVE = 0.05
"""Power-scaling sensitivity above which a part matters (Kallioinen et al. 2024,
arXiv:2107.14054)."""
POWERS = 0.8, 1.25
"""By which prior or likelihood are raised to see what changes."""
NEAR = 1.0
"""Widths of the prior within which a posterior is where the prior expected it."""


class Influence(NamedTuple):
    """What prior and data say of one parameter."""

    contraction: float
    """1 - variance of the posterior over that of the prior."""
    shift: float
    """From the prior's mean to the posterior's, in standard deviations of the prior."""
    prior: float
    """Power-scaling sensitivity to the prior."""
    likelihood: float
    """The same to the likelihood."""

    @property
    def sentence(self) -> str:
        """What this says, in words."""
        if self.prior >= SENSITIVE and self.likelihood >= SENSITIVE:
            who = "prior and data pull at it"
        elif self.prior >= SENSITIVE:
            who = "the prior decides, the data hardly matter"
        elif self.likelihood >= SENSITIVE:
            who = "the data decide, the prior hardly matters"
        else:
            who = "neither a little more prior nor more data would move it"
        near = "where the prior expected it"
        if abs(self.shift) > NEAR:
            near = f"{abs(self.shift):.1f} of the prior's sd away from it"
        return f"{who}; {self._width}, {near}"

    @property
    def _width(self) -> str:
        if self.contraction <= 0.05:
            return "as wide as the prior"
        ratio = 1 / np.sqrt(max(1 - self.contraction, 1e-12))
        times = f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"
        return f"{times} times as narrow as the prior"


def influence(record: RunRecord) -> dict[str, Influence]:
    """Judge the part that priors had in a run.

    Parameters
    ----------
    record : RunRecord
        With draws.

    Returns
    -------
    dict of parameter to Influence
    """
    names = [p.name for p in record.spec.problem.parameters]
    weights = {
        part: [_weights(record.stats[part], power) for power in POWERS]
        for part in ("log_prior", "log_likelihood")
    }
    found = {}
    for name in names:
        values, prior = record.draws[name], record.spec.priors[name].scipy
        mean, sd = float(prior.mean()), float(prior.std())
        found[name] = Influence(
            1 - float(values.var()) / sd**2 if np.isfinite(sd) else 1.0,
            (float(values.mean()) - mean) / sd if np.isfinite(sd) else 0.0,
            *(
                _sensitivity(values, weights[part])
                for part in ("log_prior", "log_likelihood")
            ),
        )
    return found


def _weights(log_density: np.ndarray, power: float) -> np.ndarray:
    stats: Any = array_stats
    if np.ptp(log_density) < 1e-9:
        # A flat prior raised to any power is the same prior.
        return np.full(log_density.shape, 1 / log_density.size)
    return np.exp(stats.power_scale_lw(log_density, alpha=power, axis=(0, 1)))


def _sensitivity(values: np.ndarray, weights: list[np.ndarray]) -> float:
    stats: Any = array_stats
    lower, upper = weights
    sense = stats.power_scale_sense(
        values, lower, upper, *POWERS, chain_axis=0, draw_axis=1
    )
    return float(sense)
