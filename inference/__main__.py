"""Inference without a page: ``python -m inference run SPEC.json --out RUN.nc``.

While it runs, ``RUN.nc.run`` beside the file holds every chunk; whatever interrupts it,
``python -m inference run --resume RUN.nc`` goes on.
"""

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from data import DataError, observe
from inference import engines, judging, record, summaries
from inference.course import saved_record
from inference.priors import SpecError
from inference.provenance import StoreError
from inference.runner import Phase, Run, RunRecord
from inference.spec import RunSpec


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options = _parsed(arguments)
    try:
        if options.command == "save":
            kept = saved_record(_store(options.out))
            _save(kept, options.out)
            _report(kept, options.out)
            return 0
        run = _begin(options)
        try:
            return _finish(run, _follow(run), options.out)
        finally:
            run.close()
    except (SpecError, DataError, StoreError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m inference", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a spec and write its draws")
    run.add_argument("spec", type=Path, nargs="?", help="a run spec in JSON")
    file = run.add_mutually_exclusive_group(required=True)
    file.add_argument("--out", type=Path, metavar="RUN.nc", help="the file to write")
    file.add_argument(
        "--resume",
        type=Path,
        metavar="RUN.nc",
        help="continue the run that was to write this file and was interrupted",
    )
    save = commands.add_parser(
        "save", help="write the draws that an interrupted run has, and leave it so"
    )
    save.add_argument("out", type=Path, metavar="RUN.nc", help="the file to write")
    options = parser.parse_args(arguments)
    if options.command == "run" and (options.spec is None) == (options.resume is None):
        run.error("give a SPEC with --out, or --resume alone")
    if options.out is None:
        options.out = options.resume
    return options


def _store(out: Path) -> Path:
    """Return the folder that holds a run beside its file while it is not complete."""
    return out.with_name(f"{out.name}.run")


def _begin(options: argparse.Namespace) -> Run:
    executor = engines.from_environment(engines.in_process)
    if options.resume is not None:
        return Run.from_store(_store(options.out), executor)
    spec = RunSpec.from_json(_read(options.spec))
    observed = observe(spec.data)
    return Run(spec, observed, executor, latent=True, store=_store(options.out))


def _finish(run: Run, finished: RunRecord, out: Path) -> int:
    """Write what there is; the store goes once nothing more is to come."""
    going_on = f"To go on: python -m inference run --resume {out}"
    if finished.phase is Phase.FAILED:
        print(finished.error, file=sys.stderr)
        if finished.warmed_up:
            print(going_on, file=sys.stderr)
        else:
            run.close(remove=True)
        return 1
    if finished.phase is Phase.STOPPED:
        print(going_on, file=sys.stderr)
    _save(finished, out)
    if finished.phase is Phase.DONE:
        run.close(remove=True)
    _report(finished, out)
    return 0


def _save(finished: RunRecord, out: Path) -> None:
    if finished.drawn == 0:
        raise StoreError(f"There are no draws yet, so {out} was not written.")
    record.save(finished, out)


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
                bar.set_description(run.latest.phase.value)
                bar.update(run.latest.warmed_up + run.latest.drawn - bar.n)
            except KeyboardInterrupt:
                run.stop()
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
    print(finished.sentence, judging.verdict(finished, rows).sentence)
    print(f"Wrote {out}.")


if __name__ == "__main__":
    sys.exit(main())
