"""The distance of one star: prior, posterior, and why 1/parallax is neither."""

from functools import cache
from typing import Any

import holoviews as hv
import numpy as np

from dashboard.figures.canvas import line, shape
from dashboard.figures.grid import steps
from dashboard.figures.style import (
    FONT,
    PLAIN,
    axes_options,
    filled,
    home,
    home_template,
    palette,
    template,
)
from dashboard.figures.summary import (
    Density,
    Limits,
    density_range,
    histogram,
    plotting_range,
)

BINS = 48
TITLE = "Distance of the star"
NO_INVERSE = "parallax ≤ 0: there is no 1/parallax"


SPIKE = 2.5
"""How far above everything else a cluster's density may reach."""


def star_distance(
    *,
    draws: np.ndarray,
    prior: Density,
    inverse_parallax: float | None,
    cluster: Density | None = None,
    population: Density | None = None,
    exact: Density | None = None,
    ghost: np.ndarray | None = None,
    estimate: np.ndarray | None = None,
    limits: Limits | None = None,
    logx: bool = False,
    dark: bool = False,
) -> hv.Overlay:
    """
    Draw what is known of one star's distance.

    Parameters
    ----------
    draws
        (chain, draw) distances [pc]; (chain, 0) for none yet.
    prior
        xs [pc] and density [1/pc], each (point,).
    inverse_parallax
        1/parallax [pc], or None when the parallax is not positive: a text says so.
    cluster
        What the cluster model says of this star, as xs and density.
    population
        What it says of any star before its parallax is known: its prior, as learned.
    exact
        The posterior by quadrature, as xs and density.
    ghost, estimate
        Distances [pc] of the run kept as A and of a re-weighted one, (chain, draw).
    limits
        Range of the axis [pc]; from what is drawn where left out.
    logx
        Whether the axis is logarithmic. It is a property of the plot, so it must
        be the same at every update.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        Ordinary axes and a legend, always of the same elements.
    """
    shown = limits or _limits((draws, ghost), prior, inverse_parallax, cluster, exact)
    drawn = [_outline(part, shown) for part in (draws, ghost, estimate)]
    dense = [_cut(part, shown) for part in (prior, cluster, exact, population)]
    top = _top([*drawn, dense[0], dense[2]], dense[1])
    box = (shown[0], 0.0, shown[1], top)
    looks = _looks(dark, logx)
    inverse = [] if inverse_parallax is None else [inverse_parallax] * 2
    return looks["figure"].clone(
        [
            home(looks["home"], box),
            filled(looks["posterior"], (*drawn[0], np.zeros(len(drawn[0][0])))),
            filled(looks["ghost"], drawn[1]),
            filled(looks["estimate"], drawn[2]),
            filled(looks["prior"], dense[0]),
            filled(looks["population"], dense[3]),
            filled(looks["cluster"], dense[1]),
            filled(looks["exact"], dense[2]),
            filled(looks["inverse"], (inverse, [0.0, 0.94 * top][: len(inverse)])),
            filled(looks["text"], _text(inverse_parallax, box)),
        ]
    )


def _limits(runs, prior, inverse, cluster, exact) -> Limits:
    """Range of everything that is known, or of the prior when nothing is."""
    known = [density_range(part) for part in (cluster, exact) if part is not None]
    known += [plotting_range(run) for run in runs if run is not None and np.size(run)]
    low, high = np.transpose(known or [density_range(prior)])
    ends = [low.min(), high.max()]
    # A wild 1/parallax may lie far outside; then the axis does not chase it.
    if inverse is not None and ends[0] / 2 < inverse < 2 * ends[1]:
        ends = [min(ends[0], 0.97 * inverse), max(ends[1], 1.03 * inverse)]
    return max(float(ends[0]), 1e-3 * float(ends[1])), float(ends[1])


def _outline(draws, limits: Limits) -> Density:
    if draws is None or not np.size(draws):
        return np.array([]), np.array([])
    counted = histogram(draws, limits, BINS)
    return steps(counted.edges, counted.density)


def _cut(density: Density | None, limits: Limits) -> Density:
    if density is None:
        return np.array([]), np.array([])
    xs, height = (np.asarray(part, dtype=float) for part in density)
    kept = (xs >= limits[0]) & (xs <= limits[1]) & np.isfinite(height)
    return xs[kept], height[kept]


def _top(parts: list[Density], cluster: Density) -> float:
    """Top of the axis: a cluster's spike may leave it, or it would flatten the rest."""
    top = max([float(np.max(y)) for _, y in parts if len(y)] or [0.0])
    spike = float(np.max(cluster[1])) if len(cluster[1]) else 0.0
    return 1.1 * max(top, min(spike, SPIKE * top) if top else spike) or 1.0


def _text(inverse: float | None, box) -> tuple[list, list, list]:
    left, _, right, top = box
    text = NO_INVERSE if inverse is None else ""
    return [(left + right) / 2], [0.97 * top], [text]


@cache
def _looks(dark: bool, logx: bool) -> dict[str, Any]:
    c = palette(dark)
    options = axes_options(dark, TITLE, 260)
    blank = {"x": np.zeros(0), "y": np.zeros(0), "text": np.zeros(0, object)}
    text = hv.Labels(blank, ["x", "y"], "text", **PLAIN)
    return {
        "figure": template(
            hv.Overlay([]),
            xlabel="distance [pc]",
            ylabel="density [1/pc]",
            yformatter="%.3g",
            legend_position="top_right",
            logx=logx,
            **options,
        ),
        "home": home_template(),
        "posterior": shape("posterior", color=c.posterior, alpha=0.5),
        "ghost": line("A", color=c.ghost, line_width=1.2),
        "estimate": line(
            "estimate", color=c.estimate, line_width=2, line_dash="dotted"
        ),
        "prior": line("prior", color=c.prior, line_width=2, line_dash="dashed"),
        "population": line(
            "its prior, learned", color=c.selected, line_width=1.3, line_dash=(2, 2)
        ),
        "cluster": line(
            "cluster model", color=c.selected, line_width=2, line_dash="dashdot"
        ),
        "exact": line("exact", color=c.reference, line_width=1.2),
        "inverse": line("1/parallax", color=c.muted, line_width=1.6, line_dash=(2, 3)),
        "text": template(
            text,
            text_color=c.prior,
            text_font={"value": FONT},
            text_font_size="12px",
            text_baseline="top",
            apply_ranges=False,
        ),
    }
