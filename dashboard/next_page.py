"""A page that is made before anybody asks for it: whoever comes next finds it ready.

Most of an opening's time goes into making and sending a page in parts, so that
something of it is seen at once. One that is there goes out whole, in one answer.
"""

import asyncio
import contextvars
from typing import Any

from bokeh.document import Document
from bokeh.server.request import RequestLike, ServerRequest
from bokeh.server.session import ServerSession, current_time
from bokeh.util.token import generate_session_id
from panel.io import server as panel_server

from dashboard.answers import Answers

QUIET = 2.0
"""Seconds in which nobody does anything, after which the next page is made."""


class NextPage:
    """Makes one page in advance, and gives it to who asks for the plain page.

    Who follows a link, or comes before the next page is whole, is given a page of their
    own, made when they ask. Bokeh has no place for this: what it makes sessions with,
    and Panel HTML, are put aside for what looks for a page here first.

    Parameters
    ----------
    document : Document
        Of a page that a server is making.
    """

    def __init__(self, document: Document | None):
        assert document is not None
        self._due: asyncio.TimerHandle | None = None
        self._making: asyncio.Task | None = None
        self._id = ""
        self._answers: Answers | None = None
        self._given: Answers | None = None
        context: Any = document.session_context
        self._path = context.request.path
        self._pages: Any = context.server_context.application_context
        self._loop = self._pages.io_loop.asyncio_loop
        self._create = self._pages.create_session_if_needed
        self._pages.create_session_if_needed = self._session
        self._render = panel_server.server_html_page_for_session
        panel_server.server_html_page_for_session = self._html
        self._resources = None

    def makes(self, document: Document) -> bool:
        """Whether a document is the next page's: no browser is to be waited for."""
        context = document.session_context
        return context is not None and context.id == self._id

    def soon(self) -> None:
        """Make the next page when nobody has done anything for a while."""
        self._loop.call_soon_threadsafe(self._later)

    def _later(self) -> None:
        if self._due is not None:
            self._due.cancel()
        self._due = self._loop.call_later(QUIET, self._begin)

    def _begin(self) -> None:
        if not self._id:
            # In a context of its own: the one at hand is that of another page.
            self._making = self._loop.create_task(
                self._make(), context=contextvars.Context()
            )

    async def _make(self) -> None:
        self._id = generate_session_id()
        request = ServerRequest("GET", self._path, self._path)
        try:
            session = await self._create(self._id, request)
        except Exception:
            # Bokeh has said so in the log. The next time may be better.
            self._id = ""
            return
        # Bokeh takes a page away that nobody comes for.
        session.block_expiration()

        def render(session: ServerSession, **of_document) -> str:
            return self._render(session, resources=self._resources, **of_document)

        self._answers = Answers(session, render)

    async def _session(
        self, session_id: Any, request: Any = None, token: str | None = None
    ) -> ServerSession:
        """Do what Bokeh's method of this name does, with the page that is ready."""
        known = session_id in self._pages._sessions
        ready = self._answers is not None and self._answers.written
        if not known and ready and self._suits(request):
            return self._give(session_id, token)
        return await self._create(session_id, request, token)

    def _suits(self, request: RequestLike | None) -> bool:
        return (
            request is not None and request.path == self._path and not request.arguments
        )

    def _give(self, session_id: str, token: str | None) -> ServerSession:
        """Let the page be that of a visitor, under the visitor's name."""
        pages = self._pages
        session: Any = pages._sessions.pop(self._id)
        context = pages._session_contexts.pop(self._id)
        self._given, self._answers, self._id = self._answers, None, ""
        session._id = context._id = session_id
        session._token = context._token = token
        pages._sessions[session_id] = session
        pages._session_contexts[session_id] = context
        # From now on it is a page like any other, which was opened just now.
        session._last_unsubscribe_time = current_time()
        session.unblock_expiration()
        return session

    def _html(self, session: ServerSession, *, resources, token=None, **more) -> str:
        """Do what Panel's function does, with the HTML that is ready."""
        self._resources = resources
        given, self._given = self._given, None
        if given is not None and given.session is session:
            html = given.html(token or session.token)
            if html is not None:
                return html
        return self._render(session, resources=resources, token=token, **more)
