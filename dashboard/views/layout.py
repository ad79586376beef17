"""How views stand beside each other, on wide screens and narrow ones."""

from collections.abc import Callable
from typing import NamedTuple

import panel as pn
import panel_material_ui as pmui
import param

from dashboard.session import Session
from inference.problems import Problem

WIDE = {"sizing_mode": "stretch_width"}
TABS = {"sx": {"& .MuiTab-root": {"minWidth": 0, "padding": "10px 11px"}}}
"""Tabs as narrow as their words: all are seen, and none is behind an arrow."""
TOGGLE = {
    "size": "small",
    "margin": (0, 10, 0, 0),
    "sx": {"border": 0, "padding": "1px 6px", "fontSize": "11px"},
}
"""How what stands beside a figure's sentence looks: in every figure, seldom pressed."""
FIELD = {
    "& .MuiFormLabel-root, & .MuiInputBase-input": {"fontSize": "13px"},
    "& .MuiInputBase-root": {"marginLeft": 0},
    "& .MuiInputAdornment-root": {"marginLeft": 0},
}
"""Of a slider's field: small enough for a number of six characters."""


class Place(NamedTuple):
    """Where a panel stands, for those who build it."""

    session: Session
    problem: Problem
    height: int
    """Of a plot, in pixels."""
    seen: param.rx
    """Whether the panel is looked at; what nobody looks at need not be worked out."""


def in_own_turn(act: Callable[[], None]) -> None:
    """Do what takes a while in a turn of the document's own, where there is one.

    Such turns have a thread. A browser's message is answered in the one thread that
    serves all pages, and what is built there stops every other page.
    """
    document = pn.state.curdoc
    if document is None or document.session_context is None:
        act()
    else:
        document.add_next_tick_callback(act)


def side_by_side(left, right, shares: tuple[int, int] = (6, 6)) -> pmui.Grid:
    """Put two views beside each other, or below on a narrow screen."""
    return pmui.Grid(
        pmui.Grid(left, size={"xs": 12, "md": shares[0]}),
        pmui.Grid(right, size={"xs": 12, "md": shares[1]}),
        container=True,
        spacing=1,
        **WIDE,
    )
