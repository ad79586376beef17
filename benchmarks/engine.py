"""The engine against the published programs, side by side in one run.

A rate is the smallest bulk effective sample size of the headline quantities over
seconds of wall time. Every ratio has a bound below which the benchmark fails.
"""

import json
import subprocess
import sys
import tempfile
import time
from os import environ
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray

from data import observe
from inference import engines, summaries
from inference.runner import Run, RunRecord
from inference.spec import RunSpec

FULL, QUICK = (2000, 4000), (500, 1000)
"""Warm-up and draws of each of the published program's two chains."""
CLUSTER = {"model": "cluster", "method": "marginal"}
SAMPLER = {"chains": 4, "warmup": 100, "draws": 1000}
LINE_ROUNDS = 3
"""How often ours and theirs are timed in turns: each is over in a moment."""


class Row(NamedTuple):
    """One line of the table."""

    what: str
    rate: float
    """Effective draws a second, or posteriors a second."""
    ratio: float
    """To the published program."""
    bound: float


def main(quick: bool, table: Path | None) -> bool:
    """Print the table; return whether every ratio holds.

    Parameters
    ----------
    quick : bool
        Whether the published program runs shorter, and so less well.
    table : Path, optional
        A catalogue instead of the simulated field.
    """
    content = CLUSTER | ({"data": _file(table)} if table else {})
    spec = RunSpec.from_json(content | {"sampler": SAMPLER})
    base = _published("cluster", spec, FULL if not quick else QUICK)
    stars = len(observe(spec.data)["parallax"])
    print(f"{stars} stars; the published program: {base:.2g} effective draws a second")
    executor = engines.WorkerProcess()
    try:
        rows = [*_compiled(executor, content, base), _lines(executor)]
    finally:
        executor.shutdown()
    rows += _fresh(spec, base)
    print("| | rate (1/s) | ratio to the published program | at least |")
    print("| --- | --- | --- | --- |")
    for row in rows:
        short = "" if row.ratio >= row.bound else " **short**"
        ratio = f"{row.ratio:,.0f}{short}"
        print(f"| {row.what} | {row.rate:.3g} | {ratio} | {row.bound:,} |")
    return all(row.ratio >= row.bound for row in rows)


def _file(path: Path) -> dict:
    cut = {"parallax_min": 0.2, "parallax_max": 3.0}
    return {"source": "file", "path": str(path)} | cut


def _compiled(executor, content, base):
    """Rates once programs are compiled; what was learnt of the table is forgotten."""
    hierarchical = {"chains": 2, "warmup": 150, "draws": 1000}
    for method, sampler, bound in (
        ("marginal", SAMPLER, 2000),
        ("hierarchical", hierarchical, 25),
    ):
        specs = [
            RunSpec.from_json(
                content | {"method": method, "sampler": sampler | {"seed": seed}}
            )
            for seed in (1, 2)
        ]
        _timed(executor, specs[0])
        executor.submit(engines.forget).result()
        seconds, record = _timed(executor, specs[1])
        rate = effective(record.draws, specs[1]) / seconds
        kind = f"{method}, compiled: mode, warm-up, {_size(sampler)}"
        yield Row(kind, rate, rate / base, bound)


def _size(sampler) -> str:
    return f"{sampler['chains']} x {sampler['draws']:,} draws"


def _lines(executor) -> Row:
    """Time from new prior values to a complete posterior of the line with outliers."""
    prior = {"family": "Normal", "loc": 0.0}
    specs = [
        RunSpec.from_json(
            {"model": "line_outliers", "priors": {"b_perp": prior | {"scale": scale}}}
        )
        for scale in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
    ]
    ours, theirs = [], []
    for _ in range(LINE_ROUNDS):
        times = [_timed(executor, spec)[0] for spec in specs]
        ours.append(float(np.median(times[1:])))
        theirs.append(1 / _published("line_outliers", specs[0], (500, 1000)))
    ratio = float(np.median(np.divide(theirs, ours)))
    rate = float(1 / np.median(ours))
    return Row("line_outliers, compiled: posteriors", rate, ratio, 40)


def _timed(executor, spec: RunSpec) -> tuple[float, RunRecord]:
    observed = observe(spec.data)
    clock = time.perf_counter()
    record = Run(spec, observed, executor).wait()
    return time.perf_counter() - clock, record


def _fresh(spec: RunSpec, base: float):
    """Rates of the headless door in a new process, imports and file included."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "spec.json"
        written.write_text(json.dumps(spec.to_json()))
        out = Path(folder) / "run.nc"
        for kind, bound in (("empty", 150), ("filled", 400)):
            command = ["inference", "run", str(written), "--out", str(out)]
            clock = time.perf_counter()
            _python(command, {"NUTSHELL_CACHE": folder})
            seconds = time.perf_counter() - clock
            with xarray.open_datatree(out) as tree:
                draws = {n: v.to_numpy() for n, v in tree["posterior"].items()}
            out.unlink()
            rate = effective(draws, spec) / seconds
            what = f"marginal, a new process, {kind} cache"
            yield Row(what, rate, rate / base, bound)


def _published(problem: str, spec: RunSpec, lengths: tuple[int, int]) -> float:
    """Return the published program's effective draws a second, or posteriors."""
    observed = observe(spec.data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        if problem == "cluster":
            y = observed["parallax"] - observed["zero_point"]
            np.savez(path, parallax=y, error=observed["parallax_error"])
        else:
            x, y, yerr = (observed[name] for name in ("x", "y", "yerr"))
            np.savez(path, x=x, y=y, yerr=yerr)
        command = ["benchmarks.published", problem, str(path), *map(str, lengths)]
        result = json.loads(_python(command, {}))
    if problem != "cluster":
        return 1 / result["seconds"]
    draws = {name: np.array(value) for name, value in result["draws"].items()}
    return effective(draws, spec) / result["seconds"]


def _python(module: list[str], variables: dict[str, str]) -> str:
    # Importing `inference` bound BLAS to one thread, which is for itself alone.
    free = {n: v for n, v in environ.items() if n != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-m", *module],
        env=free | variables,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return done.stdout


def effective(draws, spec: RunSpec) -> float:
    """Return the smallest bulk effective size of the headline quantities."""
    headline = {name: draws[name] for name in spec.problem.headline}
    return min(row.ess_bulk for row in summaries.summarise(headline).values())
