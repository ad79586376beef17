"""The numbers of a posterior, with how well each is known."""

import numpy as np
import panel as pn
from panel.viewable import Viewer

from dashboard.snapshot import Snapshot, scalars
from dashboard.views.layout import Place
from dashboard.views.tabular import Row, table
from dashboard.views.text import Html
from inference import summaries

HEADINGS = (
    ("", "Quantity"),
    ("mean", "Posterior mean"),
    ("sd", "Posterior standard deviation"),
    ("16 %", "16th percentile"),
    ("84 %", "84th percentile"),
    ("MCSE", "Monte-Carlo standard error of the mean"),
    ("R-hat", "Agreement of the chains; 1.01 or less is wanted"),
    ("ESS bulk", "Effective draws for the mean"),
    ("ESS tail", "Effective draws for the 5 and 95 % quantiles"),
)
NOISE = 3
"""Monte-Carlo standard errors below which a difference is taken for noise."""


class SummaryTable(Viewer):
    """A table of every quantity of a problem.

    Parameters
    ----------
    place : Place
        What is said stays as it was while it is not looked at.
    """

    def __init__(self, place: Place):
        super().__init__()
        self._problem = place.problem
        self._said = "<p>No draws yet.</p>"
        self._pane = Html(
            pn.bind(self._newest, place.session.param.snapshot, place.seen),
            sizing_mode="stretch_width",
            styles={"overflow-x": "auto"},
        )

    def _newest(self, snapshot: Snapshot, seen: bool) -> str:
        # What nobody looks at stays as it was: it takes a while to work out.
        if seen:
            self._said = self._table(snapshot)
        return self._said

    def _table(self, snapshot: Snapshot) -> str:
        rows = snapshot.rows if snapshot.problem is self._problem else {}
        if not rows:
            return "<p>No draws yet.</p>"
        names = [name for name in self._problem.names if name in rows]
        heads, tips = zip(*HEADINGS, strict=True)
        lines = [_row(self._problem.symbols[n], rows[n]) for n in names]
        divergences = snapshot.shown.divergences if snapshot.shown else 0
        return (
            table([heads, *lines], tips)
            + f"<p style='font-size:12px'>Divergent transitions: {divergences}.</p>"
            + _differences(snapshot, names)
        )

    def __panel__(self):
        return self._pane


def _differences(snapshot: Snapshot, names: list[str]) -> str:
    """Return a table of this run less A, where A is another run."""
    kept = snapshot.kept
    if kept is None or kept is snapshot.shown:
        return ""
    lines: list[Row] = []
    for name, before in summaries.summarise(scalars(kept)).items():
        if name not in names:
            continue
        now = snapshot.rows[name]
        error = float(np.hypot(now.mcse, before.mcse))
        digits = max(0, min(6, 2 - _magnitude(error)))
        change = now.mean - before.mean
        word = "noise" if abs(change) < NOISE * error else "a difference"
        numbers = (
            f"{before.mean:.{digits}f}",
            f"{change:+.{digits}f}",
            f"{error:.2g}",
            f"{change / before.sd:+.2f}" if before.sd > 0 else "",
            word,
        )
        symbol = snapshot.problem.symbols[name] if snapshot.problem else name
        lines.append((symbol, *numbers))
    heads = ("", "mean of A", "now - A", "MCSE", "in sd of A", "")
    return (
        "<p style='font-size:12px;margin-bottom:2px'>Compared with A "
        f"(noise is within {NOISE} Monte-Carlo standard errors):</p>"
        + table([heads, *lines])
    )


def _row(symbol: str, row) -> Row:
    digits = max(0, min(6, 2 - _magnitude(row.sd)))
    numbers = [f"{v:.{digits}f}" for v in (row.mean, row.sd, row.low, row.high)]
    numbers += [f"{row.mcse:.2g}", f"{row.rhat:.3f}"]
    numbers += [f"{row.ess_bulk:.0f}", f"{row.ess_tail:.0f}"]
    return (symbol, *numbers)


def _magnitude(value: float) -> int:
    """Power of ten of a number; 0 where it has none."""
    return int(f"{value:e}".split("e")[1]) if value > 0 and value < 1e300 else 0
