"""Memory of one worker over runs of many shapes: ``python -m benchmarks.memory``.

Every shape (model, number of points or stars, families of priors) is a program of its
own, compiled and kept while it is among the last used. Memory may grow until as many
programs are kept as ever are. After that it goes up and down, by hundreds of MiB, as
large programs and small ones come and go: its highest must stay.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np

from data import observe
from inference.engines import WorkerProcess
from inference.problems import PROBLEMS
from inference.runner import Phase, Run
from inference.spec import RunSpec

SAMPLER = {"chains": 2, "warmup": 20, "draws": 20}
MODELS = {"line": 4, "line_outliers": 4, "star": 1, "cluster": 1}
"""How often each is run; what costs most to compile is run least."""
FULL = 60
"""Runs after which every cache is taken to be full."""
EVERY = 10


def varied(
    generator: np.random.Generator, models: Sequence[str]
) -> tuple[RunSpec, dict[str, np.ndarray]]:
    """Return a run of some shape, and its data.

    Parameters
    ----------
    generator : numpy.random.Generator
    models : sequence of str
        To choose from.

    Returns
    -------
    RunSpec
    dict of arrays (datum,)
    """
    often = np.array([MODELS[model] for model in models], dtype=float)
    model = str(generator.choice(models, p=often / often.sum()))
    content = {
        "model": model,
        "sampler": SAMPLER | {"seed": int(generator.integers(9))},
    }
    if model in ("line", "line_outliers"):
        content["data"] = {"source": "line", "points": int(generator.integers(3, 80))}
    content["priors"] = {}
    for name, prior in RunSpec.from_json({"model": model}).priors.items():
        families = PROBLEMS[model].parameter(name).families
        if "StudentT" in families and prior.family == "Normal":
            if generator.random() < 0.5:
                moved = prior.to_json() | {"family": "StudentT", "df": 5.0}
                content["priors"][name] = moved
    spec = RunSpec.from_json(content)
    observed = observe(spec.data)
    if model == "cluster":
        stars = int(generator.integers(100, 1500))
        observed = {name: value[:stars] for name, value in observed.items()}
    return spec, observed


def resident(executor: Executor) -> float:
    """Return the resident memory of the worker [MiB]."""
    pid = executor.submit(os.getpid).result()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(runs: int, seconds: float, models: Sequence[str]) -> list[float]:
    """Do runs of many shapes and print the worker's memory now and then.

    Returns
    -------
    list of float
        Resident memory after every ten runs [MiB].
    """
    generator, clock = np.random.default_rng(0), time.perf_counter()
    executor, measured = WorkerProcess(), []
    try:
        for count in range(1, runs + 1):
            spec, observed = varied(generator, models)
            record = Run(spec, observed, executor).wait(300)
            if record.phase is not Phase.DONE:
                raise RuntimeError(record.sentence)
            past = time.perf_counter() - clock
            if count % EVERY == 0:
                measured.append(resident(executor))
                print(
                    f"{count:5d} runs {past:7.1f} s {measured[-1]:8.0f} MiB", flush=True
                )
            if past > seconds:
                break
    finally:
        executor.shutdown()
    return measured


def main() -> int:
    """Measure, and return 1 where memory grew after every cache was full."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--bound", type=float, default=150.0, help="growth [MiB]")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        # Programs that were compiled before must not hide what compiling costs.
        os.environ["NUTSHELL_CACHE"] = cache
        measured = measure(options.runs, options.seconds, options.models)
    full = measured[FULL // EVERY - 1 :]
    if len(full) < 2:
        print(f"Give more than {FULL} runs: until then caches are still filling.")
        return 1
    earlier, later = (max(half) for half in np.array_split(full, 2))
    growth = later - earlier
    print(
        f"From run {FULL} on at most {earlier:.0f} MiB in the first half of the runs "
        f"and {later:.0f} in the second; {options.bound:.0f} more are allowed."
    )
    return int(growth > options.bound)


if __name__ == "__main__":
    sys.exit(main())
