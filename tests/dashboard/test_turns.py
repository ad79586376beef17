"""What changes a page is done in its turns, over a real session of Bokeh's server."""

import asyncio
import threading
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace

import holoviews as hv
import panel as pn
import pytest
from bokeh.document import Document
from bokeh.events import SelectionGeometry
from bokeh.server.contexts import BokehSessionContext
from bokeh.server.session import ServerSession
from panel.io.state import set_curdoc
from tornado.ioloop import IOLoop

from dashboard import turns

hv.extension("bokeh")
RENDERER = hv.renderer("bokeh").instance(mode="server")
BOX = {"type": "rect", "x0": 0.5, "y0": 0.5, "x1": 1.5, "y1": 1.5}


class Served:
    """A document that a server holds, in a loop of its own."""

    def __init__(self):
        self.document = Document()
        application = SimpleNamespace(io_loop=IOLoop.current())
        self.session = ServerSession("one", self.document, io_loop=application.io_loop)
        self._context = BokehSessionContext(
            "one", SimpleNamespace(application_context=application), self.document
        )
        self._context._set_session(self.session)
        self.document._session_context = weakref.ref(self._context)

    @property
    def in_turn(self) -> bool:
        return self.session._lock.locked()

    async def turn(self, act) -> None:
        await self.session.with_document_locked(act)


def serve(act) -> None:
    """Run a coroutine of a served document."""

    async def whole() -> None:
        served = Served()
        await act(served)
        if not served.session.destroyed:
            served.session.destroy()

    # The browser's tests leave a loop in this thread.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(lambda: asyncio.run(whole())).result(60)


async def waited(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 10)


def test_a_turn_is_asked_for_in_a_turn_never_beside_one():
    """What is asked for while another turn lets go of changes would be lost."""
    beside, inside, over = [], threading.Event(), threading.Event()
    taken = threading.Event()

    async def act(served: Served) -> None:
        ask = turns.turns_of(served.document)

        def turn() -> None:
            inside.set()
            over.wait(10)

        busy = asyncio.create_task(served.turn(turn))
        await waited(inside)
        await asyncio.to_thread(ask, taken.set)
        await asyncio.sleep(0.1)
        beside.extend(served.document.session_callbacks)
        over.set()
        await busy
        await waited(taken)
        served.session.destroy()
        # Of a page that is closed it is no error.
        ask(taken.clear)
        await asyncio.sleep(0.1)

    serve(act)
    assert beside == []
    assert taken.is_set()


def test_a_gesture_is_answered_in_a_turn():
    """Beside one, two threads would change a page, and some of it would be lost."""
    turns.answer_gestures_in_turns()
    answered, turn = threading.Event(), []

    async def act(served: Served) -> None:
        box = hv.streams.BoundsXY()

        def note(bounds) -> None:
            turn.append((served.in_turn, bounds))
            answered.set()

        box.add_subscriber(note)
        plot = hv.DynamicMap(lambda bounds: hv.Curve([1, 2]), streams=[box])
        figure = RENDERER.get_plot(plot, doc=served.document)

        def draw_box() -> None:
            served.document.add_root(figure.state)
            figure.state._trigger_event(
                SelectionGeometry(figure.state, geometry=BOX, final=True)
            )

        await served.turn(draw_box)
        await waited(answered)
        figure.cleanup()

    serve(act)
    assert turn == [(True, (0.5, 0.5, 1.5, 1.5))]


@pytest.mark.parametrize("raised", [None, ValueError("no table")])
def test_long_work_is_done_beside_turns_and_taken_up_in_one(raised):
    came, turn, beside = threading.Event(), [], []

    async def act(served: Served) -> None:
        def work() -> int:
            beside.append(served.in_turn)
            if raised is not None:
                raise raised
            return 7

        def take_up(done: Future) -> None:
            turn.append((served.in_turn, done.exception() or done.result()))
            assert pn.state.curdoc is served.document
            came.set()

        with set_curdoc(served.document):
            turns.beside_turns(work, take_up)
        await waited(came)

    serve(act)
    assert beside == [False]
    assert turn == [(True, raised or 7)]
