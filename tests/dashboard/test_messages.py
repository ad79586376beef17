"""What a turn changes goes to the browser in one message."""

import asyncio

import bokeh.server.session as bokeh_session
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource, Div
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
    document.add_root(Div(text="old"))
    document.add_root(ColumnDataSource({"x": [1.0]}))
    return document


def changed(document: Document) -> list:
    """Change both models; return what is to be sent."""
    events = []
    document.on_change(events.append)
    text, source = document.roots
    text.text = "new"
    source.data = {"x": [2.0]}
    return events


def sent(monkeypatch, document, told: list[tuple]) -> None:
    """Send what was changed as a server does."""
    monkeypatch.setattr(bokeh_session, "_serialize_patches", None)
    messages.join()
    pending = [
        bokeh_session._PendingPatch(event, Connection.protocol, connections)
        for event, connections in zip(changed(document), told, strict=True)
    ]
    session = ServerSession("one", document)
    asyncio.run(session._send_pending_patches(pending))


def attributes(message) -> list[str]:
    return [event["attr"] for event in message.content["events"]]


def test_all_changes_of_a_turn_are_one_message(monkeypatch, document):
    one = Connection()
    sent(monkeypatch, document, [(one,), (one,)])
    (message,) = one.sent
    assert attributes(message) == ["text", "data"]


def test_the_browser_understands_it(monkeypatch, document):
    one = Connection()
    as_it_was = document.to_json()
    sent(monkeypatch, document, [(one,), (one,)])
    browser = Document.from_json(as_it_was)
    one.sent[0].apply_to_document(browser)
    text, source = browser.roots
    assert (text.text, list(source.data["x"])) == ("new", [2.0])


def test_who_made_a_change_is_not_told_of_it(monkeypatch, document):
    one, other = Connection(), Connection()
    sent(monkeypatch, document, [(one, other), (other,)])
    assert [attributes(message) for message in one.sent] == [["text"]]
    assert [attributes(message) for message in other.sent] == [["text"], ["data"]]
