"""Plots of two columns of the stars, in which a box or a tap chooses some."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import holoviews as hv
import numpy as np

from dashboard import figures, previews, stars
from dashboard.selections import between, rows
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.figure import FigureView
from dashboard.views.selection import Selection
from dashboard.views.tabular import Row
from data import Catalogue

NONE = np.empty(0)
FIRST_ROWS = 20
"""Stars in a table of a plot: all of them have one of their own."""
NEAR = 0.02
"""How far from a star a tap may be, in parts of the axes."""
COLUMNS = {
    "bp_rp": ("BP \N{MINUS SIGN} RP", "mag"),
    "g_mag": ("G", "mag"),
    "ra": ("RA", "deg"),
    "dec": ("Dec", "deg"),
    "pmra": ("pm RA", "mas/yr"),
    "pmdec": ("pm Dec", "mas/yr"),
    "parallax": ("parallax", "mas"),
    "parallax_error": ("error", "mas"),
}
"""What people call a column, and its unit."""


class Plot(NamedTuple):
    """Two columns against each other."""

    figure: Callable[..., hv.Overlay]
    x: str
    y: str
    height: int
    describe: Callable[[Snapshot], str]
    also: tuple[str, ...] = ()
    """Further columns that the figure takes, by name."""


def describe_stars(snapshot: Snapshot) -> str:
    """Say how many stars are drawn, and how many belong to the cluster."""
    if not mine(snapshot) or snapshot.fitted is None:
        return ""
    membership, among = previews.membership(snapshot), stars.chosen_among(snapshot)
    text = f"{snapshot.fitted.sum():,} stars"
    if among is not None:
        text += f", {among.sum():,} of them selected"
    if membership is None:
        return f"{text}."
    likely = int((membership > 0.5).sum())
    return f"{text}; {likely:,} likely members. Colour: membership."


def _describe_motion(snapshot: Snapshot) -> str:
    table = snapshot.catalogue
    if table is None or np.isfinite(table.pmra).any():
        return describe_stars(snapshot)
    return "This table has no proper motions."


def _describe_errors(snapshot: Snapshot) -> str:
    """Say whose errors are drawn."""
    if not mine(snapshot) or snapshot.fitted is None:
        return ""
    among = stars.chosen_among(snapshot)
    count = int(snapshot.fitted.sum() if among is None else among.sum())
    which = "stars" if among is None else "selected stars"
    drawn = f"{figures.MOST_BARS:,} of the {count:,}"
    if count <= figures.MOST_BARS:
        drawn = f"the {count:,}"
    return f"Bars: one standard error of the parallax, for {drawn} {which}."


PLOTS = {
    "colours": Plot(figures.colour_magnitude, "bp_rp", "g_mag", 310, describe_stars),
    "sky": Plot(figures.sky, "ra", "dec", 262, describe_stars),
    "motion": Plot(figures.proper_motion, "pmra", "pmdec", 262, _describe_motion),
    "errors": Plot(
        figures.parallax_errors,
        "parallax",
        "g_mag",
        215,
        _describe_errors,
        ("parallax_error",),
    ),
}


def star_plot(session: Session, selection: Selection, name: str) -> FigureView:
    """Build one of the `PLOTS`, in which stars of a selection are chosen."""
    plot = PLOTS[name]
    box, tap = hv.streams.BoundsXY(), hv.streams.Tap()

    def brush(bounds=None) -> None:
        if bounds:
            selection.box(_in_box(session.experiment.catalogue, plot, bounds))

    def choose(x=None, y=None) -> None:
        table = session.experiment.catalogue
        star = nearest(table, (plot.x, plot.y), (x, y))
        if star is not None:
            selection.box(rows(np.arange(len(table)) == star, f"star {star}"))

    box.add_subscriber(brush)
    tap.add_subscriber(choose)
    return FigureView(
        session,
        partial(_draw, plot),
        plot.describe,
        height=plot.height,
        tabulate=partial(star_rows, (plot.x, plot.y, *plot.also)),
        settings=lambda s: (s.spec and s.spec.data, s.catalogue, s.selected.now),
        results=_standing,
        seen=session.param.snapshot.rx.pipe(lambda s: s.ghost is None),
        # Thousands of points: slower to draw, and memberships settle soon.
        pace=2.0,
        gestures=[box, tap],
    )


def _standing(snapshot: Snapshot) -> tuple:
    """Say that a plot shows memberships by a run that stands: few draws tell little."""
    shown = snapshot.ghost or snapshot.shown
    return (shown.spec, shown.drawn) if shown else (None, 0)


def mine(snapshot: Snapshot) -> bool:
    """Whether the controls say something of a cluster."""
    return snapshot.spec is not None and snapshot.spec.model == "cluster"


def _draw(plot: Plot, snapshot: Snapshot, dark: bool) -> hv.Overlay:
    if not mine(snapshot):
        nothing = dict.fromkeys(plot.also, NONE)
        return plot.figure(NONE, NONE, None, None, **nothing, dark=dark)
    assert snapshot.catalogue is not None and snapshot.fitted is not None
    table = snapshot.catalogue.where(snapshot.fitted)
    return plot.figure(
        getattr(table, plot.x),
        getattr(table, plot.y),
        previews.membership(snapshot),
        stars.chosen_among(snapshot),
        **{name: getattr(table, name) for name in plot.also},
        dark=dark,
    )


def star_rows(columns: tuple[str, ...], snapshot: Snapshot) -> Iterator[Row]:
    """Return what is drawn of the first stars: of those selected, or of all."""
    if not mine(snapshot) or snapshot.fitted is None or snapshot.catalogue is None:
        return
    fitted, among = np.flatnonzero(snapshot.fitted), stars.chosen_among(snapshot)
    rows = np.arange(len(fitted)) if among is None else np.flatnonzero(among)
    membership = previews.membership(snapshot)
    heads = (f"{name} [{unit}]" for name, unit in map(COLUMNS.__getitem__, columns))
    few = rows[:FIRST_ROWS]
    yield (f"star, {len(few)} of {len(rows):,}", *heads, "membership")
    for row in few:
        star = fitted[row]
        values = (getattr(snapshot.catalogue, name)[star] for name in columns)
        known = "" if membership is None else f"{membership[row]:.2f}"
        yield (f"{star}", *(f"{value:.4g}" for value in values), known)


def _in_box(table: Catalogue, plot: Plot, box):
    inside, words = np.ones(len(table), bool), []
    for name, ends in ((plot.x, box[::2]), (plot.y, box[1::2])):
        low, high = sorted(ends)
        values = getattr(table, name)
        inside &= (values >= low) & (values <= high)
        called, unit = COLUMNS[name]
        words.append(f"{called} {between(low, high, unit)}")
    return rows(inside, ", ".join(words))


def nearest(table: Catalogue, columns: tuple[str, str], place) -> int | None:
    """Return the star that was meant by a tap; None where none is near.

    Parameters
    ----------
    table : Catalogue
    columns : pair of str
        What is drawn against each other.
    place : pair of float
        Of the tap, in their units; None where there was none.
    """
    if None in place:
        return None
    # Nearest on the screen: both axes in units of their range, less a few far ahead.
    away = []
    for name, at in zip(columns, place, strict=True):
        values = getattr(table, name)
        if not np.isfinite(values).any():
            return None
        low, high = np.nanquantile(values, [0.01, 0.99])
        away.append((values - at) / (high - low or 1.0))
    separation = np.hypot(*away)
    # A star that lacks either is not drawn.
    if not np.isfinite(separation).any():
        return None
    star = int(np.nanargmin(separation))
    return star if separation[star] < NEAR else None
