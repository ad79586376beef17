"""
Figures: arrays in, HoloViews elements out.

Every function here is pure, and returns the same elements in the same order whatever
it is given, empty ones where there is nothing to show: so each can be called inside
a DynamicMap, whose Bokeh plot is built once and only updated. None of them knows of
widgets, sessions or samplers.

``corner``, ``marginals``, ``traces`` and ``predictive_checks`` are one canvas each (see
``grid``). Draws are (chain, draw), stars (star,). The caller loads the Bokeh extension,
may set another height, and says whether the page is dark.
"""

from dashboard.figures.checks import (
    WITHIN,
    brushed_statistic,
    predictive_checks,
    statistic_limits,
)
from dashboard.figures.chosen import Chosen, chosen_stars, quartiles
from dashboard.figures.corner import corner
from dashboard.figures.distance import star_distance
from dashboard.figures.energy import energies
from dashboard.figures.errors import MOST_BARS, parallax_errors
from dashboard.figures.growth import ess_growth
from dashboard.figures.line import line_fit
from dashboard.figures.marginals import marginals
from dashboard.figures.panels import printed
from dashboard.figures.parallaxes import parallax_histogram
from dashboard.figures.ranks import ranks
from dashboard.figures.stars import colour_magnitude, proper_motion, sky
from dashboard.figures.summary import (
    Interval,
    interval,
    plotting_range,
    plotting_ranges,
)
from dashboard.figures.traces import axes, stretch, traces
from dashboard.figures.triangle import selected

__all__ = [
    "MOST_BARS",
    "WITHIN",
    "Chosen",
    "Interval",
    "axes",
    "brushed_statistic",
    "chosen_stars",
    "colour_magnitude",
    "corner",
    "energies",
    "ess_growth",
    "interval",
    "line_fit",
    "marginals",
    "parallax_errors",
    "parallax_histogram",
    "plotting_range",
    "plotting_ranges",
    "predictive_checks",
    "printed",
    "proper_motion",
    "quartiles",
    "ranks",
    "selected",
    "sky",
    "star_distance",
    "statistic_limits",
    "stretch",
    "traces",
]
