"""One person's session: what can be done with an experiment and its runs.

A timer calls `Session.tick`, which polls, and where NUTS follows the controls starts a
run of what they say.
"""

from collections.abc import Callable, Mapping

import numpy as np

from dashboard.ledger import Ledger
from dashboard.watched import Watched
from data import DataError, load_simulated
from inference import judging
from inference.priors import SpecError
from inference.runner import Run, RunRecord
from inference.spec import RunSpec


class Session(Watched):
    """An experiment, its runs, and the snapshot of both: see `Watched`."""

    @property
    def current(self) -> Run | None:
        """The run of the chosen problem that was started last."""
        return self.runs.current(self.experiment.problem)

    def start(self) -> None:
        """Run what the controls say; a run of the same problem is given up.

        Raises
        ------
        SpecError, DataError
            If the controls make no valid run.
        """
        spec = RunSpec.from_json(self.experiment.freeze().to_json())
        self._begin(spec, self._arrays(spec)["observed"])
        self.poll()

    def _begin(self, spec: RunSpec, observed: Mapping[str, np.ndarray]) -> None:
        self.runs.begin(spec, observed, self.experiment.catalogue)

    def take(self, step: judging.Step) -> None:
        """Do the next step that a verdict on the run shown asks for.

        Raises
        ------
        SpecError, DataError
            If the controls make no valid run.
        StoreError
            If a run that was found cannot go on here.
        """
        if step.setting == "draws" and self.snapshot.cut_off:
            self.go_on()
            return
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

    def recall(self, name: str) -> None:
        """Show a run of the library again, with the controls as they were for it.

        Raises
        ------
        StoreError
            If there is no such run, it is damaged, or its table is not here.
        """
        # Uploaded tables are not kept.
        table = load_simulated()
        spec = self.runs.recall(name, table)
        self.experiment.adopt(spec, table)
        self.poll()

    def go_on(self) -> None:
        """Go on with a run that was found cut off.

        Raises
        ------
        StoreError
            If it cannot go on here to the same draws.
        """
        self.runs.go_on(self.experiment.problem)
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

    @property
    def stirs(self) -> bool:
        """Whether `tick` has something to do."""
        return self._behind or self._news

    @property
    def _behind(self) -> bool:
        return self._edits is not self._followed and self.experiment.follows

    def tick(self) -> None:
        """Where NUTS follows the controls run what they say now, and poll."""
        if self._behind:
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
            observed = self._arrays(spec)["observed"]
        except (SpecError, DataError):
            # The snapshot says so.
            return
        if begun is None or begun.run.latest.spec != spec:
            self._begin(spec, observed)
