"""New data into a plot that is on the page, and nothing else touched.

HoloViews updates an overlay by going through every option of every element: some 40 ms
for a canvas, ten times what the new data take. Where axes and legend stay as they are,
the data alone are put into the plot's sources.
"""

from typing import Any

import holoviews as hv
import numpy as np
from bokeh.core.property.vectorization import Field

Layout = tuple
FIELD = Field("")


def layout(overlay: hv.Overlay) -> Layout:
    """Return what decides axes and legend: equal ones differ in data only.

    The axes start from the element labelled ``home``, and the legend beside them names
    the elements that are not empty. A figure without one is a canvas: neither moves.
    """
    home = [element for element in overlay if element.label == "home"]
    if not home:
        return ()
    box = tuple(np.ravel(home[0].array())) if len(home[0]) else ()
    return box, tuple(len(element) > 0 for element in overlay)


def put(plot: Any, overlay: hv.Overlay) -> None:
    """Give a plot the data of an overlay of the same layout.

    Parameters
    ----------
    plot : holoviews.plotting.bokeh.OverlayPlot
    overlay : hv.Overlay
    """
    for subplot, element in zip(plot.subplots.values(), overlay, strict=True):
        source = subplot.handles.get("source")
        if source is not None:
            style = dict(subplot.lookup_options(element, "style")[0])
            data, _, style = subplot.get_data(element, {}, style)
            # Styles that follow a dimension are columns of their own.
            style = subplot._apply_transforms(element, data, {}, style)
            if "glyph_renderer" in subplot.handles:
                _follow(subplot.handles["glyph_renderer"], data)
            source.data = _left_over(source.data, data, style) | data


def _follow(renderer: Any, data: dict[str, Any]) -> None:
    """Let a style follow its column, where it had one value for all rows before."""
    names = [
        n for n in data if not isinstance(getattr(renderer.glyph, n, FIELD), Field)
    ]
    for glyph in ("glyph", "selection_glyph", "nonselection_glyph", "muted_glyph"):
        one = getattr(renderer, glyph)
        if names and hasattr(one, "properties"):
            one.update(**{name: {"field": name} for name in names})


def _left_over(
    before: dict[str, Any], data: dict[str, Any], style: dict[str, Any]
) -> dict[str, Any]:
    """Return the columns that new data lack, as long as theirs.

    HoloViews makes no column of a style that is the same in all rows, nor any where
    there are no rows, but the glyph asks for them.
    """
    rows = len(next(iter(data.values()), ()))
    columns = {}
    for name, values in before.items():
        if name not in data:
            same = style.get(name, style.get("color" if "color" in name else name))
            known = np.asarray(values, dtype=object)
            value = known if same is None or isinstance(same, dict) else [same]
            columns[name] = np.resize(np.asarray(value, dtype=object), rows)
    return columns
