"""A run: one chunk after another, each published as an immutable record.

A `Run` submits a chunk, and when it is done publishes what there is and submits the
next. Whoever looks at `Run.latest` sees a complete, consistent record; nobody but the
run writes one.
"""

import enum
import threading
from collections.abc import Mapping
from concurrent.futures import CancelledError, Executor, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace

import numpy as np

from inference import engines
from inference.records import Chunk, Prepared, Task
from inference.spec import RunSpec

FIRST_SECONDS, CHUNK_SECONDS = 0.1, 0.25
"""How long a chunk should take: the first few less, so that draws come early."""
FIRST_LENGTH = 10


class Phase(enum.Enum):
    """Where a run stands."""

    COMPILING = "compiling"
    WARMING_UP = "warming up"
    SAMPLING = "sampling"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self in (Phase.DONE, Phase.STOPPED, Phase.FAILED)


@dataclass(frozen=True)
class StarSummary:
    """Every star's membership and distance, averaged over draws so far."""

    membership: np.ndarray
    """Probability to be in the cluster, (star,)."""
    mean: np.ndarray
    """Mean distance [pc], (star,)."""
    sd: np.ndarray
    """Standard deviation of the distance [pc], (star,)."""


@dataclass(frozen=True)
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
    stars: StarSummary | None = None
    device: str = ""
    compile_seconds: float = 0.0
    sample_seconds: float = 0.0
    """Seconds in the worker, warm-up included."""
    error: str = ""
    """One sentence, where the run failed."""

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
    Phase.STOPPED: lambda r: f"Stopped with {_of_draws(r)}; they are kept.",
    Phase.FAILED: lambda r: f"Failed: {r.error}",
}


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
    """

    def __init__(
        self,
        spec: RunSpec,
        observed: Mapping[str, np.ndarray],
        executor: Executor,
        *,
        latent: bool = False,
    ):
        self._executor = executor
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._stop = self._pause = False
        self._task = Task(spec, _for_model(spec, observed), latent=latent)
        self._buffers: dict[str, dict[str, np.ndarray]] = {"draws": {}, "stats": {}}
        self._sums: list[np.ndarray] = []
        self._summed = 0
        self._pace = FIRST_LENGTH
        self._capacity = 1
        self._latest = RunRecord(spec, observed)
        with self._lock:
            self._send(engines.prepare, self._prepared)

    @property
    def latest(self) -> RunRecord:
        """The newest record."""
        return self._latest

    def stop(self) -> None:
        """Stop after the chunk in flight and keep every draw."""
        with self._lock:
            self._stop = True
            if self._latest.phase is Phase.PAUSED:
                self._finish(Phase.STOPPED)

    def pause(self) -> None:
        """Send no further chunk until `resume`."""
        with self._lock:
            self._pause = True

    def resume(self) -> None:
        """Go on where `pause` interrupted."""
        with self._lock:
            self._pause = False
            if self._latest.phase is Phase.PAUSED:
                self._next()

    def wait(self, timeout: float | None = None) -> RunRecord:
        """Wait until the run is over, and return its last record."""
        self._over.wait(timeout)
        return self._latest

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
            try:
                then(done.result())
            except (BrokenProcessPool, EOFError):
                self._fail("the inference worker died; press Run to start again")
            except CancelledError:
                self._finish(Phase.STOPPED)
            except Exception as error:
                self._fail(
                    f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
                    if str(error)
                    else type(error).__name__
                )

    def _prepared(self, prepared: Prepared) -> None:
        self._capacity = prepared.capacity
        self._task = replace(
            self._task,
            state=prepared.state,
            adapt_metric=prepared.adapt_metric,
            guide=prepared.guide,
        )
        self._latest = replace(
            self._latest, device=prepared.device, compile_seconds=prepared.seconds
        )
        self._next()

    def _next(self) -> None:
        """Send the next chunk, unless the run is complete, stopped or paused."""
        record, sampler = self._latest, self._latest.spec.sampler
        warming = record.warmed_up < sampler.warmup
        left = (
            sampler.warmup - record.warmed_up
            if warming
            else sampler.draws - record.drawn
        )
        if left == 0:
            self._finish(Phase.DONE)
        elif self._stop:
            self._finish(Phase.STOPPED)
        elif self._pause:
            self._latest = replace(record, phase=Phase.PAUSED)
        else:
            phase = Phase.WARMING_UP if warming else Phase.SAMPLING
            self._latest = replace(record, phase=phase)
            length = max(1, min(left, self._pace, self._capacity))
            self._task = replace(
                self._task, length=length, drawn=record.drawn, sampling=not warming
            )
            self._send(engines.run_chunk, self._chunk_done)

    def _chunk_done(self, chunk: Chunk) -> None:
        length, record = self._task.length, self._latest
        wanted = FIRST_SECONDS if record.drawn == 0 else CHUNK_SECONDS
        # At most four times longer than the last: one slow chunk must not follow.
        faster = wanted / max(chunk.seconds, 1e-4)
        self._pace = max(1, int(length * min(faster, 4.0)))
        if self._task.sampling:
            record = self._extended(record, chunk, length)
        else:
            record = replace(record, warmed_up=record.warmed_up + length)
        self._task = replace(self._task, state=chunk.state)
        self._latest = replace(
            record, sample_seconds=record.sample_seconds + chunk.seconds
        )
        self._next()

    def _extended(self, record: RunRecord, chunk: Chunk, length: int) -> RunRecord:
        drawn = record.drawn + length
        views = {
            kind: self._append(kind, rows, record.drawn, drawn)
            for kind, rows in (("draws", chunk.draws), ("stats", chunk.stats))
        }
        return replace(record, drawn=drawn, stars=self._add_stars(chunk), **views)

    def _append(self, kind: str, rows, start: int, end: int) -> dict[str, np.ndarray]:
        """Write rows behind the last record's, and return views up to their end."""
        total, buffers = self._task.spec.sampler.draws, self._buffers[kind]
        for name, value in rows.items():
            if name not in buffers:
                shape = (value.shape[0], total, *value.shape[2:])
                buffers[name] = np.empty(shape, value.dtype)
            buffers[name][:, start:end] = value
        return {name: _read_only(buffer[:, :end]) for name, buffer in buffers.items()}

    def _add_stars(self, chunk: Chunk) -> StarSummary | None:
        if chunk.stars is None:
            return None
        count, sums = chunk.stars
        self._summed += count
        before = self._sums or [np.zeros_like(s) for s in sums]
        self._sums = [a + b for a, b in zip(before, sums, strict=True)]
        membership, mean, square = (s / self._summed for s in self._sums)
        sd = np.sqrt(np.maximum(square - mean**2, 0.0))
        return StarSummary(membership, mean, sd)

    def _fail(self, sentence: str) -> None:
        self._latest = replace(self._latest, error=sentence.rstrip(".") + ".")
        self._finish(Phase.FAILED)

    def _finish(self, phase: Phase) -> None:
        self._latest = replace(self._latest, phase=phase)
        self._task = replace(self._task, state=())
        self._over.set()


def _for_model(spec: RunSpec, observed: Mapping[str, np.ndarray]) -> dict:
    names = {"line": ("x", "y", "yerr"), "line_outliers": ("x", "y", "yerr")}
    wanted = names.get(spec.model, ("parallax", "parallax_error", "zero_point"))
    return {name: np.asarray(observed[name], dtype=float) for name in wanted}


def _read_only(view: np.ndarray) -> np.ndarray:
    view.flags.writeable = False
    return view
