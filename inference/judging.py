"""Whether the draws of a run can be trusted, in a sentence with the next step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from arviz_stats.base import array_stats

from inference.progress import RunRecord
from inference.spec import MOST_DRAWS, MOST_WARMUP
from inference.summaries import Row

HIGHEST_ACCEPT = 0.99
FEWEST = 4
"""Draws a chain without which there is no R-hat."""
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


class Step(NamedTuple):
    """What to do next: another value of one setting of the sampler."""

    setting: str
    """A field of `Sampler`."""
    value: float
    label: str
    """What a button says."""


class Verdict(NamedTuple):
    """What is said of a run, and what can be done."""

    sentence: str
    step: Step | None = None


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


def verdict(
    record: RunRecord,
    rows: Mapping[str, Row],
    thresholds: Thresholds = DEFAULT,
    found: Diagnosis | None = None,
) -> Verdict:
    """Say in one sentence whether the draws can be trusted, and what to do.

    Parameters
    ----------
    record : RunRecord
    rows : mapping of str to Row
        Summaries of its draws.
    thresholds : Thresholds
    found : Diagnosis, optional
        By `diagnose` where left out.
    """
    if record.drawn == 0:
        return Verdict("No draws yet.")
    if record.drawn < _enough(record, thresholds):
        return _too_early(record, thresholds)
    if found is None:
        found = diagnose(record, rows, thresholds)
    total = record.drawn * record.spec.sampler.chains
    most = thresholds.bad_share * total
    if found.divergent > most:
        return _diverged(record, found.divergent, total)
    if found.slow_energy:
        return _slow(found.slow_energy)
    if found.disagreeing:
        return _disagree(record, found.disagreeing)
    if found.few:
        return _few(record, found.few, thresholds)
    if found.cut_off > most:
        return _cut(record, found.cut_off, total)
    return Verdict(_good(record, rows, found, total))


def _too_early(record: RunRecord, thresholds: Thresholds) -> Verdict:
    enough = _enough(record, thresholds)
    text = f"Too early to judge: {enough} draws a chain are wanted"
    return _longer(record, text, enough - record.drawn)


def _enough(record: RunRecord, thresholds: Thresholds) -> int:
    """Return the draws a chain to judge by: those that start together count as one."""
    return max(FEWEST, -(-thresholds.too_early // record.spec.sampler.together))


def _diverged(record: RunRecord, count: int, total: int) -> Verdict:
    now = record.spec.sampler.target_accept
    text = f"{count:,} of {total:,} transitions diverged: "
    if now >= HIGHEST_ACCEPT:
        return Verdict(text + "give the prior less room.")
    # Half as far from 1: 0.8, 0.9, 0.95.
    accept = min(round(1 - (1 - now) / 2, 3), HIGHEST_ACCEPT)
    label = f"Target acceptance {accept:g}"
    return Verdict(
        f"{text}raise the target acceptance to {accept:g}, or give the prior less "
        "room.",
        Step("target_accept", accept, label),
    )


def _slow(fractions: Mapping[int, float]) -> Verdict:
    chain = min(fractions, key=lambda k: fractions[k])
    return Verdict(
        f"The energy of chain {chain + 1} changes too little from draw to draw "
        f"(BFMI {fractions[chain]:.2f}): the posterior has a funnel or a heavy tail; "
        "give the prior less room."
    )


def _disagree(record: RunRecord, values: Mapping[str, float]) -> Verdict:
    worst = max(values, key=lambda n: np.nan_to_num(values[n], nan=np.inf))
    text = f"R-hat {values[worst]:.3f} on {worst}: the chains disagree"
    return _longer(record, text, record.drawn)


def _few(record, values: Mapping[str, float], thresholds: Thresholds) -> Verdict:
    least = min(values, key=lambda n: np.nan_to_num(values[n]))
    size = max(np.nan_to_num(values[least]), 1.0)
    needed = thresholds.ess_a_chain * record.spec.sampler.places
    lacking = record.drawn * (1.1 * needed / size - 1)
    text = f"Only {size:,.0f} effective draws of {least}, {needed:,} are wanted"
    return _longer(record, text, int(min(lacking, MOST_DRAWS)))


def _cut(record: RunRecord, count: int, total: int) -> Verdict:
    sampler = record.spec.sampler
    steps = 2**sampler.max_tree_depth - 1
    text = (
        f"{count:,} of {total:,} trajectories were cut off at {steps:,} steps, so a "
        "draw is slow to forget the last"
    )
    longer = min(2 * sampler.warmup, MOST_WARMUP)
    if longer == sampler.warmup:
        return Verdict(text + ": give the prior less room.")
    step = Step("warmup", longer, f"Warm up for {longer:,}")
    return Verdict(f"{text}: warm up for {longer:,} draws.", step)


def _good(record: RunRecord, rows: Mapping[str, Row], found, total: int) -> str:
    text = "The chains agree; four or more would be a stronger check."
    if record.spec.sampler.chains >= 4:
        size = min(min(row.ess_bulk, row.ess_tail) for row in rows.values())
        largest = max(row.rhat for row in rows.values())
        text = (
            f"The chains agree: R-hat at most {largest:.3f}, {size:,.0f} or more "
            "effective draws."
        )
    if found.divergent:
        text += f" {found.divergent:,} of {total:,} diverged."
    return text


def _longer(record: RunRecord, text: str, more: int) -> Verdict:
    """Ask for so many more draws of each chain, in hundreds."""
    asked, drawn = record.spec.sampler.draws, record.drawn
    if not record.phase.over:
        return Verdict(f"{text}; {asked - drawn:,} draws of each chain are to come.")
    # A run that was stopped goes on first.
    draws = min(asked - (-max(more, 1) // 100) * 100, MOST_DRAWS)
    draws = asked if drawn < asked else draws
    if draws == drawn:
        return Verdict(
            f"{text}, and no run may have more draws: give the prior less room."
        )
    step = Step("draws", draws, f"{draws - drawn:,} more draws")
    return Verdict(f"{text}; run {step.label}.", step)
