"""The simulated M67 field that Nutshell opens with, and its truth.

``python -m data simulate`` writes both files, with the same content every time. The
stars have the columns of the real Gaia table and proper motions besides; they are drawn
in `data.population` from the very populations that the cluster model assumes.
"""

import gzip
import io
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from data import population
from data.catalogue import Catalogue, clean
from data.readers import table_columns

FOLDER = Path(__file__).parent
TABLE = FOLDER / "simulated_m67.fits.gz"
TRUTH = FOLDER / "simulated_m67_truth.json"
NAME = "Simulated M67 field"
DEFAULT_CUT = (0.2, 3.0)
"""Parallaxes that the counts of the truth speak of [mas]."""


class SimulatedTruth(NamedTuple):
    """What the simulated field was made from."""

    population: dict[str, float]
    """The model's parameters by name, of all rows: L, dist_clust, approx_size_clust
    [pc], frac_clust; and the zero_point [mas]."""
    member: np.ndarray
    """Whether a row is in the cluster, bool (star,), as in `load_simulated`."""
    counts: dict[str, int]
    """Rows and members that came of it, in all and within the default cut."""


@lru_cache(maxsize=1)
def load_simulated() -> Catalogue:
    """Return the simulated field, as it is shipped."""
    columns = table_columns(TABLE.read_bytes(), TABLE.name)
    return clean(NAME, columns, simulated=True)


@lru_cache(maxsize=1)
def simulated_truth() -> SimulatedTruth:
    """Return what the simulated field was made from."""
    from astropy.table import Table

    content = json.loads(TRUTH.read_text())
    member = np.array(Table.read(TABLE, format="fits")["member"], dtype=bool)
    member.setflags(write=False)
    return SimulatedTruth(content["population"], member, content["counts"])


def write(folder: Path = FOLDER) -> tuple[Path, Path]:
    """Write the table and its truth into a folder; return their paths."""
    columns = population.simulate()
    table, truth = folder / TABLE.name, folder / TRUTH.name
    table.write_bytes(_table_bytes(columns))
    truth.write_text(json.dumps(_truth(columns), indent=2) + "\n")
    return table, truth


def _table_bytes(columns: dict[str, np.ndarray]) -> bytes:
    """Return columns as a gzipped FITS table, the same bytes every time."""
    from astropy.io import fits

    kept = [
        fits.Column(name=name, format=_form(name, values), array=values)
        for name, values in columns.items()
    ]
    table = fits.BinTableHDU.from_columns(kept)
    table.header["COMMENT"] = (
        "Simulated: not observations. Made by python -m data simulate"
    )
    plain = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(plain)
    # gzip would write the time of day into its header.
    return gzip.compress(plain.getvalue(), 9, mtime=0)


def _form(name: str, values: np.ndarray) -> str:
    # Single precision is a hundred times finer than any error, but for positions.
    if name in ("ra", "dec"):
        return "D"
    return {"i8": "K", "i2": "I", "b1": "L", "f8": "E"}[values.dtype.str[1:]]


def _truth(columns: dict[str, np.ndarray]) -> dict[str, Any]:
    # Counted on the parallaxes as the table holds them.
    parallax, member = columns["parallax"].astype(np.float32), columns["member"]
    kept = (parallax > DEFAULT_CUT[0]) & (parallax < DEFAULT_CUT[1])
    rows = population.MEMBERS + population.FIELD
    return {
        "name": NAME,
        "seed": population.SEED,
        "population": {
            "L": population.LENGTH_SCALE,
            "dist_clust": population.DISTANCE,
            "approx_size_clust": population.DEPTH,
            "frac_clust": population.MEMBERS / rows,
            "zero_point": 0.0,
        },
        "note": (
            "The population is that of all rows. The model does not know of a parallax "
            "cut, which removes more of the field than of the cluster: fitted to cut "
            "rows, frac_clust comes out above even the share of members among them."
        ),
        "counts": {
            "rows": len(member),
            "members": int(member.sum()),
            "negative_parallaxes": int((parallax < 0).sum()),
            "rows_in_default_cut": int(kept.sum()),
            "members_in_default_cut": int((member & kept).sum()),
        },
    }
