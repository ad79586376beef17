"""What Nutshell reaches on this machine, as ratios in one run: ``make bench``.

Options: ``--quick`` lets the published program run shorter and moves sliders fewer
times; ``--table FILE`` takes a catalogue instead of the simulated field; ``--engine``
leaves the page out.
"""

import argparse
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks import engine, follow, page, steady


def main() -> int:
    """Print the tables; return 1 where a ratio falls short."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--engine", action="store_true")
    parser.add_argument("--table", type=Path)
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    libraries = ", ".join(f"{n} {version(n)}" for n in ("jax", "numpyro"))
    print(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}")
    print(libraries, flush=True)
    holds = engine.main(options.quick, options.table)
    print(flush=True)
    holds = follow.main() and holds
    if not options.engine:
        print(flush=True)
        changes = 20 if options.quick else 100
        holds = page.main(changes) and holds
        print(flush=True)
        holds = steady.main(changes) and holds
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
