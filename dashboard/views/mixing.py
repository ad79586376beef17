"""Ranks, growth of the effective size, and energies of a run's chains."""

from collections.abc import Iterator

import holoviews as hv
import numpy as np

from dashboard import figures
from dashboard.snapshot import Snapshot
from dashboard.views.draws import draws_view, headline
from dashboard.views.figure import FigureView
from dashboard.views.layout import Place
from dashboard.views.tabular import Row
from inference import mixing

FEWEST = 20
"""Draws of each chain below which there is nothing to see."""
NOTHING = f"From {FEWEST} draws of each chain on there is something to see."


def ranks(place: Place) -> FigureView:
    """Return the rank plots of a problem's headline."""

    def draw(snapshot: Snapshot, dark: bool) -> hv.Overlay:
        return figures.ranks(rank_counts(snapshot), _symbols(snapshot), dark=dark)

    return draws_view(place, draw, rank_rows, describe=describe_ranks)


def growth(place: Place) -> FigureView:
    """Return how the effective sizes of a problem's headline grew."""

    def draw(snapshot: Snapshot, dark: bool) -> hv.Overlay:
        found = {name: mixing.growth(v) for name, v in _enough(snapshot).items()}
        return figures.ess_growth(
            found, _symbols(snapshot), wanted=_wanted(snapshot), dark=dark
        )

    return draws_view(place, draw, growth_rows, describe=describe_growth)


def energies(place: Place) -> FigureView:
    """Return energies and tree depths of a run."""
    return draws_view(place, _draw_energies, energy_rows, describe=describe_energies)


def _symbols(snapshot: Snapshot) -> dict[str, str]:
    assert snapshot.problem is not None
    return snapshot.problem.symbols


def _enough(snapshot: Snapshot) -> dict[str, np.ndarray]:
    """Return the draws of the headline; none while there are few."""
    few = snapshot.shown is None or snapshot.shown.drawn < FEWEST
    return {} if few else headline(snapshot)


def rank_counts(snapshot: Snapshot) -> dict[str, mixing.Ranks]:
    """Return how the draws of each chain rank, of each headline quantity."""
    draws = _enough(snapshot)
    return {name: mixing.ranks(values, len(draws)) for name, values in draws.items()}


def _wanted(snapshot: Snapshot) -> float:
    chains = snapshot.shown.spec.sampler.chains if snapshot.shown else 1
    return float(snapshot.thresholds.ess_a_chain * chains)


def describe_ranks(snapshot: Snapshot) -> str:
    """Say whether the chains' ranks are even."""
    found = rank_counts(snapshot)
    if not found:
        return NOTHING
    symbols = _symbols(snapshot)
    even = "Even bars: every chain draws from the same distribution."
    off = {name: one.outside for name, one in found.items() if one.outside.any()}
    if not off:
        return f"{even} All bars are in the band where 99 in 100 such plots keep them."
    worst = max(off, key=lambda name: off[name].sum())
    chain = int(off[worst].sum(axis=1).argmax()) + 1
    count = sum(int(outside.sum()) for outside in off.values())
    bars = "1 bar is" if count == 1 else f"{count} bars are"
    return (
        f"{bars} outside the band that chains which agree keep to, most of "
        f"{symbols[worst]} in chain {chain}: that chain draws from elsewhere."
    )


def describe_growth(snapshot: Snapshot) -> str:
    """Say how many effective draws a draw gives, and which quantity has fewest."""
    draws, rows = _enough(snapshot), snapshot.rows
    known = [
        name for name in draws if name in rows and np.isfinite(rows[name].ess_bulk)
    ]
    if not known or snapshot.shown is None:
        return NOTHING
    sizes = {name: min(rows[name].ess_bulk, rows[name].ess_tail) for name in known}
    least = min(sizes, key=lambda name: sizes[name])
    sampler, drawn = snapshot.shown.spec.sampler, snapshot.shown.drawn
    share = sizes[least] / (sampler.chains * drawn)
    return (
        f"Fewest for {_symbols(snapshot)[least]}: {sizes[least]:,.0f} effective draws, "
        f"{_wanted(snapshot):,.0f} are wanted; {share:.2f} a draw. They should grow in "
        "a straight line: where they level off, more draws would not help."
    )


def _draw_energies(snapshot: Snapshot, dark: bool) -> hv.Overlay:
    limit, shown = snapshot.thresholds.bfmi, snapshot.shown
    if shown is None or shown.drawn < FEWEST:
        none = np.empty((1, 0))
        parts = mixing.Energy(none, none, np.empty(1)), none
    else:
        parts = (
            mixing.energy(shown.stats["energy"]),
            mixing.depths(shown.stats["n_steps"]),
        )
    return figures.energies(*parts[0], parts[1], bfmi_limit=limit, dark=dark)


def describe_energies(snapshot: Snapshot) -> str:
    """Say how much of the energy a draw explores, and how long trajectories are."""
    shown = snapshot.shown
    if shown is None or shown.drawn < FEWEST:
        return NOTHING
    stats = shown.stats
    accepted = stats["acceptance_rate"].mean()
    fractions = mixing.energy(stats["energy"]).bfmi
    good = fractions.min() >= snapshot.thresholds.bfmi
    verdict = "as it should be" if good else "too little, tails are hard to reach"
    return (
        f"From draw to draw the energy changes by {fractions.min():.2f} to "
        f"{fractions.max():.2f} of its own spread (BFMI): {verdict}. "
        f"{stats['n_steps'].mean():.1f} leapfrog steps a draw, "
        f"{accepted:.2f} accepted, {shown.divergences:,} "
        "diverged."
    )


def rank_rows(snapshot: Snapshot) -> Iterator[Row]:
    """Return how many of a chain's bars are outside the band."""
    found, symbols = rank_counts(snapshot), _symbols(snapshot)
    if not found:
        return
    chains = range(len(next(iter(found.values())).counts))
    yield ("bars outside the band", *(f"chain {k + 1}" for k in chains))
    for name, one in found.items():
        outside = one.outside.sum(axis=1)
        yield (symbols[name], *(f"{n} of {mixing.RANK_BINS}" for n in outside))


def growth_rows(snapshot: Snapshot) -> Iterator[Row]:
    """Return the effective sizes that so many draws gave."""
    symbols = _symbols(snapshot)
    found = {name: mixing.growth(v) for name, v in _enough(snapshot).items()}
    if not found:
        return
    yield ("draws a chain", *(f"{symbols[name]}: bulk, tail" for name in found))
    for k, drawn in enumerate(next(iter(found.values())).drawn):
        sizes = (f"{one.bulk[k]:,.0f}, {one.tail[k]:,.0f}" for one in found.values())
        yield (f"{drawn:,}", *sizes)


def energy_rows(snapshot: Snapshot) -> Iterator[Row]:
    """Return what each chain met."""
    if snapshot.shown is None or snapshot.shown.drawn < FEWEST:
        return
    stats = snapshot.shown.stats
    fractions = mixing.energy(stats["energy"]).bfmi
    deepest = mixing.depths(stats["n_steps"]).max(axis=1)
    yield (
        "", "BFMI", "leapfrog steps a draw", "deepest tree", "accepted", "step size",
        "diverged",
    )  # fmt: skip
    for k, fraction in enumerate(fractions):
        means = (stats[n][k].mean() for n in ("n_steps", "acceptance_rate"))
        steps, accepted = (float(mean) for mean in means)
        yield (
            f"chain {k + 1}",
            f"{fraction:.2f}",
            f"{steps:.1f}",
            f"{deepest[k]}",
            f"{accepted:.2f}",
            f"{float(np.mean(stats['step_size'][k])):.3g}",
            f"{int(stats['diverging'][k].sum()):,}",
        )
