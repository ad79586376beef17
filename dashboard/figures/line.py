"""Points with errors, and the straight lines that draws stand for."""

from functools import cache
from typing import Any

import holoviews as hv
import numpy as np

from dashboard.figures.style import (
    PLAIN,
    axes_options,
    filled,
    home,
    home_template,
    palette,
    template,
)

MOST_LINES = 80
TITLE = "Data and drawn lines"
POINT_COLUMNS = ["x", "y", "outlier"]
Columns = tuple[np.ndarray, np.ndarray]


def line_fit(
    x: np.ndarray,
    y: np.ndarray,
    yerr: np.ndarray,
    *,
    lines: np.ndarray,
    prior_lines: np.ndarray,
    lines_beside: np.ndarray | None = None,
    membership: np.ndarray | None = None,
    truth: tuple[float, float] | None = None,
    left_out: Columns | None = None,
    picked: Columns | None = None,
    dark: bool = False,
) -> hv.Overlay:
    """
    Draw data, a fan of posterior lines and a fan of prior lines.

    Parameters
    ----------
    x, y, yerr
        (point,) data and the error of y.
    lines
        (line, 2) slope m and intercept b of posterior draws; (0, 2) for none.
    prior_lines, lines_beside
        (line, 2) the same of the prior, and of the run kept as A.
    membership
        (point,) probability to be an inlier, or None for a model without outliers.
        Probable outliers are diamonds, and all points are shaded.
    truth
        m and b that the data were made with.
    left_out, picked
        x and y, (point,) each, of points that are not fitted, and of the brushed ones.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        Axes that follow the data, never the prior lines.
    """
    x, y, yerr = (np.asarray(part, dtype=float) for part in (x, y, yerr))
    looks = _looks(dark)
    apart = left_out if left_out is not None else (x[:0], y[:0])
    box = _home_box(
        np.concatenate([x, apart[0]]),
        np.concatenate([y, apart[1]]),
        np.concatenate([yerr, np.zeros(len(apart[0]))]),
    )
    left, right = box[0], box[2]
    outlier = _outlier(x, membership)
    suspect = outlier > 0.5
    beside = np.empty((0, 2)) if lines_beside is None else lines_beside
    known = np.array([truth] if truth else []).reshape(-1, 2)
    return looks["figure"].clone(
        [
            home(looks["home"], box if x.size else None),
            filled(looks["prior"], _segments(prior_lines, left, right)),
            filled(looks["posterior"], _segments(lines, left, right)),
            filled(looks["A"], _segments(beside, left, right)),
            filled(looks["truth"], _segments(known, left, right)),
            filled(looks["errors"], (x, y, yerr)),
            filled(looks["points"], _columns(x, y, outlier, ~suspect)),
            filled(looks["outliers"], _columns(x, y, outlier, suspect)),
            filled(looks["left out"], apart),
            filled(looks["picked"], picked if picked is not None else (x[:0], y[:0])),
        ]
    )


def _home_box(x, y, yerr) -> tuple[float, float, float, float]:
    if not x.size:
        return 0.0, 0.0, 1.0, 1.0
    low, high = np.nanmin(y - yerr), np.nanmax(y + yerr)
    wide = 0.06 * (np.ptp(x) or 1.0)
    tall = 0.10 * ((high - low) or 1.0)
    left, bottom = float(x.min() - wide), float(low - tall)
    return left, bottom, float(x.max() + wide), float(high + tall)


def _outlier(x: np.ndarray, membership: np.ndarray | None) -> np.ndarray:
    # NaN has a colour of its own: "not asked" is not "certainly an inlier".
    if membership is None:
        return np.full(x.size, np.nan)
    return 1 - np.asarray(membership, dtype=float)


def _columns(x, y, outlier, kept) -> dict[str, np.ndarray]:
    columns = zip(POINT_COLUMNS, (x, y, outlier), strict=True)
    return {name: values[kept] for name, values in columns}


def _segments(lines: np.ndarray, left: float, right: float) -> tuple[np.ndarray, ...]:
    """Place the ends of at most 80 lines (line, 2), evenly chosen."""
    lines = np.asarray(lines, dtype=float).reshape(-1, 2)
    lines = lines[:: max(1, -(-len(lines) // MOST_LINES))]
    slope, intercept = lines[np.isfinite(lines).all(axis=1)].T
    x0, x1 = np.full(slope.size, left), np.full(slope.size, right)
    return x0, slope * x0 + intercept, x1, slope * x1 + intercept


def _fan(label: str, **options: Any) -> hv.Segments:
    ends = ["x0", "y0", "x1", "y1"]
    fan = hv.Segments({end: np.zeros(0) for end in ends}, ends, label=label, **PLAIN)
    return template(fan, apply_ranges=False, **options)


def _points(dark: bool, label: str, marker: str, size: int) -> hv.Points:
    c = palette(dark)
    empty = {name: np.array([]) for name in POINT_COLUMNS}
    return template(
        hv.Points(empty, ["x", "y"], "outlier", label=label, **PLAIN),
        color="outlier",
        cmap=c.probability,
        clim=(0, 1),
        clipping_colors={"NaN": c.posterior},
        marker=marker,
        size=size,
        line_color=c.ink,
        line_width=1,
        apply_ranges=False,
        # Dragging draws a box of points; without this it would move the axes.
        default_tools=[],
        active_tools=["box_select"],
        tools=["hover", "box_select", "wheel_zoom"],
        # Bokeh's own selection would fade points besides ours.
        nonselection_alpha=1.0,
        hover_tooltips=[
            ("x", "@x{0.000}"),
            ("y", "@y{0.000}"),
            ("outlier probability", "@outlier{0.00}"),
        ],
    )


def _marks(label: str, marker: str, size: int, **options: Any) -> hv.Points:
    empty = hv.Points((np.zeros(0), np.zeros(0)), ["x", "y"], label=label, **PLAIN)
    return template(empty, marker=marker, size=size, apply_ranges=False, **options)


@cache
def _looks(dark: bool) -> dict[str, Any]:
    c = palette(dark)
    options = axes_options(dark, TITLE, 340)
    return {
        "figure": template(
            hv.Overlay([]),
            xlabel="x",
            ylabel="y",
            legend_position="top_left",
            **options | {"active_tools": ["box_select"]},
        ),
        "home": home_template(),
        "prior": _fan("prior", color=c.prior, alpha=0.3, line_dash="dashed"),
        "posterior": _fan("posterior", color=c.posterior, alpha=0.3),
        "A": _fan("A", color=c.ink, alpha=0.45, line_dash="dotdash"),
        "truth": _fan("truth", color=c.reference, line_width=1.6),
        "errors": template(
            hv.ErrorBars(
                {name: np.zeros(0) for name in ("x", "y", "error")},
                "x",
                ["y", "error"],
                **PLAIN,
            ),
            color=c.muted,
            line_width=1.2,
            apply_ranges=False,
            lower_head=None,
            upper_head=None,
        ),
        "points": _points(dark, "point", "circle", 8),
        "outliers": _points(dark, "probable outlier", "diamond", 13),
        "left out": _marks("left out", "x", 11, line_color=c.muted, line_width=2),
        "picked": _marks(
            "selected", "circle", 19, line_color=c.ink, line_width=2, fill_alpha=0
        ),
    }
