"""The page made in advance: whose it becomes, and that it is what it was."""

import asyncio
import re
import threading
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import panel as pn
import pytest
from bokeh.client import pull_session
from bokeh.server.server import Server
from bokeh.util.token import get_session_id
from panel.io.application import build_applications
from panel.models.markup import HTML

from dashboard import answers, next_page
from dashboard.next_page import NextPage


class Site:
    """A server of a page that says the how manieth it is, in this process."""

    def __init__(self):
        self.made: list = []
        self.waited: list[bool] = []
        self.at_hand: list = []
        self.coming: NextPage | None = None
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=[started])
        self._thread.start()
        started.wait(30)

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        self.server = Server(build_applications({"/page": self._page}), port=0)
        self.server.start()
        self.loop.call_soon(started.set)
        self.loop.run_forever()

    def _page(self):
        document = pn.state.curdoc
        self.coming = self.coming or NextPage(document)
        self.made.append(document)
        self.waited.append(not self.coming.makes(document))
        document.add_next_tick_callback(
            lambda: self.at_hand.append((document, pn.state.curdoc))
        )
        return pn.pane.HTML(f"page {len(self.made)}")

    @property
    def address(self) -> str:
        return f"http://localhost:{self.server.port}/page"

    def visit(self, query: str = "") -> str:
        """Return the name of the session that a visitor's HTML is of."""
        with urllib.request.urlopen(self.address + query, timeout=30) as answer:
            html = answer.read().decode()
        return get_session_id(re.findall(r'"token":"([^"]+)"', html)[0])

    def said(self, session: str) -> str:
        """Return what a browser of that session shows."""
        # In a thread of its own: this one's loop may be that of a browser's driver.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._pull, session).result(30)

    def _pull(self, session: str) -> str:
        asyncio.set_event_loop(loop := asyncio.new_event_loop())
        pulled = pull_session(session_id=session, url=self.address)
        try:
            (shown,) = [model.text for root in pulled.document.roots
                        for model in root.select({"type": HTML})]  # fmt: skip
            return shown
        finally:
            pulled.close()
            asyncio.set_event_loop(None)
            loop.close()

    def do(self, act: Callable) -> None:
        """Do something in the server's loop, and wait for it."""
        done = threading.Event()
        self.loop.call_soon_threadsafe(lambda: (act(), done.set()))
        assert done.wait(30)

    def close(self) -> None:
        self.do(self.server.unlisten)
        self.do(self.server.stop)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(30)


def until(there: Callable[[], object]) -> None:
    ends = time.monotonic() + 30
    while not there():
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setattr(next_page, "QUIET", 0.1)
    monkeypatch.setattr(answers, "STILL", 0.1)
    rendered = next_page.panel_server.server_html_page_for_session
    site = Site()
    yield site
    site.close()
    next_page.panel_server.server_html_page_for_session = rendered


def ready(site: Site) -> None:
    """Have the next page made, and wait until it is whole."""
    assert site.coming is not None
    coming, before = site.coming, len(site.made)
    coming.soon()
    until(lambda: len(site.made) == before + 1)
    until(lambda: coming._answers is not None and coming._answers.written)


def move(document) -> None:
    (shown,) = document.roots[0].select({"type": HTML})
    shown.text = "moved"


def test_who_comes_next_is_given_the_page_that_is_there(site):
    assert site.said(site.visit()) == "page 1"
    ready(site)
    assert site.said(site.visit()) == "page 2"
    assert len(site.made) == 2
    assert site.waited == [True, False]
    # It is one person's.
    assert site.said(site.visit()) == "page 3"
    assert site.waited == [True, False, True]


def test_a_link_is_given_its_own(site):
    site.visit()
    ready(site)
    assert site.said(site.visit("?problem=cluster")) == "page 3"
    assert site.said(site.visit()) == "page 2"


def test_one_page_is_made_however_often_it_is_asked_for(site):
    site.visit()
    for _ in range(3):
        site.coming.soon()
    ready(site)
    site.coming.soon()
    time.sleep(0.5)
    assert len(site.made) == 2


def test_a_page_that_could_not_be_made_is_tried_again(site):
    site.visit()
    create, failed = site.coming._create, threading.Event()

    async def fail(*_):
        failed.set()
        raise OSError("no space left on device")

    site.coming._create = fail
    site.coming.soon()
    assert failed.wait(30)
    site.coming._create = create
    ready(site)
    assert site.said(site.visit()) == "page 2"


def test_the_page_is_made_as_itself(site):
    """Asked for in another page's turn, its own document is at hand in its turns."""
    site.visit()
    pn.state.curdoc = site.made[0]
    try:
        ready(site)
    finally:
        pn.state.curdoc = None
    until(lambda: len(site.at_hand) == 2)
    for document, at_hand in site.at_hand:
        assert at_hand is document


def test_what_changes_before_somebody_comes_is_seen(site):
    site.visit()
    ready(site)
    document = site.made[1]
    site.do(lambda: document.add_next_tick_callback(lambda: move(document)))
    until(lambda: not document.session_callbacks)
    until(lambda: site.coming._answers.written)
    assert site.said(site.visit()) == "moved"


def test_what_changes_once_somebody_came_is_seen(site):
    site.visit()
    ready(site)
    session, document = site.visit(), site.made[1]
    site.do(lambda: document.add_next_tick_callback(lambda: move(document)))
    until(lambda: not document.session_callbacks)
    assert site.said(session) == "moved"


def test_it_waits_for_as_long_as_nobody_comes(site):
    site.visit()
    ready(site)
    (pages,) = site.server._tornado._applications.values()

    def clean() -> None:
        """What Bokeh does when pages were alone for a long time."""
        for session in pages.sessions:
            session._last_unsubscribe_time = -1e9
        cleaned = pages._cleanup_sessions(1000)
        asyncio.run_coroutine_threadsafe(cleaned, site.loop).result(30)

    clean()
    assert len(list(pages.sessions)) == 1
    given = site.visit()
    clean()
    assert not list(pages.sessions)
    assert given not in pages._sessions
