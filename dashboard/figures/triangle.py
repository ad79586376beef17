"""The geometry of a corner plot, and what is marked on its panels."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np

from dashboard.figures.canvas import Marks, Rule
from dashboard.figures.grid import Cell, Grid, Sides
from dashboard.figures.summary import Draws, Limits, plotting_range

GAP = 1 / 15
MOST_MARKED = 120


class Scene(NamedTuple):
    """What all parts of one corner share."""

    names: list[str]
    labels: Mapping[str, str]
    limits: dict[str, Limits]
    grid: Grid

    def cell(self, row: int, column: int) -> Cell:
        """Place the panel of a row and a column."""
        return self.grid.cell(row, column)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Row and column of every panel under the diagonal."""
        for column, row in combinations(range(len(self.names)), 2):
            yield row, column


def selected(
    bounds: tuple[float, float, float, float],
    names: list[str],
    ranges: Mapping[str, Limits],
) -> dict[str, Limits]:
    """
    Find the parameters' ranges that a box drawn on the corner stands for.

    Parameters
    ----------
    bounds
        Left, bottom, right and top in canvas units, as ``BoundsXY`` gives them.
    names
        Parameters of the corner, in its order.
    ranges
        The limits that it was drawn with.

    Returns
    -------
    dict
        Two ranges (one on the diagonal), or none when the box is in no panel.
    """
    left, bottom, right, top = bounds
    grid = layout(len(names))
    place = grid.locate((left + right) / 2, (bottom + top) / 2)
    if place is None or place[0] < place[1]:
        return {}
    row, column = place
    cell, across, up = grid.cell(row, column), names[column], names[row]
    x = cell.data_x(np.clip((left, right), cell.x0, cell.x1), ranges[across])
    chosen = {across: (float(x[0]), float(x[1]))}
    if row != column:
        y = cell.data_y(np.clip((bottom, top), cell.y0, cell.y1), ranges[up])
        chosen[up] = (float(y[0]), float(y[1]))
    return chosen


def layout(count: int) -> Grid:
    """Place the panels of so many parameters on the canvas."""
    # Small corners are drawn on lower canvases, whose texts need a larger share.
    bottom = 0.13 if count > 3 else 0.155
    margin = Sides(left=0.13, right=0.02, bottom=bottom, top=0.035)
    return Grid(count, count, margin, Sides(right=GAP, top=GAP))


def scene_of(
    draws: Draws,
    labels: Mapping[str, str],
    ghost: Draws | None,
    ranges: Mapping[str, Limits] | None,
) -> Scene:
    """Fix limits and places; arguments as of ``corner``."""
    names = list(draws)
    known, older = ranges or {}, ghost or {}
    limits = {}
    for name in names:
        values = draws[name] if np.size(draws[name]) else older.get(name, [])
        limits[name] = known.get(name) or plotting_range(np.asarray(values))
    return Scene(names, labels, limits, layout(len(names)))


def _inside(scene: Scene, name: str, reference: Mapping[str, float]) -> bool:
    low, high = scene.limits[name]
    return name in reference and low <= reference[name] <= high


def reference_rules(scene: Scene, reference: Mapping[str, float]) -> list[Rule]:
    """Draw the reference values across their rows and columns."""
    rules = []
    for i, name in enumerate(scene.names):
        if not _inside(scene, name, reference):
            continue
        value, limits = reference[name], scene.limits[name]
        for row in range(i, len(scene.names)):
            cell = scene.cell(row, i)
            x = float(cell.x(value, limits))
            rules.append(Rule(x, cell.y0, x, cell.y1, "reference"))
        for column in range(i):
            cell = scene.cell(i, column)
            y = float(cell.y(value, limits))
            rules.append(Rule(cell.x0, y, cell.x1, y, "reference"))
    return rules


def crossings(scene: Scene, reference: Mapping[str, float]) -> Marks:
    """Mark where two reference values meet."""
    points = []
    for row, column in scene.pairs():
        up, across = scene.names[row], scene.names[column]
        if _inside(scene, up, reference) and _inside(scene, across, reference):
            cell = scene.cell(row, column)
            x = cell.x(reference[across], scene.limits[across])
            points.append((x, cell.y(reference[up], scene.limits[up])))
    x, y = np.array(points, dtype=float).reshape(-1, 2).T
    return Marks(x, y, "square", "reference")


def marked(
    scene: Scene, draws: Draws, flags: np.ndarray | None, marker: str, role: str
) -> Marks:
    """Mark draws that are flagged, (chain, draw) bool; of many, some all along."""
    found = np.empty((0, 2), int) if flags is None else np.argwhere(flags)
    chain, number = found[:: -(-len(found) // MOST_MARKED) or 1].T
    x, y = [np.array([])], [np.array([])]
    for row, column in scene.pairs() if number.size else ():
        up, across = scene.names[row], scene.names[column]
        cell = scene.cell(row, column)
        u = cell.x(draws[across][chain, number], scene.limits[across])
        v = cell.y(draws[up][chain, number], scene.limits[up])
        kept = (u >= cell.x0) & (u <= cell.x1) & (v >= cell.y0) & (v <= cell.y1)
        x.append(u[kept])
        y.append(v[kept])
    return Marks(np.concatenate(x), np.concatenate(y), marker, role)
