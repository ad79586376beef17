"""Numbers about draws: convergence and size, by ArviZ, and a verdict in words."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from arviz_stats.base import array_stats

from inference.runner import RunRecord

RHAT_LIMIT = 1.01
"""Vehtari et al. 2021, arXiv:1903.08008."""
ESS_PER_CHAIN = 100
DIVERGENT_SHARE = 0.001
"""Of the transitions; a rarer divergence is counted and shown, but no verdict."""
BFMI_LIMIT = 0.3
"""Betancourt 2016, arXiv:1604.00695."""
TOO_EARLY = 100
"""Draws a chain below which nothing is said of convergence."""


class Row(NamedTuple):
    """One quantity's posterior, and how well it is known."""

    mean: float
    sd: float
    low: float
    """16th percentile."""
    median: float
    high: float
    """84th percentile."""
    rhat: float
    ess_bulk: float
    ess_tail: float
    mcse: float
    """Monte-Carlo standard error of the mean."""


def summarise(draws: Mapping[str, np.ndarray]) -> dict[str, Row]:
    """Summarise every scalar quantity.

    Parameters
    ----------
    draws : mapping of arrays (chain, draw)
        Arrays with further axes are passed over.

    Returns
    -------
    dict of name to Row
        Convergence is NaN below four draws a chain.
    """
    return {
        name: _row(values)
        for name, values in draws.items()
        if values.ndim == 2 and values.shape[1] > 0
    }


def _row(values: np.ndarray) -> Row:
    low, median, high = np.quantile(values, [0.16, 0.5, 0.84])
    stats: Any = array_stats
    known = values.shape[1] >= 4 and np.ptp(values) > 0
    rhat = bulk = tail = mcse = float("nan")
    if known:
        axes = {"chain_axis": 0, "draw_axis": 1}
        rhat = float(stats.rhat(values, **axes))
        bulk = float(stats.ess(values, method="bulk", **axes))
        tail = float(stats.ess(values, method="tail", prob=0.9, **axes))
        mcse = float(stats.mcse(values, method="mean", **axes))
    sd = float(values.std(ddof=1)) if values.size > 1 else float("nan")
    return Row(
        float(values.mean()),
        sd,
        float(low),
        float(median),
        float(high),
        rhat,
        bulk,
        tail,
        mcse,
    )


def verdict(record: RunRecord, rows: Mapping[str, Row]) -> str:
    """Say in one sentence whether the draws can be trusted, and what to do."""
    if record.drawn == 0:
        return "No draws yet."
    if record.drawn < TOO_EARLY:
        return f"Too early to judge: wait for {TOO_EARLY} draws a chain."
    divergent = record.divergences
    total = record.drawn * record.spec.sampler.chains
    if divergent > DIVERGENT_SHARE * total:
        return (
            f"{divergent} of {total} transitions diverged: raise the target "
            "acceptance, or give the prior less room."
        )
    if low := _low_energy(record):
        return low
    worst = max(rows, key=lambda name: _nan_last(rows[name].rhat))
    if not rows[worst].rhat <= RHAT_LIMIT:
        return (
            f"R-hat is {rows[worst].rhat:.3f} for {worst}: the chains disagree; "
            f"run {record.spec.sampler.draws} more draws."
        )
    least = min(rows, key=lambda name: min(rows[name].ess_bulk, rows[name].ess_tail))
    size = min(rows[least].ess_bulk, rows[least].ess_tail)
    needed = ESS_PER_CHAIN * record.spec.sampler.chains
    if size < needed:
        return (
            f"Only {size:.0f} effective draws of {least}, {needed} are wanted: "
            "run longer."
        )
    text = "The chains agree; four or more would be a stronger check."
    if record.spec.sampler.chains >= 4:
        text = (
            f"The chains agree: R-hat at most {rows[worst].rhat:.3f}, "
            f"{size:.0f} or more effective draws."
        )
    return text + (f" {divergent} of {total} diverged." if divergent else "")


def _low_energy(record: RunRecord) -> str:
    stats: Any = array_stats
    fractions = stats.bfmi(record.stats["energy"], chain_axis=0, draw_axis=1)
    if fractions.min() >= BFMI_LIMIT:
        return ""
    return (
        f"The energy of chain {int(fractions.argmin()) + 1} changes too little from "
        f"draw to draw (BFMI {fractions.min():.2f}): the posterior has a funnel or a "
        "heavy tail; give the prior less room."
    )


def _nan_last(value: float) -> float:
    return np.inf if np.isnan(value) else value
