"""The chosen stars, or all, as a table: one page of it is on the page at a time."""

import numpy as np
import pandas as pd
import panel as pn
from bokeh.models.widgets.tables import NumberFormatter
from panel.viewable import Viewer

from dashboard import previews
from dashboard.selections import rows
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.layout import WIDE
from dashboard.views.selection import Selection, button
from dashboard.views.text import Sentence

PAGE = 6
"""Stars on a page."""
NAMED = 8
"""Stars that a selection names one by one."""
FORMATS = {
    "star": "0",
    "RA [deg]": "0.0000",
    "Dec [deg]": "0.0000",
    "G": "0.00",
    "BP\N{MINUS SIGN}RP": "0.00",
    "plx [mas]": "0.000",
    "± plx": "0.000",
    "pm RA": "0.00",
    "pm Dec": "0.00",
    "member": "0.00",
    "dist [pc]": "0",
    "± dist": "0",
}
"""Columns, and how their numbers are written."""
STYLE = """
.tabulator, .tabulator .tabulator-header, .tabulator .tabulator-col,
.tabulator .tabulator-tableholder, .tabulator .tabulator-table,
.tabulator .tabulator-row, .tabulator .tabulator-footer {
  background: transparent !important; color: inherit !important;
  border-color: rgba(128, 128, 128, 0.35) !important; font-size: 11px;
}
.tabulator .tabulator-row { min-height: 24px !important; }
.tabulator .tabulator-row .tabulator-cell { padding: 2px 4px; height: 24px; }
.tabulator .tabulator-row.tabulator-selected { outline: 1px solid #009E73; }
.tabulator .tabulator-footer button { color: inherit !important; }
"""


class StarTable(Viewer):
    """A table in which ticked rows are chosen.

    Parameters
    ----------
    session : Session
    selection : Selection
        That takes up the rows that are chosen.
    seen : reactive expression of bool
        Whether it is looked at; it stays as it was while it is not.
    """

    def __init__(self, session: Session, selection: Selection, seen):
        super().__init__()
        self._selection, self._shown = selection, (None,) * 4
        self._table = pn.widgets.Tabulator(
            pd.DataFrame({name: [] for name in FORMATS}),
            formatters={
                name: NumberFormatter(format=form, nan_format="\N{EN DASH}")
                for name, form in FORMATS.items()
            },
            pagination="remote",
            page_size=PAGE,
            selectable="checkbox",
            show_index=False,
            disabled=True,
            theme="simple",
            layout="fit_data",
            stylesheets=[STYLE],
            height=250,
            **WIDE,
        )
        ticked = self._table.param.selection.rx.pipe(bool)
        said = pn.bind(self._follow, session.param.snapshot, seen)
        self._layout = pn.Column(
            self._table,
            button("Choose the ticked stars", ticked, self._choose),
            Sentence(said),
            **WIDE,
        )

    def _follow(self, snapshot: Snapshot, seen: bool) -> str:
        if seen and snapshot.spec is not None and snapshot.spec.model == "cluster":
            run = snapshot.shown if snapshot.shows_run else None
            over = run is not None and run.phase.over
            shown = (
                snapshot.catalogue,
                snapshot.fitted,
                snapshot.selected.now,
                run.stars if over else self._shown[3],
            )
            if not all(a is b for a, b in zip(shown, self._shown, strict=True)):
                self._shown = shown
                self._table.param.update(value=frame(snapshot), selection=[])
        return f"{len(self._table.value):,} stars; a click on a heading sorts them."

    def _choose(self) -> None:
        numbers = self._table.value["star"].to_numpy()[self._table.selection]
        mask = np.zeros(len(self._shown[0]), bool)
        mask[numbers] = True
        named = ", ".join(str(number) for number in numbers[:NAMED])
        more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
        self._selection.box(rows(mask, f"stars {named}{more}"))

    def __panel__(self):
        return self._layout


def frame(snapshot: Snapshot) -> pd.DataFrame:
    """Return the chosen stars, or all of the table, with what the run says of them."""
    table, now = snapshot.catalogue, snapshot.selected.now
    assert table is not None and snapshot.fitted is not None
    mine = now is not None and len(now.mask) == len(table)
    which = np.flatnonzero(now.mask) if mine else np.arange(len(table))
    said = np.full((3, len(table)), np.nan)
    if previews.membership(snapshot) is not None:
        stars = snapshot.shown.stars
        said[:, snapshot.fitted] = stars.membership, stars.mean, stars.sd
    columns = (
        np.arange(len(table)), table.ra, table.dec, table.g_mag, table.bp_rp,
        table.parallax, table.parallax_error, table.pmra, table.pmdec, *said,
    )  # fmt: skip
    frame = pd.DataFrame(
        {name: column[which] for name, column in zip(FORMATS, columns, strict=True)}
    )
    frame["fitted"] = np.where(snapshot.fitted[which], "yes", "no")
    return frame
