"""Where chunks are computed: anything with ``submit``, as `concurrent.futures` has it.

The default is one spawned worker process: tracing and compiling cannot stall the page,
and the worker can be killed. It is spawned, never forked, because JAX's threads do not
survive a fork. Nothing here imports JAX; the worker does.

A task is a pure function of what is sent with it, so one whose worker died or hung is
sent again, to a new worker, and its draws are the same to the bit.
"""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import (
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any

from inference.records import Chunk, Prepared, Task

ATTEMPTS = 3
"""How often one task is sent before it is given up: first, and twice again."""
STARTING_SECONDS = 120.0
"""More time for the first task of a new worker, which imports and compiles."""
NICE = 2
"""How far the worker steps back for the program that it serves and for its browser."""
DASK_ADDRESS = "NUTSHELL_DASK"
"""Environment variable with the address of a Dask scheduler."""


class WorkerLost(RuntimeError):
    """One task lost every worker that it was sent to."""


def _worker() -> Any:
    import numpyro

    # ArviZ leaves a stand-in for numpyro that loads at the first look at an attribute;
    # submodules imported before that would be missing from it.
    assert numpyro.__version__
    from inference import worker

    return worker


def prepare(task: Task) -> Prepared:
    """Compile and start a run, in whichever process this is called."""
    return _worker().prepare(task)


def run_chunk(task: Task) -> Chunk:
    """Compute one chunk, in whichever process this is called."""
    return _worker().run_chunk(task)


def forget() -> None:
    """Forget what was learnt of tables, but not what was compiled: for benchmarks."""
    _worker().forget()


def configure() -> None:
    """Set JAX up in the process where this is called."""
    _worker()
    from inference import devices

    devices.configure()


def in_process() -> Executor:
    """Return an executor that computes in a thread of this process."""
    return ThreadPoolExecutor(1, initializer=configure)


def from_environment(default: Callable[[], Executor]) -> Executor:
    """Return the Dask cluster that the environment names, or else ``default()``.

    Raises
    ------
    OSError
        If no scheduler answers at the address in ``NUTSHELL_DASK``.
    """
    address = os.environ.get(DASK_ADDRESS)
    if not address:
        return default()
    from inference.dask_engine import DaskWorkers

    return DaskWorkers(address)


def limit_of(args: tuple) -> float | None:
    """Return how long a call may take [s], which a `Task` among its arguments says."""
    return next((a.limit for a in args if isinstance(a, Task)), None)


class WorkerProcess(Executor):
    """One spawned worker process, replaced when it dies or hangs.

    Tasks go to the worker one at a time: a death is the death of the task that was in
    it, and the time of a task is not that of those before it. A `Task` says itself how
    long it may take; any other call may take for ever.

    Raises, from the future of a task, `WorkerLost` where `ATTEMPTS` workers in a row
    were lost over it.
    """

    def __init__(self):
        self._queue = ThreadPoolExecutor(1, thread_name_prefix="worker-process")
        # Only the queue's one thread starts and replaces the process.
        self._process: _Process | None = None
        self._left = threading.Event()

    def submit(self, fn: Callable, /, *args, **kwargs) -> Future:
        """Send a call to the worker, behind those that wait."""
        return self._queue.submit(self._supervise, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the worker: after the task in it, or at once where nobody waits.

        Such a task is cancelled. Were it left to end, so would the program be.
        """
        process = self._process
        if not wait:
            self._left.set()
        self._queue.shutdown(wait, cancel_futures=cancel_futures)
        if process is not None:
            if not wait:
                process.kill()
            process.pool.shutdown(wait)

    def _supervise(self, fn: Callable, args: tuple, kwargs: dict) -> Any:
        limit = limit_of(args)
        for attempt in range(ATTEMPTS):
            allowed = limit
            if self._process is None:
                if attempt:
                    # What a dead pool leaves is in circles. Were it found while the
                    # next one registers its semaphores, its own would leak.
                    gc.collect()
                self._process = _Process()
                allowed = limit and limit + STARTING_SECONDS
            try:
                return self._process.call(fn, args, kwargs, allowed)
            except BrokenProcessPool:
                if self._left.is_set():
                    raise CancelledError from None
                self._process = None
        raise WorkerLost(
            f"the inference worker died or hung {ATTEMPTS} times in a row over the "
            "same step; the draws before it are kept, press Run to start again"
        )


class _Process:
    """A pool of one process, whose process can be killed."""

    def __init__(self):
        context = multiprocessing.get_context("spawn")
        self._pid, tell = context.Pipe(duplex=False)
        self.pool = ProcessPoolExecutor(
            1, mp_context=context, initializer=_begin, initargs=(tell,)
        )

    def call(self, fn: Callable, args: tuple, kwargs: dict, limit: float | None):
        """Call there; a process that takes longer than ``limit`` [s] is killed.

        Raises
        ------
        BrokenProcessPool
            If the process died or was killed.
        """
        future = self.pool.submit(fn, *args, **kwargs)
        if not wait([future], limit).done and not self.kill():
            raise BrokenProcessPool("the process did not start")
        return future.result()

    def kill(self) -> bool:
        """Kill the process, and return whether it had started."""
        started = self._pid.poll()
        if started:
            os.kill(self._pid.recv(), signal.SIGKILL)
            # Of a result that was being sent half has come, and who reads it would
            # wait for the rest for ever: this end of the pipe was still open.
            pool: Any = self.pool
            pool._result_queue._writer.close()
        return started


def _begin(tell: Connection) -> None:
    tell.send(os.getpid())
    tell.close()
    if hasattr(os, "nice"):
        # Where cores are few, whoever looks at a page goes before who computes.
        os.nice(NICE)
    # Ctrl-C is for the program that this worker serves, which then ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    configure()


def _end_with_parent() -> None:
    # A worker that computes when its program is killed was seen to stay for ever.
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
