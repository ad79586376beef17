"""How soon a new posterior of the cluster is there when only its priors have moved.

The programs are compiled and the table is known, as on a page whose slider is dragged.
"""

import time

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


def main() -> bool:
    """Print a row for each prior; return whether all are soon enough."""
    base = RunSpec.from_json(CLUSTER | {"sampler": SAMPLER})
    observed = observe(base.data)
    executor = engines.WorkerProcess()
    try:
        Run(base, observed, executor).wait()
        rows = [_follow(executor, observed, *prior) for prior in DISTANCES]
    finally:
        executor.shutdown()
    print("| prior of ln distance, the table known | first draws (s) | "
          f"{EFFECTIVE} effective (s) |")  # fmt: skip
    print("| --- | --- | --- |")
    for prior, (first, enough) in zip(DISTANCES, rows, strict=True):
        name = "Normal({:g}, {:g})".format(*prior)
        print(f"| {name} | {_said(first, FIRST)} | {_said(enough, ENOUGH)} |")
    return all(first <= FIRST and enough <= ENOUGH for first, enough in rows)


def _said(seconds: float, bound: float) -> str:
    return f"{seconds:.2f}" + ("" if seconds <= bound else f" **short** of {bound:g}")


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
