"""One histogram a parameter over its prior, in a row or a few, on one canvas."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import holoviews as hv
import numpy as np

from dashboard.figures import canvas, panels
from dashboard.figures.canvas import Marks, Rule, line_template, shape_template
from dashboard.figures.grid import Cell, Grid, Note, Sides
from dashboard.figures.style import filled, palette
from dashboard.figures.summary import (
    Density,
    Draws,
    Histogram,
    Limits,
    density_range,
    interval,
    plotting_range,
)

BINS = 36
TITLE = "Posterior and prior"
# A prior that towers over the posterior is cut, so that the posterior stays seen.
TALLEST_PRIOR = 2.0


class _Panel(NamedTuple):
    """One parameter: where it is drawn and on what scales."""

    name: str
    cell: Cell
    limits: Limits
    peak: float


def marginals(
    draws: Draws,
    labels: Mapping[str, str],
    *,
    prior: Mapping[str, Density] | None = None,
    ghost: Draws | None = None,
    ghost_name: str = "before",
    estimate: Draws | None = None,
    reference: Mapping[str, float] | None = None,
    ranges: Mapping[str, Limits] | None = None,
    columns: int | None = None,
    dark: bool = False,
) -> hv.Overlay:
    """
    Histograms of draws with the prior's density on the same scale.

    Parameters
    ----------
    draws
        Name to draws (chain, draw), in the order to show; none yet is (chain, 0),
        and then the prior alone fills the panel.
    labels
        Name to label with its unit.
    prior
        Name to xs and density, each (point,).
    ghost
        Draws of another run, (chain, draw): thin grey outlines.
    ghost_name
        What that run is called.
    estimate
        Re-weighted draws, (chain, draw): dotted outlines.
    reference
        Name to a true or published value.
    ranges
        Name to the limits to draw in; from draws or prior where left out.
    columns
        Panels in a row; by default up to four in one row, else three.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        One canvas over the unit square, always of the same elements.
    """
    given = [draws, ghost or {}, estimate or {}]
    known = prior or {}
    limits = {name: _limits(name, given, known, ranges or {}) for name in draws}
    found = [panels.histograms(part, limits, BINS) for part in given]
    grid = layout(len(draws), columns)
    shown = [
        _Panel(name, grid.cell(i // grid.columns, i % grid.columns), limits[name], peak)
        for i, name in enumerate(draws)
        for peak in [_peak(name, found, known)]
    ]
    rules, notes = _texts(shown, labels, draws)
    mark = _reference_marks(shown, reference or {})
    rules += _reference_rules(shown, reference or {})
    key = _key(ghost and ghost_name, estimate, reference)
    parts = [
        *_shapes(shown, found, known, draws, dark),
        *canvas.furniture(dark, rules, [mark], [*notes, key]),
    ]
    return _looks(dark)["canvas"].clone(parts)


def layout(count: int, columns: int | None = None) -> Grid:
    """Place so many panels on the canvas."""
    wide = min(count, columns or (count if count <= 4 else 3))
    wide = max(wide, 1)
    rows = max(1, -(-count // wide))
    margin = Sides(left=0.005, right=0.005, bottom=0.0, top=0.05 + 0.06 / rows)
    padding = Sides(left=0.04, right=0.04, bottom=0.13, top=0.25)
    return Grid(rows, wide, margin, padding)


def _limits(name: str, given: list[Draws], prior, ranges) -> Limits:
    if ranges.get(name):
        return ranges[name]
    drawn = [part[name] for part in given if np.size(part.get(name, []))]
    if drawn:
        return plotting_range(drawn[0])
    return density_range(prior[name]) if name in prior else (0.0, 1.0)


def _peak(name: str, found: list[dict[str, Histogram]], prior) -> float:
    drawn = [part[name].density for part in found if name in part]
    heights = np.asarray(prior[name][1], float) if name in prior else np.array([])
    heights = heights[np.isfinite(heights)]
    if drawn:
        heights = np.minimum(heights, TALLEST_PRIOR * max(map(np.max, drawn)))
    return panels.peak_of([*drawn, heights])


def _shapes(shown: list[_Panel], found, prior, draws: Draws, dark) -> list[hv.Element]:
    looks = _looks(dark)
    now, before, guess = found
    full, middle, bare = [], [], []
    for name, cell, limits, peak in shown:
        if name in now:
            low, _, high = interval(draws[name])
            full.append(panels.bars(cell, now[name], limits, peak))
            middle.append(panels.bars(cell, now[name], limits, peak, (low, high)))
    curves = {
        panel.name: panels.curve(
            panel.cell, prior[panel.name], panel.limits, panel.peak
        )
        for panel in shown
        if panel.name in prior
    }
    for name, cell, _, _ in shown:
        if name not in now and name in curves and len(curves[name][0]):
            bare.append(panels.under(cell, curves[name]))
    return [
        filled(looks["bare"], panels.areas(bare)),
        filled(looks["bars"], panels.areas(full)),
        filled(looks["middle"], panels.areas(middle)),
        filled(looks["ghost"], _outlines(shown, before)),
        filled(looks["prior"], panels.lines(list(curves.values()))),
        filled(looks["estimate"], _outlines(shown, guess)),
    ]


def _outlines(shown: list[_Panel], counted: dict[str, Histogram]) -> panels.Line:
    return panels.lines(
        [
            panels.outline(cell, counted[name], limits, peak)
            for name, cell, limits, peak in shown
            if name in counted
        ]
    )


def _references(shown: list[_Panel], reference) -> list[tuple[Cell, float]]:
    return [
        (cell, float(cell.x(reference[name], limits)))
        for name, cell, limits, _ in shown
        if name in reference and limits[0] <= reference[name] <= limits[1]
    ]


def _reference_rules(shown: list[_Panel], reference) -> list[Rule]:
    placed = _references(shown, reference)
    return [Rule(x, cell.y0, x, cell.y1, "reference") for cell, x in placed]


def _reference_marks(shown: list[_Panel], reference) -> Marks:
    placed = _references(shown, reference)
    x = np.array([x for _, x in placed])
    y = np.array([cell.y0 + 0.015 for cell, _ in placed])
    return Marks(x, y, "triangle", "reference")


def _texts(shown, labels, draws: Draws) -> tuple[list[Rule], list[Note]]:
    rules, notes = [], []
    for name, cell, limits, _ in shown:
        marks, words = panels.bottom_ticks(cell, limits, 3, inset=0.03)
        rules += [Rule(cell.x0, cell.y0, cell.x1, cell.y0, "muted"), *marks]
        line = 0.095 * (cell.y1 - cell.y0) / 0.62
        label, value = labels.get(name, name), panels.printed(interval(draws[name]))
        notes += [
            *words,
            Note(cell.x0, cell.y1 + 1.2 * line, label, "left", "bottom", 0, "name"),
            Note(cell.x0, cell.y1 + 0.1 * line, value, "left", "bottom", 0, "number"),
        ]
    return rules, notes


def _key(ghost_name, estimate, reference) -> Note:
    words = ["\N{BLACK SQUARE} posterior", "\N{EN DASH} \N{EN DASH} prior"]
    if estimate:
        words.append("··· estimate")
    if ghost_name:
        words.append(f"\N{WHITE SQUARE} {ghost_name}")
    if reference:
        words.append("\N{WHITE UP-POINTING TRIANGLE} reference")
    return Note(0.009, 0.995, "   ".join(words), "left", "top", 0, "key")


@cache
def _looks(dark: bool) -> dict[str, Any]:
    c = palette(dark)
    return {
        "canvas": canvas.overlay_template(dark, TITLE, 200),
        "bare": shape_template(color=c.prior, alpha=0.22, line_alpha=0),
        "prior": line_template(color=c.prior, line_width=1.8, line_dash="dashed"),
        **panels.histogram_looks(dark),
    }
