"""Rank plots: a row a parameter, a column a chain, on one canvas."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import holoviews as hv
import numpy as np

from dashboard.figures import canvas, panels
from dashboard.figures.canvas import Marks, Rule, shape_template
from dashboard.figures.grid import Cell, Grid, Note, Sides, steps
from dashboard.figures.style import filled, palette

TITLE = "Ranks of each chain's draws among all"


Ranked = tuple[np.ndarray, float, float]
"""Draws in each bin of ranks (chain, bin), how many are expected where chains agree,
and how far from that a bar may be."""


def ranks(
    found: Mapping[str, Ranked], labels: Mapping[str, str], *, dark: bool = False
) -> hv.Overlay:
    """
    Draw how the draws of each chain rank among those of all.

    Parameters
    ----------
    found
        Name to counts, in the order of the rows; none before there are draws.
    labels
        Name to label with its unit.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        One canvas over the unit square, always of the same elements.
    """
    looks = _looks(dark)
    columns = max([len(counts) for counts, _, _ in found.values()], default=1)
    grid = layout(len(found), columns)
    bars, bands, rules, off = [], [], [], [(np.array([]), np.array([]))]
    notes = _names(grid, found, labels)
    for row, (counts, expected, margin) in enumerate(found.values()):
        peak = 1.08 * max(counts.max(), expected + margin)
        for chain, of_chain in enumerate(counts):
            cell = grid.cell(row, chain)
            bars.append(_bars(cell, of_chain, peak))
            bands.append(_band(cell, expected, margin, peak))
            rules += _frame(cell, expected, peak)
            off.append(_outside(cell, of_chain, expected, margin, peak))
    x, y = (np.concatenate(part) for part in zip(*off, strict=True))
    parts = [
        filled(looks["band"], panels.areas(bands)),
        filled(looks["bars"], panels.areas(bars)),
        *canvas.furniture(dark, rules, [Marks(x, y, "square", "prior")], notes),
    ]
    return looks["canvas"].clone(parts)


def layout(count: int, columns: int) -> Grid:
    """Place so many rows and columns on the canvas."""
    margin = Sides(left=0.07, right=0.005, bottom=0.01, top=0.06)
    padding = Sides(left=0.03, right=0.03, bottom=0.04, top=0.06)
    return Grid(max(count, 1), max(columns, 1), margin, padding)


def _names(grid: Grid, found: Mapping[str, Ranked], labels) -> list[Note]:
    if not found:
        return [Note(0.5, 0.5, "no draws yet", role="empty")]
    notes = []
    for row, name in enumerate(found):
        cell = grid.cell(row, 0)
        label, middle = (
            panels.two_lines(labels.get(name, name)),
            (cell.y0 + cell.y1) / 2,
        )
        notes.append(Note(0.006, middle, label, "center", "top", panels.UP, "name"))
    for column in range(grid.columns):
        cell = grid.cell(0, column)
        middle, text = (cell.x0 + cell.x1) / 2, f"chain {column + 1}"
        notes.append(Note(middle, cell.y1 + 0.01, text, "center", "bottom"))
    return notes


def _bars(cell: Cell, counts: np.ndarray, peak: float) -> panels.Area:
    x, y = steps(np.arange(len(counts) + 1.0), np.asarray(counts, float))
    top = cell.y(y, (0, peak))
    return cell.x(x, (0, len(counts))), top, np.full(top.size, cell.y0)


def _band(cell: Cell, expected: float, margin: float, peak: float) -> panels.Area:
    ends = max(expected - margin, 0), expected + margin
    low, high = cell.y(ends, (0, peak))
    return panels.block(Cell(cell.x0, float(low), cell.x1, float(high)))


def _outside(cell: Cell, counts: np.ndarray, expected, margin, peak) -> panels.Line:
    off = np.flatnonzero(np.abs(counts - expected) > margin)
    x = cell.x(off + 0.5, (0, len(counts)))
    return x, cell.y(counts[off], (0, peak))


def _frame(cell: Cell, expected: float, peak: float) -> list[Rule]:
    level = float(cell.y(expected, (0, peak)))
    floor = Rule(cell.x0, cell.y0, cell.x1, cell.y0, "muted")
    return [floor, Rule(cell.x0, level, cell.x1, level, "ink")]


@cache
def _looks(dark: bool) -> dict[str, Any]:
    c = palette(dark)
    return {
        "canvas": canvas.overlay_template(dark, TITLE, 360),
        "band": shape_template(color=c.muted, alpha=0.25, line_alpha=0),
        "bars": shape_template(color=c.posterior, alpha=0.45, line_alpha=0),
    }
