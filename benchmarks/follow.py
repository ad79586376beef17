"""How soon a new posterior of the cluster is there: ``python -m benchmarks.follow``.

Priors or data have moved. The programs are compiled, and the table is known as far as
it stays the same, as on a page whose slider is dragged or whose stars are left out.
"""

import sys
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
LEFT_OUT = (20, 200)
"""Stars that are left out: a new table."""


def main() -> bool:
    """Print a row for each change; return whether all are soon enough."""
    base = RunSpec.from_json(CLUSTER | {"sampler": SAMPLER})
    changes: dict[str, dict] = {
        f"Normal({location:g}, {scale:g}) for ln distance": {
            "priors": {
                "log_dist_clust": {"family": "Normal", "loc": location, "scale": scale}
            }
        }
        for location, scale in DISTANCES
    }
    for count in LEFT_OUT:
        data = {**base.data, "left_out": list(range(count))}
        changes[f"{count} rows left out of the table"] = {"data": data}
    executor = engines.WorkerProcess()
    try:
        Run(base, observe(base.data), executor).wait()
        rows = {name: _follow(executor, moved) for name, moved in changes.items()}
    finally:
        executor.shutdown()
    print(f"| a change | first draws (s) | {EFFECTIVE} effective (s) |")
    print("| --- | --- | --- |")
    for name, (first, enough) in rows.items():
        print(f"| {name} | {_said(first, FIRST)} | {_said(enough, ENOUGH)} |")
    return all(first <= FIRST and enough <= ENOUGH for first, enough in rows.values())


def _said(seconds: float, bound: float) -> str:
    return f"{seconds:.2f}" + ("" if seconds <= bound else f" **short** of {bound:g}")


def _follow(executor, moved: dict) -> tuple[float, float]:
    spec = RunSpec.from_json(CLUSTER | {"sampler": SAMPLER} | moved)
    observed = observe(spec.data)
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


if __name__ == "__main__":
    sys.exit(not main())
