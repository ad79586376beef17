"""The corner plot, on which a box chooses draws."""

from collections.abc import Iterator

import holoviews as hv
import numpy as np
import panel as pn
from panel.viewable import Viewer

from dashboard import figures
from dashboard.snapshot import Snapshot
from dashboard.views.draws import (
    all_draws,
    draws_by_numbers,
    draws_view,
    headline,
    named,
)
from dashboard.views.layout import WIDE, Place
from dashboard.views.tabular import Row


class BrushedCorner(Viewer):
    """A corner on which a box chooses draws, and a way back to all.

    Parameters
    ----------
    place : Place
    """

    def __init__(self, place: Place):
        super().__init__()
        self._session, self._problem = place.session, place.problem
        self._ranges: dict[str, tuple[float, float]] = {}
        box = hv.streams.BoundsXY()
        box.add_subscriber(self._choose)
        corner = draws_view(
            place,
            self._corner,
            pair_rows,
            gestures=(box,),
            by_numbers=draws_by_numbers(place, named(place.problem)),
        )
        self._layout = pn.Column(corner, all_draws(self._session), **WIDE)

    def _choose(self, bounds=None) -> None:
        if bounds is not None and self._ranges:
            names = list(self._problem.headline)
            region = figures.selected(bounds, names, self._ranges)
            if region:
                self._session.region = region

    def _corner(self, snapshot: Snapshot, dark: bool) -> hv.Overlay:
        draws = headline(snapshot)
        # Ranges are kept while draws arrive, so that the axes do not jitter.
        self._ranges = figures.plotting_ranges(draws, self._ranges)
        diverging = snapshot.shown.stats.get("diverging") if snapshot.shown else None
        return figures.corner(
            draws,
            self._problem.symbols,
            ghost=snapshot.ghost_draws,
            ghost_name=snapshot.ghost_name,
            estimate=snapshot.estimated_draws,
            divergent=diverging,
            chosen=snapshot.chosen,
            ranges=self._ranges,
            dark=dark,
        )

    def __panel__(self):
        return self._layout


def pair_rows(snapshot: Snapshot) -> Iterator[Row]:
    """Return the middle of each headline quantity, and how each pair correlates."""
    assert snapshot.problem is not None
    draws = {n: snapshot.chosen_draws[n].ravel() for n in snapshot.problem.headline}
    # Two draws have a correlation, of plus or minus one; none of fewer.
    if next(iter(draws.values())).size < 3:
        return
    symbols = [snapshot.problem.symbols[name] for name in draws]
    yield ("", "median, 68 %", *(f"correlation with {symbol}" for symbol in symbols))
    pairs = np.atleast_2d(np.corrcoef(list(draws.values())))
    for symbol, values, row in zip(symbols, draws.values(), pairs, strict=True):
        middle = figures.printed(figures.interval(values))
        yield (symbol, middle, *(f"{one:.2f}" for one in row))
