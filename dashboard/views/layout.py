"""How views stand beside each other, on wide screens and narrow ones."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import panel as pn
import param
from panel.viewable import Viewable, Viewer

from dashboard.session import Session
from dashboard.turns import in_own_turn
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


def when_needed(
    needed: param.rx, build: Callable[[], Viewable | Viewer], **layout
) -> pn.Column:
    """Return a column that is made when it is first needed, and stays.

    A page has dozens of parts that few people open; each takes its time, from the
    server and from the browser, though it is hidden.

    Parameters
    ----------
    needed : reactive expression of bool
    build : callable
        Makes what is in the column.
    **layout
        Of the column.
    """
    column = pn.Column(**layout)

    def fill() -> None:
        if not column.objects:
            column.append(build())

    needed.rx.watch(lambda now: in_own_turn(fill) if now else None)
    if bool(needed.rx.value):
        fill()
    return column


def when_shown(
    shown: param.rx, build: Callable[[], Viewable | Viewer], **layout
) -> pn.Column:
    """Return a column that is there when it is to be seen, made as `when_needed`."""
    return when_needed(shown, build, visible=shown, **layout)


def once_painted(act: Callable[[], None]) -> None:
    """Do what nobody sees at first when the browser has painted what it was sent."""
    pn.state.onload(partial(in_own_turn, act))


def later(view: Viewable, **layout) -> pn.Column:
    """Return room for what nobody needs at once: it comes to a page that is painted."""
    room = pn.Column(**layout)
    if pn.state.loaded:
        room.append(view)
    else:
        once_painted(partial(room.append, view))
    return room


def in_turns(
    *builds: Callable[[], Viewable | Viewer], seen: int | None = None, room: int = 0
) -> list[pn.Column]:
    """Return a column for each of some views, which are made one a turn, in order.

    A page of which everything were made in one turn could not answer its browser
    before all of it is there; turns that are asked for at once come as one.

    Parameters
    ----------
    *builds : callable
    seen : int, optional
        How many are on the first screen: the others are made once that is painted.
    room : int
        Height [px] that is kept for each of the others, so that what is below them
        stays where it is on a screen that has room for it.
    """
    columns = [pn.Column(**WIDE) for _ in builds]
    pairs = list(zip(columns, builds, strict=True))
    late = pairs[seen:] if seen is not None else []

    def fill_next(left: Iterator) -> None:
        for column, build in left:
            column.append(build())
            in_own_turn(partial(fill_next, left))
            return

    in_own_turn(partial(fill_next, iter(pairs[:seen])))
    for column, _ in late:
        column.min_height = room
    once_painted(partial(fill_next, iter(late)))
    return columns


def side_by_side(
    left, right, shares: tuple[int, int] = (6, 6), narrowest: int = 420
) -> pn.FlexBox:
    """Put two views beside each other, or below where one is narrower than that [px].

    The component library's grid does so too, but a page with six of it came a tenth of
    a second later.
    """
    columns = [
        pn.Column(
            view,
            styles={"flex": f"{share} 1 0", "min-width": f"min(100%, {narrowest}px)"},
        )
        for view, share in zip((left, right), shares, strict=True)
    ]
    return pn.FlexBox(*columns, **WIDE)
