"""The corner plot, on which a box chooses draws."""

import holoviews as hv
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard import figures
from dashboard.snapshot import Snapshot
from dashboard.views.draws import all_draws, draws_view, headline
from dashboard.views.layout import WIDE, Place


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
        corner = draws_view(place, self._corner, gestures=(box,))
        self._layout = pmui.Column(corner, all_draws(self._session), **WIDE)

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
