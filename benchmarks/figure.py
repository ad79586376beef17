"""The figure of a calibration, as plain SVG: one panel a case.

A panel shows, for each quantity, the share of truths below a position minus that
position, and the band that right analyses stay in 19 times of 20.
"""

from collections.abc import Sequence

import numpy as np

from benchmarks.bands import GRID, band
from benchmarks.cases import Case
from benchmarks.simulations import Calibration

COLUMNS, WIDTH, HEIGHT, MARGIN = 3, 250, 150, 34
LEVEL = 0.05
# Okabe & Ito's palette, which people of every colour vision can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
DASHES = ("", "6 2", "2 2", "8 2 2 2", "", "6 2", "2 2")


def svg(done: Sequence[tuple[Case, Calibration]]) -> str:
    """Draw every case.

    Parameters
    ----------
    done : sequence of (Case, Calibration)

    Returns
    -------
    str
        An SVG document.
    """
    rows = -(-len(done) // COLUMNS)
    panels = []
    for index, (case, result) in enumerate(done):
        row, column = divmod(index, COLUMNS)
        panels.append(
            f'<g transform="translate({column * WIDTH + MARGIN},'
            f'{row * (HEIGHT + 2 * MARGIN) + MARGIN})">{_panel(case, result)}</g>'
        )
    width, height = COLUMNS * WIDTH + MARGIN, rows * (HEIGHT + 2 * MARGIN) + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="9">\n'
        "<title>Simulation-based calibration: ECDF of ranks minus uniform</title>\n"
        f'<rect width="{width}" height="{height}" fill="white"/>\n'
        + "\n".join(panels)
        + "\n</svg>\n"
    )


def _panel(case: Case, result: Calibration) -> str:
    count = len(result.flagged)
    low, high = (edge - GRID for edge in band(count, LEVEL))
    curves = {
        name: (places[:, None] < GRID).mean(axis=0) - GRID
        for name, places in result.positions.items()
    }
    extent = 1.15 * max(np.abs([low, high, *curves.values()]).max(), 1e-6)
    forth = np.concatenate(
        [_points(GRID, high, extent), _points(GRID, low, extent)[::-1]]
    )
    parts = [
        f'<text x="0" y="-6" font-size="11">{case.name} ({count})</text>',
        f'<polygon points="{_joined(forth)}" fill="#dddddd"/>',
        _axes(extent),
    ]
    for k, (name, curve) in enumerate(curves.items()):
        colour, dash = COLOURS[k % len(COLOURS)], DASHES[k % len(DASHES)]
        parts.append(
            f'<polyline points="{_joined(_points(GRID, curve, extent))}" fill="none" '
            f'stroke="{colour}" stroke-width="1.2" stroke-dasharray="{dash}"/>'
        )
        x, y = 75 * (k % 3), HEIGHT + 24 + 10 * (k // 3)
        parts.append(f'<text x="{x}" y="{y}" fill="{colour}">{name}</text>')
    return "".join(parts)


def _axes(extent: float) -> str:
    inner = WIDTH - MARGIN
    top = 1 / 1.15
    return (
        f'<path d="M0 0V{HEIGHT}H{inner}M0 {HEIGHT / 2}H{inner}" fill="none" '
        'stroke="#666666" stroke-width="0.6"/>'
        f'<text x="-4" y="{HEIGHT / 2 * (1 - top) + 3:.0f}" text-anchor="end">'
        f"{extent * top:.2f}</text>"
        f'<text x="-4" y="{HEIGHT / 2 + 3:.0f}" text-anchor="end">0</text>'
        f'<text x="0" y="{HEIGHT + 11}">0</text>'
        f'<text x="{inner}" y="{HEIGHT + 11}" text-anchor="end">1</text>'
        f'<text x="{inner / 2}" y="{HEIGHT + 11}" text-anchor="middle">rank / 64</text>'
    )


def _points(x: np.ndarray, y: np.ndarray, extent: float) -> np.ndarray:
    """Return pixels (point, 2) of values between -extent and extent."""
    return np.stack([x * (WIDTH - MARGIN), HEIGHT / 2 * (1 - y / extent)], axis=1)


def _joined(points: np.ndarray) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
