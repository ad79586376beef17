"""The traces of a run, on which a box chooses draws."""

from collections.abc import Iterator

import holoviews as hv
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard import figures
from dashboard.snapshot import DRAW, Snapshot
from dashboard.views.draws import (
    all_draws,
    draws_by_numbers,
    draws_view,
    headline,
    named,
    of_chosen,
)
from dashboard.views.layout import WIDE, Place
from dashboard.views.tabular import Row


class BrushedTraces(Viewer):
    """Traces on which a box chooses draws, with or without warm-up.

    Parameters
    ----------
    place : Place
    """

    def __init__(self, place: Place):
        super().__init__()
        self._session, self._axes = place.session, None
        box = hv.streams.BoundsXY()
        box.add_subscriber(self._choose)
        quantities = named(place.problem) | {"number of the draw": DRAW}
        traces = draws_view(
            place,
            self._draw,
            trace_rows,
            (box,),
            describe,
            draws_by_numbers(place, quantities),
        )
        warmup = pmui.Switch.from_param(
            self._session.param.shows_warmup, size="small", margin=(4, 10), width=120
        )
        row = pn.FlexBox(warmup, all_draws(self._session), align_items="center")
        self._layout = pn.Column(traces, row, **WIDE)

    def _choose(self, bounds=None) -> None:
        if bounds is not None and self._axes is not None:
            region = figures.stretch(bounds, self._axes, DRAW)
            if region:
                self._session.region = region

    def _draw(self, snapshot: Snapshot, dark: bool) -> hv.Overlay:
        draws, shown, symbols = headline(snapshot), snapshot.shown, snapshot.problem
        assert symbols is not None
        before, stride = {}, 1
        if snapshot.shows_warmup and shown is not None:
            before, stride = shown.warmup, shown.warmup_stride
        self._axes = figures.axes(draws, before, stride)
        rhat = {name: row.rhat for name, row in snapshot.rows.items()}
        return figures.traces(
            draws,
            symbols.symbols,
            rhat=rhat,
            rhat_limit=snapshot.thresholds.rhat,
            warmup=before,
            stride=stride,
            chosen=snapshot.chosen,
            dark=dark,
        )

    def __panel__(self):
        return self._layout


def describe(snapshot: Snapshot) -> str:
    """Say what the traces show."""
    shown = snapshot.shown
    if shown is None:
        return "Here every chain is drawn, draw after draw."
    chains, steps = shown.spec.sampler.chains, shown.spec.sampler.warmup
    text = f"{chains} chains of {shown.drawn:,} draws each"
    if snapshot.shows_warmup:
        known = f" after {steps:,} steps of warm-up, shaded and not used"
        text += known if shown.warmup else "; their warm-up was not kept"
    return f"{text}. Chains that agree look alike: noise, no trend." + of_chosen(
        snapshot
    )


def trace_rows(snapshot: Snapshot) -> Iterator[Row]:
    """Return where each chain is, of each headline quantity."""
    if snapshot.shown is None or snapshot.problem is None:
        return
    draws, symbols = headline(snapshot), snapshot.problem.symbols
    chains = range(len(next(iter(draws.values()))))
    yield ("", *(f"mean of chain {k + 1}" for k in chains), "sd of all", "R-hat")
    for name, values in draws.items():
        row = snapshot.rows.get(name)
        means = (f"{mean:.4g}" for mean in values.mean(axis=1))
        rhat = f"{row.rhat:.3f}" if row else ""
        yield (symbols[name], *means, f"{values.std():.2g}", rhat)
