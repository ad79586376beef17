"""What corner and marginals draw in a cell: histograms, outlines, names, ticks."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.figures.canvas import Rule, line_template, shape_template
from dashboard.figures.grid import (
    Cell,
    Note,
    nice_ticks,
    number,
    stack,
    steps,
    tick_labels,
)
from dashboard.figures.style import palette
from dashboard.figures.summary import (
    Density,
    Draws,
    Histogram,
    Interval,
    Limits,
    histogram,
)

TICK = 0.012
MOST_CHARACTERS = 10
UP = 90.0

Area = tuple[np.ndarray, np.ndarray, np.ndarray]
"""x, top and bottom of a filled shape, each (corner,), in canvas units."""

Line = tuple[np.ndarray, np.ndarray]
"""x and y of a polyline, each (point,), in canvas units."""


def bars(
    cell: Cell,
    counted: Histogram,
    limits: Limits,
    peak: float,
    within: Limits | None = None,
) -> Area:
    """
    Make a histogram one filled shape.

    Parameters
    ----------
    cell
        Where to draw it.
    counted
        The histogram; its density gives the heights.
    limits
        Range of the cell along x.
    peak
        Density at the top of the cell.
    within
        Draw only the part inside this range: the central 68 %, for instance.
    """
    low, high = within or limits
    edges = np.clip(counted.edges, max(low, limits[0]), min(high, limits[1]))
    x, y = steps(edges, np.minimum(counted.density, peak))
    top = cell.y(y, (0.0, peak))
    return cell.x(x, limits), top, np.full(top.size, cell.y0)


def outline(cell: Cell, counted: Histogram, limits: Limits, peak: float) -> Line:
    """Make a histogram a line; arguments as of ``bars``."""
    return bars(cell, counted, limits, peak)[:2]


def curve(cell: Cell, density: Density, limits: Limits, peak: float) -> Line:
    """Make a density (point,) a line, cut where it leaves the cell."""
    xs, heights = (np.asarray(part, dtype=float) for part in density)
    if not xs.size:
        return xs, heights
    inside = (xs >= limits[0]) & (xs <= limits[1])
    ends = np.array(limits)[(np.array(limits) >= xs[0]) & (np.array(limits) <= xs[-1])]
    grid = np.unique(np.concatenate([xs[inside], ends]))
    height = np.clip(np.nan_to_num(np.interp(grid, xs, heights)), 0.0, peak)
    return cell.x(grid, limits), cell.y(height, (0.0, peak))


def under(cell: Cell, line: Line) -> Area:
    """Fill the area between a line (at least one point) and its cell's floor."""
    x = np.concatenate([line[0][:1], line[0], line[0][-1:]])
    y = np.concatenate([[cell.y0], line[1], [cell.y0]])
    return x, y, np.full(len(x), cell.y0)


def block(cell: Cell) -> Area:
    """Fill a rectangle."""
    x0, y0, x1, y1 = cell
    return np.array([x0, x0, x1, x1]), np.array([y0, y1, y1, y0]), np.full(4, y0)


def areas(parts: Sequence[Area]) -> Area:
    """
    Join filled shapes into one glyph.

    A link between two shapes, which begin and end on their floor, runs forth and back
    along the same points, so that it encloses nothing: many panels cost one patch.
    """
    if not parts:
        return np.array([]), np.array([]), np.array([])
    x, top, base = (np.concatenate(column) for column in zip(*parts, strict=True))
    return x, top, base


def lines(parts: Sequence[Line]) -> Line:
    """Join polylines into one glyph, with gaps between."""
    return stack(part[0] for part in parts), stack(part[1] for part in parts)


def peak_of(densities: Sequence[np.ndarray]) -> float:
    """Density at the top of a cell, with room above the highest bar."""
    highest = max([float(np.max(part)) for part in densities if len(part)] or [0.0])
    return 1.08 * highest or 1.0


def histogram_looks(dark: bool) -> dict[str, Any]:
    """Templates of the posterior, its middle, the older run and the estimate."""
    c = palette(dark)
    fill = {"color": c.posterior, "line_alpha": 0}
    return {
        "bars": shape_template(alpha=0.35, **fill),
        "middle": shape_template(alpha=0.5, **fill),
        "ghost": line_template(color=c.ghost, line_width=1.2),
        "estimate": line_template(color=c.estimate, line_width=2, line_dash="dotted"),
    }


def histograms(
    draws: Draws | None, limits: dict[str, Limits], bins: int
) -> dict[str, Histogram]:
    """Histogram of each drawn parameter that has draws (chain, draw)."""
    return {
        name: histogram(values, limits[name], bins)
        for name, values in (draws or {}).items()
        if name in limits and np.size(values)
    }


def bottom_ticks(
    cell: Cell, limits: Limits, most: int, *, words: bool = True, inset: float = 0.08
) -> tuple[list[Rule], list[Note]]:
    """Tick marks inside a cell's floor and their labels below."""
    ticks = nice_ticks(limits, most, inset)
    if sum(map(len, tick_labels(ticks))) > MOST_CHARACTERS:
        ticks = nice_ticks(limits, most - 1, inset)
    at = cell.x(ticks, limits)
    marks = [Rule(x, cell.y0, x, cell.y0 + TICK) for x in at]
    texts = tick_labels(ticks) if words else []
    below = cell.y0 - 0.008
    return marks, [
        Note(x, below, text, baseline="top") for x, text in zip(at, texts, strict=False)
    ]


def left_ticks(
    cell: Cell, limits: Limits, most: int, words: bool = True
) -> tuple[list[Rule], list[Note]]:
    """Tick marks inside a cell's left side and their labels beside it."""
    ticks = nice_ticks(limits, most, 0.08)
    at = cell.y(ticks, limits)
    marks = [Rule(cell.x0, y, cell.x0 + TICK, y) for y in at]
    texts = tick_labels(ticks) if words else []
    return marks, [
        Note(cell.x0 - 0.006, y, text, align="right")
        for y, text in zip(at, texts, strict=False)
    ]


def printed(summary: Interval) -> str:
    """Median and 16-84 % range in one short text."""
    if not np.isfinite(summary.median):
        return ""
    up, down = summary.high - summary.median, summary.median - summary.low
    error = min(up, down) or max(up, down)
    middle = number(summary.median, error)
    above, below = number(up, error), number(down, error)
    # Errors that are alike are one number: shorter, and no false precision.
    if above == below or max(up, down) <= 1.1 * min(up, down):
        return f"{middle} ± {number((up + down) / 2, error)}"
    return f"{middle} +{above} \N{MINUS SIGN}{below}"


def two_lines(label: str) -> str:
    """Write a label with its unit on a line of its own."""
    return label.replace(" [", "\n[", 1)
