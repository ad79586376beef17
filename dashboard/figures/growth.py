"""Effective draws against draws, a row a parameter, on one canvas."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import holoviews as hv
import numpy as np

from dashboard.figures import canvas, panels
from dashboard.figures.canvas import Marks, Rule, line_template
from dashboard.figures.grid import Cell, Grid, Note, Sides, nice_ticks, tick_labels
from dashboard.figures.style import filled, palette

TITLE = "Effective draws as the run grew"
Grown = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Draws of each chain, and effective draws in bulk and tail, (point,) each."""


def ess_growth(
    found: Mapping[str, Grown],
    labels: Mapping[str, str],
    *,
    wanted: float,
    dark: bool = False,
) -> hv.Overlay:
    """
    Draw how the effective size of bulk and tail grew with the draws.

    Parameters
    ----------
    found
        Name to sizes, in the order of the rows; none before there are draws.
    labels
        Name to label with its unit.
    wanted
        Effective draws that are wanted, a horizontal line.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        One canvas over the unit square, always of the same elements.
    """
    looks, grid = _looks(dark), layout(len(found))
    last = max([float(drawn[-1]) for drawn, _, _ in found.values()], default=1.0)
    rules, notes = _draw_ticks(grid, last) if found else ([], [])
    bulks, tails = [], []
    for row, (name, (drawn, *sizes)) in enumerate(found.items()):
        cell = grid.cell(row, 0)
        limits = (0.0, 1.08 * max(wanted, *(float(np.nanmax(s)) for s in sizes)))
        x = cell.x(drawn, (0, last))
        bulk, tail = (cell.y(size, limits) for size in sizes)
        bulks.append((x, bulk))
        tails.append((x, tail))
        marks, words = panels.left_ticks(cell, limits, 3)
        level = float(cell.y(wanted, limits))
        rules += [*canvas.box(cell), *marks]
        rules.append(Rule(cell.x0, level, cell.x1, level, "prior"))
        notes += [*words, *_texts(cell, labels.get(name, name), sizes, wanted, level)]
    if not found:
        notes.append(Note(0.5, 0.5, "no draws yet", role="empty"))
    points = [
        Marks(*panels.lines(bulks), "circle", "posterior"),
        Marks(*panels.lines(tails), "square", "estimate"),
    ]
    parts = [
        filled(looks["bulk"], panels.lines(bulks)),
        filled(looks["tail"], panels.lines(tails)),
        *canvas.furniture(dark, rules, points, notes),
    ]
    return looks["canvas"].clone(parts)


def layout(count: int) -> Grid:
    """Place so many rows on the canvas."""
    margin = Sides(left=0.085, right=0.015, bottom=0.075, top=0.0)
    return Grid(max(count, 1), 1, margin, Sides(bottom=0.05, top=0.24))


def _texts(cell: Cell, label: str, sizes, wanted: float, level: float) -> list[Note]:
    bulk, tail = (float(size[-1]) for size in sizes)
    enough = min(bulk, tail) >= wanted
    text = f"\N{WHITE CIRCLE} bulk {bulk:,.0f}   \N{WHITE SQUARE} tail {tail:,.0f}"
    text += "" if enough else "  \N{BLACK UP-POINTING TRIANGLE} too few"
    role, above = "number" if enough else "warning", cell.y1 + 0.006
    return [
        Note(cell.x0, above, label, "left", "bottom", 0, "name"),
        Note(cell.x1, above, text, "right", "bottom", 0, role),
        Note(cell.x1 - 0.006, level + 0.004, "wanted", "right", "bottom"),
    ]


def _draw_ticks(grid: Grid, last: float) -> tuple[list[Rule], list[Note]]:
    cell = grid.cell(grid.rows - 1, 0)
    ticks = nice_ticks((0, last), 5)
    at = cell.x(ticks, (0, last))
    notes = [
        Note(x, cell.y0 - 0.008, text, baseline="top")
        for x, text in zip(at, tick_labels(ticks), strict=True)
    ]
    words = "draws a chain"
    notes.append(Note(cell.x0, cell.y0 - 0.008, words, "left", "top", 0, "tick"))
    return [Rule(x, cell.y0, x, cell.y0 + panels.TICK) for x in at], notes


@cache
def _looks(dark: bool) -> dict[str, Any]:
    c = palette(dark)
    return {
        "canvas": canvas.overlay_template(dark, TITLE, 360),
        "bulk": line_template(color=c.posterior, line_width=1.6),
        "tail": line_template(color=c.estimate, line_width=1.6, line_dash="dashed"),
    }
