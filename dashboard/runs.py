"""The runs of a session: the last of each problem, A, and the ledger of them all."""

import time
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np

from dashboard import ledger
from dashboard.ledger import Entry, Ledger
from data import Catalogue
from inference.runner import Phase, Run, RunRecord
from inference.spec import RunSpec

STANDS = 100
"""Draws of each chain with which a new run stands without the one before it."""
MOMENT = 0.3
"""Seconds that a run goes on before the page makes a stir of it: most are over then."""
PATIENCE = 1.0
"""Seconds that a run whose settings are outdated is given to stand."""


class Begun(NamedTuple):
    """The run of a problem that is looked at: the last one started, or one restored."""

    run: Run
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
    """

    def __init__(self, executor: Executor):
        self.executor = executor
        self.ledger = Ledger()
        self._begun: dict[str, Begun] = {}
        self._kept: dict[str, RunRecord] = {}

    def begun(self, problem: str) -> Begun | None:
        """Return the run of a problem that is looked at."""
        return self._begun.get(problem)

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
        """Tell the ledger of the runs that are over."""
        for model, begun in self._begun.items():
            self._enter_if_over(model, begun)

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
