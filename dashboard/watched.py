"""The state of one person's session, and the one snapshot of it that every view reads.

`Watched.poll` is the only writer of the snapshot. "The settings changed since this run"
is a comparison of two specs.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import param

from dashboard import parts
from dashboard.experiment import Experiment
from dashboard.runs import STANDS, Runs
from dashboard.selections import Selections
from dashboard.snapshot import Snapshot
from data import DataError
from inference import diagnosis, summaries
from inference.library import Library
from inference.priors import SpecError
from inference.runner import Phase, RunRecord
from inference.spec import RunSpec

DRAWS_EVERY = 0.4
"""Seconds between snapshots that differ only by draws."""
WORTH = 0.3
"""Seconds that are left of a run whose first draws are worth a snapshot of their own:
one that is over sooner is drawn once, whole."""
SUMMARY_EVERY = 1.0
"""Seconds between summaries while draws arrive; they cost more than a picture."""


class Watched(param.Parameterized):
    """An experiment, its runs, and the snapshot of both.

    Parameters
    ----------
    experiment : Experiment
    executor : Executor
        Where runs are computed.
    batch : callable, optional
        Returns a context in which views follow a new snapshot, so that what they
        change can be sent at once.
    library : Library, optional
        Where runs outlive the server.
    """

    experiment = param.ClassSelector(class_=Experiment, constant=True)
    snapshot = param.ClassSelector(class_=Snapshot, constant=True)
    region = param.Dict({}, doc="Ranges of quantities that were boxed")
    statistic = param.Dict({}, doc="Problem to its chosen test statistic")
    shows_warmup = param.Boolean(False, label="Warm-up")
    selected = param.ClassSelector(
        class_=Selections,
        default=Selections(),
        instantiate=False,
        doc="Chosen stars of the catalogue",
    )
    picked = param.ClassSelector(
        class_=Selections,
        default=Selections(),
        instantiate=False,
        doc="Chosen points of a line",
    )
    thresholds = param.ClassSelector(
        class_=diagnosis.Thresholds,
        default=diagnosis.DEFAULT,
        instantiate=False,
        doc="By which runs are judged",
    )
    panels = param.ClassSelector(
        class_=tuple, default=(), doc="Keys of the panels on the page; empty for all"
    )
    dark = param.Boolean(False, doc="Whether the page is dark")

    def __init__(
        self,
        experiment: Experiment,
        executor: Executor,
        batch: Callable[[], AbstractContextManager] = nullcontext,
        library: Library | None = None,
        **params,
    ):
        super().__init__(experiment=experiment, snapshot=Snapshot(), **params)
        self._batch, self.runs = batch, Runs(executor, library)
        # A class polls some hundred times a second: an edit leaves a mark, so that
        # nothing need be compared where nothing happened.
        self._edits: object = None
        self._followed: object = self
        experiment.param.watch(self._edited, list(experiment.param))
        # A selection is of the rows of one table.
        experiment.param.watch(self._other_table, "catalogue")
        experiment.param.watch(self._other_points, ["points", "line_seed"])
        self._published: tuple = ((object(), *[None] * 10), None)
        self._drawn_at = self._summed_at = 0.0
        self.poll()

    def _edited(self, *events) -> None:
        self._edits = events

    def _other_table(self, *_) -> None:
        self.selected = Selections()

    def _other_points(self, *_) -> None:
        self.picked = Selections()

    def poll(self) -> None:
        """Publish a new snapshot if anything differs from the last one."""
        self.runs.enter()
        if not self._news:
            return
        record = self._record
        self._published = self._inputs(), record
        self._drawn_at = time.monotonic()
        snapshot = self._snapshot(record)
        with param.parameterized.edit_constant(self), self._batch():
            self.snapshot = snapshot

    @property
    def _news(self) -> bool:
        """Whether anything differs from the last snapshot."""
        inputs, record = self._published
        if any(a is not b for a, b in zip(self._inputs(), inputs, strict=True)):
            return True
        return self._record is not record and self._due(self._record)

    def _inputs(self) -> tuple:
        """Return what a snapshot is made of besides the run, each by its identity."""
        problem = self.experiment.problem
        return (
            self._edits,
            self.selected,
            self.picked,
            self.region,
            self.thresholds,
            self.shows_warmup,
            self.statistic,
            self.runs.ledger,
            self.runs.name(problem),
            bool(self.runs.unsaved(problem)),
            self._at_work(),
        )

    @property
    def _record(self) -> RunRecord | None:
        return self.runs.latest(self.experiment.problem)

    def _at_work(self) -> bool:
        begun = self.runs.begun(self.experiment.problem)
        return begun is not None and begun.at_work

    def _due(self, record: RunRecord | None) -> bool:
        """Whether what a run has reached is worth a new snapshot now."""
        last = self._published[1]
        if record is None or last is None or record.spec is not last.spec:
            return True
        over, phases = record.phase.over, (record.phase, last.phase)
        if record.phase is not last.phase and (over or Phase.PAUSED in phases):
            return True
        if record.drawn and not last.drawn and record.seconds_left > WORTH:
            return True
        recently = time.monotonic() - self._drawn_at <= DRAWS_EVERY
        return (over or self._at_work()) and not recently

    def _snapshot(self, record: RunRecord | None) -> Snapshot:
        experiment = self.experiment
        begun = self.runs.begun(experiment.problem)
        before = begun.before if begun is not None else None
        drawn = record is not None and record.drawn > 0
        few = drawn and record.drawn < STANDS and not record.phase.over
        shown = record if drawn else before
        base = Snapshot(
            problem=experiment.definition,
            catalogue=experiment.catalogue,
            record=record,
            shown=shown,
            ghost=before if few else None,
            kept=self.runs.kept(experiment.problem),
            ledger=self.runs.ledger,
            run_name=self.runs.name(experiment.problem),
            unsaved=self.runs.unsaved(experiment.problem),
            cut_off=begun is not None and begun.cut_off,
            cluster=self.runs.latest("cluster"),
            sibling=parts.sibling(self.runs, experiment.problem),
            rows=self._rows(shown),
            thresholds=self.thresholds,
            shows_warmup=self.shows_warmup,
            selected=self.selected,
            picked=self.picked,
            region=self.region,
            statistic=self.statistic.get(self.experiment.problem, ""),
            star=experiment.star,
            at_work=self._at_work(),
        )
        try:
            spec = experiment.freeze()
            data = self._arrays(spec)
        except (SpecError, DataError) as error:
            last = self.snapshot
            if last.problem is not base.problem:
                return replace(base, complaint=str(error))
            # What was there stays on the screen, beside the complaint.
            return replace(
                base,
                complaint=str(error),
                spec=last.spec,
                observed=last.observed,
                catalogue=last.catalogue,
                fitted=last.fitted,
            )
        estimate = parts.estimate(experiment, shown, spec, data["observed"])
        return replace(base, spec=spec, estimate=estimate, **data)

    def _arrays(self, spec: RunSpec) -> dict[str, Any]:
        return parts.arrays(self.experiment, spec, self.snapshot)

    def _rows(self, shown: RunRecord | None) -> Mapping[str, summaries.Row]:
        if shown is None:
            return {}
        last = self.snapshot
        if last.shown is shown and last.rows:
            return last.rows
        same_run = last.shown is not None and last.shown.spec is shown.spec
        recent = time.monotonic() - self._summed_at < SUMMARY_EVERY
        if same_run and recent and last.rows and not shown.phase.over:
            return last.rows
        self._summed_at = time.monotonic()
        return summaries.summarise(shown.draws)
