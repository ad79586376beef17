"""What a run says of the chosen stars: their distances, stacked, and memberships."""

from functools import cache
from typing import Any, NamedTuple

import holoviews as hv
import numpy as np

from dashboard.figures import canvas, panels
from dashboard.figures.canvas import Rule, line_template, shape_template
from dashboard.figures.grid import Cell, Note
from dashboard.figures.style import filled, palette
from dashboard.figures.summary import Histogram, Limits

TITLE = "Distances and memberships of the chosen stars"
DISTANCE = Cell(0.02, 0.15, 0.64, 0.72)
MEMBERSHIP = Cell(0.7, 0.15, 0.98, 0.72)
BINS = 25
UNIT: Limits = (0.0, 1.0)


class Chosen(NamedTuple):
    """Expected numbers of some stars in bins, and each one's membership."""

    edges: np.ndarray
    """Of the bins of distance [pc], (bin + 1,)."""
    cluster: np.ndarray
    """Members of the cluster, (bin,)."""
    field: np.ndarray
    """Stars of the field, (bin,)."""
    membership: np.ndarray
    """(star,)"""


def chosen_stars(
    chosen: Chosen | None, every: Chosen | None = None, *, dark: bool = False
) -> hv.Overlay:
    """
    Draw the distances of some stars, one density a star, stacked; and memberships.

    Parameters
    ----------
    chosen
        The stars, or None before a run.
    every
        All stars in the same bins: an outline, scaled to as many stars.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        One canvas over the unit square, always of the same elements.
    """
    looks = _looks(dark)
    rules = [Rule(c.x0, c.y0, c.x1, c.y0, "muted") for c in (DISTANCE, MEMBERSHIP)]
    if chosen is None or not chosen.membership.size:
        words = "a run, and a box" if chosen is None else "the fit has none of these"
        note = Note(0.5, 0.45, f"\N{EN DASH} {words} \N{EN DASH}", role="empty")
        empty = [filled(looks[name], _NO_AREA) for name in ("field", "cluster", "bars")]
        parts = [*empty, filled(looks["ghost"], _NO_LINE)]
        furniture = canvas.furniture(dark, rules, [], [note])
        return looks["canvas"].clone([*parts, *furniture])
    bars = _memberships(chosen)
    ghosts = [] if every is None else [_total(every), _memberships(every)]
    peaks = [
        panels.peak_of([part.density for part in group])
        for group in zip(*([_total(chosen), bars], *([ghosts] if ghosts else [])),
                         strict=True)
    ]  # fmt: skip
    limits = (float(chosen.edges[0]), float(chosen.edges[-1]))
    below = panels.bars(DISTANCE, _field(chosen), limits, peaks[0])
    whole = panels.bars(DISTANCE, _total(chosen), limits, peaks[0])
    outlines = [
        panels.outline(cell, ghost, span, peak)
        for cell, ghost, span, peak in zip(
            (DISTANCE, MEMBERSHIP), ghosts, (limits, UNIT), peaks, strict=False
        )
    ]
    notes = _notes(chosen, every)
    for cell, span, most in ((DISTANCE, limits, 5), (MEMBERSHIP, UNIT, 3)):
        marks, words = panels.bottom_ticks(cell, span, most, inset=0.0)
        rules += marks
        notes += words
    parts = [
        filled(looks["field"], below),
        # The cluster's part stands on that of the field.
        filled(looks["cluster"], (whole[0], whole[1], below[1])),
        filled(looks["bars"], panels.bars(MEMBERSHIP, bars, UNIT, peaks[1])),
        filled(looks["ghost"], panels.lines(outlines)),
    ]
    return looks["canvas"].clone([*parts, *canvas.furniture(dark, rules, [], notes)])


_NO_LINE = np.array([]), np.array([])
_NO_AREA = (*_NO_LINE, np.array([]))


def _field(chosen: Chosen) -> Histogram:
    return _density(chosen.edges, chosen.field, chosen.membership.size)


def _total(chosen: Chosen) -> Histogram:
    both = chosen.field + chosen.cluster
    return _density(chosen.edges, both, chosen.membership.size)


def _memberships(chosen: Chosen) -> Histogram:
    counts, edges = np.histogram(chosen.membership, BINS, UNIT)
    return _density(edges, counts, chosen.membership.size)


def _density(edges: np.ndarray, counts: np.ndarray, stars: int) -> Histogram:
    return Histogram(edges, counts, counts / (max(stars, 1) * np.diff(edges)))


def _notes(chosen: Chosen, every: Chosen | None) -> list[Note]:
    members = f"{chosen.membership.sum():,.0f} of {chosen.membership.size:,}"
    key = "\N{BLACK SQUARE} in the cluster   \N{WHITE SQUARE} in the field"
    if every is not None:
        key += "   \N{EN DASH} all stars, scaled"
    line = 0.09
    head, say = DISTANCE.y1 + 1.2 * line, DISTANCE.y1 + 0.1 * line
    left, right = DISTANCE.x0, MEMBERSHIP.x0
    return [
        Note(left, 0.995, key, "left", "top", 0, "key"),
        Note(left, head, "distance [pc]", "left", "bottom", 0, "name"),
        Note(left, say, said(chosen), "left", "bottom", 0, "number"),
        Note(right, head, "membership", "left", "bottom", 0, "name"),
        Note(right, say, members, "left", "bottom", 0, "number"),
    ]


def said(chosen: Chosen) -> str:
    """Between which distances the middle half of the stacked posteriors lies."""
    low, high = quartiles(chosen)
    return f"half within {low:,.0f} \N{EN DASH} {high:,.0f}"


def quartiles(chosen: Chosen) -> tuple[float, float]:
    """Return the distances [pc] between which the middle half lies."""
    counts = chosen.cluster + chosen.field
    # What lies outside the bins is counted too: half of it on either side.
    outside = max(chosen.membership.size - counts.sum(), 0.0) / 2
    rising = np.concatenate([[0.0], np.cumsum(counts)]) + outside
    low, high = np.interp(
        np.array([0.25, 0.75]) * chosen.membership.size, rising, chosen.edges
    )
    return float(low), float(high)


@cache
def _looks(dark: bool) -> dict[str, Any]:
    c = palette(dark)
    return {
        "canvas": canvas.overlay_template(dark, TITLE, 230),
        "field": shape_template(
            color=c.ghost, alpha=0.45, line_alpha=1.0, line_color=c.ghost
        ),
        "cluster": shape_template(color=c.posterior, alpha=0.65, line_alpha=0),
        "bars": shape_template(color=c.posterior, alpha=0.65, line_alpha=0),
        "ghost": line_template(color=c.muted, line_width=1.2),
    }
