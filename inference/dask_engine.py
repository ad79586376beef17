"""A Dask cluster as the place where chunks are computed.

One chunk is one Dask task. A worker that dies is replaced by its nanny, and the
scheduler sends the task to another one as often as its setting
``distributed.scheduler.allowed-failures`` says. Dask cannot stop a task that runs, and
waits for ever for one that hangs, or, where its whole process is frozen, for minutes.
So a worker says when it begins a task; one that takes longer than its task's limit, or
is not heard of for so long, is killed by its nanny like one that died.

Dask's protocol is pickle: whoever reaches the scheduler's port can run code. Keep it on
a private network, or give it certificates.
"""

import concurrent.futures
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import distributed
from distributed import Client, KilledWorker, WorkerPlugin, get_worker
from distributed.worker import Worker

from inference import engines

WATCH_SECONDS = 0.5
"""How often it is asked whether a task takes too long."""
RESTART_SECONDS = 60.0
"""How long a worker's nanny may take to replace it."""
ANSWERS = 4
"""Answers that are fetched at a time: one may be on a worker that is frozen."""


class DaskWorkers(Executor):
    """Workers of a Dask cluster; each must have one thread (``--nthreads 1``).

    Raises, from the future of a task, `engines.WorkerLost` where every worker that it
    was sent to died or hung.

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
        self._topic = f"nutshell-{uuid4().hex}"
        self._client.subscribe_topic(self._topic, self._hear)
        self._numbers = itertools.count()
        self._sent: dict[int, _Sent] = {}
        self._warm: set[str] = set()
        # What follows a chunk (a write to disk) must not hold up Dask's event loop.
        self._answers = ThreadPoolExecutor(ANSWERS, thread_name_prefix="dask-answers")
        self._closed, self._left = False, threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def submit(self, fn: Callable, /, *args, **kwargs) -> Future:
        """Send a call to whichever worker is free."""
        if self._closed:
            raise RuntimeError("The connection to the cluster is closed.")
        number, answer = next(self._numbers), Future()
        # Two calls with the same arguments are two calls.
        future = self._client.submit(
            partial(_said, self._topic, number, fn), *args, pure=False, **kwargs
        )
        sent = self._sent[number] = _Sent(future, answer, engines.limit_of(args))
        future.add_done_callback(
            lambda _: self._answers.submit(self._pass, number, sent)
        )
        return answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; it goes on without this client."""
        self._closed = True
        sent = list(self._sent.values())
        if cancel_futures:
            self._client.cancel([one.future for one in sent])
        if wait:
            concurrent.futures.wait([one.answer for one in sent])
        self._left.set()
        self._watcher.join()
        self._answers.shutdown(wait)
        self._client.close()

    def _hear(self, event: tuple) -> None:
        """Note that a worker has begun a task."""
        number, worker = event[1]
        if sent := self._sent.get(number):
            sent.begin(worker)

    def _pass(self, number: int, sent: "_Sent") -> None:
        answer = sent.answer
        try:
            result = sent.future.result()
        except KilledWorker:
            answer.set_exception(engines.WorkerLost(_LOST))
        except distributed.CancelledError:
            if sent.hung < engines.ATTEMPTS:
                answer.cancel()
            else:
                answer.set_exception(engines.WorkerLost(_LOST))
        except Exception as error:
            answer.set_exception(error)
        else:
            self._warm.add(sent.worker)
            answer.set_result(result)
        finally:
            self._sent.pop(number, None)

    def _watch(self) -> None:
        while not self._left.wait(WATCH_SECONDS):
            for sent in list(self._sent.values()):
                try:
                    if worker := self._hangs(sent):
                        self._replace(sent, worker)
                except OSError:
                    # The scheduler does not answer: its client reconnects by itself.
                    continue

    def _hangs(self, sent: "_Sent") -> str:
        """Return the worker that a task hangs in, if it does."""
        limit = sent.limit
        if limit is None:
            return ""
        if sent.worker:
            starting = 0.0 if sent.worker in self._warm else engines.STARTING_SECONDS
            return sent.worker if sent.seconds > limit + starting else ""
        if sent.seconds < limit:
            return ""
        # It waits for its turn, or was given to a worker that was frozen before.
        info: Any = self._client.scheduler_info(n_workers=-1)["workers"]
        at: Any = self._client.processing(workers=list(info))
        (worker,) = [w for w, keys in at.items() if sent.future.key in keys] or [""]
        silent = sent.silent_since(info[worker]["last_seen"]) if worker else 0.0
        return worker if silent > limit else ""

    def _replace(self, sent: "_Sent", worker: str) -> None:
        """Have a worker killed and replaced; its task goes to another."""
        sent.hung += 1
        sent.begin("")
        self._warm.discard(worker)
        if sent.hung >= engines.ATTEMPTS:
            sent.future.cancel()
        try:
            self._client.restart_workers(
                [worker], timeout=RESTART_SECONDS, raise_for_error=False
            )
        except KeyError:
            # It went by itself.
            return
        except ValueError:
            # It has no nanny, so nothing here can end it.
            sent.hung = engines.ATTEMPTS
            sent.future.cancel()


_LOST = (
    "every Dask worker that was given this step died or hung; the draws before it are "
    "kept, press Run to start again"
)


class _Sent:
    """A task that was sent and has no answer yet.

    Parameters
    ----------
    future : distributed.Future
    answer : Future
        What was given out for it.
    limit : float, optional
        How long it may take [s].
    """

    def __init__(self, future: distributed.Future, answer: Future, limit: float | None):
        self.future, self.answer, self.limit = future, answer, limit
        self.hung = 0
        self.begin("")

    def begin(self, worker: str) -> None:
        """Take note of where it is now, with a new clock."""
        self.worker, self._since = worker, time.monotonic()
        self._seen: tuple[float, float] | None = None

    @property
    def seconds(self) -> float:
        """How long it is there [s]."""
        return time.monotonic() - self._since

    def silent_since(self, seen: float) -> float:
        """Return for how long [s], by this clock, the scheduler names the same time."""
        now = time.monotonic()
        if self._seen is None or self._seen[0] != seen:
            self._seen = seen, now
        return now - self._seen[1]


class _Configured(WorkerPlugin):
    """Sets JAX up in every worker, also in those that start later."""

    def setup(self, worker: Worker) -> None:
        engines.configure()


def _said(topic: str, number: int, fn: Callable, *args, **kwargs) -> Any:
    """Say that a call begins, and make it."""
    worker = get_worker()
    worker.log_event(topic, (number, worker.address))
    return fn(*args, **kwargs)
