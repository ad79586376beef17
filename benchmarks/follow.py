"""How soon a new posterior of the cluster is there: ``python -m benchmarks.follow``.

Priors or data have moved. The programs are compiled, and the table is known as far as
it stays the same, as on a page whose slider is dragged or whose stars are left out.
"""

import sys
import time
from collections.abc import Mapping

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
ROUNDS = 9
"""Times that each change is made, in turns; medians are shown."""


def main() -> bool:
    """Print a row for each change; return whether all are soon enough."""
    base = RunSpec.from_json(CLUSTER | {"sampler": SAMPLER})
    executor, waits = engines.WorkerProcess(), {}
    try:
        Run(base, observe(base.data), executor).wait()
        for turn in range(ROUNDS):
            for name, moved in _changes(base.data, turn):
                waits.setdefault(name, []).append(_follow(executor, moved))
    finally:
        executor.shutdown()
    rows = {name: np.median(each, axis=0) for name, each in waits.items()}
    print(f"| a change | first draws (s) | {EFFECTIVE} effective (s) |")
    print("| --- | --- | --- |")
    for name, (first, enough) in rows.items():
        print(f"| {name} | {_said(first, FIRST)} | {_said(enough, ENOUGH)} |")
    return all(first <= FIRST and enough <= ENOUGH for first, enough in rows.values())


def _changes(data: Mapping, turn: int):
    """Yield what each change is called, and what it sets in a spec."""
    for location, scale in DISTANCES:
        prior = {"family": "Normal", "loc": location, "scale": scale}
        name = f"Normal({location:g}, {scale:g}) for ln distance"
        yield name, {"priors": {"log_dist_clust": prior}}
    for count in LEFT_OUT:
        # Other stars at every turn: no table is known.
        rows = list(range(turn * count, (turn + 1) * count))
        yield f"{count} stars left out", {"data": {**data, "left_out": rows}}


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
