"""Everything that a view may show at one moment, as one immutable record."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from dashboard.ledger import Ledger
from dashboard.selections import Selections
from data import Catalogue
from inference import checks, diagnosis, reweight, summaries
from inference.problems import Problem
from inference.reweight import Estimate
from inference.runner import RunRecord
from inference.spec import RunSpec
from inference.statistics import statistic

DRAW = "draw"
"""What a region calls the number of a draw in its chain, from 0."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything a view may show, at one moment."""

    spec: RunSpec | None = None
    """What the controls say now; None where they make no valid run."""
    problem: Problem | None = None
    observed: Mapping[str, np.ndarray] = field(default_factory=dict)
    """The data of ``spec``."""
    catalogue: Catalogue | None = None
    fitted: np.ndarray | None = None
    """Stars of the catalogue within the cut and not left out, bool (star,)."""
    record: RunRecord | None = None
    """The run of this problem that was started last, if there is one."""
    shown: RunRecord | None = None
    """The run whose draws are shown: that one, or the one before it until it draws."""
    ghost: RunRecord | None = None
    """The run before, while the one shown has few draws."""
    kept: RunRecord | None = None
    """The run that is kept to compare with, called A."""
    estimate: Estimate | None = None
    """The draws shown, weighted to what the controls say; None where they are its."""
    ledger: Ledger = field(default_factory=Ledger)
    """The runs of this session that stood."""
    run_name: str = ""
    """Under which name the run shown is found again after a restart, if it is."""
    unsaved: str = ""
    """Why it would not be, in one sentence."""
    cut_off: bool = False
    """Whether it was found on the disk with draws missing, and could go on."""
    cluster: RunRecord | None = None
    """The last run of the cluster problem, which says something of single stars too."""
    sibling: RunRecord | None = None
    """The last run of the other model of the same points, if there is one."""
    rows: Mapping[str, summaries.Row] = field(default_factory=dict)
    """Of the draws shown."""
    thresholds: diagnosis.Thresholds = diagnosis.DEFAULT
    """By which draws are judged."""
    complaint: str = ""
    """Why the controls make no valid run, in one sentence."""
    region: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Ranges of what `quantity` knows, that were boxed; empty for all draws."""
    selected: Selections = field(default_factory=Selections)
    """Stars of the catalogue that are chosen, now and under names."""
    picked: Selections = field(default_factory=Selections)
    """Points of a line that are chosen, of all there are."""
    statistic: str = ""
    """The test statistic chosen; empty for the problem's first."""
    star: int | None = None
    """The star chosen in the catalogue."""

    shows_warmup: bool = False
    """Whether the traces begin with warm-up."""
    at_work: bool = False
    """Whether a run goes on, and has for long enough to be looked at."""

    @property
    def changed_since_run(self) -> bool:
        """Whether the controls say something else than the run shown."""
        return self.shown is not None and self.shown.spec != self.spec

    @property
    def shows_run(self) -> bool:
        """Whether the data of the draws are the data shown: they can share a plot."""
        if self.shown is None or self.spec is None:
            return False
        return self.shown.spec.data == self.spec.data

    @property
    def draws(self) -> Mapping[str, np.ndarray]:
        """Draws of every scalar quantity, (chain, draw) each; empty before a run."""
        if self.shown is not None:
            return scalars(self.shown)
        assert self.problem is not None
        return {name: np.empty((1, 0)) for name in self.problem.names}

    @property
    def chosen(self) -> np.ndarray | None:
        """Which draws are within the region, bool (chain, draw); None for all."""
        values = [self.quantity(name) for name in self.region]
        known = [value for value in values if value is not None]
        if not known or len(known) < len(values):
            return None
        inside = [
            (value >= low) & (value <= high)
            for value, (low, high) in zip(known, self.region.values(), strict=True)
        ]
        return np.logical_and.reduce(inside)

    def quantity(self, name: str) -> np.ndarray | None:
        """Return one number of each draw, (chain, draw).

        A parameter or derived quantity; the draw's place in its chain, `DRAW`; or a
        test statistic of its replicate, NaN for draws without one. None where the
        problem has nothing of that name.
        """
        draws = self.draws
        if name in draws:
            return draws[name]
        if name == DRAW:
            shape = next(iter(draws.values())).shape
            return np.broadcast_to(np.arange(shape[1]), shape)
        if self.shown is None or not self.shown.drawn:
            return None
        return checks.of_draws(self.shown, name)

    def label(self, name: str) -> str:
        """Return what a person calls what `quantity` knows by a name."""
        assert self.problem is not None
        found = statistic(self.problem.name, name)
        return self.problem.symbols[name] if found is None else found.label

    @property
    def chosen_draws(self) -> Mapping[str, np.ndarray]:
        """The draws within the region, one row of them; all where there is none."""
        mask = self.chosen
        if mask is None:
            return self.draws
        return {name: values[mask][None] for name, values in self.draws.items()}

    @property
    def beside(self) -> RunRecord | None:
        """A, where it is another run than the one shown."""
        return self.kept if self.kept is not self.shown else None

    @property
    def draws_beside(self) -> Mapping[str, np.ndarray]:
        """A's draws of every scalar quantity, (chain, draw) each; empty without A."""
        return scalars(self.beside) if self.beside is not None else {}

    @property
    def ghost_draws(self) -> Mapping[str, np.ndarray]:
        """Draws of the run before while it is to be seen, or else of A."""
        return scalars(self.ghost) if self.ghost is not None else self.draws_beside

    @property
    def ghost_name(self) -> str:
        """What the run of `ghost_draws` is called."""
        return "before" if self.ghost is not None else "A"

    @property
    def estimated_draws(self) -> Mapping[str, np.ndarray]:
        """Draws that stand for the posterior of what the controls say, if any do."""
        if self.estimate is None or self.shown is None:
            return {}
        return reweight.resampled(self.estimate, scalars(self.shown))


def scalars(record: RunRecord) -> dict[str, np.ndarray]:
    """Return the draws of a run's scalar quantities, (chain, draw) each."""
    return {name: values for name, values in record.draws.items() if values.ndim == 2}
