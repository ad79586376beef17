"""A page that was closed leaves nothing behind in the server."""

import inspect
from concurrent.futures import Executor

import panel as pn
from bokeh.application import Application
from bokeh.application.handlers import FunctionHandler
from holoviews.plotting.bokeh.callbacks import Callback
from panel.io.session import generate_session
from panel.io.state import set_curdoc

from dashboard.page import build_page
from dashboard.pulse import Pulse


def opened(engine: Executor, pulse: Pulse):
    """A session whose page is filled."""

    def serve(document) -> None:
        with set_curdoc(document):
            build_page(engine, pulse).server_doc(document)

    session = generate_session(Application(FunctionHandler(serve)))
    document = session.document
    with set_curdoc(document):
        while document.session_callbacks:
            turn = document.session_callbacks[0]
            document.callbacks.remove_session_callback(turn)
            answer = turn.callback()
            # Panel's own news to the browser that is not there.
            if inspect.iscoroutine(answer):
                answer.close()
    return session


def closed(session) -> None:
    """What Bokeh's server does when a page's connection is gone for a while."""
    document, context = session.document, session.document.session_context
    session.destroy()
    for callback in document.session_destroyed_callbacks:
        callback(context)


def test_a_closed_page_leaves_nothing_behind(monkeypatch, idle):
    monkeypatch.setattr(pn.config, "notifications", True)
    pulse, views = Pulse(), set(pn.state._views)
    # Figures of other tests may listen still.
    listening = set(Callback._callbacks)
    session = opened(idle, pulse)
    assert set(Callback._callbacks) > listening
    assert set(pn.state._views) > views
    closed(session)
    assert set(pn.state._views) == views
    assert set(Callback._callbacks) <= listening
    assert not pulse._called
