"""Traces of the chains, a row a parameter, with R-hat, on one canvas."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import holoviews as hv
import numpy as np

from dashboard.figures import canvas, panels
from dashboard.figures.canvas import Marks, Rule, line_template, shape_template
from dashboard.figures.grid import Cell, Grid, Note, Sides, nice_ticks, tick_labels
from dashboard.figures.style import CHAIN_COLOURS, filled, palette, template
from dashboard.figures.summary import Draws, Limits, plotting_range, thin

MOST_POINTS = 300
MOST_MARKS = 150
"""Chosen draws that are marked on each row."""
WHOLE = 0.98
"""A box over so much of a row's side leaves that side free."""
TITLE = "Chains"


class Axes(NamedTuple):
    """What the rows of traces are drawn against."""

    across: Limits
    """Draws, from 0; steps of warm-up are before it."""
    up: dict[str, Limits]
    """Values of each parameter, in the order of the rows."""


def traces(
    draws: Draws,
    labels: Mapping[str, str],
    *,
    rhat: Mapping[str, float] | None = None,
    rhat_limit: float = 1.01,
    warmup: Draws | None = None,
    stride: int = 1,
    chosen: np.ndarray | None = None,
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
        Name to R-hat, printed on the row.
    rhat_limit
        Above it, it is a warning.
    warmup
        Name to steps of warm-up (chain, step), drawn before the draws on a shade; none
        for the draws alone.
    stride
        Steps of warm-up for each one that is given.
    chosen
        (chain, draw) bool: draws to be marked.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        One canvas over the unit square, always of the same elements. Chains beyond
        the fourth share the colours of the first.
    """
    grid, scale = layout(len(draws)), axes(draws, warmup, stride)
    looks = _looks(dark)
    colours: list[list[panels.Line]] = [[] for _ in range(CHAIN_COLOURS)]
    rules, notes = _draw_ticks(grid, scale, draws)
    shades = []
    for row, (name, values) in enumerate(draws.items()):
        cell, before = grid.cell(row, 0), (warmup or {}).get(name)
        parts = [_polylines(cell, scale, name, np.asarray(values), 0, 1)]
        if before is not None and np.size(before):
            start = -stride * np.shape(before)[1]
            parts.append(_polylines(cell, scale, name, before, start, stride))
            shades.append(_shade(cell, scale))
        for part in parts:
            for chain, line in enumerate(part):
                colours[chain % CHAIN_COLOURS].append(line)
        more, words = _row_texts(cell, scale.up.get(name), labels.get(name, name))
        rules += more
        notes += [*words, *_rhat_note(cell, (rhat or {}).get(name), rhat_limit)]
    if shades:
        top = grid.cell(0, 0)
        notes.append(Note(top.x0 + 0.006, top.y1 - 0.006, "warm-up", "left", "top"))
    notes += _nothing(draws)
    parts = [
        filled(looks["warm-up"], panels.areas(shades)),
        *(filled(looks[f"chain {i}"], panels.lines(c)) for i, c in enumerate(colours)),
        *canvas.furniture(dark, rules, [_marks(grid, scale, draws, chosen)], notes),
    ]
    return looks["canvas"].clone(parts)


def layout(count: int) -> Grid:
    """Place so many rows on the canvas."""
    margin = Sides(left=0.085, right=0.01, bottom=0.075, top=0.0)
    return Grid(max(count, 1), 1, margin, Sides(bottom=0.04, top=0.24))


def axes(draws: Draws, warmup: Draws | None = None, stride: int = 1) -> Axes:
    """Return what traces are drawn against; arguments as of ``traces``."""
    older = {name: v for name, v in (warmup or {}).items() if name in draws}
    first = -stride * max([np.shape(v)[1] for v in older.values()], default=0)
    last = max([np.shape(v)[1] for v in draws.values()], default=0) - 1
    up = {}
    for name, values in draws.items():
        both = np.concatenate([np.ravel(older.get(name, [])), np.ravel(values)])
        if both.size:
            up[name] = plotting_range(both, cover=1.0, padding=0.04)
    return Axes((first, max(last, first + 1)), up)


def stretch(
    bounds: tuple[float, float, float, float], scale: Axes, along: str
) -> dict[str, Limits]:
    """
    Find the draws that a box drawn on the traces stands for.

    Parameters
    ----------
    bounds
        Left, bottom, right and top in canvas units, as ``BoundsXY`` gives them.
    scale
        What the traces are drawn against.
    along
        What the number of a draw is called.

    Returns
    -------
    dict
        A range of draws, and of the values of the parameter in whose row the box is. A
        side that the box covers is left free; of a box over several rows only the
        draws are meant. None when the box is in no row or in warm-up.
    """
    left, bottom, right, top = bounds
    grid = layout(len(scale.up))
    cells = [grid.cell(row, 0) for row in range(len(scale.up))]
    overlaps = [min(top, c.y1) - max(bottom, c.y0) for c in cells]
    touched = [k for k, overlap in enumerate(overlaps) if overlap > 0]
    if not touched or right <= cells[0].x0 or left >= cells[0].x1:
        return {}
    cell = cells[touched[0]]
    x = cell.data_x(np.clip((left, right), cell.x0, cell.x1), scale.across)
    first, last = max(float(x[0]), 0.0), float(x[1])
    if last < 0:
        return {}
    chosen = {}
    if last - first < WHOLE * scale.across[1]:
        chosen[along] = (float(np.ceil(first)), float(np.floor(last)))
    if len(touched) == 1 and overlaps[touched[0]] < WHOLE * (cell.y1 - cell.y0):
        name = list(scale.up)[touched[0]]
        y = cell.data_y(np.clip((bottom, top), cell.y0, cell.y1), scale.up[name])
        chosen[name] = (float(y[0]), float(y[1]))
    return chosen


def _polylines(cell: Cell, scale: Axes, name: str, values, start: int, stride: int):
    if not np.size(values):
        return []
    # Warm-up and draws are drawn as densely as each other.
    share = stride * np.shape(values)[1] / (scale.across[1] - scale.across[0])
    index, kept = thin(np.asarray(values), max(2, round(MOST_POINTS * share)))
    x = cell.x(start + stride * index, scale.across)
    return [(x, cell.y(chain, scale.up[name])) for chain in kept]


def _shade(cell: Cell, scale: Axes) -> panels.Area:
    return panels.block(cell._replace(x1=float(cell.x(0, scale.across))))


def _marks(grid: Grid, scale: Axes, draws: Draws, chosen: np.ndarray | None) -> Marks:
    found = np.empty((0, 2), int) if chosen is None else np.argwhere(chosen)
    chain, number = found[:: -(-len(found) // MOST_MARKS) or 1].T
    x, y = [np.array([])], [np.array([])]
    for row, (name, values) in enumerate(draws.items()) if number.size else ():
        cell = grid.cell(row, 0)
        x.append(cell.x(number, scale.across))
        y.append(cell.y(np.asarray(values)[chain, number], scale.up[name]))
    return Marks(np.concatenate(x), np.concatenate(y), "dot", "ink")


def _row_texts(cell: Cell, limits: Limits | None, label: str):
    rules, notes = canvas.box(cell), []
    if limits is not None:
        marks, notes = panels.left_ticks(cell, limits, 3)
        rules += marks
    above = cell.y1 + 0.006
    return rules, [*notes, Note(cell.x0, above, label, "left", "bottom", 0, "name")]


def _rhat_note(cell: Cell, rhat: float | None, limit: float) -> list[Note]:
    if rhat is None or not np.isfinite(rhat):
        return []
    good = rhat <= limit
    text = f"R\N{COMBINING CIRCUMFLEX ACCENT} {rhat:.3f}"
    text += "" if good else "  \N{BLACK UP-POINTING TRIANGLE} chains disagree"
    role = "number" if good else "warning"
    return [Note(cell.x1, cell.y1 + 0.006, text, "right", "bottom", 0, role)]


def _draw_ticks(grid: Grid, scale: Axes, draws: Draws) -> tuple[list[Rule], list[Note]]:
    if not any(np.size(values) for values in draws.values()):
        return [], []
    cell = grid.cell(grid.rows - 1, 0)
    ticks = nice_ticks(scale.across, 5)
    at = cell.x(ticks, scale.across)
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
    c = palette(dark)
    chains = {
        f"chain {i}": line_template(color=colour, line_width=1, alpha=0.75)
        for i, colour in enumerate(c.chains)
    }
    # The tool of the one is that of the canvas.
    template(
        chains["chain 0"],
        tools=["box_select"],
        default_tools=[],
        active_tools=["box_select"],
    )
    return {
        "canvas": canvas.overlay_template(dark, TITLE, 360, "box_select"),
        "warm-up": shape_template(color=c.muted, alpha=0.18, line_alpha=0),
        **chains,
    }
