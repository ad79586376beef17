"""How far a run has come and what it computes next, on the disk too if it has a store.

Nothing here waits, sends or locks: `inference.runner.Run` does, and calls one method of
its `Course` at a time.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from inference import pacing
from inference.growing import Growth
from inference.progress import Phase, RunRecord
from inference.provenance import Header, StoreError
from inference.records import Chunk, Prepared, Task
from inference.store import Store


class Course:
    """A run's record, the sampler's state after it, and the pace.

    Parameters
    ----------
    header : Header
    observed : mapping of arrays (datum,)
    store : Store, optional
        Where all that is added is written before it is in the record.
    """

    def __init__(
        self,
        header: Header,
        observed: Mapping[str, np.ndarray],
        store: Store | None = None,
    ):
        self._header, self._store = header, store
        names = header.spec.problem.observed
        arrays = {name: np.asarray(observed[name], dtype=float) for name in names}
        self._task = Task(header.spec, arrays, latent=header.latent)
        self._prepared: Prepared | None = None
        self._growth = Growth()
        self._stored = 0
        self._pace = pacing.Pace(pacing.FIRST_LENGTH)
        self.record = RunRecord(header.spec, observed)

    @classmethod
    def from_store(cls, folder: Path) -> "Course":
        """Take up a run where the disk has it.

        Raises
        ------
        StoreError
            If it cannot go on from there to the same draws.
        """
        store = Store.open(folder)
        try:
            header = store.header()
            header.check_reproducible()
            course = cls(header, store.observed(), store)
            course._read(store)
        except BaseException:
            store.close()
            raise
        return course

    def _read(self, store: Store) -> None:
        prepared = store.prepared()
        if prepared is not None:
            self._start_from(prepared)
            chunks = list(store.chunks())
            while chunks and not chunks[-1][0].state:
                # Nothing can go on from there.
                chunks.pop()
            for chunk, length, sampling in chunks:
                self._task = replace(self._task, length=length, sampling=sampling)
                self._keep(chunk)
                self._stored += 1
        store.forget_after(self._stored)

    @property
    def begun(self) -> bool:
        """Whether it is known where the chains start."""
        return self._prepared is not None

    @property
    def left(self) -> int:
        """Draws of each chain that are missing, of warm-up first."""
        record, sampler = self.record, self.record.spec.sampler
        warming = sampler.warmup - record.warmed_up
        return warming if warming > 0 else sampler.draws - record.drawn

    def first_task(self) -> Task:
        """Return the task of preparing the run."""
        return replace(self._task, limit=pacing.PREPARE_LIMIT)

    def start(self, prepared: Prepared) -> None:
        """Add where the chains start."""
        if self._store is not None:
            self._store.prepare(prepared)
        self._start_from(prepared)

    def _start_from(self, prepared: Prepared) -> None:
        self._prepared = prepared
        if prepared.seconds_a_draw is not None:
            self._pace = pacing.Pace.known(prepared.seconds_a_draw)
        self._task = replace(
            self._task,
            state=prepared.state,
            adapt_metric=prepared.adapt_metric,
            guide=prepared.guide,
        )
        self.record = replace(
            self.record, device=prepared.device, compile_seconds=prepared.seconds
        )

    def next_task(self) -> Task:
        """Enter the phase of the next chunk, and return its task."""
        assert self._prepared is not None
        warming = self.record.warmed_up < self.record.spec.sampler.warmup
        self.enter(Phase.WARMING_UP if warming else Phase.SAMPLING)
        length = min(self._pace.of(self.left), self._prepared.capacity)
        self._task = replace(
            self._task,
            length=length,
            drawn=self.record.drawn,
            sampling=not warming,
            limit=self._pace.limit(length),
        )
        return self._task

    def add(self, chunk: Chunk) -> None:
        """Add what the last task came to.

        Raises
        ------
        StoreError
            If it was computed where draws are others, or cannot be written.
        """
        length = self._task.length
        record, wanted = self.record, self._next_seconds()
        if _kind(chunk.device) != _kind(record.device):
            raise StoreError(
                f"the run began on {record.device} and would continue on "
                f"{chunk.device}, which gives other draws; those it has are kept"
            )
        if self._store is not None:
            self._store.append(self._stored, chunk, length, self._task.sampling)
            self._stored += 1
        self._pace = self._pace.after(length, chunk.seconds, wanted)
        self._keep(chunk)

    def _next_seconds(self) -> float:
        """Return how long the chunk after that in flight should take [s]."""
        record, task = self.record, self._task
        if task.sampling:
            return pacing.CHUNK_SECONDS if record.drawn else pacing.SOON_SECONDS
        last = record.warmed_up + task.length == record.spec.sampler.warmup
        return pacing.FIRST_SECONDS if last else pacing.SOON_SECONDS

    def _keep(self, chunk: Chunk) -> None:
        task = self._task
        self.record = self._growth.add(self.record, chunk, task.length, task.sampling)
        self._task = replace(task, state=chunk.state)

    def enter(self, phase: Phase, error: str = "") -> None:
        """Be in another phase; where that is over, let others have the store.

        Parameters
        ----------
        phase : Phase
        error : str
            What made the run fail.
        """
        error = error.rstrip(".") + "." if error else ""
        self.record = replace(self.record, phase=phase, error=error)
        if phase.over and self._store is not None:
            self._store.close()

    def extend(self, more: int) -> None:
        """Ask for more draws of each chain.

        Raises
        ------
        SpecError
            If that is more than a spec may ask for.
        StoreError, OSError
            If the store is in use elsewhere or cannot be written.
        """
        sampler = self.record.spec.sampler
        longer = replace(sampler, draws=sampler.draws + more)
        spec = replace(self.record.spec, sampler=longer)
        header = replace(self._header, spec=spec)
        if self._store is not None:
            self._store.claim()
            self._store.describe(header)
        self._header = header
        self._task = replace(self._task, spec=spec)
        self.record = replace(self.record, spec=spec)

    def store_in(self, folder: Path) -> None:
        """Write all there is to a new store, and from now on all that is added.

        Raises
        ------
        ValueError
            If it has a store already.
        StoreError, OSError
            If the folder holds a run already or cannot be written.
        """
        if self._store is not None:
            raise ValueError(f"The run is in {self._store.folder} already.")
        whole = self._growth.whole(self.record, self._task.state)
        self._store = Store.create(
            folder, self._header, self.record.observed, self._prepared, whole
        )
        self._stored = len(whole)
        if self.record.phase.over:
            self._store.close()

    def leave(self, *, remove: bool) -> None:
        """Have no store any more, and leave it or remove it."""
        store, self._store = self._store, None
        if store is not None:
            store.remove() if remove else store.close()

    def discard(self) -> None:
        """Forget every draw, and remove the store."""
        self._growth = Growth()
        self._task = replace(self._task, state=())
        old = self.record
        self.record = RunRecord(old.spec, old.observed, phase=Phase.CANCELLED)
        self.leave(remove=True)


def _kind(device: str) -> str:
    """Return a device without how many cores it has, which change no draw."""
    return device.partition(",")[0]


def saved_record(folder: Path) -> RunRecord:
    """Read what a store has, with any versions, and also while the run goes on.

    Returns
    -------
    RunRecord
        Of a run that is done, or was stopped where the disk has it.

    Raises
    ------
    StoreError
        If there is no run, or it is damaged.
    """
    store = Store.reading(folder)
    header = store.header()
    record = RunRecord(header.spec, store.observed())
    prepared = store.prepared()
    if prepared is not None:
        record = replace(
            record, device=prepared.device, compile_seconds=prepared.seconds
        )
    growth = Growth()
    for chunk, length, sampling in store.chunks():
        record = growth.add(record, chunk, length, sampling)
    complete = record.drawn >= record.spec.sampler.draws
    return replace(record, phase=Phase.DONE if complete else Phase.STOPPED)
