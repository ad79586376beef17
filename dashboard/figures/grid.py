"""
Many panels on one canvas.

A page of ten Bokeh figures answers several times more slowly than one figure of the
same content, so corner, marginals and traces are each one figure over the unit
square: every panel is a cell of it, data are mapped into the cell by an affine
transform, and frames, ticks and names are drawn like data.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dashboard.figures.summary import Limits

BREAK = np.array([np.nan])
STEPS = np.array([1.0, 2.0, 5.0, 10.0])


class Cell(NamedTuple):
    """A panel of the canvas: its corners in canvas units."""

    x0: float
    """Left."""
    y0: float
    """Bottom."""
    x1: float
    """Right."""
    y1: float
    """Top."""

    def x(self, values, limits: Limits) -> np.ndarray:
        """Map data to canvas along x."""
        return _affine(values, limits, (self.x0, self.x1))

    def y(self, values, limits: Limits) -> np.ndarray:
        """Map data to canvas along y."""
        return _affine(values, limits, (self.y0, self.y1))

    def data_x(self, values, limits: Limits) -> np.ndarray:
        """Map canvas to data along x."""
        return _affine(values, (self.x0, self.x1), limits)

    def data_y(self, values, limits: Limits) -> np.ndarray:
        """Map canvas to data along y."""
        return _affine(values, (self.y0, self.y1), limits)

    def holds(self, x: float, y: float) -> bool:
        """Whether a canvas point lies in the panel."""
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1


class Sides(NamedTuple):
    """Widths of four margins."""

    left: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    top: float = 0.0


class Grid(NamedTuple):
    """Rows and columns of cells on the unit square."""

    rows: int
    columns: int
    margin: Sides = Sides()
    """Around the grid, in canvas units."""
    padding: Sides = Sides()
    """Inside each pitch, around its cell, in units of the pitch."""

    @property
    def pitch(self) -> tuple[float, float]:
        """Width and height of a cell with its padding, in canvas units."""
        width = 1 - self.margin.left - self.margin.right
        height = 1 - self.margin.bottom - self.margin.top
        return width / self.columns, height / self.rows

    def cell(self, row: int, column: int) -> Cell:
        """Place the cell of a row, from the top, and a column, from the left."""
        wide, high = self.pitch
        x = self.margin.left + column * wide
        y = self.margin.bottom + (self.rows - 1 - row) * high
        pad = self.padding
        return Cell(
            x + pad.left * wide,
            y + pad.bottom * high,
            x + (1 - pad.right) * wide,
            y + (1 - pad.top) * high,
        )

    def locate(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the cell that holds a canvas point, if one does."""
        wide, high = self.pitch
        column = int((x - self.margin.left) // wide)
        row = self.rows - 1 - int((y - self.margin.bottom) // high)
        inside = 0 <= row < self.rows and 0 <= column < self.columns
        return (row, column) if inside and self.cell(row, column).holds(x, y) else None


class Note(NamedTuple):
    """A text on the canvas."""

    x: float
    y: float
    text: str
    align: str = "center"
    baseline: str = "middle"
    angle: float = 0.0
    """Counter-clockwise [deg]."""
    role: str = "tick"
    """What it is, which decides its colour and size: see ``canvas.ROLES``."""


def _affine(values, source: Limits, target: Limits) -> np.ndarray:
    scale = (target[1] - target[0]) / (source[1] - source[0])
    return target[0] + (np.asarray(values, dtype=float) - source[0]) * scale


def nice_ticks(limits: Limits, most: int = 4, inset: float = 0.04) -> np.ndarray:
    """
    Round numbers inside a range: multiples of 1, 2 or 5 times a power of ten.

    Parameters
    ----------
    limits
        Lower and upper end.
    most
        The most ticks to return.
    inset
        Share of the range kept free at both ends, where a label would run into
        that of the next panel.
    """
    low, high = limits
    span = high - low
    if not np.isfinite(span) or span <= 0:
        return np.array([])
    step = _nice_step(span / (max(most, 1) + 2))
    finer = np.array([])
    while True:
        ticks = _multiples(step, low + inset * span, high - inset * span)
        if ticks.size <= most:
            # One tick gives no scale; then one more than asked for is better.
            few = ticks.size < 2 and 2 <= finer.size <= most + 1
            return finer if few else ticks
        finer, step = ticks, _nice_step(1.01 * step)


def _multiples(step: float, first: float, last: float) -> np.ndarray:
    return np.arange(np.ceil(first / step), np.floor(last / step) + 1) * step + 0.0


def _nice_step(raw: float) -> float:
    power = 10.0 ** np.floor(np.log10(raw))
    return float(STEPS[np.searchsorted(STEPS, raw / power * (1 - 1e-9))] * power)


def tick_labels(ticks: np.ndarray) -> list[str]:
    """
    Texts of ticks with as many decimals as their step needs, and no more.

    Parameters
    ----------
    ticks
        (tick,) round numbers, evenly spaced.
    """
    values = np.asarray(ticks, dtype=float)
    if not values.size:
        return []
    sizes = np.abs(values[values != 0])
    step = float(values[1] - values[0]) if values.size > 1 else _last_place(values[0])
    if sizes.size and (sizes.max() >= 1e5 or sizes.max() < 1e-3):
        return [_minus(_short_power(value)) for value in values]
    decimals = _decimals(step)
    return [_minus(f"{value + 0.0:.{decimals}f}") for value in values]


def _last_place(value: float) -> float:
    digits = f"{abs(value):.6g}"
    return 10.0 ** -len(digits.partition(".")[2])


def _short_power(value: float) -> str:
    mantissa, _, exponent = f"{value:.3e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}" if value else "0"


def _decimals(step: float) -> int:
    return max(0, -int(np.floor(np.log10(step) + 1e-9))) if step > 0 else 0


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def number(value: float, error: float) -> str:
    """Write a value with the decimals that two digits of its error are worth."""
    if not np.isfinite(value):
        return "\N{EN DASH}"
    if abs(value) >= 1e6 or 0 < max(abs(value), abs(error)) < 1e-4:
        return _minus(f"{value:.3g}")
    usable = np.isfinite(error) and error > 0
    decimals = _decimals(error / 10) if usable else 3
    return _minus(f"{value:.{min(decimals, 6)}f}")


def stack(parts: Iterable[np.ndarray]) -> np.ndarray:
    """Join polylines (point,) into one with NaN between: drawn as one glyph."""
    pieces = [piece for part in parts for piece in (np.asarray(part), BREAK)]
    return np.concatenate(pieces[:-1]) if pieces else np.array([])


def steps(edges: np.ndarray, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Outline of a histogram, from its base and back.

    Parameters
    ----------
    edges
        (bin + 1,)
    heights
        (bin,)

    Returns
    -------
    tuple of ndarray
        x and y of 2 bin + 2 corners.
    """
    x = np.repeat(edges, 2)
    y = np.concatenate([[0.0], np.repeat(heights, 2), [0.0]])
    return x, y
