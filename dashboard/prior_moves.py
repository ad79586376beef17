"""Where a prior's sliders end, and what it becomes when its family changes."""

from functools import lru_cache

import numpy as np

from inference.priors import FAMILIES, Prior
from inference.problems import Parameter

FIRST_VALUES = {
    "loc": 0.0, "scale": 1.0, "df": 4.0, "rate": 1.0, "concentration": 2.0,
    "concentration1": 2.0, "concentration0": 2.0, "low": 0.0, "high": 1.0, "v": 1.0,
}  # fmt: skip
"""What an argument starts from when its family is chosen, where the last prior's
bulk says nothing of it."""


def same_bulk(prior: Prior, family: str, parameter: Parameter) -> Prior:
    """Return a prior of another family that starts about where the last one was."""
    if family == parameter.default.family:
        return parameter.default
    low, middle, high = (float(v) for v in prior.scipy.ppf([0.16, 0.5, 0.84]))
    lowest, highest = parameter.domain
    half = max((high - low) / 2, 1e-3)
    guesses = dict(FIRST_VALUES) | {
        "loc": np.log(max(middle, 1e-6)) if family == "LogNormal" else middle,
        "scale": 1.0 if family == "LogNormal" else half,
        "low": max(middle - 3 * half, lowest),
        "high": min(middle + 3 * half, highest),
        "rate": 2 / max(middle, 1e-6) if family == "Gamma" else 1 / max(middle, 1e-6),
    }
    if family == "HalfCauchy" or family == "HalfNormal":
        guesses["scale"] = max(middle, 1e-3)
    names = [a.name for a in FAMILIES[family].arguments]
    return Prior.of(family, **{n: float(f"{guesses[n]:.4g}") for n in names})


def slider_range(
    prior: Prior, parameter: Parameter, name: str, value: float
) -> tuple[float, float]:
    """Return a slider's ends; a number typed beyond them widens it."""
    lowest, highest = parameter.domain
    if name in ("low", "high") and np.isfinite([lowest, highest]).all():
        return float(lowest), float(highest)
    positive = {a.name: a.positive for a in FAMILIES[prior.family].arguments}[name]
    if positive:
        return float(f"{value / 50:.1g}"), float(f"{value * 4:.2g}")
    if name in ("low", "high"):
        span = prior["high"] - prior["low"]
        return max(value - span, lowest), min(value + span, highest)
    spread = dict(prior.arguments).get("scale", 1.0)
    return float(f"{value - 3 * spread:.3g}"), float(f"{value + 3 * spread:.3g}")


def grid_step(start: float, end: float) -> float:
    """Return how far one press of an arrow moves a slider: some 200 over its range."""
    return float(f"{(end - start) / 200:.1g}")


def grid_start(start: float, step: float, value: float, lowest: float) -> float:
    """Return a start near the last one from which whole steps lead to a value.

    A browser moves a slider whose value is between two steps to one of them, and then
    shows another value than the prior has. A start above ``lowest`` stays above it.
    """
    steps = (value - start) / step
    if abs(steps - round(steps)) < 1e-6:
        return start
    near = value - round(steps) * step
    return round(near if near > lowest else near + step, 10)


@lru_cache(maxsize=256)
def axis(prior: Prior) -> tuple[float, float]:
    """Return where a prior's density is drawn."""
    low, high = (float(v) for v in prior.scipy.ppf([0.005, 0.995]))
    lowest, highest = prior.support
    margin = 0.08 * (high - low)
    return max(low - margin, lowest), min(high + margin, highest)
