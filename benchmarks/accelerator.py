"""Chains from 4 to 4096: ``python -m benchmarks.accelerator``.

For each number of chains: how many effective draws a second a compiled run gives, its
nested R-hat, and on what device. Without a graphics card it says so, and compares what
a processor does with few chains (threads) and with many (one vectorised program).
"""

import argparse
import time
from concurrent.futures import Executor
from unittest.mock import patch

import jax

from data import observe
from inference import devices, engines, programs, summaries
from inference.runner import Phase, Run, RunRecord
from inference.spec import MOST_CHAINS, PLACES, RunSpec

CHAINS = [4, 16, 64, 256, 1024, 4096]
KEPT = 16_384
"""Draws that all chains keep together."""
WARMUP = 100
CASES = {"line_outliers": "nuts", "cluster": "marginal"}


def spec_of(model: str, chains: int, seed: int) -> RunSpec:
    """Return a run of so many chains, that keeps as many draws as any other.

    Parameters
    ----------
    model : str
        A key of `CASES`.
    chains, seed : int
    """
    draws = max(KEPT // chains, 10)
    sampler = {"chains": chains, "warmup": WARMUP, "draws": draws, "seed": seed}
    content = {"model": model, "method": CASES[model], "sampler": sampler}
    return RunSpec.from_json(content)


def measured(spec: RunSpec, executor: Executor) -> tuple[RunRecord, float]:
    """Return a run and the seconds from asking for it to its last draw.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    observed = observe(spec.data)
    clock = time.perf_counter()
    record = Run(spec, observed, executor).wait()
    if record.phase is not Phase.DONE:
        raise RuntimeError(record.sentence)
    return record, time.perf_counter() - clock


def line(how: str, record: RunRecord, seconds: float) -> str:
    """Return one line of the table."""
    rows = summaries.summarise(record.draws)
    ess = min(row.ess_bulk for row in rows.values())
    rhat = max(row.rhat for row in rows.values())
    sampler = record.spec.sampler
    return (
        f"{record.spec.model:14s} {sampler.chains:6d} {sampler.draws:6d} {how:10s} "
        f"{seconds:8.2f} {ess:9.0f} {ess / seconds:9.0f} {rhat:7.3f}  {record.device}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--chains", type=int, nargs="+", default=CHAINS)
    options = parser.parse_args()
    executor = engines.in_process()
    executor.submit(devices.configure).result()
    card = jax.default_backend() != "cpu"
    if not card:
        print("There is no accelerator here: not measured on a graphics card.")
    print(f"R-hat is nested above {PLACES} chains. ESS is the least, in bulk.")
    print(
        f"{'model':14s} {'chains':>6s} {'draws':>6s} {'how':10s} {'seconds':>8s} "
        f"{'ESS':>9s} {'ESS/s':>9s} {'R-hat':>7s}  device"
    )
    for model in options.models:
        for chains in options.chains:
            ways = {"one": 0} if card else {"one": 0, "threads": MOST_CHAINS}
            for how, most in ways.items():
                with patch.dict(programs.THREADED, {model: most}):
                    measured(spec_of(model, chains, 1), executor)
                    done = measured(spec_of(model, chains, 2), executor)
                    print(line(how, *done), flush=True)
    executor.shutdown()


if __name__ == "__main__":
    main()
