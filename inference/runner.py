"""A run: one chunk after another, each published as an immutable record.

A `Run` submits a chunk, and when it is done writes it to the disk (where it has a
store), publishes what there is and submits the next. Whoever looks at `Run.latest` sees
a complete, consistent record; nobody but the run writes one.
"""

import enum
import threading
from collections.abc import Mapping
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import replace
from pathlib import Path

import numpy as np

from inference import engines, pacing
from inference.growing import Growth
from inference.progress import Phase, RunRecord, StarSummary
from inference.provenance import Header, StoreError
from inference.records import Chunk, Prepared, Task
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
        self._begin(header, observed, executor, held)
        with self._lock:
            self._prepare()

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
            on a platform that may give other draws; `store.saved_record` reads those
            that there are.
        """
        store = Store.open(folder)
        run = cls.__new__(cls)
        try:
            header = store.header()
            header.check_reproducible()
            run._begin(header, store.observed(), executor, store)
        except BaseException:
            store.close()
            raise
        with run._lock:
            found = run._read(store)
            store.forget_after(run._chunks)
            if found:
                run._next()
            else:
                run._prepare()
        return run

    def _begin(self, header: Header, observed, executor, store: Store | None) -> None:
        self._executor = executor
        self._header = header
        self._store = store
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._wish = Wish.GO
        names = header.spec.problem.observed
        arrays = {name: np.asarray(observed[name], dtype=float) for name in names}
        self._task = Task(header.spec, arrays, latent=header.latent)
        self._growth = Growth()
        self._chunks = 0
        self._pace = pacing.Pace(pacing.FIRST_LENGTH)
        self._capacity = 1
        self._latest = RunRecord(header.spec, observed)

    @property
    def latest(self) -> RunRecord:
        """The newest record."""
        return self._latest

    def stop(self) -> None:
        """Stop after the chunk in flight and keep every draw."""
        with self._lock:
            if self._wish is not Wish.CANCEL:
                self._wish = Wish.STOP
            if self._latest.phase is Phase.PAUSED:
                self._finish(Phase.STOPPED)

    def cancel(self) -> None:
        """Stop and throw away: no draws are kept, and no store."""
        with self._lock:
            self._wish = Wish.CANCEL
            if self._latest.phase is Phase.PAUSED or self._latest.phase.over:
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
            if self._latest.phase is Phase.PAUSED:
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
            if self._latest.phase in (Phase.FAILED, Phase.CANCELLED):
                raise ValueError(
                    f"A run that is {self._latest.phase.value} cannot be extended: "
                    "start a new one."
                )
            sampler = self._latest.spec.sampler
            longer = replace(sampler, draws=sampler.draws + more)
            spec = replace(self._latest.spec, sampler=longer)
            if self._store is not None:
                self._store.describe(replace(self._header, spec=spec))
            self._header = replace(self._header, spec=spec)
            self._task = replace(self._task, spec=spec)
            self._latest = replace(self._latest, spec=spec)
            if self._latest.phase.over:
                self._over.clear()
                self._wish = Wish.GO
                self._next()

    def wait(self, timeout: float | None = None) -> RunRecord:
        """Wait until the run is over, and return its last record."""
        self._over.wait(timeout)
        return self._latest

    def close(self, *, remove: bool = False) -> None:
        """Leave the store of a run that is over to others, or remove it."""
        if self._store is not None:
            self._store.remove() if remove else self._store.close()
            self._store = None

    def _prepare(self) -> None:
        self._task = replace(self._task, limit=pacing.PREPARE_LIMIT)
        self._send(engines.prepare, self._prepared)

    def _send(self, function, then) -> None:
        try:
            future = self._executor.submit(function, self._task)
        except RuntimeError:
            # The executor was shut down: the server is closing.
            self._finish(Phase.STOPPED)
            return
        future.add_done_callback(lambda done: self._receive(done, then))

    def _receive(self, done: Future, then) -> None:
        with self._lock:
            if self._wish is Wish.CANCEL:
                self._finish(Phase.CANCELLED)
                return
            try:
                then(done.result())
            except (engines.WorkerLost, StoreError) as error:
                self._fail(str(error))
            except CancelledError:
                self._finish(Phase.STOPPED)
            except Exception as error:
                self._fail(
                    f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
                    if str(error)
                    else type(error).__name__
                )

    def _prepared(self, prepared: Prepared) -> None:
        if self._store is not None:
            self._store.prepare(prepared)
        self._start_from(prepared)
        self._next()

    def _start_from(self, prepared: Prepared) -> None:
        self._capacity = prepared.capacity
        if prepared.seconds_a_draw is not None:
            self._pace = pacing.Pace.known(prepared.seconds_a_draw)
        self._task = replace(
            self._task,
            state=prepared.state,
            adapt_metric=prepared.adapt_metric,
            guide=prepared.guide,
        )
        self._latest = replace(
            self._latest, device=prepared.device, compile_seconds=prepared.seconds
        )

    def _read(self, store: Store) -> bool:
        """Take up what the disk has; return whether the run was prepared."""
        prepared = store.prepared()
        if prepared is None:
            return False
        self._start_from(prepared)
        for chunk, length, sampling in store.chunks():
            self._task = replace(self._task, length=length, sampling=sampling)
            self._keep(chunk)
        return True

    def _next(self) -> None:
        """Send the next chunk, unless the run is complete, stopped or paused."""
        record, sampler = self._latest, self._latest.spec.sampler
        warming = record.warmed_up < sampler.warmup
        left = (
            sampler.warmup - record.warmed_up
            if warming
            else sampler.draws - record.drawn
        )
        if self._wish is Wish.CANCEL:
            self._finish(Phase.CANCELLED)
        elif left == 0:
            self._finish(Phase.DONE)
        elif self._wish is Wish.STOP:
            self._finish(Phase.STOPPED)
        elif self._wish is Wish.PAUSE:
            self._latest = replace(record, phase=Phase.PAUSED)
        else:
            phase = Phase.WARMING_UP if warming else Phase.SAMPLING
            self._latest = replace(record, phase=phase)
            length = max(1, min(left, self._pace.length, self._capacity))
            limit = self._pace.limit(length)
            self._task = replace(
                self._task,
                length=length,
                drawn=record.drawn,
                sampling=not warming,
                limit=limit,
            )
            self._send(engines.run_chunk, self._chunk_done)

    def _chunk_done(self, chunk: Chunk) -> None:
        length, record = self._task.length, self._latest
        if _kind(chunk.device) != _kind(record.device):
            raise StoreError(
                f"the run began on {record.device} and would continue on "
                f"{chunk.device}, which gives other draws; those it has are kept"
            )
        if self._store is not None:
            self._store.append(self._chunks, chunk, length, self._task.sampling)
        self._pace = self._pace.after(length, chunk.seconds, record.drawn == 0)
        self._keep(chunk)
        self._next()

    def _keep(self, chunk: Chunk) -> None:
        """Publish a chunk, and go on from the state after it."""
        task = self._task
        self._latest = self._growth.add(self._latest, chunk, task.length, task.sampling)
        self._task = replace(task, state=chunk.state)
        self._chunks += 1

    def _fail(self, sentence: str) -> None:
        self._latest = replace(self._latest, error=sentence.rstrip(".") + ".")
        self._finish(Phase.FAILED)

    def _finish(self, phase: Phase) -> None:
        record = replace(self._latest, phase=phase)
        try:
            if phase is Phase.CANCELLED:
                self._growth = Growth()
                self._task = replace(self._task, state=())
                record = RunRecord(record.spec, record.observed, phase=phase)
                self.close(remove=True)
        finally:
            self._latest = record
            self._over.set()


def _kind(device: str) -> str:
    """Return a device without how many cores it has, which change no draw."""
    return device.partition(",")[0]
