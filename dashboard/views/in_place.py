"""New data into a plot that is on the page, and nothing else touched.

HoloViews updates an overlay by going through every option of every element: some 40 ms
for a canvas, ten times what the new data take. Where every element looks as it did, the
data alone are put into the plot's sources, and its hooks move axes and legend.
"""

from typing import Any

import holoviews as hv
import numpy as np
from bokeh.core.property.vectorization import Field
from holoviews.core.data import disable_pipeline

Looks = tuple
FIELD = Field("")


def looks(overlay: hv.Overlay) -> Looks:
    """Return what decides how an overlay looks: equal ones differ in data only.

    An element made of a template has its options, and by HoloViews' number for them it
    is known of which.
    """
    return overlay.id, *(element.id for element in overlay)


def put(plot: Any, overlay: hv.Overlay) -> None:
    """Give a plot the data of an overlay that looks as the one drawn.

    Parameters
    ----------
    plot : holoviews.plotting.bokeh.OverlayPlot
    overlay : hv.Overlay
        Its styles are constants, or columns as they are: ``dim("colour")``.
    """
    # HoloViews would note of every column how it came to be.
    with disable_pipeline():
        for subplot, element in zip(plot.subplots.values(), overlay, strict=True):
            if "source" in subplot.handles:
                _put(subplot, element)
    for hook in plot.hooks:
        hook(plot, overlay)


def _put(subplot: Any, element: hv.Element) -> None:
    style = dict(subplot.lookup_options(element, "style")[0])
    # Else an element that was the same at the last whole update would give no data.
    subplot.static_source = False
    data, _, style = subplot.get_data(element, {}, style)
    data |= _styles(element, style)
    subplot.handles["source"].data = data
    # After the columns that it asks for: the browser may paint in between.
    if "glyph_renderer" in subplot.handles:
        _follow(subplot.handles["glyph_renderer"], data)


def _styles(element: hv.Element, style: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return columns of the styles that follow a dimension, by the style's name.

    HoloViews' own way to them, which can do arithmetic, takes half of an update.
    """
    own = {dimension.name for dimension in element.dimensions()}
    followed = {
        name: value.dimension.name if isinstance(value, hv.dim) else value
        for name, value in style.items()
        if isinstance(value, hv.dim) or (isinstance(value, str) and value in own)
    }
    columns = {
        name: element.dimension_values(dimension)
        for name, dimension in followed.items()
    }
    if "angle" in columns:
        # In degrees to HoloViews, in radians to Bokeh.
        columns["angle"] = np.deg2rad(columns["angle"])
    return columns


def _follow(renderer: Any, data: dict[str, Any]) -> None:
    """Let a style follow its column, where it had one value for all rows before."""
    names = [
        n for n in data if not isinstance(getattr(renderer.glyph, n, FIELD), Field)
    ]
    for glyph in ("glyph", "selection_glyph", "nonselection_glyph", "muted_glyph"):
        one = getattr(renderer, glyph)
        if names and hasattr(one, "properties"):
            one.update(**{name: {"field": name} for name in names})
