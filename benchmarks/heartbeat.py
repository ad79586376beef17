"""A server that notes how long its event loop stood still: for ``panel serve --setup``.

It beats a hundred times a second. What a beat is late by, nobody else was served: the
file named in ``NUTSHELL_HEARTBEAT`` gets a line for every beat that was late by more
than a frame, with the time of day, the seconds late and those of them that the loop's
thread computed itself (the rest of them it was not given a core).
"""

import os
import time
from pathlib import Path

from tornado.ioloop import IOLoop

BEAT, FRAME = 0.01, 0.016
"""[s]"""


def beat(path: Path) -> None:
    """Start beating on the current loop."""
    loop, log = IOLoop.current(), path.open("w", buffering=1)

    def once(due: float, computed: float) -> None:
        late, now = time.perf_counter() - due, time.thread_time()
        if late > FRAME:
            log.write(f"{time.time():.3f} {late:.4f} {now - computed:.4f}\n")
        loop.call_later(BEAT, once, time.perf_counter() + BEAT, now)

    loop.call_later(BEAT, once, time.perf_counter() + BEAT, time.thread_time())


if "NUTSHELL_HEARTBEAT" in os.environ:
    beat(Path(os.environ["NUTSHELL_HEARTBEAT"]))
