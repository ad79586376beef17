"""Where chunks are computed: anything with ``submit``, as `concurrent.futures` has it.

The default is one spawned worker process: tracing and compiling cannot stall the page,
and the worker can be killed. It is spawned, never forked, because JAX's threads do not
survive a fork. Nothing here imports JAX; the worker does.
"""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from inference.records import Chunk, Prepared, Task


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


def _begin() -> None:
    _worker().configure()


class WorkerProcess(Executor):
    """One spawned worker process, replaced when it dies.

    Work that was in the worker when it died fails with `BrokenProcessPool`; what is
    submitted afterwards goes to a new one.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._pool = self._new_pool()

    def submit(self, fn: Callable, /, *args, **kwargs) -> Future:
        """Send work to the worker, starting a new one if the last one died."""
        with self._lock:
            try:
                return self._pool.submit(fn, *args, **kwargs)
            except BrokenProcessPool:
                self._pool = self._new_pool()
                return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the worker."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)

    @staticmethod
    def _new_pool() -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, mp_context=context, initializer=_begin)


def in_process() -> Executor:
    """Return an executor that computes in a thread of this process."""
    return ThreadPoolExecutor(1, initializer=_begin)
