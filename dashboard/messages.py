"""One message to the browser for all that a turn changed in plots.

Bokeh sends one for every property: nearly 100 for a new posterior, which take their
time on both sides, and between them the browser paints plots that are half new.
"""

from itertools import groupby
from typing import Any

import bokeh.server.session as bokeh_session
from bokeh.core.serialization import Buffer, BytesRep, Serializer
from bokeh.core.types import ID
from bokeh.document import Document
from bokeh.io.doc import patch_curdoc
from bokeh.model import DataModel
from bokeh.models import LayoutDOM, Model
from bokeh.protocol.messages.patch_doc import patch_doc

SMALL = 1024
"""Bytes of the largest array that is written into a message's text. Every other is two
frames more, which the browser takes up one by one."""


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
        document = patches[0].event.document
        with patch_curdoc(document):
            message = _message(document, [patch.event for patch in patches])
            message.prepare()
        messages.append((message, connections))
    return messages


class _Compact(Serializer):
    """Bokeh's, with small arrays in the text."""

    def _encode_bytes(self, obj: bytes | memoryview) -> BytesRep:
        if memoryview(obj).nbytes > SMALL:
            return super()._encode_bytes(obj)
        return BytesRep(type="bytes", data=Buffer(ID(""), obj).to_base64())


def _message(document: Document, events: list[Any]) -> patch_doc:
    """Do what Bokeh's ``patch_doc.create`` does."""
    serializer = _Compact(references=document.models.synced_references)
    content = {"events": serializer.encode(events)}
    document.models.flush_synced(lambda model: not serializer.has_ref(model))
    message = patch_doc(patch_doc.create_header(), {}, content)
    message.add_buffers(*serializer.buffers)
    return message


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
