"""Data against predictions: residuals, a test statistic, transforms; on one canvas."""

from functools import cache
from typing import Any, NamedTuple

import holoviews as hv
import numpy as np

from dashboard.figures import canvas, panels
from dashboard.figures.canvas import Marks, Rule, line_template, shape_template
from dashboard.figures.grid import Cell, Note
from dashboard.figures.style import filled, palette, template
from dashboard.figures.summary import Histogram, Limits, finite, plotting_range

TITLE = "Data against predictions"
BINS = 32
WITHIN, BEYOND = 2.0, 3.0
"""Residuals of a band, and those that are marked [sigma]."""
MOST_WHOLE = 40
"""Whole numbers up to so many have a bar each."""

RESIDUALS = Cell(0.09, 0.63, 0.985, 0.9)
STATISTIC = Cell(0.09, 0.12, 0.5, 0.44)
TRANSFORMS = Cell(0.61, 0.12, 0.985, 0.44)
ALONE = Cell(0.09, 0.26, 0.985, 0.8)
"""Of the statistic where there is nothing else."""


class Measured(NamedTuple):
    """Residuals of data from their predictions."""

    at: np.ndarray
    """(place,)"""
    size: np.ndarray
    """In predicted standard deviations, (place,)."""
    label: str
    """Of the places, with their unit."""


class Compared(NamedTuple):
    """A statistic of replicates and of the data."""

    values: np.ndarray
    """(replicate,)"""
    seen: float
    """That of the data."""
    label: str
    """With its unit."""
    chosen: np.ndarray | None = None
    """Replicates of the chosen draws, bool (replicate,); None for all."""


class Transformed(NamedTuple):
    """The ECDF of transforms minus that of uniform values, and its band."""

    at: np.ndarray
    """(place,)"""
    excess: np.ndarray
    """(place,)"""
    low: np.ndarray
    """(place,)"""
    high: np.ndarray
    """(place,)"""
    label: str


def predictive_checks(
    residuals: Measured | None,
    statistic: Compared | None,
    transforms: Transformed | None,
    *,
    alone: bool = False,
    dark: bool = False,
) -> hv.Overlay:
    """
    Draw how data differ from what a model predicts.

    Parameters
    ----------
    residuals, statistic, transforms
        None for none yet.
    alone
        Whether the statistic has the canvas for itself.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        One canvas over the unit square, always of the same elements.
    """
    rules: list[Rule] = []
    notes: list[Note] = []
    marks: list[Marks] = []
    bands: list[panels.Area] = []
    full, chosen = _statistic(_place(alone), statistic, rules, marks, notes)
    excess = panels.lines([])
    if not alone:
        _residuals(residuals, bands, rules, marks, notes)
        excess = _transforms(transforms, bands, rules, notes)
    if statistic is None:
        notes.append(Note(0.5, 0.53, "no draws yet", role="empty"))
    looks = _looks(dark)
    parts = [
        looks["sheet"],
        filled(looks["band"], panels.areas(bands)),
        filled(looks["bars"], panels.areas(full)),
        filled(looks["chosen"], panels.areas(chosen)),
        filled(looks["excess"], excess),
        *canvas.furniture(dark, rules, marks, notes),
    ]
    return looks["canvas"].clone(parts)


def statistic_limits(statistic: Compared, previous: Limits | None = None) -> Limits:
    """Return the range that the statistic's cell shows: replicates and data."""
    low, high = plotting_range(statistic.values, cover=0.998, padding=0.06)
    edges = _edges(statistic.values, (low, high))
    low, high = min(low, float(edges[0])), max(high, float(edges[-1]))
    # Wide enough for the data, however far from every replicate.
    margin = 0.04 * max(high - low, high - statistic.seen, statistic.seen - low)
    return min(low, statistic.seen - margin), max(high, statistic.seen + margin)


def brushed_statistic(
    bounds: tuple[float, float, float, float], limits: Limits, *, alone: bool = False
) -> Limits | None:
    """
    Find the range of the statistic that a box stands for.

    Parameters
    ----------
    bounds
        Left, bottom, right and top in canvas units, as ``BoundsXY`` gives them.
    limits
        As ``statistic_limits`` returned them.
    alone
        As of ``predictive_checks``.

    Returns
    -------
    tuple of float or None
        None when the box is elsewhere.
    """
    left, bottom, right, top = bounds
    cell = _place(alone)
    if not cell.holds((left + right) / 2, (bottom + top) / 2):
        return None
    ends = cell.data_x(np.clip((left, right), cell.x0, cell.x1), limits)
    return float(ends[0]), float(ends[1])


def _place(alone: bool) -> Cell:
    return ALONE if alone else STATISTIC


def _title(cell: Cell, text: str) -> Note:
    return Note(cell.x0, cell.y1 + 0.02, text, "left", "bottom", role="name")


def _floor(cell: Cell) -> Rule:
    return Rule(cell.x0, cell.y0, cell.x1, cell.y0, "muted")


def _level(cell: Cell, y: float) -> Rule:
    return Rule(cell.x0, y, cell.x1, y, "muted")


def _filled(cell: Cell, low: float, high: float) -> panels.Area:
    # Closed at both ends, as `panels.areas` wants what it joins.
    x = np.repeat([cell.x0, cell.x1], 2)
    return x, np.array([low, high, high, low]), np.full(4, low)


def _residuals(found: Measured | None, bands, rules, marks, notes) -> None:
    cell = RESIDUALS
    label = (
        f"residuals [\N{GREEK SMALL LETTER SIGMA}] over {found.label}" if found else ""
    )
    notes.append(_title(cell, label))
    if found is None or not found.at.size:
        return
    tall = max(4.0, 1.12 * float(np.max(np.abs(found.size), initial=0.0)))
    across = _around(found.at)
    low, middle, high = cell.y((-WITHIN, 0, WITHIN), (-tall, tall))
    bands.append(_filled(cell, low, high))
    rules += [_level(cell, middle), _floor(cell)]
    x, y = cell.x(found.at, across), cell.y(found.size, (-tall, tall))
    far = np.abs(found.size) > BEYOND
    for which, role, marker in (
        (~far, "posterior", "circle"),
        (far, "prior", "diamond"),
    ):
        rules += [
            Rule(a, middle, a, b, role) for a, b in zip(x[which], y[which], strict=True)
        ]
        marks.append(Marks(x[which], y[which], marker, role))
    for more in (
        panels.bottom_ticks(cell, across, 6, inset=0.02),
        panels.left_ticks(cell, (-tall, tall), 4),
    ):
        rules += more[0]
        notes += more[1]


def _around(values: np.ndarray) -> Limits:
    low, high = float(values.min()), float(values.max())
    margin = 0.03 * (high - low) or 0.5
    return low - margin, high + margin


def _statistic(cell: Cell, found: Compared | None, rules, marks, notes):
    """Return the bars of all replicates and of those of the chosen draws."""
    if found is None:
        notes.append(_title(cell, ""))
        return [], []
    limits = statistic_limits(found)
    edges = _edges(found.values, limits)
    counted = _histogram(found.values, edges, found.values.size)
    peak = panels.peak_of([counted.density])
    full = [panels.bars(cell, counted, limits, peak)]
    chosen = []
    if found.chosen is not None:
        part = _histogram(found.values[found.chosen], edges, found.values.size)
        chosen.append(panels.bars(cell, part, limits, peak))
    seen = float(cell.x(found.seen, limits))
    rules += [_floor(cell), Rule(seen, cell.y0, seen, cell.y1, "reference")]
    marks.append(
        Marks(np.array([seen]), np.array([cell.y1]), "inverted_triangle", "reference")
    )
    right = seen > (cell.x0 + cell.x1) / 2
    away = -0.012 if right else 0.012
    notes.append(
        Note(seen + away, cell.y1, "data", "right" if right else "left", "top")
    )
    ticks, words = panels.bottom_ticks(cell, limits, 4, inset=0.02)
    rules += ticks
    notes += [*words, _title(cell, found.label)]
    return full, chosen


def _edges(values: np.ndarray, limits: Limits) -> np.ndarray:
    """Return edges of bins over the replicates; whole numbers are in their middle."""
    kept = finite(values)
    low, high = np.quantile(kept, (0.001, 0.999)) if kept.size else limits
    if high - low <= MOST_WHOLE and (kept == np.round(kept)).all():
        return np.arange(np.floor(low) - 0.5, np.ceil(high) + 1)
    if high <= low:
        low, high = limits
    # A few hundred replicates fill no more bins than that: two cube roots of them.
    bins = min(BINS, max(8, round(2 * kept.size ** (1 / 3))))
    return np.linspace(low, high, bins + 1)


def _histogram(values: np.ndarray, edges: np.ndarray, whole: int) -> Histogram:
    counts = np.histogram(finite(values), edges)[0]
    return Histogram(edges, counts, counts / (max(whole, 1) * np.diff(edges)))


def _transforms(found: Transformed | None, bands, rules, notes) -> panels.Line:
    cell = TRANSFORMS
    notes.append(_title(cell, found.label if found else ""))
    if found is None:
        return panels.lines([])
    reach = (np.max(np.abs(part)) for part in (found.excess, found.low, found.high))
    tall = 1.15 * float(max(reach)) or 1.0
    x = cell.x(found.at, (0.0, 1.0))
    high, low = (cell.y(part, (-tall, tall)) for part in (found.high, found.low))
    bands.append((x, high, low))
    rules += [_level(cell, float(cell.y(0.0, (-tall, tall)))), _floor(cell)]
    for more in (
        panels.bottom_ticks(cell, (0.0, 1.0), 3, inset=-0.01),
        panels.left_ticks(cell, (-tall, tall), 3),
    ):
        rules += more[0]
        notes += more[1]
    return x, cell.y(found.excess, (-tall, tall))


@cache
def _looks(dark: bool) -> dict[str, Any]:
    c = palette(dark)
    blank = np.zeros((1, 1), np.uint8)
    return {
        "canvas": canvas.overlay_template(dark, TITLE, 330, "box_select"),
        # Something to draw a box on that shows no selection of its own.
        "sheet": template(
            hv.Image(blank, bounds=(0, 0, 1, 1)),
            alpha=0,
            tools=["box_select"],
            default_tools=[],
            active_tools=["box_select"],
        ),
        "band": shape_template(color=c.muted, alpha=0.16, line_alpha=0),
        "bars": shape_template(color=c.posterior, alpha=0.4, line_alpha=0),
        "chosen": shape_template(color=c.selected, alpha=0.9, line_width=1.2),
        "excess": line_template(color=c.posterior, line_width=1.8),
    }
