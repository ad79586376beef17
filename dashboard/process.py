"""What is done once in a server's process, whatever the number of its pages."""

import gc
from concurrent.futures import Executor
from typing import Any

import holoviews as hv
import panel as pn
from bokeh.application.handlers import Handler
from bokeh.resources import Resources
from bokeh.settings import settings
from panel.models.esm import ReactiveESM

from dashboard import messages, stylesheets, turns


def prepare() -> None:
    """Set up what all pages share: at every opening it would take half of an answer."""
    hv.extension("bokeh")
    # Where a browser has no graphics card, WebGL is drawn by the processor, and a page
    # with 4300 stars stops answering; a canvas draws them in milliseconds everywhere.
    hv.renderer("bokeh").param.update(webgl=False)
    # Bokeh would look through the signature of every function that waits for a change,
    # a dozen of each widget, at every opening. The tests do.
    settings.perform_error_diagnostics = False
    _leave_out_scripts()
    messages.join()
    turns.answer_gestures_in_turns()
    stylesheets.remember()


def _leave_out_scripts() -> None:
    """Have no browser read what no page here needs: WebGL, and help with modules.

    The template has what modules need.
    """
    components = [one for one in Resources._default_components if one != "bokeh-gl"]
    Resources._default_components = components
    ReactiveESM.__javascript_raw__ = []


def settle() -> None:
    """Leave what is loaded now out of collections of garbage: it stays.

    One that looks through all of it stops every page for a third of a second.
    """
    gc.collect()
    gc.freeze()


class _Ending(Handler):
    """What a server does when it ends."""

    def __init__(self, engine: Executor):
        super().__init__()
        self._engine = engine

    def modify_document(self, doc) -> None:
        """Leave the document to who makes it."""

    def on_server_unloaded(self, server_context) -> None:
        """Do not wait for a step that may take long: it is done again some day."""
        self._engine.shutdown(wait=False, cancel_futures=True)


def end_with_server(engine: Executor) -> None:
    """Have the engine end when the server does that is making a page."""
    context: Any = pn.state.curdoc.session_context
    context.server_context.application_context.application.add(_Ending(engine))
