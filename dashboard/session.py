"""One person's session: experiment, runs, and the one snapshot that every view reads.

`Session.poll` is the only writer of `Session.snapshot`. A timer calls it; it compares
what there is with what it last showed, and assigns one immutable record when they
differ. "The settings changed since this run" is a comparison of two specs.
"""

import time
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import numpy as np
import param

from dashboard.experiment import Experiment
from data import Catalogue, DataError
from inference import summaries
from inference.priors import SpecError
from inference.problems import Problem
from inference.runner import Run, RunRecord
from inference.spec import RunSpec

DRAWS_EVERY = 0.4
"""Seconds between snapshots that differ only by draws."""
SUMMARY_EVERY = 1.0
"""Seconds between summaries while draws arrive; they cost more than a picture."""


@dataclass(frozen=True)
class Snapshot:
    """Everything a view may show, at one moment."""

    spec: RunSpec | None = None
    """What the controls say now; None where they make no valid run."""
    problem: Problem | None = None
    observed: Mapping[str, np.ndarray] = field(default_factory=dict)
    """The data of ``spec``."""
    catalogue: Catalogue | None = None
    kept: np.ndarray | None = None
    """Stars of the catalogue within the cut, (star,)."""
    record: RunRecord | None = None
    """The run of this problem, if there is one."""
    cluster: RunRecord | None = None
    """The last run of the cluster problem, which says something of single stars too."""
    rows: Mapping[str, summaries.Row] = field(default_factory=dict)
    complaint: str = ""
    """Why the controls make no valid run, in one sentence."""
    selected: np.ndarray | None = None
    """Stars of the catalogue that are brushed, (star,)."""
    star: int | None = None
    """The star chosen in the catalogue."""

    @property
    def changed_since_run(self) -> bool:
        """Whether the controls say something else than the run shown."""
        return self.record is not None and self.record.spec != self.spec

    @property
    def shows_run(self) -> bool:
        """Whether the run's data are the data shown, so that they can share a plot."""
        if self.record is None or self.spec is None or self.record.drawn == 0:
            return False
        return self.record.spec.data == self.spec.data

    @property
    def draws(self) -> Mapping[str, np.ndarray]:
        """Draws of every scalar quantity, (chain, draw) each; empty before a run."""
        if self.record is not None and self.record.drawn:
            return {n: v for n, v in self.record.draws.items() if v.ndim == 2}
        assert self.problem is not None
        return {name: np.empty((1, 0)) for name in self.problem.names}


class Session(param.Parameterized):
    """An experiment, its runs, and the snapshot of both.

    Parameters
    ----------
    experiment : Experiment
    executor : Executor
        Where runs are computed.
    """

    experiment = param.ClassSelector(class_=Experiment, constant=True)
    snapshot = param.ClassSelector(class_=Snapshot, constant=True)
    selected = param.Parameter(None, doc="Brushed stars of the catalogue, bool (star,)")
    dark = param.Boolean(False, doc="Whether the page is dark")

    def __init__(self, experiment: Experiment, executor: Executor, **params):
        super().__init__(experiment=experiment, snapshot=Snapshot(), **params)
        self._executor = executor
        self._runs: dict[str, Run] = {}
        # A class polls some hundred times a second: an edit leaves a mark, so that
        # nothing need be compared where nothing happened.
        self._edits: object = None
        experiment.param.watch(self._edited, list(experiment.param))
        self._shown: tuple = ((object(), None), None)
        self._drawn_at = self._summed_at = 0.0
        self.poll()

    @property
    def current(self) -> Run | None:
        """The run of the chosen problem."""
        return self._runs.get(self.experiment.problem)

    def start(self) -> None:
        """Run what the controls say; a run of the same problem is given up.

        Raises
        ------
        SpecError, DataError
            If the controls make no valid run.
        """
        spec = RunSpec.from_json(self.experiment.freeze().to_json())
        observed = self.experiment.observe(spec)
        self.stop()
        self._runs[spec.model] = Run(spec, observed, self._executor)
        self.poll()

    def stop(self) -> None:
        """Stop the run of the chosen problem and keep its draws."""
        if self.current is not None:
            self.current.stop()

    def close(self) -> None:
        """Stop every run: nobody is looking any more."""
        for run in self._runs.values():
            run.stop()

    def _edited(self, *events) -> None:
        self._edits = events

    def poll(self) -> None:
        """Publish a new snapshot if anything differs from the last one."""
        current = self.current
        record = current.latest if current is not None else None
        inputs = (self._edits, self.selected)
        same_inputs = all(a is b for a, b in zip(inputs, self._shown[0], strict=True))
        if same_inputs and (record is self._shown[1] or not self._due(record)):
            return
        self._shown = (inputs, record)
        self._drawn_at = time.monotonic()
        with param.parameterized.edit_constant(self):
            self.snapshot = self._snapshot(record)

    def _due(self, record: RunRecord | None) -> bool:
        """Whether draws alone are worth a new snapshot now."""
        last = self._shown[1]
        if record is None or last is None or record.phase is not last.phase:
            return True
        return time.monotonic() - self._drawn_at > DRAWS_EVERY

    def _snapshot(self, record: RunRecord | None) -> Snapshot:
        experiment = self.experiment
        cluster = self._runs.get("cluster")
        base = Snapshot(
            problem=experiment.definition,
            catalogue=experiment.catalogue,
            record=record,
            cluster=cluster.latest if cluster is not None else None,
            rows=self._rows(record),
            selected=self.selected,
            star=experiment.star,
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
                kept=last.kept,
            )
        return replace(base, spec=spec, **data)

    def _data(self, spec: RunSpec) -> dict:
        """Return the arrays of a spec: the last ones, while it is the same data.

        What is computed from them can then be kept by their identity.
        """
        last = self.snapshot
        same_table = last.catalogue is self.experiment.catalogue
        if last.spec is not None and last.spec.data == spec.data and same_table:
            return {"observed": last.observed, "kept": last.kept}
        return {"observed": self.experiment.observe(spec), "kept": self._kept()}

    def _kept(self) -> np.ndarray:
        low, high = self.experiment.cut
        parallax = self.experiment.catalogue.parallax
        return (parallax > low) & (parallax < high)

    def _rows(self, record: RunRecord | None) -> Mapping[str, summaries.Row]:
        if record is None or record.drawn == 0:
            return {}
        last = self.snapshot
        same_run = last.record is not None and last.record.spec is record.spec
        recent = time.monotonic() - self._summed_at < SUMMARY_EVERY
        if same_run and recent and last.rows and not record.phase.over:
            return last.rows
        self._summed_at = time.monotonic()
        return summaries.summarise(record.draws)
