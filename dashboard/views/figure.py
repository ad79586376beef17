"""A figure on the page: built once, redrawn whenever the snapshot changes."""

from collections.abc import Callable

import holoviews as hv
import panel as pn
from panel.viewable import Viewer

from dashboard.session import Session, Snapshot
from dashboard.views.text import Sentence


class FigureView(Viewer):
    """A pure figure function bound to a session's snapshot.

    Parameters
    ----------
    session : Session
    draw : callable
        ``(snapshot, dark) -> hv.Overlay``, always the same structure.
    describe : callable
        ``snapshot -> str``: what the figure shows, one sentence, no HTML.
    height : int
        In pixels.
    """

    def __init__(
        self,
        session: Session,
        draw: Callable[[Snapshot, bool], hv.Overlay],
        describe: Callable[[Snapshot], str],
        height: int,
        **layout,
    ):
        super().__init__()
        self._draw = draw
        stream = hv.streams.Params(session, ["snapshot", "dark"])
        self.plot = hv.DynamicMap(self._figure, streams=[stream])
        self._pane = pn.pane.HoloViews(
            self.plot, height=height, sizing_mode="stretch_width", linked_axes=False
        )
        caption = Sentence(session.param.snapshot.rx.pipe(describe))
        self._layout = pn.Column(
            self._pane, caption, sizing_mode="stretch_width", **layout
        )

    def _figure(self, snapshot: Snapshot, dark: bool) -> hv.Overlay:
        return self._draw(snapshot, dark)

    def __panel__(self):
        return self._layout
