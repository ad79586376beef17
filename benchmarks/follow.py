"""How soon a new posterior of the cluster is there when only its priors have moved.

The programs are compiled and the table is known, as on a page whose slider is dragged.
"""

import time
from typing import NamedTuple

import numpy as np

from benchmarks.engine import CLUSTER, SAMPLER, effective
from data import observe
from inference import engines
from inference.runner import Run
from inference.spec import RunSpec

FIRST, ENOUGH = 0.1, 0.5
"""Seconds wanted until the first draws, and until 400 effective ones."""
EFFECTIVE = 400
DISTANCES = ((6.824, 1.0), (6.824, 0.1), (6.75, 0.01), (6.5, 0.01), (6.9, 0.003))
"""Priors of ln distance: location and scale. The last two are strong and wrong."""


class Reached(NamedTuple):
    """Seconds from a new prior, median and worst over the sweep."""

    first: np.ndarray
    enough: np.ndarray


def main() -> bool:
    """Print two rows; return whether the medians are soon enough."""
    base = RunSpec.from_json(CLUSTER | {"sampler": SAMPLER})
    observed = observe(base.data)
    executor = engines.WorkerProcess()
    try:
        Run(base, observed, executor).wait()
        rows = [_follow(executor, observed, *prior) for prior in DISTANCES]
    finally:
        executor.shutdown()
    reached = Reached(*(np.array(column) for column in zip(*rows, strict=True)))
    print(f"| new priors, table known, {len(rows)} of them | median (s) | worst (s) "
          "| median at most (s) |")  # fmt: skip
    print("| --- | --- | --- | --- |")
    holds = True
    for what, seconds, bound in (
        ("first draws", reached.first, FIRST),
        (f"{EFFECTIVE} effective draws", reached.enough, ENOUGH),
    ):
        median = float(np.median(seconds))
        holds = holds and median <= bound
        short = "" if median <= bound else " **short**"
        print(f"| {what} | {median:.3f}{short} | {seconds.max():.3f} | {bound} |")
    return holds


def _follow(executor, observed, location: float, scale: float) -> tuple[float, float]:
    prior = {"family": "Normal", "loc": location, "scale": scale}
    spec = RunSpec.from_json(
        CLUSTER | {"sampler": SAMPLER, "priors": {"log_dist_clust": prior}}
    )
    clock, seen = time.perf_counter(), []
    run = Run(spec, observed, executor)
    # Looked at as a page does, and judged when it is over.
    while True:
        record = run.latest
        if record.drawn and (not seen or seen[-1][1] < record.drawn):
            seen.append((time.perf_counter() - clock, record.drawn))
        if record.phase.over:
            break
        time.sleep(0.002)
    for seconds, drawn in seen:
        so_far = {name: v[:, :drawn] for name, v in record.draws.items()}
        if drawn >= 4 and effective(so_far, spec) >= EFFECTIVE:
            return seen[0][0], seconds
    return seen[0][0], np.inf
