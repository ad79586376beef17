"""A figure on the page: built once, redrawn when what it shows has changed."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

import holoviews as hv
import panel as pn
import panel_material_ui as pmui
import param
from panel.viewable import Viewer

from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views import in_place
from dashboard.views.by_numbers import ByNumbers
from dashboard.views.layout import TOGGLE, WIDE, later
from dashboard.views.tabular import Row, table
from dashboard.views.text import Html, Leaving, Sentence

Shown = hv.streams.Stream.define("Shown", snapshot=None, dark=False)
DRAWING = threading.RLock()
"""HoloViews keeps one list of all that listens, for every page of a server, and looks
through it when it makes a plot: pages that are made at once make theirs in turns."""
NOTHING = "There is nothing to be written in a table yet."


class Picture(Leaving, pn.pane.HoloViews):
    """A plot that tells what it shows to who cannot see it.

    Parameters
    ----------
    said : str or reactive expression of str
        What it shows, after its title.
    came : callable
        Called when it comes to a page.
    """

    said = param.String()

    _rename: ClassVar = {"said": None}

    def __init__(self, plot: hv.DynamicMap, came: Callable[[], None], **params):
        self._came = came
        super().__init__(plot, **params)

    def _get_model(self, *args, **kwargs):
        with DRAWING:
            model = super()._get_model(*args, **kwargs)
        self._tell()
        self._came()
        return model

    @param.depends("said", watch=True)
    def _tell(self) -> None:
        for plot, _ in self._plots.values():
            label = f"{plot.state.title.text}. {self.said}".strip()
            plot.state.html_attributes = {"role": "img", "aria-label": label}

    @property
    def plots(self) -> list:
        """Those that are on a page."""
        return [plot for plot, _ in self._plots.values()]

    def clean_up(self) -> None:
        """Take the plots' ears away: the page is closed."""
        with DRAWING:
            for plot in self.plots:
                plot.cleanup()


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
    tabulate : callable
        ``snapshot -> rows``: the numbers that the figure shows, headings first; none
        before there are any. It is called for tables that are asked for.
    settings, results : callable
        ``snapshot -> tuple`` of what the figure shows of the controls and of the run;
        it is redrawn when one of them differs.
    seen : reactive expression of bool, optional
        Whether it is looked at: else what is said stays as it was, for what takes a
        while to work out, or would have the browser paint a plot that stays the same.
    pace : float
        Seconds between two drawings while results arrive: on a small machine, drawing
        takes its time from the sampler.
    gestures : list of hv streams
        What a person does on the plot: boxes drawn, points tapped.
    by_numbers : ByNumbers, optional
        What does the same without a mouse.
    """

    def __init__(
        self,
        session: Session,
        draw: Callable[[Snapshot, bool], hv.Overlay],
        describe: Callable[[Snapshot], str],
        height: int,
        *,
        tabulate: Callable[[Snapshot], Iterable[Row]],
        settings: Callable[[Snapshot], tuple],
        results: Callable[[Snapshot], tuple],
        pace: float = 0.7,
        gestures: Sequence[hv.streams.Stream] = (),
        by_numbers: ByNumbers | None = None,
        seen: param.rx | None = None,
    ):
        super().__init__()
        self._draw, self._settings, self._results = draw, settings, results
        self._pace, self._drawn_at = pace, time.monotonic()
        self._stream = Shown(snapshot=session.snapshot, dark=session.dark)
        self._looks: in_place.Looks | None = None
        # HoloViews would know a snapshot by its address, which another may have later.
        drawn = hv.Callable(self._figure, memoize=False)
        with DRAWING:
            self.plot = hv.DynamicMap(drawn, streams=[self._stream, *gestures])
        self._session, self._describe, self._tabulate = session, describe, tabulate
        self._said = ""
        looked_at = True if seen is None else seen
        said = pn.bind(self._say, session.param.snapshot, looked_at)
        self._asked = pmui.Toggle(label="Table", width=52, **TOGGLE)
        self._numbers = Html(
            visible=self._asked.param.value,
            max_height=260,
            styles={"overflow": "auto"},
            **WIDE,
        )
        self._pane = Picture(
            self.plot, self._write, said=said, height=height, linked_axes=False, **WIDE
        )
        choice = [] if by_numbers is None else [by_numbers]
        self._layout = pn.Column(
            self._pane,
            pn.Row(
                Sentence(self._pane.param.said),
                *(later(one.opener, width=72, min_height=23) for one in choice),
                later(self._asked, width=62, min_height=23),
                **WIDE,
            ),
            *choice,
            self._numbers,
            **WIDE,
        )
        self._asked.param.watch(lambda _: self._write(), "value")
        session.param.watch(self._refresh, ["snapshot", "dark"])

    def _say(self, snapshot: Snapshot, seen: bool) -> str:
        if seen:
            self._said = self._describe(snapshot)
        return self._said

    def _write(self) -> None:
        """Write the table, if it is asked for."""
        if self._asked.value:
            rows = list(self._tabulate(self._session.snapshot))
            self._numbers.object = table(rows) if rows else f"<p>{NOTHING}</p>"

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
        # Whoever draws this plot from now on draws the newest: HoloViews would show
        # what it drew first to a page that the plot comes back to.
        self._stream.update(snapshot=now, dark=dark)
        self.plot.reset()
        plots = self._pane.plots
        if not plots:
            return
        self._write()
        overlay = self._draw(now, dark)
        if in_place.looks(overlay) == self._looks:
            for plot in plots:
                in_place.put(plot, overlay)
        else:
            self._stream.event()

    def _figure(self, snapshot: Snapshot, dark: bool, **gesture) -> hv.Overlay:
        # Gestures go to their subscribers; they are streams of this plot so that
        # HoloViews connects them to it.
        del gesture
        overlay = self._draw(snapshot, dark)
        self._looks = in_place.looks(overlay)
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
