"""Whether the draws of a run can be trusted, in a sentence with the next step."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from inference.diagnosis import DEFAULT, Diagnosis, Thresholds, diagnose
from inference.progress import RunRecord
from inference.spec import MOST_DRAWS, MOST_WARMUP
from inference.summaries import Row

HIGHEST_ACCEPT = 0.99
FEWEST = 4
"""Draws a chain without which there is no R-hat."""
RESERVE = 1.3
"""How many of the wanted draws are asked for. An effective size is an estimate, that of
tails a noisy one, and one step should do."""


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
    lacking = record.drawn * (RESERVE * needed / size - 1)
    # Rounded down: what is too small is not said to be as large as is wanted.
    text = f"Only {int(size):,} effective draws of {least}, {needed:,} are wanted"
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
