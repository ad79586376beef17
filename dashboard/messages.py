"""One message to the browser for all that a turn changed in plots.

Bokeh sends one for every property: nearly 100 for a new posterior, which take their
time on both sides, and between them the browser paints plots that are half new.
"""

from itertools import groupby
from typing import Any

import bokeh.server.session as bokeh_session
from bokeh.io.doc import patch_curdoc
from bokeh.model import DataModel
from bokeh.models import LayoutDOM, Model


def join() -> None:
    """Have every server of this process send what a turn changed in plots together."""
    bokeh_session._serialize_patches = joined


def joined(pending: list[Any]) -> list[tuple[Any, tuple]]:
    """Do what Bokeh's function of the same place does, but with fewer messages.

    Parameters
    ----------
    pending : list of bokeh.server.session._PendingPatch
        Changes in the order in which they were made, and the connections to be told.

    Returns
    -------
    list of (message, connections)
        One for each row of changes of parts of plots with the same connections, and one
        for every other change, in their order.
    """
    messages = []
    for (_, connections), group in groupby(pending, key=_row):
        patches = list(group)
        with patch_curdoc(patches[0].event.document):
            events = [patch.event for patch in patches]
            message = patches[0].protocol.create("PATCH-DOC", events)
            message.prepare()
        messages.append((message, connections))
    return messages


def _row(patch: Any) -> tuple:
    """Return what is the same of changes that go together.

    What is laid out goes by itself, and so do the properties of components, which hold
    others. Laying out paints plots at once, while a plot follows its data only after
    all of the message is taken up: the legend of one that has more points now would ask
    for the colours of points that are not there.
    """
    model = getattr(patch.event, "model", None)
    part = isinstance(model, Model) and not isinstance(model, (DataModel, LayoutDOM))
    return (None if part else id(patch), patch.connections)
