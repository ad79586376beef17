"""What ``panel serve app.py`` opens: one page for every visitor, one engine for all."""

from functools import partial

import panel as pn

from dashboard import process
from dashboard.next_page import NextPage
from dashboard.page import build_page
from dashboard.pulse import Pulse
from inference.engines import WorkerProcess, from_environment

# Signatures of all of its classes, which Panel would make anew, are for notebooks.
pn.extension(notifications=True, apply_signatures=False)
pn.state.as_cached("prepared", process.prepare)
engine = pn.state.as_cached("engine", partial(from_environment, WorkerProcess))
pn.state.as_cached("ending", partial(process.end_with_server, engine))
pulse = pn.state.as_cached("pulse", Pulse)
coming = pn.state.as_cached("coming", partial(NextPage, pn.state.curdoc))
build_page(engine, pulse, coming).servable()
pn.state.as_cached("settled", process.settle)
