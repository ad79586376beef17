"""One message to the browser for all that a turn changed.

Bokeh sends one for every property: a hundred for a new posterior, some 2 ms each on
both sides, and between them the browser paints plots that are half new.
"""

from itertools import groupby
from operator import attrgetter
from typing import Any

import bokeh.server.session as bokeh_session
from bokeh.io.doc import patch_curdoc


def join() -> None:
    """Have every server of this process send all changes of a turn together."""
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
        One for each row of changes with the same connections, in their order.
    """
    messages = []
    for connections, group in groupby(pending, key=attrgetter("connections")):
        patches = list(group)
        with patch_curdoc(patches[0].event.document):
            events = [patch.event for patch in patches]
            message = patches[0].protocol.create("PATCH-DOC", events)
            message.prepare()
        messages.append((message, connections))
    return messages
