"""A run: one chunk after another, each published as an immutable record.

A `Run` submits a chunk, and when it is done adds it to its `Course`, which writes it to
the disk (where there is a store) before it is in the record, and submits the next.
Whoever looks at `Run.latest` sees a complete, consistent record; nobody but the run
writes one.
"""

import enum
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Executor, Future
from pathlib import Path

import numpy as np

from inference import engines
from inference.course import Course
from inference.progress import Phase, RunRecord, StarSummary
from inference.provenance import Header, StoreError
from inference.records import Task
from inference.spec import RunSpec
from inference.store import Store

__all__ = ["Phase", "Run", "RunRecord", "StarSummary"]


class Wish(enum.Enum):
    """What whoever holds a run wants of it."""

    GO = enum.auto()
    PAUSE = enum.auto()
    STOP = enum.auto()
    CANCEL = enum.auto()


class Run:
    """A run in the background.

    Parameters
    ----------
    spec : RunSpec
    observed : mapping of arrays
        What the model takes (`data.observe` returns it).
    executor : Executor
        Where chunks are computed.
    latent : bool
        Whether draws of per-star quantities are kept (4300 a draw for M67).
    store : Path, optional
        A folder to be made. Every chunk is on the disk there before it is shown, and
        `from_store` continues the run after whatever killed the program.

    Raises
    ------
    StoreError
        If the folder holds a run already.
    OSError
        If it cannot be written.
    """

    def __init__(
        self,
        spec: RunSpec,
        observed: Mapping[str, np.ndarray],
        executor: Executor,
        *,
        latent: bool = False,
        store: Path | None = None,
    ):
        header = Header.of(spec, observed, latent)
        held = None if store is None else Store.create(store, header, observed)
        self._begin(Course(header, observed, held), executor)

    @classmethod
    def from_store(cls, folder: Path, executor: Executor) -> "Run":
        """Continue a run where the disk has it; its draws are those of one never cut.

        Parameters
        ----------
        folder : Path
            The store of a run.
        executor : Executor

        Raises
        ------
        StoreError
            If there is no run, it is damaged or in use, or was made with libraries or
            on a platform that may give other draws; `course.saved_record` reads those
            that there are.
        """
        run = cls.__new__(cls)
        run._begin(Course.from_store(folder), executor)
        return run

    def _begin(self, course: Course, executor: Executor) -> None:
        self._course = course
        self._executor = executor
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._wish = Wish.GO
        with self._lock:
            self._next()

    @property
    def latest(self) -> RunRecord:
        """The newest record."""
        return self._course.record

    def stop(self) -> None:
        """Stop after the chunk in flight and keep every draw."""
        with self._lock:
            if self._wish is not Wish.CANCEL:
                self._wish = Wish.STOP
            if self.latest.phase is Phase.PAUSED:
                self._finish(Phase.STOPPED)

    def cancel(self) -> None:
        """Stop and throw away: no draws are kept, and no store."""
        with self._lock:
            self._wish = Wish.CANCEL
            if self.latest.phase is Phase.PAUSED or self.latest.phase.over:
                self._finish(Phase.CANCELLED)

    def pause(self) -> None:
        """Send no further chunk until `resume`."""
        with self._lock:
            if self._wish is Wish.GO:
                self._wish = Wish.PAUSE

    def resume(self) -> None:
        """Go on where `pause` interrupted."""
        with self._lock:
            if self._wish is Wish.PAUSE:
                self._wish = Wish.GO
            if self.latest.phase is Phase.PAUSED:
                self._next()

    def extend(self, more: int) -> None:
        """Ask for more draws of each chain, also of a run that is done or stopped.

        Parameters
        ----------
        more : int
            Draws on top of those that its spec asks for. The draws are those of a run
            that was asked for as many from the start.

        Raises
        ------
        SpecError
            If that is more than a spec may ask for.
        ValueError
            If the run failed or was cancelled.
        OSError
            If the store cannot be written.
        """
        with self._lock:
            if self.latest.phase in (Phase.FAILED, Phase.CANCELLED):
                raise ValueError(
                    f"A run that is {self.latest.phase.value} cannot be extended: "
                    "start a new one."
                )
            self._course.extend(more)
            if self.latest.phase.over:
                self._over.clear()
                self._wish = Wish.GO
                self._next()

    def store_in(self, folder: Path) -> None:
        """Give a run without a store one; what it showed is on the disk at the return.

        All that it has is written at once, while its next chunk is computed; chunks
        after that are on the disk before they are shown, as if it had had the store
        from the start.

        Parameters
        ----------
        folder : Path
            To be made.

        Raises
        ------
        ValueError
            If the run has a store, or was cancelled.
        StoreError, OSError
            If the folder holds a run already or cannot be written.
        """
        with self._lock:
            if self._wish is Wish.CANCEL:
                raise ValueError("A run that is cancelled is not kept.")
            self._course.store_in(folder)

    def wait(self, timeout: float | None = None) -> RunRecord:
        """Wait until the run is over, and return its last record."""
        self._over.wait(timeout)
        return self.latest

    def close(self, *, remove: bool = False) -> None:
        """Leave the store of a run that is over to others, or remove it."""
        with self._lock:
            self._course.leave(remove=remove)

    def _next(self) -> None:
        """Send the next task, unless the run is complete, stopped or paused."""
        course = self._course
        if self._wish is Wish.CANCEL:
            self._finish(Phase.CANCELLED)
        elif course.left == 0:
            self._finish(Phase.DONE)
        elif self._wish is Wish.STOP:
            self._finish(Phase.STOPPED)
        elif self._wish is Wish.PAUSE:
            course.enter(Phase.PAUSED)
        elif course.begun:
            self._send(engines.run_chunk, course.next_task(), course.add)
        else:
            self._send(engines.prepare, course.first_task(), course.start)

    def _send(self, function: Callable, task: Task, then: Callable) -> None:
        try:
            future = self._executor.submit(function, task)
        except RuntimeError:
            # The executor was shut down: the server is closing.
            self._finish(Phase.STOPPED)
            return
        future.add_done_callback(lambda done: self._receive(done, then))

    def _receive(self, done: Future, then: Callable) -> None:
        with self._lock:
            if self._wish is Wish.CANCEL:
                self._finish(Phase.CANCELLED)
                return
            try:
                then(done.result())
                self._next()
            except (engines.WorkerLost, StoreError) as error:
                self._finish(Phase.FAILED, str(error))
            except CancelledError:
                self._finish(Phase.STOPPED)
            except Exception as error:
                self._finish(Phase.FAILED, _in_one_line(error))

    def _finish(self, phase: Phase, error: str = "") -> None:
        try:
            if phase is Phase.CANCELLED:
                self._course.discard()
            else:
                self._course.enter(phase, error)
        finally:
            self._over.set()


def _in_one_line(error: Exception) -> str:
    name, said = type(error).__name__, str(error)
    return f"{name}: {said.splitlines()[0][:200]}" if said else name
