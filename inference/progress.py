"""What a run has reached: the immutable record that everybody who looks at it reads."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from inference.spec import RunSpec

WARMUP_KEPT = 2000
"""Most steps of each chain's warm-up that are kept, to be looked at."""


class Phase(enum.Enum):
    """Where a run stands."""

    COMPILING = "compiling"
    WARMING_UP = "warming up"
    SAMPLING = "sampling"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Whether nothing more will come unless the run is extended."""
        return self in (Phase.DONE, Phase.STOPPED, Phase.CANCELLED, Phase.FAILED)


# What holds arrays is compared by identity: arrays are never edited.
@dataclass(frozen=True, eq=False)
class StarSummary:
    """Every star's membership and distance, averaged over draws so far."""

    membership: np.ndarray
    """Probability to be in the cluster, (star,)."""
    mean: np.ndarray
    """Mean distance [pc], (star,)."""
    sd: np.ndarray
    """Standard deviation of the distance [pc], (star,)."""


@dataclass(frozen=True, eq=False)
class RunRecord:
    """What a run has reached; a new one replaces it after every chunk."""

    spec: RunSpec
    observed: Mapping[str, np.ndarray]
    phase: Phase = Phase.COMPILING
    warmed_up: int = 0
    """Warm-up draws done by each chain."""
    drawn: int = 0
    """Draws kept of each chain."""
    draws: Mapping[str, np.ndarray] = field(default_factory=dict)
    """(chain, draw, ...) each; read-only views that later records extend."""
    stats: Mapping[str, np.ndarray] = field(default_factory=dict)
    """(chain, draw) each, under ArviZ's names."""
    warmup: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Scalar quantities along warm-up, (chain, step) each, every `warmup_stride`-th
    step from the first."""
    stars: StarSummary | None = None
    device: str = ""
    compile_seconds: float = 0.0
    sample_seconds: float = 0.0
    """Seconds in the worker, warm-up included."""
    error: str = ""
    """One sentence, where the run failed."""

    @property
    def warmup_stride(self) -> int:
        """Steps of warm-up for each one that is kept."""
        return -(-self.spec.sampler.warmup // WARMUP_KEPT)

    @property
    def seconds_left(self) -> float:
        """What the rest will take in the worker [s], if it goes on as so far.

        Infinite before the first chunk.
        """
        sampler, done = self.spec.sampler, self.warmed_up + self.drawn
        left = sampler.warmup + sampler.draws - done
        return self.sample_seconds / done * left if done else float("inf")

    @property
    def divergences(self) -> int:
        """Divergent transitions among the draws kept."""
        return int(self.stats["diverging"].sum()) if "diverging" in self.stats else 0

    @property
    def sentence(self) -> str:
        """The truth about the run, in one sentence."""
        return _SENTENCES[self.phase](self)


def _of_draws(record: RunRecord) -> str:
    chains, draws = record.spec.sampler.chains, record.spec.sampler.draws
    return f"{chains * record.drawn:,} of {chains * draws:,} draws"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"


_SENTENCES = {
    Phase.COMPILING: lambda r: "Compiling the model.",
    Phase.WARMING_UP: lambda r: (
        f"Warming up: {r.warmed_up:,} of {r.spec.sampler.warmup:,} steps a chain."
    ),
    Phase.SAMPLING: lambda r: f"Sampling: {_of_draws(r)}.",
    Phase.PAUSED: lambda r: f"Paused at {_of_draws(r)}.",
    Phase.DONE: lambda r: (
        f"Done: {_of_draws(r)} in {_seconds(r.sample_seconds)} on {r.device}."
    ),
    Phase.STOPPED: lambda r: (
        f"Stopped with {_of_draws(r)}; they are kept."
        if r.drawn
        else "Stopped before the first draw."
    ),
    Phase.CANCELLED: lambda r: "Cancelled; no draws are kept.",
    Phase.FAILED: lambda r: f"Failed: {r.error}",
}
