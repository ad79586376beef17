"""One timer for all pages: who is called, and when not."""

import time

from bokeh.document import Document

from dashboard.pulse import ANYWAY, Pulse
from dashboard.turns import turns_of


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
