"""Columns of a FITS table, from bytes that nobody vouches for."""

import io
import re
import warnings
from typing import Any

import numpy as np

from data.columns import MOST_COLUMNS, identifiers, wanted
from data.errors import DataError

MAGIC = b"SIMPLE  ="
# A column of one number a row; pointers (P, Q) to a heap, arrays and bits are none.
NUMBER = re.compile(r"\s*1?[LBIJKED]\s*")


def columns(content: bytes, most_rows: int) -> dict[str, np.ndarray] | None:
    """Return the known columns of the first table, or None if there is none to read.

    Raises
    ------
    DataError
        If a column that is needed is there twice.
    """
    from astropy.io import fits
    from astropy.io.fits.verify import VerifyError
    from astropy.utils.exceptions import AstropyWarning

    with warnings.catch_warnings():
        # A broken file is refused as a whole; its warnings would say it twice.
        warnings.simplefilter("ignore", AstropyWarning)
        try:
            with fits.open(io.BytesIO(content), memmap=False) as units:
                for unit in units:
                    if isinstance(unit, fits.BinTableHDU):
                        return _columns(unit, most_rows)
        except DataError:
            raise
        # What astropy was seen to raise for broken headers and short files.
        except (
            ArithmeticError, AssertionError, AttributeError, LookupError, OSError,
            TypeError, ValueError, VerifyError,
        ):  # fmt: skip
            return None
    return None


def _columns(unit: Any, most_rows: int) -> dict[str, np.ndarray] | None:
    header = unit.header
    rows, width, count = (int(header[key]) for key in ("NAXIS2", "NAXIS1", "TFIELDS"))
    if not (0 <= rows <= most_rows and 0 < width and 0 < count <= MOST_COLUMNS):
        return None
    found = {}
    for ours, place in wanted(unit.columns.names).items():
        values = _column(unit, place, ours == "source_id")
        if values is not None:
            found[ours] = values
    return found


def _column(unit: Any, place: int, whole: bool) -> np.ndarray | None:
    """Return one column as float64 (row,), or as int64 if it is ``whole``."""
    numeric = NUMBER.fullmatch(str(unit.columns[place].format)) is not None
    if whole:
        values = unit.data.field(place)
        if numeric and values.dtype.kind == "i":
            return values.astype(np.int64)
        return identifiers([str(value) for value in values.tolist()])
    if not numeric:
        return None
    values = unit.data.field(place).astype(np.float64)
    # TNULL marks the integers that stand for nothing.
    null = unit.columns[place].null
    if null not in (None, ""):
        values[values == float(null)] = np.nan
    return values
