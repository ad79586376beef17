"""One timer for every open page of a server."""

import logging
import math
import threading
import time
from functools import partial
from typing import Protocol

from dashboard.turns import Ask

BEAT = 0.02
"""Seconds between two looks at every session."""
ANYWAY = 1.0
"""Seconds after which a session is called though it has no news: time itself may be."""


class Watching(Protocol):
    """What a pulse asks of a session."""

    @property
    def stirs(self) -> bool:
        """Whether `tick` would do something; asked fifty times a second."""
        ...

    def tick(self) -> None:
        """Do it, in the document's turn."""
        ...


class Pulse:
    """A thread that looks at every session and calls those that have news.

    A timer of each document would take its lock and a thread of the server at every
    beat, some 3 % of a core for a page at which nothing happens, and while it does the
    server does not let go of a page that was closed.
    """

    def __init__(self):
        self._called: dict[Watching, tuple[Ask, float]] = {}
        self._waiting: set[Watching] = set()
        threading.Thread(target=self._beat, name="pulse", daemon=True).start()

    def join(self, session: Watching, ask: Ask) -> None:
        """Look at a session from now on, and ask for turns that it takes."""
        self._called[session] = ask, math.inf

    def greet(self, session: Watching) -> None:
        """Call a session whose page is seen by somebody now and then anyway."""
        if session in self._called:
            self._called[session] = self._called[session][0], time.monotonic()

    def leave(self, session: Watching) -> None:
        """Look at it no more."""
        self._called.pop(session, None)
        # A page that closes takes the turns that it was promised with it.
        self._waiting.discard(session)

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT)
            for session in tuple(self._called):
                self.look(session)

    def look(self, session: Watching) -> None:
        """Call a session if it has news and is not being called."""
        ask, last = self._called.get(session, (None, math.inf))
        if ask is None or session in self._waiting:
            return
        now = time.monotonic()
        if session.stirs or now - last > ANYWAY:
            self._called[session] = ask, last if math.isinf(last) else now
            self._waiting.add(session)
            ask(partial(self._call, session))

    def _call(self, session: Watching) -> None:
        try:
            session.tick()
        except Exception:
            logging.getLogger(__name__).exception("A page could not be updated")
        finally:
            self._waiting.discard(session)
