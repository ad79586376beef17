"""Numbers about draws: convergence and size, by ArviZ."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from arviz_stats.base import array_stats

from inference.spec import PLACES

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
    """Nested (Margossian et al. 2024, arXiv:2110.13017) where chains share starts."""
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
        rhat = _rhat(values)
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


def _rhat(values: np.ndarray) -> float:
    """Return R-hat; of many chains that which asks how groups of them agree."""
    stats: Any = array_stats
    axes = {"chain_axis": 0, "draw_axis": 1}
    together, rest = divmod(len(values), PLACES)
    if together < 2 or rest:
        return float(stats.rhat(values, **axes))
    groups = np.repeat(np.arange(PLACES), together)
    return float(stats.rhat_nested(values, superchain_ids=groups, **axes))
