"""What a turn changes in plots goes to the browser in one message."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import bokeh.server.session as bokeh_session
import numpy as np
import panel_material_ui as pmui
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource, Div, Range1d
from bokeh.protocol import Protocol
from bokeh.server.session import ServerSession

from dashboard import messages


class Connection:
    """One that keeps what it was to send."""

    protocol = Protocol()

    def __init__(self):
        self.sent = []

    async def send_message(self, message) -> None:
        self.sent.append(message)


@pytest.fixture
def document() -> Document:
    document = Document()
    document.add_root(ColumnDataSource({"x": [1.0]}))
    document.add_root(Range1d(0, 1))
    document.add_root(Div(text="old"))
    return document


def changed(document: Document) -> list:
    """Change every model, in order; return what is to be sent."""
    events = []
    document.on_change(events.append)
    source, span, text = document.roots
    source.data = {"x": [2.0]}
    span.end = 2
    text.text = "new"
    return events


def send(monkeypatch, document, events: list, told: list[tuple]) -> None:
    """Send changes as a server does."""
    monkeypatch.setattr(bokeh_session, "_serialize_patches", None)
    messages.join()
    pending = [
        bokeh_session._PendingPatch(event, Connection.protocol, connections)
        for event, connections in zip(events, told, strict=True)
    ]

    async def send_them() -> None:
        await ServerSession("one", document)._send_pending_patches(pending)

    # A browser test leaves a loop that runs in this thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, send_them()).result()


def attributes(connection: Connection) -> list[list[str]]:
    events = [message.content["events"] for message in connection.sent]
    return [[event["attr"] for event in some] for some in events]


def test_all_changes_of_plots_are_one_message(monkeypatch, document):
    one = Connection()
    send(monkeypatch, document, changed(document)[:2], [(one,), (one,)])
    assert attributes(one) == [["data", "end"]]


def test_what_is_laid_out_goes_by_itself(monkeypatch, document):
    one = Connection()
    source, _, text = changed(document)
    card = pmui.Card("old")
    document.add_root(model := card.get_root(document))
    events = []
    document.on_change(events.append)
    model.data.title = "new"
    everything = [source, text, source, *events, source]
    send(monkeypatch, document, everything, [(one,)] * len(everything))
    alone = [["data"], ["text"], ["data"], ["title"], ["data"]]
    assert attributes(one) == alone


def test_the_browser_understands_it(monkeypatch, document):
    one = Connection()
    as_it_was = document.to_json()
    send(monkeypatch, document, changed(document), [(one,)] * 3)
    browser = Document.from_json(as_it_was)
    for message in one.sent:
        message.apply_to_document(browser)
    source, span, text = browser.roots
    assert list(source.data["x"]) == [2.0]
    assert (span.end, text.text) == (2, "new")


def test_who_made_a_change_is_not_told_of_it(monkeypatch, document):
    one, other = Connection(), Connection()
    events = changed(document)[:2]
    send(monkeypatch, document, events, [(one, other), (other,)])
    assert attributes(one) == [["data"]]
    assert attributes(other) == [["data"], ["end"]]


def test_small_arrays_are_in_the_text_and_others_beside_it(monkeypatch, document):
    one = Connection()
    as_it_was = document.to_json()
    events = []
    document.on_change(events.append)
    size = messages.SMALL // 4
    columns = {
        "small": np.full(size, np.nan, dtype=np.float32),
        "large": np.arange(size, dtype=float),
        "bytes": np.arange(size, dtype=np.uint8),
    }
    document.roots[0].data = columns
    send(monkeypatch, document, events, [(one,)])
    (message,) = one.sent
    assert message.header["num_buffers"] == 1
    assert message.buffers[0].to_bytes() == columns["large"].tobytes()
    browser = Document.from_json(as_it_was)
    message.apply_to_document(browser)
    for name, values in columns.items():
        came = browser.roots[0].data[name]
        assert came.dtype == values.dtype
        np.testing.assert_array_equal(came, values)
