"""
The parts that every canvas has: rules, marks and texts, one glyph each.

An update costs some milliseconds an element whatever it holds, so what differs only
in colour or size is one element with a column for it.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import holoviews as hv
import numpy as np
from bokeh.models import BoxSelectTool

from dashboard.figures.grid import Cell, Note
from dashboard.figures.style import (
    FONT,
    PLAIN,
    dress_background,
    filled,
    palette,
    template,
)

ROLES = {
    "tick": ("muted", "10px", "normal"),
    "name": ("ink", "11px", "normal"),
    "number": ("ink", "11px", "bold"),
    "warning": ("prior", "11px", "bold"),
    "key": ("muted", "11px", "normal"),
    "empty": ("muted", "14px", "italic"),
}

# A canvas is the unit square whatever is on it: HoloViews need not look for the ranges
# of its columns, which would take a third of the time that it takes to set one up.
FIXED: dict[str, Any] = {"apply_ranges": False, "normalize": False}

BORDERS = tuple(f"min_border_{side}" for side in ("left", "right", "top", "bottom"))
NOTE_COLUMNS = {"x": float, "y": float, "angle": float}
NOTE_COLUMNS |= dict.fromkeys(("text", "align", "baseline"), object)


class Rule(NamedTuple):
    """A straight line on the canvas."""

    x0: float
    y0: float
    x1: float
    y1: float
    role: str = "grid"
    """A field of ``Palette``."""


class Marks(NamedTuple):
    """Markers of one kind on the canvas."""

    x: np.ndarray
    """(mark,)"""
    y: np.ndarray
    """(mark,)"""
    marker: str
    role: str
    """A field of ``Palette``."""


def box(cell: Cell) -> list[Rule]:
    """Frame a cell."""
    x0, y0, x1, y1 = cell
    corners = [(x0, y0, x1, y0), (x1, y0, x1, y1), (x1, y1, x0, y1), (x0, y1, x0, y0)]
    return [Rule(*side) for side in corners]


def overlay_template(
    dark: bool, title: str, height: int, gesture: str | None = None
) -> hv.Overlay:
    """Make an empty overlay that is one canvas over the unit square.

    ``gesture`` is the tool that a drag on it means, if any.
    """
    return template(
        hv.Overlay([]),
        title=title,
        responsive=True,
        height=height,
        xaxis=None,
        yaxis=None,
        xlim=(0, 1),
        ylim=(0, 1),
        show_frame=False,
        # Panes of one page must not link axes that only share a name.
        shared_axes=False,
        show_legend=False,
        toolbar=None,
        default_tools=[],
        active_tools=[gesture] if gesture else [],
        hooks=[canvas_hook(dark)],
        normalize=False,
    )


@cache
def canvas_hook(dark: bool) -> Callable[[Any, Any], None]:
    """Make the hook of a canvas without axes, filled by the unit square."""

    def dress(plot: Any, element: Any) -> None:
        del element
        dress_background(plot.state, palette(dark))
        plot.state.update(**dict.fromkeys(BORDERS, 2))
        plot.state.grid.visible = False
        # Else Bokeh pads a canvas to line up with the axes of its neighbours.
        plot.state.frame_align = False
        # A box is a place on the canvas: it must not fade the marks outside it.
        for tool in plot.state.tools:
            if isinstance(tool, BoxSelectTool):
                tool.renderers = []

    return dress


def furniture(
    dark: bool, rules: Sequence[Rule], marks: Sequence[Marks], notes: Sequence[Note]
) -> list[hv.Element]:
    """Segments, Points and Labels: what every canvas ends with."""
    looks = _looks(dark)
    return [
        filled(looks["rules"], _rule_columns(rules, dark)),
        filled(looks["marks"], _mark_columns(marks, dark)),
        filled(looks["text"], _note_columns(notes, dark)),
    ]


def _rule_columns(rules: Sequence[Rule], dark: bool) -> dict[str, np.ndarray]:
    ends = np.array([rule[:4] for rule in rules], dtype=float).reshape(-1, 4)
    colours = [getattr(palette(dark), rule.role) for rule in rules]
    return {
        **dict(zip(("x0", "y0", "x1", "y1"), ends.T, strict=True)),
        "colour": np.array(colours, dtype=object),
    }


def _mark_columns(marks: Sequence[Marks], dark: bool) -> dict[str, np.ndarray]:
    c = palette(dark)
    sizes = [len(group.x) for group in marks]
    names = np.array([group.marker for group in marks], dtype=object)
    colours = np.array([getattr(c, group.role) for group in marks], dtype=object)
    return {
        "x": np.concatenate([np.array([]), *(group.x for group in marks)]),
        "y": np.concatenate([np.array([]), *(group.y for group in marks)]),
        "marker": np.repeat(names, sizes),
        "colour": np.repeat(colours, sizes),
    }


def _note_columns(notes: Sequence[Note], dark: bool) -> dict[str, np.ndarray]:
    c = palette(dark)
    # One blank text keeps the columns' types when there is nothing to write.
    written = notes or [Note(0, 0, "")]
    roles = [ROLES[note.role] for note in written]
    columns = {
        name: np.array([getattr(note, name) for note in written], dtype=kind)
        for name, kind in NOTE_COLUMNS.items()
    }
    columns["colour"] = np.array([getattr(c, role[0]) for role in roles], object)
    columns["size"] = np.array([role[1] for role in roles], object)
    columns["style"] = np.array([role[2] for role in roles], object)
    return columns


@cache
def _looks(dark: bool) -> dict[str, Any]:
    columns = ["text", "align", "baseline", "angle", "colour", "size", "style"]
    dim = hv.dim
    return {
        "rules": template(
            hv.Segments(_rule_columns([], dark), vdims="colour", **PLAIN),
            line_color=dim("colour"),
            line_width=1,
            **FIXED,
        ),
        "marks": template(
            hv.Points(_mark_columns([], dark), vdims=["marker", "colour"], **PLAIN),
            marker=dim("marker"),
            line_color=dim("colour"),
            fill_alpha=0,
            line_width=1.2,
            size=6,
            **FIXED,
        ),
        "text": template(
            hv.Labels(_note_columns([], dark), ["x", "y"], columns, **PLAIN),
            text_font={"value": FONT},
            text_color=dim("colour"),
            text_font_size=dim("size"),
            text_font_style=dim("style"),
            text_align=dim("align"),
            text_baseline=dim("baseline"),
            angle=dim("angle"),
            **FIXED,
        ),
    }


def shape_template(**options: Any) -> hv.Area:
    """Make an empty filled shape with a floor, in canvas units."""
    empty = {name: np.array([]) for name in ("x", "y", "base")}
    return template(hv.Area(empty, "x", ["y", "base"], **PLAIN), **(FIXED | options))


def shape(label: str, **options: Any) -> hv.Area:
    """Make an empty filled shape that a legend names."""
    named = shape_template().clone(label=label)
    return template(named, **(FIXED | options))


def line(label: str, **options: Any) -> hv.Curve:
    """Make an empty line that a legend names."""
    return template(line_template().clone(label=label), **(FIXED | options))


def line_template(**options: Any) -> hv.Curve:
    """Make an empty line, in canvas units."""
    empty = {name: np.array([]) for name in ("x", "y")}
    return template(hv.Curve(empty, "x", "y", **PLAIN), **(FIXED | options))
