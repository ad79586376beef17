"""Numbers about draws: convergence and size, by ArviZ."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from arviz_stats.base import array_stats

TAILS = (0.05, 0.95)
"""Quantiles of which the effective size in the tails is the smaller."""


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
        tail = float(stats.ess(values, method="tail", prob=TAILS, **axes))
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
