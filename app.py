"""What ``panel serve app.py`` opens: one page for every visitor, one engine for all."""

import gc
from functools import partial

import holoviews as hv
import panel as pn
from bokeh.settings import settings

from dashboard import messages, stylesheets
from dashboard.page import build_page
from dashboard.pulse import Pulse
from inference.engines import WorkerProcess, from_environment

pn.extension(notifications=True)
hv.extension("bokeh")
# Where a browser has no graphics card, WebGL is drawn by the processor, and a page with
# 4300 stars stops answering; a canvas draws them in milliseconds everywhere.
hv.renderer("bokeh").param.update(webgl=False)
# Bokeh would look through the signature of every function that waits for a change, a
# dozen of each widget, at every opening. The tests do.
settings.perform_error_diagnostics = False


def settle() -> None:
    """Leave what is loaded now out of collections of garbage: it stays.

    One that looks through all of it stops every page for a third of a second.
    """
    gc.collect()
    gc.freeze()


messages.join()
stylesheets.remember()
engine = pn.state.as_cached("engine", partial(from_environment, WorkerProcess))
pulse = pn.state.as_cached("pulse", Pulse)
build_page(engine, pulse).servable()
pn.state.as_cached("settled", settle)
