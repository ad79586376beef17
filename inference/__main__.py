"""Inference without a page: ``python -m inference run SPEC.json --out RUN.nc``."""

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from data import DataError, observe
from inference import engines, record, summaries
from inference.priors import SpecError
from inference.runner import Phase, Run, RunRecord
from inference.spec import RunSpec


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m inference", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a spec and write its draws")
    run.add_argument("spec", type=Path, help="a run spec in JSON")
    run.add_argument("--out", type=Path, required=True, help="the NetCDF file to write")
    options = parser.parse_args(arguments)
    try:
        spec = RunSpec.from_json(_read(options.spec))
        finished = _follow(
            Run(spec, observe(spec.data), engines.in_process(), latent=True)
        )
        if finished.phase is Phase.FAILED:
            raise SpecError(finished.error)
        record.save(finished, options.out)
    except (SpecError, DataError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    _report(finished, options.out)
    return 0


def _read(path: Path):
    try:
        return json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise SpecError(
            f"{path.name} is not JSON ({error}): write a run spec."
        ) from None


def _follow(run: Run) -> RunRecord:
    """Show a run's progress until it is over; Ctrl-C stops it and keeps the draws."""
    sampler = run.latest.spec.sampler
    total = sampler.warmup + sampler.draws
    # No bar where nobody looks: a log file would fill with it.
    with tqdm(total=total, unit="draw", disable=None) as bar:
        while not run.latest.phase.over:
            try:
                run.wait(0.1)
            except KeyboardInterrupt:
                run.stop()
            bar.set_description(run.latest.phase.value)
            bar.update(run.latest.warmed_up + run.latest.drawn - bar.n)
    return run.latest


def _report(finished: RunRecord, out: Path) -> None:
    rows = summaries.summarise(finished.draws)
    for name in finished.spec.problem.names:
        if name in rows:
            row = rows[name]
            print(
                f"{name:18s} {row.mean:10.4g} ± {row.sd:<9.3g} "
                f"R-hat {row.rhat:.3f}  ESS {row.ess_bulk:.0f}"
            )
    print(finished.sentence, summaries.verdict(finished, rows))
    print(f"Wrote {out}.")


if __name__ == "__main__":
    sys.exit(main())
