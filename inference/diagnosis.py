"""What is wrong with the draws of a run, measured against thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from arviz_stats.base import array_stats

from inference.progress import RunRecord
from inference.summaries import Row

SOURCE_RANKS = "Vehtari et al. 2021, arXiv:1903.08008"


def _threshold(default, label: str, source: str, low: float, high: float) -> Any:
    described = {"label": label, "source": source, "bounds": (low, high)}
    return field(default=default, metadata=described)


@dataclass(frozen=True)
class Thresholds:
    """Where a diagnostic turns from good to bad; each field says whose default it is.

    Metadata of a field: its ``label``, the ``source`` of its default and the ``bounds``
    within which it may be set.
    """

    rhat: float = _threshold(1.01, "Largest R-hat", SOURCE_RANKS, 1.001, 1.2)
    ess_a_chain: int = _threshold(
        100, "Least effective draws a chain, bulk and tail", SOURCE_RANKS, 10, 2000
    )
    bfmi: float = _threshold(
        0.3,
        "Least fraction of energy information (BFMI)",
        "ArviZ, after Betancourt 2016, arXiv:1604.00695",
        0.0,
        1.0,
    )
    bad_share: float = _threshold(
        0.001,
        "Largest share of transitions that diverge or are cut off",
        "ours: ArviZ and Stan warn at the first",
        0.0,
        0.1,
    )
    too_early: int = _threshold(
        100, "Draws a chain below which nothing is said", "ours", 4, 1000
    )


DEFAULT = Thresholds()


class Diagnosis(NamedTuple):
    """What is wrong with the draws of a run, measured against thresholds."""

    divergent: int
    """Transitions that diverged."""
    cut_off: int
    """Transitions whose trajectory ended at the greatest depth of the tree."""
    slow_energy: Mapping[int, float]
    """BFMI of the chains, counted from 0, that have too little of it."""
    disagreeing: Mapping[str, float]
    """R-hat of the quantities for which it is too large."""
    few: Mapping[str, float]
    """Effective draws, in bulk or tail, of the quantities that have too few."""


def diagnose(
    record: RunRecord, rows: Mapping[str, Row], thresholds: Thresholds = DEFAULT
) -> Diagnosis:
    """Find what is wrong, from the summaries that a page has while a run goes on.

    Parameters
    ----------
    record : RunRecord
    rows : mapping of str to Row
        Summaries of its draws.
    thresholds : Thresholds
    """
    least = thresholds.ess_a_chain * record.spec.sampler.places
    sizes = {name: min(row.ess_bulk, row.ess_tail) for name, row in rows.items()}
    fractions = _energy_fractions(record)
    return Diagnosis(
        divergent=record.divergences,
        cut_off=int(cut_off(record).sum()),
        slow_energy={
            k: float(f) for k, f in enumerate(fractions) if f < thresholds.bfmi
        },
        # What is not known is not well.
        disagreeing={
            name: row.rhat
            for name, row in rows.items()
            if not row.rhat <= thresholds.rhat
        },
        few={name: size for name, size in sizes.items() if not size >= least},
    )


def diagnose_by_arviz(record: RunRecord, thresholds: Thresholds = DEFAULT) -> Diagnosis:
    """Find the same by `arviz_stats.diagnose`, which takes longer.

    Parameters
    ----------
    record : RunRecord
        With four draws a chain at least.
    thresholds : Thresholds
    """
    # Both take half a second to import, and a page opens without them.
    import arviz_base
    import arviz_stats

    draws = {name: v for name, v in record.draws.items() if v.ndim == 2}
    stats = {name: record.stats[name] for name in ("diverging", "energy")}
    stats["reached_max_treedepth"] = cut_off(record)
    tree = arviz_base.from_dict({"posterior": draws, "sample_stats": stats})
    total = record.drawn * record.spec.sampler.chains
    least = thresholds.ess_a_chain * record.spec.sampler.places
    # Tails are its interval's ends, here the 5 and 95 % quantiles. Its threshold of
    # effective draws asks for the bulk alone and returns no names; its ratio does.
    with arviz_base.rc_context({"stats.ci_prob": 0.95}):
        _, found = arviz_stats.diagnose(
            tree,
            rhat_max=thresholds.rhat,
            ess_min_ratio=least / total,
            bfmi_threshold=thresholds.bfmi,
            show_diagnostics=False,
            return_diagnostics=True,
        )
    bfmi = found["bfmi"]
    return Diagnosis(
        divergent=found["divergent"]["n_divergent"],
        cut_off=found["treedepth"]["n_max"],
        slow_energy={k: float(bfmi["bfmi_values"][k]) for k in bfmi["failed_chains"]},
        disagreeing={n: float(v) for n, v in found["rhat"]["rhat_values"].items()},
        few={n: float(v) for n, v in found["ess"]["ess_values"].items()},
    )


def cut_off(record: RunRecord) -> np.ndarray:
    """Return which trajectories had the greatest depth's steps, bool (chain, draw)."""
    steps = np.asarray(record.stats["n_steps"])
    return steps >= 2**record.spec.sampler.max_tree_depth - 1


def _energy_fractions(record: RunRecord) -> np.ndarray:
    """Return BFMI of each chain, or of each group of chains that start together."""
    stats: Any = array_stats
    energy, together = np.asarray(record.stats["energy"]), record.spec.sampler.together
    if together == 1:
        return np.atleast_1d(stats.bfmi(energy, chain_axis=0, draw_axis=1))
    # Of a few draws it would be noise.
    groups = energy.reshape(-1, together, energy.shape[1])
    steps = (np.diff(groups, axis=2) ** 2).mean(axis=(1, 2))
    return steps / groups.reshape(len(groups), -1).var(axis=1, ddof=1)
