"""What the figures of a run's chains show, as tables, for who cannot see them."""

from collections.abc import Callable, Iterator
from html import escape

import numpy as np

from dashboard.snapshot import Snapshot
from dashboard.views.draws import headline
from dashboard.views.mixing import FEWEST, NOTHING, rank_counts
from inference import mixing

Row = tuple[str, ...]
CELL = "padding:3px 4px;text-align:right;border-bottom:1px solid rgba(128,128,128,.3)"


def table(snapshot: Snapshot, figure: str) -> str:
    """Return HTML of what a figure shows.

    Parameters
    ----------
    snapshot : Snapshot
        Of the problem that is looked at.
    figure : str
        One of `TABLES`.
    """
    if snapshot.shown is None or snapshot.shown.drawn < FEWEST:
        return f"<p>{escape(NOTHING)}</p>"
    heads, *rows = TABLES[figure](snapshot)
    top = "".join(f'<th scope="col" style="{CELL}">{escape(h)}</th>' for h in heads)
    lines = [
        f'<tr><th scope="row" style="{CELL}">{escape(row[0])}</th>'
        + "".join(f'<td style="{CELL}">{escape(cell)}</td>' for cell in row[1:])
        + "</tr>"
        for row in rows
    ]
    return (
        '<table style="border-collapse:collapse;font-size:11px;width:100%">'
        f"<thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )


def _traces(snapshot: Snapshot) -> Iterator[Row]:
    draws, symbols = headline(snapshot), _symbols(snapshot)
    chains = range(len(next(iter(draws.values()))))
    yield ("", *(f"mean of chain {k + 1}" for k in chains), "sd of all", "R-hat")
    for name, values in draws.items():
        row = snapshot.rows.get(name)
        means = (f"{mean:.4g}" for mean in values.mean(axis=1))
        rhat = f"{row.rhat:.3f}" if row else ""
        yield (symbols[name], *means, f"{values.std():.2g}", rhat)


def _ranks(snapshot: Snapshot) -> Iterator[Row]:
    found, symbols = rank_counts(snapshot), _symbols(snapshot)
    chains = range(len(next(iter(found.values())).counts))
    yield ("bars outside the band", *(f"chain {k + 1}" for k in chains))
    for name, one in found.items():
        outside = one.outside.sum(axis=1)
        yield (symbols[name], *(f"{n} of {mixing.RANK_BINS}" for n in outside))


def _sizes(snapshot: Snapshot) -> Iterator[Row]:
    symbols = _symbols(snapshot)
    found = {name: mixing.growth(v) for name, v in headline(snapshot).items()}
    yield ("draws a chain", *(f"{symbols[name]}: bulk, tail" for name in found))
    for k, drawn in enumerate(next(iter(found.values())).drawn):
        sizes = (f"{one.bulk[k]:,.0f}, {one.tail[k]:,.0f}" for one in found.values())
        yield (f"{drawn:,}", *sizes)


def _energies(snapshot: Snapshot) -> Iterator[Row]:
    assert snapshot.shown is not None
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


TABLES: dict[str, Callable[[Snapshot], Iterator[Row]]] = {
    "Traces": _traces,
    "Ranks": _ranks,
    "ESS": _sizes,
    "Energy": _energies,
}


def _symbols(snapshot: Snapshot) -> dict[str, str]:
    assert snapshot.problem is not None
    return snapshot.problem.symbols
