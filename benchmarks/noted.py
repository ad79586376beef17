"""A server that notes what it costs: for ``panel serve --setup``.

In the folder named in ``NUTSHELL_NOTES``, ``beats`` gets a line for every beat of its
event loop, a hundred a second, that was late by more than a frame, as nobody else was
served meanwhile: the time of day, the seconds late, and those of them that the loop's
thread computed itself (the rest of them it was not given a core). ``corners`` gets a
line for every corner plot drawn anew, and for every message of changes to a browser:
which, and the seconds taken.

The corner of the line with outliers has five parameters there, more than on any page.
"""

import os
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TextIO

from bokeh.protocol.messages.patch_doc import patch_doc
from tornado.ioloop import IOLoop

from dashboard.views.corner import BrushedCorner
from dashboard.views.figure import FigureView
from inference.problems import PROBLEMS

BEAT, FRAME = 0.01, 0.016
"""[s]"""
FIVE = ("m", "b", "bg_mean", "bg_sigma", "Q")
CORNER, MESSAGE = "corner", "message"


def beat(log: TextIO) -> None:
    """Start beating on the current loop."""
    loop = IOLoop.current()

    def once(due: float, computed: float) -> None:
        late, now = time.perf_counter() - due, time.thread_time()
        if late > FRAME:
            log.write(f"{time.time():.3f} {late:.4f} {now - computed:.4f}\n")
        loop.call_later(BEAT, once, time.perf_counter() + BEAT, now)

    loop.call_later(BEAT, once, time.perf_counter() + BEAT, time.thread_time())


def time_corners(log: TextIO) -> None:
    """Note how long corners take from now on, and the messages that hold them."""
    whole = PROBLEMS["line_outliers"]
    PROBLEMS[whole.name] = whole._replace(headline=FIVE)
    drew: list[bool] = []

    def noted(draw: Callable) -> Callable:
        @wraps(draw)
        def call(*arguments):
            drew.append(True)
            return draw(*arguments)

        return call

    BrushedCorner._corner = noted(BrushedCorner._corner)
    refresh, create = FigureView._refresh, patch_doc.create

    def refreshed(self: FigureView, _) -> None:
        drew.clear()
        clock = time.perf_counter()
        refresh(self, _)
        if drew:
            log.write(f"{CORNER} {time.perf_counter() - clock:.4f}\n")

    def created(*arguments, **metadata):
        clock = time.perf_counter()
        message = create(*arguments, **metadata)
        log.write(f"{MESSAGE} {time.perf_counter() - clock:.4f}\n")
        return message

    FigureView._refresh, patch_doc.create = refreshed, created


if "NUTSHELL_NOTES" in os.environ:
    folder = Path(os.environ["NUTSHELL_NOTES"])
    beat((folder / "beats").open("w", buffering=1))
    time_corners((folder / "corners").open("w", buffering=1))
