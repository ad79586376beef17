"""Turns of a page: in each, one thread alone changes what is on it.

Bokeh gives every turn the document's lock, and most of them a thread. What is changed
beside a turn can be lost: while it lets go of the changes that it held, others are put
on a list that is thrown away.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import panel as pn
from bokeh.document import Document
from holoviews.plotting.bokeh.callbacks import Callback

Ask = Callable[[Callable[[], None]], Any]
"""Asks for a turn, from whichever thread, in which something is done."""

_BESIDE = ThreadPoolExecutor(4, thread_name_prefix="beside")


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


def turns_of(document: Document) -> Ask:
    """Return what asks for a turn of a document from another thread.

    A document is not made to be asked from there, so it is asked in a turn, for which
    the server is asked. To be called when the document has had its first: before, Bokeh
    has not put together what takes turns.
    """
    context: Any = document.session_context
    server = context and context.server_context
    if server is None:
        # Nobody serves it: its turns are taken by hand.
        return document.add_next_tick_callback
    loop = server.application_context.io_loop

    async def ask(document: Document, act: Callable[[], None]) -> None:
        document.add_next_tick_callback(act)

    # For a page that was closed, nothing is done.
    return lambda act: loop.add_callback(
        context.with_locked_document, partial(ask, act=act)
    )


def beside_turns[T](work: Callable[[], T], then: Callable[[Future[T]], None]) -> None:
    """Work for long beside a page's turns, which go on; take it up in one of them.

    Parameters
    ----------
    work : callable
        Changes nothing of the page.
    then : callable
        What is done with its result, or with what it raised.
    """
    ask = turns_of(pn.state.curdoc)
    _BESIDE.submit(work).add_done_callback(lambda done: ask(partial(then, done)))


def answer_gestures_in_turns() -> None:
    """Have what a person does on a plot answered in a turn of the page, as all else is.

    HoloViews would answer beside turns: it was made for servers of one thread.
    """
    for answer in (Callback.process_on_event, Callback.process_on_change):
        # Panel looks for this mark where it runs what waits for something.
        answer.lock = True  # pyright: ignore[reportFunctionMemberAccess]
