"""The chains of a run, draw after draw."""

import holoviews as hv

from dashboard import figures
from dashboard.snapshot import Snapshot
from dashboard.views.draws import draws_view, headline
from dashboard.views.figure import FigureView
from dashboard.views.layout import Place


def chains(place: Place) -> FigureView:
    """Return the traces of a problem's headline, R-hat printed."""
    return draws_view(place, _traces)


def _traces(snapshot: Snapshot, dark: bool) -> hv.Overlay:
    draws = headline(snapshot)
    rhat = {name: row.rhat for name, row in snapshot.rows.items() if name in draws}
    return figures.traces(draws, snapshot.problem.symbols, rhat=rhat, dark=dark)
