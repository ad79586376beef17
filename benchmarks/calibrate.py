"""Simulation-based calibration of everything, at length: ``make calibrate``.

Writes docs/calibration.md, a table of p-values, and docs/calibration.svg, how far the
ranks of the truths are from uniform. Names of cases as arguments run those alone and
write nothing; ``--share 0.5`` halves the number of simulations.
"""

import argparse
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks import figure
from benchmarks.bands import p_value
from benchmarks.cases import CASES, Case
from benchmarks.simulations import Calibration, calibrate
from inference import engines

FOLDER = Path(__file__).parents[1] / "docs"
SEED = 2022
ERROR = 0.01
"""Probability that a right analysis is called wrong anywhere in the table."""
LEAST_AGREEING = 20
"""Runs below which those whose chains agree have no p-value of their own."""
HEAD = (
    "| case | simulations | chains disagree | least p, all | least p, agreeing | of |\n"
    "| --- | --- | --- | --- | --- | --- |"
)


def main() -> int:
    """Calibrate, print and write; return 1 where the product misleads."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibrate")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    cases = [case for case in CASES if case.name in options.names or not options.names]
    clock = time.perf_counter()
    done: list[tuple[Case, Calibration]] = []
    rows: list[str] = []
    verdict, seconds = "", 0.0
    print(HEAD, flush=True)
    with engines.in_process() as executor:
        for case in cases:
            count = max(int(case.count * options.share), 10)
            # Each case has truths and noise of its own: cases are independent.
            seed = SEED + CASES.index(case)
            done.append((case, calibrate(case, executor, count, seed)))
            rows.append(_row(*done[-1]))
            print(rows[-1], flush=True)
            seconds = time.perf_counter() - clock
            verdict = _verdict([result for _, result in done])
            if not options.names:
                # After every case: what is interrupted keeps what it has.
                FOLDER.mkdir(exist_ok=True)
                (FOLDER / "calibration.svg").write_text(figure.svg(done))
                (FOLDER / "calibration.md").write_text(_page(rows, verdict, seconds))
    print(f"\n{verdict}\n{seconds:.0f} s")
    return 1 if "WRONG" in verdict else 0


def agreeing(result: Calibration) -> dict[str, np.ndarray]:
    """Return the positions of runs whose chains the product does not say disagree."""
    return {name: p[~result.flagged] for name, p in result.positions.items()}


def _row(case: Case, result: Calibration) -> str:
    everything = {name: p_value(p) for name, p in result.positions.items()}
    worst = min(everything, key=everything.__getitem__)
    flagged, count = int(result.flagged.sum()), len(result.flagged)
    trusted, of = "-", worst
    if flagged and count - flagged >= LEAST_AGREEING:
        rest = {name: p_value(p) for name, p in agreeing(result).items()}
        at = min(rest, key=rest.__getitem__)
        trusted, of = f"{rest[at]:.2g}", f"{worst}; {at}"
    least = f"{everything[worst]:.2g}"
    return f"| {case.name} | {count} | {flagged} | {least} | {trusted} | {of} |"


def _verdict(results: list[Calibration]) -> str:
    """Judge what the product vouches for: runs that it does not itself doubt."""
    p = [p_value(x) for r in results for x in agreeing(r).values() if len(x)]
    if not p:
        return ""
    limit = ERROR / len(p)
    wrong = sum(value < limit for value in p)
    text = "right" if not wrong else f"WRONG in {wrong} places"
    return (
        f"Runs whose chains agree: {len(p)} quantities, least p {min(p):.2g}, "
        f"{limit:.1g} wanted: {text}."
    )


def _page(rows: list[str], verdict: str, seconds: float) -> str:
    libraries = ", ".join(f"{n} {version(n)}" for n in ("jax", "numpyro", "numpy"))
    return PAGE.format(
        head=HEAD,
        rows="\n".join(rows),
        verdict=verdict,
        minutes=seconds / 60,
        libraries=libraries,
    )


PAGE = """# Calibration

Truths are drawn from the prior, data are simulated from them, Nutshell's own run
samples the posterior, and each truth is ranked among 63 thinned draws (simulation-based
calibration, Talts et al. 2018, arXiv:1804.06788). If the prior, the likelihood and the
sampler belong together, ranks are uniform: p is the probability of a larger departure
(simultaneous bands of the ECDF, Säilynoja et al. 2022, doi:10.1007/s11222-022-10090-6).
For each case the least p of all its parameters, a derived quantity and, but for the
cluster, the likelihood: with seven quantities a least p of 0.1 is usual.

Runs of which the dashboard says that their chains disagree are counted, and ranked with
the rest; the next column leaves them out. What it does not doubt must be right.

Where outliers surround a steep line (any angle), its mode is so narrow in theta that
chains begun at prior draws all missed it in one data set of twelve, and agreed about
another: calibration found it. Chains now begin at lines through pairs of points too.
Chains that disagree are frequent with this model, because fifteen points of which half
are outliers often lie on more than one line.

{head}
{rows}

{verdict}

`make calibrate`, {minutes:.0f} min on a shared machine with 2 cores; {libraries}.

![ECDF of ranks minus uniform, with the 95 % band, of every case](calibration.svg)
"""


if __name__ == "__main__":
    sys.exit(main())
