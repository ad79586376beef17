"""Traces of the chains, a row a parameter, with R-hat, on one canvas."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import holoviews as hv
import numpy as np

from dashboard.figures import canvas, panels
from dashboard.figures.canvas import Rule, line_template
from dashboard.figures.grid import Cell, Grid, Note, Sides, nice_ticks, tick_labels
from dashboard.figures.style import CHAIN_COLOURS, palette
from dashboard.figures.summary import Draws, plotting_range, thin

MOST_POINTS = 300
GOOD_RHAT = 1.01
TITLE = "Chains"


def traces(
    draws: Draws,
    labels: Mapping[str, str],
    *,
    rhat: Mapping[str, float] | None = None,
    dark: bool = False,
) -> hv.Overlay:
    """
    Draw every chain of every parameter along its draws.

    Parameters
    ----------
    draws
        Name to draws (chain, draw), in the order to show.
    labels
        Name to label with its unit.
    rhat
        Name to R-hat, printed on the row; above 1.01 it is a warning.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        One canvas over the unit square, always of the same elements. Chains beyond
        the fourth share the colours of the first.
    """
    grid = layout(len(draws))
    looks = _looks(dark)
    colours: list[list[panels.Line]] = [[] for _ in range(CHAIN_COLOURS)]
    rules, notes = _draw_ticks(grid, draws)
    for row, (name, values) in enumerate(draws.items()):
        cell = grid.cell(row, 0)
        for chain, line in enumerate(_polylines(cell, np.asarray(values))):
            colours[chain % CHAIN_COLOURS].append(line)
        more, words = _row_texts(cell, np.asarray(values), labels.get(name, name))
        rules += more
        notes += [*words, *_rhat_note(cell, (rhat or {}).get(name))]
    notes += _nothing(draws)
    chains = [
        looks[f"chain {i}"].clone(panels.lines(part)) for i, part in enumerate(colours)
    ]
    return looks["canvas"].clone([*chains, *canvas.furniture(dark, rules, [], notes)])


def layout(count: int) -> Grid:
    """Place so many rows on the canvas."""
    margin = Sides(left=0.085, right=0.01, bottom=0.075, top=0.0)
    return Grid(max(count, 1), 1, margin, Sides(bottom=0.04, top=0.24))


def _polylines(cell: Cell, values: np.ndarray) -> list[panels.Line]:
    if not values.size:
        return []
    index, kept = thin(values, MOST_POINTS)
    limits = plotting_range(values, cover=1.0, padding=0.04)
    x = cell.x(index, (0, max(values.shape[1] - 1, 1)))
    return [(x, cell.y(chain, limits)) for chain in kept]


def _row_texts(cell: Cell, values: np.ndarray, label: str):
    rules, notes = canvas.box(cell), []
    if values.size:
        limits = plotting_range(values, cover=1.0, padding=0.04)
        marks, notes = panels.left_ticks(cell, limits, 3)
        rules += marks
    above = cell.y1 + 0.006
    return rules, [*notes, Note(cell.x0, above, label, "left", "bottom", 0, "name")]


def _rhat_note(cell: Cell, rhat: float | None) -> list[Note]:
    if rhat is None or not np.isfinite(rhat):
        return []
    good = rhat <= GOOD_RHAT
    text = f"R\N{COMBINING CIRCUMFLEX ACCENT} {rhat:.3f}"
    text += "" if good else "  \N{BLACK UP-POINTING TRIANGLE} chains disagree"
    role = "number" if good else "warning"
    return [Note(cell.x1, cell.y1 + 0.006, text, "right", "bottom", 0, role)]


def _draw_ticks(grid: Grid, draws: Draws) -> tuple[list[Rule], list[Note]]:
    length = max([np.shape(values)[1] for values in draws.values()], default=0)
    if length < 2:
        return [], []
    cell = grid.cell(grid.rows - 1, 0)
    ticks = nice_ticks((0, length - 1), 5)
    at = cell.x(ticks, (0, length - 1))
    notes = [
        Note(x, cell.y0 - 0.008, text, baseline="top")
        for x, text in zip(at, tick_labels(ticks), strict=True)
    ]
    notes.append(Note(cell.x0, cell.y0 - 0.008, "draw", "left", "top", 0, "tick"))
    return [Rule(x, cell.y0, x, cell.y0 + panels.TICK) for x in at], notes


def _nothing(draws: Draws) -> list[Note]:
    if any(np.size(values) for values in draws.values()):
        return []
    return [Note(0.55, 0.5, "no draws yet", role="empty")]


@cache
def _looks(dark: bool) -> dict[str, Any]:
    chains = {
        f"chain {i}": line_template(color=colour, line_width=1, alpha=0.75)
        for i, colour in enumerate(palette(dark).chains)
    }
    return {"canvas": canvas.overlay_template(dark, TITLE, 360), **chains}
