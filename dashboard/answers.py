"""What a browser asks first of a page, its HTML and its models, answered beforehand."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bokeh.core.serialization import Serialized
from bokeh.document import Document
from bokeh.server.session import ServerSession
from panel.io.state import set_curdoc

STILL = 1.0
"""Seconds without a change after which a page that is being made is taken for whole."""
PLACE = "where the token of whoever comes will be"


class Answers:
    """The answers of one page, written again whenever it has changed.

    To write five hundred models down takes longer than to send them.

    Parameters
    ----------
    session : ServerSession
        Of a page that nobody has asked for yet.
    render : callable
        ``(session, token=..., **of the document) -> str``: the page's HTML.
    """

    def __init__(self, session: ServerSession, render: Callable[..., str]):
        self.session, self._render = session, render
        self._loop = asyncio.get_running_loop()
        self._due: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task | None = None
        self._html: str | None = None
        self._models: Serialized | None = None
        document: Any = session.document
        # Turns that are asked for, and taken, are changes of a document as well. Of
        # those of its models it is not told before a browser comes.
        document.on_change(self._changed)
        document.to_json = self._once
        self._wait()

    def html(self, token: str) -> str | None:
        """Return the HTML for who holds a token; None if it is not written."""
        return self._html and self._html.replace(PLACE, token)

    @property
    def written(self) -> bool:
        """Whether the page is whole, and both answers are ready."""
        return self._models is not None

    def _once(self, **options) -> Serialized:
        """Return the models to the first who asks, and let go of the document."""
        models, document = self._models, self.session.document
        self._html = self._models = None
        if self._due is not None:
            self._loop.call_soon_threadsafe(self._due.cancel)
        document.remove_on_change(self._changed)
        with suppress(AttributeError):
            del document.to_json
        return models or document.to_json(**options)

    def _changed(self, _) -> None:
        self._html = self._models = None
        self._loop.call_soon_threadsafe(self._wait)

    def _wait(self) -> None:
        if self._due is not None:
            self._due.cancel()
        self._due = self._loop.call_later(STILL, self._begin)

    def _begin(self) -> None:
        writing = self.session.with_document_locked(self._write)
        self._writing = self._loop.create_task(writing)

    def _write(self) -> None:
        document = self.session.document
        with set_curdoc(document):
            self._html = self._render(
                self.session,
                title=document.title,
                token=PLACE,
                template=document.template,
                template_variables=document.template_variables,
            )
        self._models = Document.to_json(document)
