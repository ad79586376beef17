"""Data without a page: ``python -m data fetch m67`` and ``python -m data simulate``."""

import argparse
import sys

from data import M67_QUERY, DataError, fetch_m67, read_catalogue
from data.gaia import ENDPOINTS
from data.simulate import write


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m data", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch", help="bring a table from the Gaia archive")
    fetching.add_argument("cluster", choices=["m67"])
    commands.add_parser("simulate", help="make the simulated field again")
    options = parser.parse_args(arguments)
    return _fetch() if options.command == "fetch" else _simulate()


def _fetch() -> int:
    print(M67_QUERY)
    print(f"Asked of {' or else '.join(ENDPOINTS)}, unless it is cached.")
    try:
        path = fetch_m67()
        stars = read_catalogue(path)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(stars):,} stars with a parallax in {path}")
    return 0


def _simulate() -> int:
    for path in write():
        print(f"Wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
