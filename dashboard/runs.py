"""The runs of a session: the last of each problem, A, and the ledger of them all."""

import time
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from dashboard import ledger
from dashboard.ledger import Entry, Ledger
from data import Catalogue
from inference.library import Kept, Library
from inference.provenance import StoreError
from inference.runner import Phase, Run, RunRecord
from inference.spec import RunSpec

STANDS = 100
"""Draws of each chain with which a new run stands without the one before it."""
MOMENT = 0.6
"""Seconds that a run goes on before the page makes a stir of it: most are over then."""
PATIENCE = 1.0
"""Seconds that a run whose settings are outdated is given to stand."""
SETTLED = 2.0
"""Seconds after which a run that was over in a moment is taken to be looked at."""
LONG = "hierarchical"
"""Method whose runs take long enough to be lost on the way: saved from their start."""


class Found:
    """A run as the disk has it, which does not go on by itself."""

    def __init__(self, record: RunRecord):
        self.latest = record

    def stop(self) -> None:
        """Do nothing: it does not go on."""


class Begun(NamedTuple):
    """The run of a problem that is looked at: the last one started, or one restored."""

    run: Run | Found
    catalogue: Catalogue
    before: RunRecord | None
    """What there was to see before it."""
    at: float
    """When it was started, by the monotonic clock [s]."""
    entered: RunRecord | None = None
    """What of it the ledger was told."""

    @property
    def may_go(self) -> bool:
        """Whether it may be given up for one of newer settings."""
        record = self.run.latest
        if record.phase is Phase.PAUSED:
            return False
        outdated = time.monotonic() - self.at > PATIENCE
        return record.phase.over or record.drawn >= STANDS or outdated

    @property
    def at_work(self) -> bool:
        """Whether it goes on, and has for long enough to be looked at."""
        going = not self.run.latest.phase.over
        return going and time.monotonic() - self.at > MOMENT

    @property
    def cut_off(self) -> bool:
        """Whether it was found on the disk, and could go on."""
        return isinstance(self.run, Found) and self.run.latest.phase is not Phase.DONE

    @property
    def stands(self) -> bool:
        """Whether it is worth remembering."""
        record = self.run.latest
        return record.phase is Phase.DONE or record.drawn >= STANDS


class Runs:
    """The runs of a session.

    Parameters
    ----------
    executor : Executor
        Where they are computed.
    library : Library, optional
        Where they outlive the server.
    """

    def __init__(self, executor: Executor, library: Library | None = None):
        self.executor, self._library = executor, library
        self._shelved: WeakKeyDictionary[Run | Found, Kept] = WeakKeyDictionary()
        self.ledger = Ledger()
        self._begun: dict[str, Begun] = {}
        self._kept: dict[str, RunRecord] = {}

    def begun(self, problem: str) -> Begun | None:
        """Return the run of a problem that is looked at."""
        return self._begun.get(problem)

    def current(self, problem: str) -> Run | None:
        """Return that run, unless it is only found on the disk."""
        begun = self._begun.get(problem)
        return begun.run if begun and isinstance(begun.run, Run) else None

    def latest(self, problem: str) -> RunRecord | None:
        """Return what that run has reached."""
        begun = self._begun.get(problem)
        return begun.run.latest if begun is not None else None

    def begin(
        self, spec: RunSpec, observed: Mapping[str, np.ndarray], catalogue: Catalogue
    ) -> None:
        """Start a run; one of the same problem that goes on is given up."""
        last = self._begun.get(spec.model)
        before = None
        if last is not None:
            last.run.stop()
            before = last.run.latest if last.run.latest.drawn else last.before
            if last.stands and last.entered is not last.run.latest:
                self._enter(last)
        run = Run(spec, observed, self.executor)
        self._begun[spec.model] = Begun(run, catalogue, before, time.monotonic())
        if spec.method == LONG:
            self._shelve(run)

    def restore(self, number: int) -> Entry | None:
        """Look at a run of the ledger again; None where there is none."""
        entry = self.ledger.entry(number)
        if entry is None:
            return None
        model = entry.record.spec.model
        last = self._begun.get(model)
        if last is not None and last.run is not entry.run:
            last.run.stop()
            self._enter_if_over(model, last)
        self._begun[model] = Begun(
            entry.run, entry.catalogue, None, time.monotonic(), entry.record
        )
        return entry

    def enter(self) -> None:
        """Tell the ledger what is over, and the library what is looked at."""
        for model, begun in self._begun.items():
            self._enter_if_over(model, begun)
            settled = time.monotonic() - begun.at > SETTLED
            if settled and begun.run.latest.phase.over and begun.stands:
                self._shelve(begun.run)

    def _shelve(self, run: Run | Found) -> None:
        if self._library is not None and isinstance(run, Run):
            if run not in self._shelved:
                self._shelved[run] = self._library.keep(run)

    def _kept_as(self, problem: str) -> Kept | None:
        begun = self._begun.get(problem)
        return self._shelved.get(begun.run) if begun is not None else None

    def name(self, problem: str) -> str:
        """Return under which name the run of a problem is found again, or nothing."""
        kept = self._kept_as(problem)
        written = kept is not None and kept.written.done()
        return kept.name if written and kept.written.exception() is None else ""

    def unsaved(self, problem: str) -> str:
        """Say why the run of a problem would not outlive the server."""
        kept = self._kept_as(problem)
        if kept is None or not kept.written.done():
            return ""
        error = kept.written.exception()
        return "" if error is None else f"It could not be saved: {error}"

    def recall(self, name: str, catalogue: Catalogue) -> RunSpec:
        """Look at a run of the library; return what it is.

        Raises
        ------
        StoreError
            If there is no such run, it is damaged, or its table is not here.
        """
        if self._library is None:
            raise StoreError("This server keeps no runs: start the run again.")
        record = self._library.record(name)
        data = record.spec.data
        if "file" in (data["source"], data.get("catalogue")):
            raise StoreError(
                "This run is of a table that was uploaded, and uploads are not kept: "
                "upload it again and press Run."
            )
        run = Found(record)
        if record.phase is Phase.DONE:
            # Nothing is left to compute, so that this only takes it up.
            with suppress(StoreError):
                run = self._library.resume(name, self.executor)
        self._take_up(run, name, catalogue)
        return record.spec

    def go_on(self, problem: str) -> None:
        """Go on with a run that was found cut off.

        Raises
        ------
        StoreError
            If it cannot go on here to the same draws.
        """
        begun, kept = self._begun[problem], self._kept_as(problem)
        if self._library is not None and kept is not None:
            run = self._library.resume(kept.name, self.executor)
            self._take_up(run, kept.name, begun.catalogue)

    def _take_up(self, run: Run | Found, name: str, catalogue: Catalogue) -> None:
        written: Future = Future()
        written.set_result(None)
        self._shelved[run] = Kept(name, written)
        model = run.latest.spec.model
        self._begun[model] = Begun(run, catalogue, None, time.monotonic())

    def _enter_if_over(self, model: str, begun: Begun) -> None:
        record = begun.run.latest
        if record.phase.over and record is not begun.entered and begun.stands:
            self._begun[model] = begun._replace(entered=record)
            self._enter(begun)

    def _enter(self, begun: Begun) -> None:
        self.ledger = ledger.enter(
            self.ledger, begun.run, begun.catalogue, time.time(), self._kept.values()
        )

    def kept(self, problem: str) -> RunRecord | None:
        """Return the run of a problem that is called A."""
        return self._kept.get(problem)

    def keep(self, record: RunRecord) -> None:
        """Call a run A."""
        self._kept[record.spec.model] = record

    def let_go(self, problem: str) -> None:
        """Call none A."""
        self._kept.pop(problem, None)

    def close(self) -> None:
        """Stop every run."""
        for begun in self._begun.values():
            begun.run.stop()
