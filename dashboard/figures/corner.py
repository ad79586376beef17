"""The corner plot: every pair of parameters, on one canvas."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import holoviews as hv
import numpy as np

from dashboard.figures import canvas, panels, shading
from dashboard.figures.canvas import Rule, line_template
from dashboard.figures.grid import Grid, Note
from dashboard.figures.style import filled, palette, template
from dashboard.figures.summary import Draws, Limits, interval
from dashboard.figures.triangle import (
    GAP,
    Scene,
    crossings,
    marked,
    reference_rules,
    scene_of,
)

# Pixels of a panel for so many parameters: about as many as it has on a screen.
PIXELS = {2: 126, 3: 98, 4: 70, 5: 56, 6: 42}
BLUR = 1 / 30
BINS = 32
TITLE = "Posterior, pair by pair"


def corner(
    draws: Draws,
    labels: Mapping[str, str],
    *,
    ghost: Draws | None = None,
    ghost_name: str = "before",
    estimate: Draws | None = None,
    reference: Mapping[str, float] | None = None,
    divergent: np.ndarray | None = None,
    chosen: np.ndarray | None = None,
    ranges: Mapping[str, Limits] | None = None,
    dark: bool = False,
) -> hv.Overlay:
    """
    Histograms and pairwise densities of two to six parameters.

    Parameters
    ----------
    draws
        Name to draws (chain, draw), in the order to show.
    labels
        Name to label with its unit.
    ghost
        Draws of another run, (chain, draw): thin grey outlines.
    ghost_name
        What that run is called.
    estimate
        Re-weighted draws, (chain, draw): dotted outlines on the diagonal.
    reference
        Name to a true or published value.
    divergent
        (chain, draw) bool: draws that diverged, marked by crosses.
    chosen
        (chain, draw) bool: draws that the reader chose, outlined on the diagonal, to
        the height of all, and some of them marked by dots.
    ranges
        Name to the limits to draw in; from the draws where left out.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        One canvas over the unit square, always of the same elements.
    """
    scene = scene_of(draws, labels, ghost, ranges)
    looks = _looks(dark)
    known = reference or {}
    frames, ticks = _frames(scene, draws)
    notes = [*ticks, *_names(scene), *_numbers(scene, draws), *_nothing(draws)]
    notes += _key(scene, ghost and ghost_name, estimate, reference, divergent, chosen)
    rules = [*frames, *reference_rules(scene, known)]
    marks = [
        crossings(scene, known),
        marked(scene, draws, divergent, "x", "prior"),
        marked(scene, draws, chosen, "dot", "ink"),
    ]
    parts = [
        looks["density"].clone(_image(scene, draws, ghost), bounds=_bounds(scene.grid)),
        *_diagonal(scene, looks, draws, ghost, estimate),
        filled(looks["chosen"], _outlines_of_chosen(scene, draws, chosen)),
        *canvas.furniture(dark, rules, marks, notes),
    ]
    return looks["canvas"].clone(parts)


def _bounds(grid: Grid) -> tuple[float, float, float, float]:
    wide, high = grid.pitch
    x, y = grid.margin.left, grid.margin.bottom
    return x, y, x + (grid.columns - 1) * wide, y + (grid.rows - 1) * high


def _image(scene: Scene, draws: Draws, ghost: Draws | None) -> np.ndarray:
    """Levels of all panels as one picture (row from the top, column)."""
    pixels = PIXELS[min(max(len(scene.names), 2), 6)]
    gap = round(pixels * GAP / (1 - GAP))
    side = (len(scene.names) - 1) * (pixels + gap)
    picture = np.zeros((side, side), dtype=np.uint8)
    now, before = _bins(scene, draws, pixels), _bins(scene, ghost, pixels)
    for row, column in scene.pairs():
        pair = scene.names[column], scene.names[row]
        levels = shading.levels(_mass(now, *pair, pixels), _mass(before, *pair, pixels))
        top, left = (row - 1) * (pixels + gap) + gap, column * (pixels + gap)
        # Rows of a picture run downwards, those of the counts upwards.
        picture[top : top + pixels, left : left + pixels] = levels[::-1]
    return picture


def _bins(scene: Scene, draws: Draws | None, pixels: int) -> dict[str, np.ndarray]:
    return {
        name: shading.bin_numbers(np.ravel(draws[name]), scene.limits[name], pixels)
        for name in scene.names
        if draws and name in draws and np.size(draws[name])
    }


def _mass(bins: dict[str, np.ndarray], across: str, up: str, pixels: int):
    if across not in bins or up not in bins:
        return np.ones((pixels, pixels))
    counts = shading.counts(bins[across], bins[up], pixels)
    return shading.enclosed(counts, BLUR * pixels)


def _diagonal(scene, looks, draws, ghost, estimate) -> list[hv.Element]:
    found = [
        panels.histograms(part, scene.limits, BINS) for part in (draws, ghost, estimate)
    ]
    full, middle = [], []
    outlines: list[list[panels.Line]] = [[], []]
    for i, name in enumerate(scene.names):
        cell, limits = scene.cell(i, i), scene.limits[name]
        peak = panels.peak_of([h[name].density for h in found if name in h])
        for lines, counted in zip(outlines, found[1:], strict=True):
            if name in counted:
                lines.append(panels.outline(cell, counted[name], limits, peak))
        if name in found[0]:
            low, _, high = interval(draws[name])
            shape = found[0][name]
            full.append(panels.bars(cell, shape, limits, peak))
            middle.append(panels.bars(cell, shape, limits, peak, (low, high)))
    return [
        filled(looks["bars"], panels.areas(full)),
        filled(looks["middle"], panels.areas(middle)),
        filled(looks["ghost"], panels.lines(outlines[0])),
        filled(looks["estimate"], panels.lines(outlines[1])),
    ]


def _outlines_of_chosen(scene: Scene, draws: Draws, chosen) -> panels.Line:
    if chosen is None or not np.any(chosen):
        return panels.lines([])
    found = panels.histograms(
        {name: values[chosen] for name, values in draws.items()}, scene.limits, BINS
    )
    return panels.lines(
        [
            panels.outline(
                scene.cell(i, i),
                found[name],
                scene.limits[name],
                panels.peak_of([found[name].density]),
            )
            for i, name in enumerate(scene.names)
            if name in found
        ]
    )


def _frames(scene: Scene, draws: Draws) -> tuple[list[Rule], list[Note]]:
    rules, notes = [], []
    for row in range(len(scene.names)):
        for column in range(row + 1):
            marks, words = _ticks(scene, draws, row, column)
            rules += [*canvas.box(scene.cell(row, column)), *marks]
            notes += words
    return rules, notes


def _ticks(scene: Scene, draws: Draws, row: int, column: int):
    across, up = scene.names[column], scene.names[row]
    cell, last = scene.cell(row, column), row == len(scene.names) - 1
    rules, notes = [], []
    # A label must have room on a phone too.
    most = 3 if len(scene.names) < 4 else 2
    if np.size(draws[across]):
        rules, notes = panels.bottom_ticks(cell, scene.limits[across], most, words=last)
    if column < row and np.size(draws[up]):
        more, words = panels.left_ticks(cell, scene.limits[up], most, column == 0)
        rules, notes = rules + more, notes + words
    return rules, notes


def _names(scene: Scene) -> list[Note]:
    notes = []
    for i, name in enumerate(scene.names):
        label = panels.two_lines(scene.labels.get(name, name))
        # Narrow panels stand side by side: only their words fit, not their names.
        short = label.replace(" ", "\n") if len(scene.names) > 3 else label
        below = scene.cell(len(scene.names) - 1, i)
        middle = (below.x0 + below.x1) / 2
        notes.append(Note(middle, below.y0 - 0.036, short, "center", "top", 0, "name"))
        if i:
            beside = scene.cell(i, 0)
            middle = (beside.y0 + beside.y1) / 2
            notes.append(Note(0.006, middle, label, "center", "top", panels.UP, "name"))
    return notes


def _numbers(scene: Scene, draws: Draws) -> list[Note]:
    notes, last = [], len(scene.names) - 1
    for i, name in enumerate(scene.names):
        cell, text = scene.cell(i, i), panels.printed(interval(draws[name]))
        # The space right of a diagonal panel is free, except at the canvas's edge.
        x, align = (cell.x1, "right") if i == last and i else (cell.x0, "left")
        notes.append(Note(x, cell.y1 + 0.006, text, align, "bottom", 0, "number"))
    return notes


def _key(
    scene: Scene, ghost_name, estimate, reference, divergent, chosen
) -> list[Note]:
    line = 0.036 if len(scene.names) > 3 else 0.05
    rows = ["\N{BLACK SQUARE} posterior", "median, bars 68 %", "rings 39, 86 %"]
    if ghost_name:
        rows.append(f"\N{WHITE SQUARE} {ghost_name}")
    if estimate:
        rows.append("··· estimate, re-weighted")
    if reference:
        rows.append("\N{BOX DRAWINGS LIGHT VERTICAL AND HORIZONTAL} reference")
    if divergent is not None and np.any(divergent):
        count = int(np.sum(divergent))
        rows.append(f"\N{MULTIPLICATION SIGN} divergent ({count})")
    if chosen is not None:
        rows.append(
            f"\N{BOX DRAWINGS LIGHT TRIPLE DASH HORIZONTAL} chosen ({np.sum(chosen):,})"
        )
    return [
        Note(0.98, 0.985 - line * i, text, "right", "top", 0, "key")
        for i, text in enumerate(rows)
    ]


def _nothing(draws: Draws) -> list[Note]:
    if any(np.size(values) for values in draws.values()):
        return []
    return [Note(0.72, 0.72, "no draws yet", role="empty")]


@cache
def _looks(dark: bool) -> dict[str, Any]:
    c = palette(dark)
    blank = np.zeros((1, 1), np.uint8)
    return {
        "canvas": canvas.overlay_template(dark, TITLE, 480, "box_select"),
        "density": template(
            hv.Image(blank, bounds=(0, 0, 1, 1)),
            cmap=shading.ramp(c.posterior, c.ghost),
            clim=(0, shading.LEVELS - 1),
            tools=["box_select"],
            default_tools=[],
            active_tools=["box_select"],
            **canvas.FIXED,
        ),
        **panels.histogram_looks(dark),
        "chosen": line_template(color=c.ink, line_width=1.4, line_dash=[4, 2]),
    }
