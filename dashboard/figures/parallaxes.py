"""The histogram of parallaxes with what prior and posterior predict of it."""

from functools import cache
from typing import Any

import holoviews as hv
import numpy as np

from dashboard.figures.canvas import line, shape
from dashboard.figures.grid import stack
from dashboard.figures.style import (
    axes_options,
    filled,
    home,
    home_template,
    palette,
    template,
)

BAND = (5, 50, 95)
TITLE = "Parallaxes and predictions"


def parallax_histogram(
    parallax: np.ndarray,
    selected: np.ndarray | None,
    *,
    replicates: np.ndarray,
    edges: np.ndarray,
    prior_replicates: np.ndarray | None = None,
    replicates_beside: np.ndarray | None = None,
    mixture: np.ndarray | None = None,
    dark: bool = False,
) -> hv.Overlay:
    """
    Draw observed counts under the bands of replicated catalogues.

    Parameters
    ----------
    parallax
        (star,) [mas].
    selected
        (star,) bool: the brushed stars, or None when there is no selection.
    replicates
        (replicate, bin) counts of catalogues drawn from the posterior; (0, bin)
        for none.
    edges
        (bin + 1,) [mas].
    prior_replicates
        The same of the prior: the outline of its band, dashed.
    replicates_beside
        The same of the run kept as A: the outline of its band, solid.
    mixture
        Expected stars of field and of cluster, (2, bin); (2, 0) for none.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        Its Histogram labelled "observed" is the one to attach streams to.
    """
    edges = np.asarray(edges, dtype=float)
    observed = _count(parallax, edges)
    brushed = _brushed(parallax, selected, edges)
    low, middle, high = _band(replicates)
    prior, beside = _band(prior_replicates), _band(replicates_beside)
    field, members = np.zeros((2, 0)) if mixture is None else mixture
    looks = _looks(dark)
    return looks["figure"].clone(
        [
            home(looks["home"], _box(edges, observed, [*high, *beside[2]])),
            looks["observed"].clone((edges, observed)),
            filled(looks["selected"], _filled(edges, np.zeros(brushed.size), brushed)),
            filled(looks["band"], _filled(edges, low, high)),
            filled(looks["median"], _outline(edges, middle)),
            filled(looks["prior"], _two_outlines(edges, prior[0], prior[2])),
            filled(looks["A"], _two_outlines(edges, beside[0], beside[2])),
            filled(looks["field"], _middles(edges, field)),
            filled(looks["cluster"], _middles(edges, members)),
        ]
    )


def _brushed(parallax, selected, edges: np.ndarray) -> np.ndarray:
    if selected is None:
        return np.array([])
    return _count(np.asarray(parallax)[np.asarray(selected, dtype=bool)], edges)


def _count(values, edges: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    return np.histogram(values[np.isfinite(values)], bins=edges)[0]


def _band(replicates: np.ndarray | None) -> np.ndarray:
    """5, 50 and 95 % of the counts: (3, bin), or (3, 0) for none."""
    if replicates is None or not np.size(replicates):
        return np.zeros((3, 0))
    return np.percentile(np.asarray(replicates), BAND, axis=0)


def _outline(edges: np.ndarray, heights: np.ndarray):
    if not heights.size:
        return np.array([]), np.array([])
    return np.repeat(edges, 2)[1:-1], np.repeat(heights, 2)


def _middles(edges: np.ndarray, heights: np.ndarray):
    return ((edges[1:] + edges[:-1]) / 2)[: heights.size], heights


def _filled(edges: np.ndarray, low: np.ndarray, high: np.ndarray):
    x, top = _outline(edges, high)
    return x, top, _outline(edges, low)[1]


def _two_outlines(edges: np.ndarray, low: np.ndarray, high: np.ndarray):
    x, top = _outline(edges, high)
    if not high.size:
        # Not even what would stand between the two: the legend names what is there.
        return x, top
    return stack([x, x]), stack([top, _outline(edges, low)[1]])


def _box(edges: np.ndarray, observed: np.ndarray, high: list[float]):
    # The prior's band does not count: it may be wild, and the data must stay seen.
    top = 1.12 * max([*observed, *high, 1.0])
    # Rounded up: the axis must not move with the noise of every run.
    step = 10.0 ** np.floor(np.log10(top)) / 5
    return float(edges[0]), 0.0, float(edges[-1]), float(step * np.ceil(top / step))


@cache
def _looks(dark: bool) -> dict[str, Any]:
    c = palette(dark)
    options = axes_options(dark, TITLE, 260) | {"active_tools": ["xbox_select"]}
    bins = np.array([0.0, 1.0]), np.array([0])
    return {
        "figure": template(
            hv.Overlay([]),
            xlabel="parallax [mas]",
            ylabel="stars per bin",
            legend_position="top_right",
            **options,
        ),
        "home": home_template(),
        "observed": template(
            hv.Histogram(bins, kdims="parallax", vdims="stars", label="observed"),
            color=c.ghost,
            alpha=0.5,
            line_color=c.ghost,
            nonselection_alpha=0.5,
            tools=["xbox_select"],
            default_tools=[],
            active_tools=["xbox_select"],
            apply_ranges=False,
        ),
        "selected": shape("selected", color=c.selected, alpha=0.75, line_width=1.5),
        "band": shape(
            "posterior, 5\N{EN DASH}95 %", color=c.posterior, alpha=0.35, line_alpha=0
        ),
        "median": line("median", color=c.posterior, line_width=1.6),
        "prior": line(
            "prior, 5\N{EN DASH}95 %",
            color=c.prior,
            line_width=1.4,
            line_dash="dashed",
        ),
        "A": line("A, 5\N{EN DASH}95 %", color=c.ink, line_width=1.0),
        "field": line(
            "field stars", color=c.reference, line_width=1.4, line_dash="dotted"
        ),
        "cluster": line(
            "cluster stars", color=c.reference, line_width=1.4, line_dash="dotdash"
        ),
    }
