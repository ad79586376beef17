"""What is done once in a server's process, whatever the number of its pages."""

import gc

import holoviews as hv
from bokeh.settings import settings

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
    messages.join()
    turns.answer_gestures_in_turns()
    stylesheets.remember()


def settle() -> None:
    """Leave what is loaded now out of collections of garbage: it stays.

    One that looks through all of it stops every page for a third of a second.
    """
    gc.collect()
    gc.freeze()
