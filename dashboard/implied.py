"""What a prior on one parameter says, in the terms of whoever looks at it."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import stats

from inference.priors import Prior

GALAXY = 30_000.0
"""Farther than this [pc] there is hardly a star of the Galaxy."""
NEAREST = 1.3
"""Distance of the nearest star to the Sun [pc]."""
LARGEST_LOG = 600.0


class Terms(NamedTuple):
    """A parameter's own terms."""

    shown: Callable[[float, int], float]
    """From the parameter and the number of data to the quantity that is printed."""
    unit: str
    limits: tuple[tuple[float, str], ...] = ()
    """Values of that quantity beyond which it makes little sense, as (value, what is
    beyond); a lower limit is negative."""


def _parsecs(value: float, _: int) -> float:
    return float(np.exp(min(value, LARGEST_LOG)))


_DISTANCE = Terms(
    _parsecs,
    "pc",
    ((GALAXY, "beyond the Galaxy (30 kpc)"), (-NEAREST, "nearer than any star")),
)
TERMS: dict[str, Terms] = {
    "theta": Terms(lambda v, _: float(np.tan(v)), "in slope"),
    "Q": Terms(lambda v, count: (1 - v) * count, "outliers of {count}"),
    "frac_clust": Terms(lambda v, count: v * count, "members of {count}"),
    "log_L": _DISTANCE,
    "log_dist_clust": _DISTANCE,
    "log_sigma": Terms(
        lambda v, _: 100 * _parsecs(v, 0),
        "% of the distance",
        ((100.0, "deeper than it is far"),),
    ),
}
PLAIN = Terms(lambda v, _: v, "")


@lru_cache(maxsize=256)
def sentence(name: str, prior: Prior, count: int, length_scale: float = 1.0) -> str:
    """Say where a prior's bulk lies and how much of it makes little sense.

    Parameters
    ----------
    name : str
        Of the parameter.
    prior : Prior
    count : int
        Number of points or stars.
    length_scale : float
        Of a star's distance prior [pc], for ``normed``.
    """
    if prior.family == "Delta":
        return _of_length_scale(prior["v"])
    terms = TERMS.get(name, PLAIN)
    if name == "normed":
        terms = Terms(
            lambda v, _: v * length_scale / 2,
            "pc",
            ((GALAXY, "beyond the Galaxy (30 kpc)"),),
        )
    quantiles = prior.scipy.ppf([0.05, 0.5, 0.95])
    ends = sorted(terms.shown(float(q), count) for q in quantiles)
    low, middle, high = (_printed(value) for value in ends)
    unit = f" {terms.unit.format(count=f'{count:,}')}" if terms.unit else ""
    text = f"90 %: {low} to {high}{unit}, median {middle}."
    for limit, beyond in terms.limits:
        share = _share_beyond(terms, prior, limit)
        if share >= 0.005:
            text += f" {share:.0%} {beyond}."
    return text


def warns(name: str) -> bool:
    """Return whether a parameter's sentence may go on with what makes little sense."""
    return name in ("normed", "L") or bool(TERMS.get(name, PLAIN).limits)


def _of_length_scale(scale: float) -> str:
    # The prior r² e^(-r/L) peaks at 2 L; its tail is that of a Gamma with shape 3.
    beyond = float(stats.gamma.sf(GALAXY, 3, scale=scale))
    text = f"r² e^(-r/L) peaks at {2 * scale:,.0f} pc."
    return text + (f" {beyond:.0%} beyond the Galaxy." if beyond >= 0.005 else "")


def _share_beyond(terms: Terms, prior: Prior, limit: float) -> float:
    middles = prior.scipy.ppf((np.arange(400) + 0.5) / 400)
    values = np.array([terms.shown(float(v), 0) for v in middles])
    return float(np.mean(values > limit if limit > 0 else values < -limit))


def _printed(value: float) -> str:
    form = ",.0f" if abs(value) >= 100 else ".3g"
    if value != 0 and not 1e-3 <= abs(value) < 1e6:
        form = ".1e"
    return f"{value:{form}}".replace("-", "\N{MINUS SIGN}")


def ticks(name: str, low: float, high: float) -> tuple[str, str, str]:
    """Print a prior's axis: its ends and middle, distances and depths by their own."""
    logarithmic = name.startswith("log_")
    middle = (low + high) / 2
    # The middle of a range about zero is zero, not what rounding leaves of it.
    values = (low, middle if abs(middle) > 1e-9 * (high - low) else 0.0, high)
    shown = [float(np.exp(min(v, LARGEST_LOG))) if logarithmic else v for v in values]
    first, middle, last = (_printed(value) for value in shown)
    return first, middle, last
