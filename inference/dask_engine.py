"""A Dask cluster as the place where chunks are computed.

One chunk is one Dask task. A worker that dies is replaced by its nanny, and the
scheduler sends the task to another one as often as its setting
``distributed.scheduler.allowed-failures`` says. Dask cannot stop a task that runs, so a
chunk that hangs while its worker's event loop is alive is not detected here.

Dask's protocol is pickle: whoever reaches the scheduler's port can run code. Keep it on
a private network, or give it certificates.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from distributed import Client, KilledWorker, WorkerPlugin
from distributed.worker import Worker

from inference import engines


class DaskWorkers(Executor):
    """Workers of a Dask cluster; each must have one thread (``--nthreads 1``).

    Parameters
    ----------
    address : str
        Of the scheduler, like ``tcp://10.0.0.5:8786``.

    Raises
    ------
    OSError
        If no scheduler answers there.
    """

    def __init__(self, address: str):
        self._client = Client(address, set_as_default=False)
        self._client.register_plugin(_Configured(), name="nutshell")
        # Two calls with the same arguments are two calls.
        self._tasks = self._client.get_executor(pure=False)
        # What follows a chunk (a write to disk) must not hold up Dask's event loop.
        self._answers = ThreadPoolExecutor(1, thread_name_prefix="dask-answers")

    def submit(self, fn: Callable, /, *args, **kwargs) -> Future:
        """Send a call to whichever worker is free."""
        answer: Future = Future()
        sent = self._tasks.submit(fn, *args, **kwargs)
        sent.add_done_callback(lambda done: self._answers.submit(_pass, done, answer))
        return answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; it goes on without this client."""
        self._tasks.shutdown(wait=wait and not cancel_futures)
        self._answers.shutdown(wait)
        self._client.close()


class _Configured(WorkerPlugin):
    """Sets JAX up in every worker, also in those that start later."""

    def setup(self, worker: Worker) -> None:
        engines.configure()


def _pass(done: Future, answer: Future) -> None:
    if done.cancelled():
        answer.cancel()
        return
    error = done.exception()
    if isinstance(error, KilledWorker):
        error = engines.WorkerLost(
            "every Dask worker that was given this step died; the draws before it are "
            "kept, press Run to start again"
        )
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(done.result())
