"""A figure on the page: built once, redrawn when what it shows has changed."""

import time
from collections.abc import Callable, Sequence

import holoviews as hv
import panel as pn
from panel.viewable import Viewer

from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views import in_place
from dashboard.views.text import Sentence

Shown = hv.streams.Stream.define("Shown", snapshot=None, dark=False)


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
    settings, results : callable
        ``snapshot -> tuple`` of what the figure shows of the controls and of the run;
        it is redrawn when one of them differs.
    pace : float
        Seconds between two drawings while results arrive: on a small machine, drawing
        takes its time from the sampler.
    gestures : list of hv streams
        What a person does on the plot: boxes drawn, points tapped.
    """

    def __init__(
        self,
        session: Session,
        draw: Callable[[Snapshot, bool], hv.Overlay],
        describe: Callable[[Snapshot], str],
        height: int,
        *,
        settings: Callable[[Snapshot], tuple],
        results: Callable[[Snapshot], tuple],
        pace: float = 0.7,
        gestures: Sequence[hv.streams.Stream] = (),
    ):
        super().__init__()
        self._draw, self._settings, self._results = draw, settings, results
        self._pace, self._drawn_at = pace, time.monotonic()
        self._stream = Shown(snapshot=session.snapshot, dark=session.dark)
        self._drawn: in_place.Layout | None = None
        # HoloViews would know a snapshot by its address, which another may have later.
        drawn = hv.Callable(self._figure, memoize=False)
        self.plot = hv.DynamicMap(drawn, streams=[self._stream, *gestures])
        self._pane = pn.pane.HoloViews(
            self.plot, height=height, sizing_mode="stretch_width", linked_axes=False
        )
        self._layout = pn.Column(
            self._pane,
            Sentence(session.param.snapshot.rx.pipe(describe)),
            sizing_mode="stretch_width",
        )
        session.param.watch(self._refresh, ["snapshot", "dark"])
        self._session = session

    def _refresh(self, _) -> None:
        now, dark = self._session.snapshot, self._session.dark
        last = self._stream.snapshot
        urgent = dark != self._stream.dark or not same(
            self._settings(now), self._settings(last)
        )
        if not urgent:
            if same(self._results(now), self._results(last)):
                return
            running = now.record is not None and not now.record.phase.over
            if running and time.monotonic() - self._drawn_at < self._pace:
                return
        self._drawn_at = time.monotonic()
        same_theme = dark == self._stream.dark
        # Whoever draws this plot from now on draws the newest: HoloViews would show
        # what it drew first to a page that the plot comes back to.
        self._stream.update(snapshot=now, dark=dark)
        self.plot.reset()
        plots = [plot for plot, _ in self._pane._plots.values()]
        if not plots:
            return
        overlay = self._draw(now, dark)
        if same_theme and in_place.layout(overlay) == self._drawn:
            for plot in plots:
                in_place.put(plot, overlay)
        else:
            self._stream.event()

    def _figure(self, snapshot: Snapshot, dark: bool, **gesture) -> hv.Overlay:
        # Gestures go to their subscribers; they are streams of this plot so that
        # HoloViews connects them to it.
        del gesture
        overlay = self._draw(snapshot, dark)
        self._drawn = in_place.layout(overlay)
        return overlay

    def __panel__(self):
        return self._layout


def same(now: tuple, last: tuple) -> bool:
    """Compare arrays by identity, for they are never edited, and records by value."""
    return all(
        a is b or (not _array_like(a) and not _array_like(b) and a == b)
        for a, b in zip(now, last, strict=True)
    )


def _array_like(value) -> bool:
    return hasattr(value, "shape")


def data_and_priors(snapshot: Snapshot) -> tuple:
    """Say that a figure shows data and priors."""
    spec = snapshot.spec
    if spec is None:
        return (None, None, snapshot.catalogue)
    return (spec.data, spec.priors, snapshot.catalogue)


def draws_so_far(snapshot: Snapshot) -> tuple:
    """Say that a figure shows the draws, the run before and the estimate."""
    shown = snapshot.shown
    drawn = (shown.spec, shown.drawn) if shown else (None, 0)
    others = snapshot.ghost, snapshot.estimate, snapshot.kept
    # The last snapshot holds on to them, so that no other object can have their id.
    return (*drawn, *(id(other) for other in others), id(snapshot.region))
