"""One timer for all pages: who is called, and when not."""

import asyncio
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from bokeh.document import Document
from bokeh.server.contexts import BokehSessionContext
from bokeh.server.session import ServerSession
from tornado.ioloop import IOLoop

from dashboard.pulse import ANYWAY, Pulse, turns_of


class Page:
    """A session that says when it has news, and the turns that it was promised."""

    def __init__(self, pulse: Pulse):
        self.stirs, self.ticks, self.turns = False, 0, []
        pulse.join(self, self.turns.append)

    def tick(self) -> None:
        self.ticks += 1
        self.stirs = False

    def take_turns(self) -> None:
        while self.turns:
            self.turns.pop()()


class StillPulse(Pulse):
    """Looks only when it is told to."""

    def _beat(self) -> None:
        pass


def test_a_page_is_called_when_it_has_news_and_once_at_a_time():
    pulse = StillPulse()
    page, other = Page(pulse), Page(pulse)
    page.stirs = True
    for _ in range(3):
        pulse.look(page)
        pulse.look(other)
    assert (len(page.turns), len(other.turns)) == (1, 0)
    page.take_turns()
    assert page.ticks == 1
    page.stirs = True
    pulse.look(page)
    page.take_turns()
    assert page.ticks == 2


def test_a_page_without_news_is_called_now_and_then(monkeypatch):
    pulse = StillPulse()
    page, alone = Page(pulse), Page(pulse)
    pulse.greet(page)
    pulse.look(page)
    assert not page.turns
    monkeypatch.setattr("dashboard.pulse.time.monotonic", lambda: 1e9 + ANYWAY)
    for one in (page, alone):
        pulse.look(one)
    assert page.turns
    # A page that nobody has seen yet has nothing to be called for but news.
    assert not alone.turns
    alone.stirs = True
    pulse.look(alone)
    assert alone.turns
    alone.take_turns()
    monkeypatch.setattr("dashboard.pulse.time.monotonic", lambda: 1e9 + 3 * ANYWAY)
    pulse.look(alone)
    assert not alone.turns


def test_a_page_that_fails_is_called_again_and_one_that_left_is_not(caplog):
    pulse = StillPulse()
    page = Page(pulse)

    def fail() -> None:
        raise RuntimeError("a figure without data")

    page.tick, page.stirs = fail, True
    for _ in range(2):
        pulse.look(page)
        page.take_turns()
    assert caplog.text.count("a figure without data") >= 2
    pulse.leave(page)
    pulse.look(page)
    assert not page.turns


def test_a_closed_page_is_let_go():
    pulse = StillPulse()
    page = Page(pulse)
    page.stirs = True
    pulse.look(page)
    pulse.leave(page)
    pulse.look(page)
    pulse.join(page, page.turns.append)
    # The turn that it waited for is gone: it is not waited for any more.
    pulse.look(page)
    assert len(page.turns) == 2


def test_the_thread_reaches_a_document():
    pulse, document = Pulse(), Document()

    class News:
        stirs = True

        def tick(self) -> None:
            pass

    session = News()
    pulse.join(session, turns_of(document))
    for _ in range(200):
        if document.session_callbacks:
            break
        time.sleep(0.01)
    pulse.leave(session)
    assert len(document.session_callbacks) == 1


def test_a_turn_is_asked_for_in_a_turn_never_beside_one():
    """What is asked for while another turn lets go of changes would be lost."""
    beside, inside, over = [], threading.Event(), threading.Event()
    document, taken = Document(), threading.Event()

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        application = SimpleNamespace(io_loop=IOLoop.current())
        session = ServerSession("one", document, io_loop=application.io_loop)
        context = BokehSessionContext(
            "one", SimpleNamespace(application_context=application), document
        )
        context._set_session(session)
        document._session_context = weakref.ref(context)
        ask = turns_of(document)

        def turn() -> None:
            inside.set()
            over.wait(10)

        busy = loop.create_task(session.with_document_locked(turn))
        await loop.run_in_executor(None, inside.wait, 10)
        await loop.run_in_executor(None, ask, taken.set)
        await asyncio.sleep(0.1)
        beside.extend(document.session_callbacks)
        over.set()
        await busy
        await loop.run_in_executor(None, taken.wait, 10)
        session.destroy()
        # Of a page that is closed it is no error.
        ask(taken.clear)
        await asyncio.sleep(0.1)

    # The browser's tests leave a loop in this thread.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(lambda: asyncio.run(serve())).result(60)
    assert beside == []
    assert taken.is_set()
