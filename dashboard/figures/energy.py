"""Energies and tree depths that NUTS met, a column a chain, on one canvas."""

from functools import cache
from typing import Any

import holoviews as hv
import numpy as np

from dashboard.figures import canvas, panels
from dashboard.figures.canvas import Rule, line_template, shape_template
from dashboard.figures.grid import Cell, Grid, Note, Sides, steps
from dashboard.figures.style import filled, palette
from dashboard.figures.summary import Limits, histogram

TITLE = "Energy and tree depth of each chain"
BINS = 30


def energies(
    marginal: np.ndarray,
    transition: np.ndarray,
    bfmi: np.ndarray,
    depth: np.ndarray,
    *,
    bfmi_limit: float = 0.3,
    dark: bool = False,
) -> hv.Overlay:
    """
    Draw the energies of each chain, their changes, and how deep its trees were.

    Parameters
    ----------
    marginal
        Energy less its mean, (chain, draw); no draws before there are any.
    transition
        Change of energy from draw to draw, (chain, draw - 1).
    bfmi
        Fraction of the one that the other tells, (chain,).
    depth
        Doublings of each trajectory, (chain, draw).
    bfmi_limit
        Below it, the fraction is a warning.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        One canvas over the unit square, always of the same elements.
    """
    looks, chains = _looks(dark), len(marginal) if np.size(transition) else 0
    grid = Grid(2, max(chains, 1), *_MARGINS)
    fills, outlines, bars, rules = [], [], [], []
    notes = [] if chains else [Note(0.5, 0.5, "no draws yet", role="empty")]
    for k in range(chains):
        upper, lower = grid.cell(0, k), grid.cell(1, k)
        limits = _limits(marginal, transition)
        shapes = [histogram(part[k], limits, BINS) for part in (marginal, transition)]
        peak = panels.peak_of([shape.density for shape in shapes])
        fills.append(panels.bars(upper, shapes[0], limits, peak))
        outlines.append(panels.outline(upper, shapes[1], limits, peak))
        bars.append(_depth_bars(lower, depth[k], int(depth.max())))
        rules += [_floor(upper), _floor(lower)]
        notes += _energy_notes(upper, k, float(bfmi[k]), bfmi_limit)
        notes += _depth_notes(lower, depth[k], int(depth.max()))
    if chains:
        notes += _row_names(grid)
    parts = [
        filled(looks["marginal"], panels.areas(fills)),
        filled(looks["depth"], panels.areas(bars)),
        filled(looks["transition"], panels.lines(outlines)),
        *canvas.furniture(dark, rules, [], notes),
    ]
    return looks["canvas"].clone(parts)


_MARGINS = (
    Sides(left=0.05, right=0.01, bottom=0.05, top=0.0),
    Sides(left=0.04, right=0.04, bottom=0.08, top=0.24),
)


def _limits(*parts: np.ndarray) -> Limits:
    values = np.concatenate([np.ravel(part) for part in parts])
    low, high = np.quantile(values, [0.001, 0.999])
    # Energies that are all alike still need a range to be drawn in.
    return (float(low), float(high)) if high > low else (float(low) - 1, float(low) + 1)


def _depth_bars(cell: Cell, depth: np.ndarray, deepest: int) -> panels.Area:
    counts = np.bincount(depth, minlength=deepest + 1)[1:]
    x, y = steps(np.arange(1, deepest + 2) - 0.5, counts / counts.max())
    top = cell.y(y, (0, 1.08))
    return cell.x(x, (0.5, deepest + 0.5)), top, np.full(top.size, cell.y0)


def _floor(cell: Cell) -> Rule:
    return Rule(cell.x0, cell.y0, cell.x1, cell.y0, "muted")


def _energy_notes(cell: Cell, chain: int, fraction: float, limit: float) -> list[Note]:
    good = fraction >= limit
    text = f"BFMI {fraction:.2f}" + ("" if good else " \N{BLACK UP-POINTING TRIANGLE}")
    role = "number" if good else "warning"
    return [
        Note(
            cell.x0, cell.y1 + 0.05, f"chain {chain + 1}", "left", "bottom", 0, "name"
        ),
        Note(cell.x0, cell.y1 + 0.006, text, "left", "bottom", 0, role),
    ]


def _depth_notes(cell: Cell, depth: np.ndarray, deepest: int) -> list[Note]:
    limits = (0.5, deepest + 0.5)
    ticks = np.arange(1, deepest + 1, 1 + deepest // 6)
    return [
        Note(float(cell.x(t, limits)), cell.y0 - 0.008, str(t), baseline="top")
        for t in ticks
    ]


def _row_names(grid: Grid) -> list[Note]:
    rows = "energy", "tree depth"
    notes = []
    for row, text in enumerate(rows):
        cell = grid.cell(row, 0)
        middle = (cell.y0 + cell.y1) / 2
        notes.append(Note(0.006, middle, text, "center", "top", panels.UP, "name"))
    key = "\N{BLACK SQUARE} energy   \N{EN DASH} \N{EN DASH} its change a draw"
    last = grid.cell(0, grid.columns - 1)
    return [*notes, Note(last.x1, last.y0 - 0.02, key, "right", "top", 0, "key")]


@cache
def _looks(dark: bool) -> dict[str, Any]:
    c = palette(dark)
    return {
        "canvas": canvas.overlay_template(dark, TITLE, 360),
        "marginal": shape_template(color=c.posterior, alpha=0.45, line_alpha=0),
        "transition": line_template(color=c.prior, line_width=1.6, line_dash=[5, 2]),
        "depth": shape_template(color=c.posterior, alpha=0.45, line_alpha=0),
    }
