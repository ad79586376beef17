"""Seconds and effective draws of every problem on this machine: ``make bench``.

Ratios are taken within one run, because machines differ and are shared: how much faster
a second run is than the first, which compiles.
"""

import os
import platform
import time
from importlib.metadata import version
from typing import NamedTuple

from benchmarks import page
from data import observe
from inference import engines, summaries
from inference.runner import Run, RunRecord
from inference.spec import RunSpec

PROBLEMS = (
    ("line", "nuts", {}),
    ("line_outliers", "nuts", {}),
    ("star", "nuts", {}),
    ("cluster", "marginal", {"warmup": 200}),
    ("cluster", "hierarchical", {"warmup": 200, "draws": 300, "chains": 2}),
)


class Timed(NamedTuple):
    """One run with the clock held beside it."""

    first_draws: float
    """Seconds from start to the first draws kept."""
    total: float
    record: RunRecord

    @property
    def rate(self) -> float:
        """Smallest bulk effective size of a headline quantity, a second."""
        rows = summaries.summarise(self.record.draws)
        names = self.record.spec.problem.headline
        return min(rows[name].ess_bulk for name in names) / self.total


def timed(spec: RunSpec, executor) -> Timed:
    """Run a spec and time it from outside, as a person would."""
    observed = observe(spec.data)
    clock = time.perf_counter()
    run = Run(spec, observed, executor)
    first = 0.0
    while not run.latest.phase.over:
        if run.latest.drawn and not first:
            first = time.perf_counter() - clock
        time.sleep(0.002)
    total = time.perf_counter() - clock
    return Timed(first or total, total, run.latest)


def main() -> None:
    """Print one table."""
    cores = len(os.sched_getaffinity(0))
    libraries = ", ".join(f"{n} {version(n)}" for n in ("jax", "numpyro"))
    print(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}")
    print(libraries)
    print()
    print(
        "| problem | first run: draws, end (s) | again, new seed (s) | ESS/s | ratio |"
    )
    print("| --- | --- | --- | --- | --- |")
    executor = engines.WorkerProcess()
    try:
        for model, method, sampler in PROBLEMS:
            spec = RunSpec.from_json(
                {"model": model, "method": method, "sampler": sampler}
            )
            again = RunSpec.from_json(
                {"model": model, "method": method, "sampler": sampler | {"seed": 7}}
            )
            cold, warm = timed(spec, executor), timed(again, executor)
            print(
                f"| {model} {method} | {cold.first_draws:.2f}, {cold.total:.2f} "
                f"| {warm.first_draws:.2f}, {warm.total:.2f} | {warm.rate:.3g} "
                f"| {cold.total / warm.total:.1f} |"
            )
    finally:
        executor.shutdown()
    print()
    page.main()


if __name__ == "__main__":
    main()
