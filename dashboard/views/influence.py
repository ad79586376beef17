"""How much the prior of each parameter mattered, in words."""

from html import escape

import panel as pn
from panel.viewable import Viewer

from dashboard.snapshot import Snapshot
from dashboard.views.layout import Place
from dashboard.views.text import Html
from inference.influence import influence
from inference.runner import RunRecord

FEWEST = 100
"""Draws of each chain below which nothing is said."""


class InfluenceTable(Viewer):
    """One line a parameter.

    Parameters
    ----------
    place : Place
        What is said stays as it was while it is not looked at.
    """

    def __init__(self, place: Place):
        super().__init__()
        self._problem = place.problem
        self._said: tuple[RunRecord | None, str] = (None, "<p>No draws yet.</p>")
        self._pane = Html(
            pn.bind(self._lines, place.session.param.snapshot, place.seen),
            sizing_mode="stretch_width",
        )

    def _lines(self, snapshot: Snapshot, seen: bool) -> str:
        shown = snapshot.shown
        mine = snapshot.problem is self._problem
        if seen and mine and shown is not None and shown is not self._said[0]:
            self._said = shown, _html(shown)
        return self._said[1]

    def __panel__(self):
        return self._pane


def _html(record: RunRecord) -> str:
    if record.drawn < FEWEST:
        return f"<p>Too early to judge: wait for {FEWEST} draws a chain.</p>"
    if not record.spec.strength:
        return "<p>Without data the posterior is the prior.</p>"
    symbols = record.spec.problem.symbols
    lines = "".join(
        f"<li><b>{escape(symbols[name])}</b>: {escape(found.sentence)}. "
        f"<small>(prior {found.prior:.2f}, data {found.likelihood:.2f})</small></li>"
        for name, found in influence(record).items()
    )
    return (
        '<div style="font-size:13px"><p style="margin:6px 0">How much did the prior '
        f'matter?</p><ul style="padding-left:18px;margin:0">{lines}</ul>'
        '<p style="font-size:11px;margin:8px 0">In brackets: how far the posterior '
        "moves when prior or likelihood is raised to a power near one; above 0.05 it "
        "matters (Kallioinen et al. 2024).</p></div>"
    )
