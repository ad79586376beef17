"""Colours, fonts and hooks that every figure shares.

Okabe and Ito's colours are told apart by colour-blind readers; each of them has a
line style or a marker of its own as well, so that colour is never the only sign.
Bokeh's canvas does not follow the theme of the page, so each figure is told by its
caller whether the page is dark.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import holoviews as hv
import numpy as np
from bokeh.models import HoverTool

FONT = "'Helvetica Neue', Helvetica, Arial, sans-serif"
"""Of page and plots: what every system has. Fonts that are fetched come one after
another, and the page is laid out anew for each."""
CHAIN_COLOURS = 4

# Columns as they are: wrapping each in a data frame would double the cost.
PLAIN: dict[str, Any] = {"datatype": ["dictionary"]}


class Palette(NamedTuple):
    """Colours of one theme, named by what they stand for."""

    ink: str
    """Text and axes."""
    muted: str
    """Secondary text and tick labels."""
    grid: str
    """Frames and grid lines."""
    posterior: str
    """Filled areas and solid lines."""
    prior: str
    """Dashed lines."""
    estimate: str
    """Dotted lines."""
    reference: str
    """Thin solid lines with a marker."""
    ghost: str
    """Thin outlines of an older run."""
    selected: str
    """What the reader has brushed."""
    chains: tuple[str, ...]
    """One a chain, in turn."""
    probability: str
    """Name of the colour map of probabilities, 0 to 1."""


LIGHT = Palette(
    ink="#1f2328",
    muted="#5b636c",
    grid="#d5d9de",
    posterior="#0072B2",
    prior="#D55E00",
    estimate="#8A3FA0",
    reference="#111111",
    ghost="#8c949c",
    selected="#009E73",
    chains=("#0072B2", "#D55E00", "#009E73", "#B8528A"),
    probability="viridis_r",
)
DARK = Palette(
    ink="#e8eaed",
    muted="#aab2ba",
    grid="#41474d",
    posterior="#56B4E9",
    prior="#F28E3C",
    estimate="#D79BE8",
    reference="#ffffff",
    ghost="#8f979f",
    selected="#2FCB9B",
    chains=("#56B4E9", "#F28E3C", "#2FCB9B", "#E59AC4"),
    probability="viridis",
)


def palette(dark: bool) -> Palette:
    """Colours readable on the dark or the light page."""
    return DARK if dark else LIGHT


def ink(dark: bool) -> str:
    """Colour of text on the dark or the light page."""
    return palette(dark).ink


def dress_background(figure: Any, colours: Palette) -> None:
    """Let the page show through, and write the title in its ink."""
    figure.background_fill_color = None
    figure.border_fill_color = None
    figure.outline_line_color = None
    figure.title.text_color = colours.ink
    figure.title.text_font = FONT
    figure.title.text_font_size = "13px"
    figure.title.text_font_style = "bold"


def _axes(figure: Any, colours: Palette) -> None:
    for axis in figure.axis:
        axis.axis_label_text_color = colours.ink
        axis.axis_label_text_font = FONT
        axis.axis_label_text_font_size = "12px"
        axis.axis_label_text_font_style = "normal"
        axis.major_label_text_color = colours.muted
        axis.major_label_text_font = FONT
        axis.major_label_text_font_size = "11px"
        axis.axis_line_color = colours.muted
        axis.major_tick_line_color = colours.muted
        axis.minor_tick_line_color = None
    for line in figure.grid:
        line.grid_line_color = colours.grid
        line.grid_line_alpha = 0.5


def _legend(figure: Any, colours: Palette) -> None:
    for legend in figure.legend:
        legend.background_fill_alpha = 0
        legend.border_line_alpha = 0
        legend.label_text_color = colours.ink
        legend.label_text_font = FONT
        legend.label_text_font_size = "11px"
        legend.glyph_width = 18
        legend.glyph_height = 14
        legend.label_height = 14
        legend.spacing = 1
        legend.padding = 2
        for item in legend.items:
            item.visible = any(_drawn(renderer) for renderer in item.renderers)


def _drawn(renderer: Any) -> bool:
    return any(len(column) for column in renderer.data_source.data.values())


def _colour_bars(figure: Any, colours: Palette) -> None:
    known = any(_coloured(renderer) for renderer in figure.renderers)
    for bar in (part for part in figure.right if hasattr(part, "color_mapper")):
        # Where no colour is known there is nothing to read off.
        bar.visible = known
        bar.background_fill_color = None
        bar.title_text_color = colours.ink
        bar.title_text_font = FONT
        bar.title_text_font_size = "11px"
        bar.title_text_font_style = "normal"
        bar.major_label_text_color = colours.muted
        bar.major_label_text_font = FONT
        bar.bar_line_color = None
        bar.major_tick_line_color = colours.muted


def _coloured(renderer: Any) -> bool:
    colours = np.asarray(renderer.data_source.data.get("color", ()))
    return colours.dtype.kind == "f" and bool(np.isfinite(colours).any())


def _home(element: hv.Overlay) -> tuple[float, ...] | None:
    boxes = [item for item in element if item.label == "home"]
    if not boxes or not len(boxes[0]):
        return None
    return tuple(float(boxes[0].dimension_values(i)[0]) for i in range(4))


def _follow_home(figure: Any, element: hv.Overlay) -> None:
    """Move each axis when its home range moved, but keep the reader's zoom."""
    home = _home(element)
    known = [tag for tag in figure.tags if isinstance(tag, dict) and "home" in tag]
    if home is None or (known and known[0]["home"] == list(home)):
        return
    last = known[0]["home"] if known else None
    others = [tag for tag in figure.tags if tag not in known]
    figure.tags = [*others, {"home": list(home)}]
    for i, axis in enumerate((figure.x_range, figure.y_range)):
        before = None if last is None else (last[i], last[i + 2])
        _set_range(axis, home[i], home[i + 2], before)


def _set_range(axis: Any, low: float, high: float, before) -> None:
    start, end = (high, low) if axis.start > axis.end else (low, high)
    shown = sorted((axis.start, axis.end))
    # New data where the reader does not look are looked at whole.
    zoomed = before is not None and not np.allclose(shown, before, rtol=1e-6)
    if zoomed and shown[0] < high and shown[1] > low:
        axis.update(reset_start=start, reset_end=end)
    else:
        axis.update(start=start, end=end, reset_start=start, reset_end=end)


NAMED = 1
"""Points that are named at once under the pointer."""


@cache
def hook(dark: bool) -> Callable[[Any, Any], None]:
    """Make a HoloViews hook that dresses the Bokeh figure; it runs at every update."""

    def dress(plot: Any, element: Any) -> None:
        colours = palette(dark)
        dress_background(plot.state, colours)
        _axes(plot.state, colours)
        _legend(plot.state, colours)
        _colour_bars(plot.state, colours)
        _follow_home(plot.state, element)
        # Not by `select`, which goes through everything that the figure is made of.
        for tool in plot.state.tools:
            if isinstance(tool, HoverTool):
                # In a crowd every star under the pointer would be named, down the page.
                tool.limit = NAMED

    return dress


def axes_options(dark: bool, title: str, height: int) -> dict[str, Any]:
    """Options of an overlay with ordinary axes."""
    return {
        "title": title,
        # As wide as its place and of a set height. With no height HoloViews would
        # turn to stretching both ways at the first update, whatever the pane said.
        "responsive": True,
        "height": height,
        "show_grid": True,
        "show_frame": False,
        "toolbar": "above",
        "autohide_toolbar": True,
        "default_tools": ["reset"],
        "padding": 0,
        "shared_axes": False,
        "hooks": [hook(dark)],
    }


def template(element: hv.Element | hv.Overlay, **options: Any) -> Any:
    """
    Give an empty element the options that it shall have when it is filled.

    It keeps them, which costs microseconds; ``.opts`` on every new element costs
    milliseconds and would be the largest part of an update.
    """
    return element.opts(**options)


def filled(look: hv.Element, columns: Mapping[str, Any] | Sequence[Any]) -> Any:
    """
    Return a template of ``PLAIN`` columns with data.

    HoloViews' ``clone`` would look the data through and set up an element from nothing,
    a millisecond each; what is made here is not to be edited.

    Parameters
    ----------
    look
        An empty element.
    columns
        Name to values (row,), or the values in the order of its dimensions.
    """
    if not isinstance(columns, Mapping):
        names = (dimension.name for dimension in look.dimensions())
        columns = dict(zip(names, columns, strict=True))
    # Not `copy`, which is made for pickles and forgets the options.
    element = object.__new__(type(look))
    vars(element).update(vars(look))
    element.data = {name: np.asarray(values) for name, values in columns.items()}
    # By this HoloViews tells whether an element is the one that it has drawn.
    element._plot_id = id(element)
    return element


def home_template() -> hv.Rectangles:
    """Make an invisible box: the range that the axes start from and reset to."""
    sides = ["x0", "y0", "x1", "y1"]
    empty = hv.Rectangles({side: np.array([]) for side in sides}, label="home", **PLAIN)
    return template(empty, alpha=0, show_legend=False)


def home(look: hv.Element, box: Sequence[float] | None) -> Any:
    """Return that box with its left, bottom, right and top; None for no data yet."""
    return filled(look, np.array([] if box is None else box).reshape(-1, 4).T)
