"""One person's session: experiment, runs, and the one snapshot that every view reads.

`Session.poll` is the only writer of `Session.snapshot`. A timer calls `Session.tick`,
which polls, and where NUTS follows the controls starts a run of what they say. "The
settings changed since this run" is a comparison of two specs.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import numpy as np
import param

from dashboard.experiment import Experiment
from dashboard.ledger import Ledger
from dashboard.runs import STANDS, Runs
from dashboard.selections import Selections
from dashboard.snapshot import Snapshot
from data import DataError, fitted_stars
from inference import judging, reweight, summaries
from inference.priors import SpecError
from inference.reweight import Estimate
from inference.runner import Run, RunRecord
from inference.spec import RunSpec

DRAWS_EVERY = 0.4
"""Seconds between snapshots that differ only by draws."""
SUMMARY_EVERY = 1.0
"""Seconds between summaries while draws arrive; they cost more than a picture."""


class Session(param.Parameterized):
    """An experiment, its runs, and the snapshot of both.

    Parameters
    ----------
    experiment : Experiment
    executor : Executor
        Where runs are computed.
    batch : callable, optional
        Returns a context in which views follow a new snapshot, so that what they
        change can be sent at once.
    """

    experiment = param.ClassSelector(class_=Experiment, constant=True)
    snapshot = param.ClassSelector(class_=Snapshot, constant=True)
    region = param.Dict({}, doc="Ranges of quantities boxed in corner or traces")
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
        class_=judging.Thresholds,
        default=judging.DEFAULT,
        instantiate=False,
        doc="By which runs are judged",
    )
    dark = param.Boolean(False, doc="Whether the page is dark")

    def __init__(
        self,
        experiment: Experiment,
        executor: Executor,
        batch: Callable[[], AbstractContextManager] = nullcontext,
        **params,
    ):
        super().__init__(experiment=experiment, snapshot=Snapshot(), **params)
        self._batch, self.runs = batch, Runs(executor)
        # A class polls some hundred times a second: an edit leaves a mark, so that
        # nothing need be compared where nothing happened.
        self._edits: object = None
        self._followed: object = self
        experiment.param.watch(self._edited, list(experiment.param))
        # A selection is of the rows of one table.
        experiment.param.watch(self._other_table, "catalogue")
        experiment.param.watch(self._other_points, ["points", "line_seed"])
        self._published: tuple = ((object(), *[None] * 7), None)
        self._drawn_at = self._summed_at = 0.0
        self.poll()

    @property
    def current(self) -> Run | None:
        """The run of the chosen problem that was started last."""
        begun = self.runs.begun(self.experiment.problem)
        return begun.run if begun is not None else None

    def start(self) -> None:
        """Run what the controls say; a run of the same problem is given up.

        Raises
        ------
        SpecError, DataError
            If the controls make no valid run.
        """
        spec = RunSpec.from_json(self.experiment.freeze().to_json())
        self._begin(spec, self._data(spec)["observed"])
        self.poll()

    def _begin(self, spec: RunSpec, observed: Mapping[str, np.ndarray]) -> None:
        self.runs.begin(spec, observed, self.experiment.catalogue)

    def take(self, step: judging.Step) -> None:
        """Do the next step that a verdict on the run shown asks for.

        Raises
        ------
        SpecError, DataError
            If the controls make no valid run.
        """
        run, shown = self.current, self.snapshot.shown
        longer = step.setting == "draws" and run is not None and shown is run.latest
        if longer:
            run.extend(int(step.value) - shown.spec.sampler.draws)
        # The controls say what the run now has, so that it is a run of theirs.
        self.experiment.param.update({step.setting: step.value})
        if longer:
            self.poll()
        else:
            self.start()

    def keep(self, record: RunRecord | None = None) -> None:
        """Keep a run, or the one shown, to compare with what follows."""
        record = record or self.snapshot.shown
        if record is not None:
            self.runs.keep(record)
            self._edited("kept")

    def restore(self, number: int) -> None:
        """Show a run of the ledger again, with the controls as they were for it."""
        entry = self.runs.restore(number)
        if entry is not None:
            self.experiment.adopt(entry.record.spec, entry.catalogue)
            self.poll()

    def edit_ledger(self, edit: Callable[..., Ledger], *values) -> None:
        """Apply one of the functions of `ledger` to this session's."""
        self.runs.ledger = edit(self.runs.ledger, *values)
        self.poll()

    def let_go(self) -> None:
        """Compare with no run any more."""
        self.runs.let_go(self.experiment.problem)
        self._edited("let go")

    def stop(self) -> None:
        """Stop the run of the chosen problem and keep its draws."""
        if self.current is not None:
            self.current.stop()

    def close(self) -> None:
        """Stop every run: nobody is looking any more."""
        self.runs.close()

    def tick(self) -> None:
        """Where NUTS follows the controls run what they say now, and poll."""
        if self._edits is not self._followed and self.experiment.follows:
            self._follow()
        self.poll()

    def _follow(self) -> None:
        """Start a run if the controls say something new and none is in the way.

        A burst of changes starts one run at once and then, when that run stands, one of
        the last change.
        """
        begun = self.runs.begun(self.experiment.problem)
        if begun is not None and not begun.may_go:
            return
        self._followed = self._edits
        try:
            spec = self.experiment.freeze()
            observed = self._data(spec)["observed"]
        except (SpecError, DataError):
            # The snapshot says so.
            return
        if begun is None or begun.run.latest.spec != spec:
            self._begin(spec, observed)

    def _edited(self, *events) -> None:
        self._edits = events

    def _other_table(self, *_) -> None:
        self.selected = Selections()

    def _other_points(self, *_) -> None:
        self.picked = Selections()

    def poll(self) -> None:
        """Publish a new snapshot if anything differs from the last one."""
        self.runs.enter()
        record = self._record
        chosen = (self.selected, self.picked, self.region)
        settings = (self.thresholds, self.shows_warmup)
        ledger = self.runs.ledger
        inputs = (self._edits, *chosen, *settings, ledger, self._at_work())
        same = all(a is b for a, b in zip(inputs, self._published[0], strict=True))
        if same and (record is self._published[1] or not self._due(record)):
            return
        self._published = (inputs, record)
        self._drawn_at = time.monotonic()
        snapshot = self._snapshot(record)
        with param.parameterized.edit_constant(self), self._batch():
            self.snapshot = snapshot

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
        if not record.phase.over and not self._at_work():
            # It will be over in a moment, and is then drawn once.
            return False
        recently = time.monotonic() - self._drawn_at <= DRAWS_EVERY
        return record.phase is not last.phase or not recently

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
            cluster=self.runs.latest("cluster"),
            sibling=self._sibling(),
            rows=self._rows(shown),
            thresholds=self.thresholds,
            shows_warmup=self.shows_warmup,
            selected=self.selected,
            picked=self.picked,
            region=self.region,
            star=experiment.star,
            at_work=self._at_work(),
        )
        try:
            spec = experiment.freeze()
            data = self._data(spec)
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
        estimate = self._estimate(shown, spec, data["observed"])
        return replace(base, spec=spec, estimate=estimate, **data)

    def _sibling(self) -> RunRecord | None:
        """Return the last run of the other line model."""
        other = {"line": "line_outliers", "line_outliers": "line"}
        return self.runs.latest(other.get(self.experiment.problem, ""))

    def _estimate(
        self, shown: RunRecord | None, spec: RunSpec, observed
    ) -> Estimate | None:
        """Weight the draws shown to a spec that no run reaches in a moment."""
        if shown is None or shown.spec == spec:
            return None
        if not self.experiment.follows:
            return reweight.reweight(shown, spec, observed)
        # Another number of points is another program, which takes longer than a moment
        # to compile: until then an estimate bridges, or there is nothing to say.
        if shown.spec.data == spec.data:
            return None
        bridge = reweight.reweight(shown, spec, observed)
        return bridge if bridge is not None and bridge.weights.size else None

    def _data(self, spec: RunSpec) -> dict:
        """Return the arrays of a spec: the last ones, while it is the same data.

        What is computed from them can then be kept by their identity.
        """
        last = self.snapshot
        same_table = last.catalogue is self.experiment.catalogue
        if last.spec is not None and last.spec.data == spec.data and same_table:
            return {"observed": last.observed, "fitted": last.fitted}
        return {
            "observed": self.experiment.observe(spec),
            "fitted": fitted_stars(self.experiment.catalogue, spec.data)
            if spec.model == "cluster"
            else None,
        }

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
