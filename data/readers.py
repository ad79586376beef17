"""Tables in, catalogues out: FITS and CSV, with Gaia's or VizieR's column names.

A table may be an upload, so its content is hostile: sizes are capped before anything is
parsed, the format is named and never guessed by trying, only the columns that are
needed are read, and text from the file reaches a message bounded and quoted.
"""

import stat
import zlib
from pathlib import Path

import numpy as np

from data import csv_tables, fits_tables
from data.catalogue import Catalogue, clean
from data.columns import NAMES
from data.errors import DataError, shown

LARGEST_FILE = 64 * 2**20
LARGEST_TABLE = 500 * 2**20
"""Bytes, before and after decompression."""
MOST_ROWS = 2_000_000
GZIP = b"\x1f\x8b"
TEXT_ENDINGS = ("csv", "txt", "")


def read_catalogue(path: Path) -> Catalogue:
    """Read a catalogue from a FITS or CSV file, gzipped or not.

    Raises
    ------
    DataError
        If there is no such file, or it is no table with parallaxes and their errors.
    """
    try:
        # A device or a pipe has no size and may have no end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(
                f"{shown(path.name)} is not a file: give the path of a table."
            )
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise DataError(
            f"The file {shown(path.name)} could not be read ({reason}): check its path."
        ) from None
    return parse_catalogue(content, path.name)


def parse_catalogue(content: bytes, filename: str) -> Catalogue:
    """Read a catalogue from the content of a file.

    Parameters
    ----------
    content : bytes
        At most 64 MiB, and 500 MiB without its compression.
    filename : str
        Shown to people; its ending and the first bytes name the format.

    Raises
    ------
    DataError
        If it is no table with parallaxes and their errors.
    """
    columns = table_columns(content, filename)
    for needed in ("parallax", "parallax_error"):
        if needed not in columns:
            accepted = " or ".join(NAMES[needed])
            raise DataError(
                f"The table {shown(filename)} has no column named {accepted}: "
                "choose a table with parallaxes and their errors."
            )
    printable = "".join(c for c in filename if c.isprintable())
    return clean(printable[:60], columns)


def table_columns(content: bytes, filename: str) -> dict[str, np.ndarray]:
    """Return the columns of a file that a catalogue can use, under our names.

    Returns
    -------
    dict of arrays (row,)
        float64, and int64 for ``source_id``; what was blank or masked is NaN.

    Raises
    ------
    DataError
        If it is no table, or too large a one.
    """
    if len(content) > LARGEST_FILE:
        raise _too_large(filename)
    if content.startswith(GZIP):
        content = _unzipped(content, filename)
    ending = _ending(filename)
    if content.startswith(fits_tables.MAGIC):
        columns = fits_tables.columns(content, MOST_ROWS)
    elif ending in TEXT_ENDINGS:
        columns = csv_tables.columns(content, MOST_ROWS)
    else:
        columns = None
    if columns is None:
        raise DataError(
            f"The file {shown(filename)} is no table that can be read: give FITS "
            f"(.fits) or CSV (.csv) with a header line and at most {MOST_ROWS:,} rows, "
            "gzipped or not."
        )
    return columns


def _ending(filename: str) -> str:
    name = filename.lower().removesuffix(".gz")
    return name.rpartition(".")[2] if "." in name else ""


def _too_large(filename: str) -> DataError:
    return DataError(
        f"The file {shown(filename)} is larger than {LARGEST_FILE // 2**20} MB (or "
        f"{LARGEST_TABLE // 2**20} MB unzipped): choose fewer stars or columns."
    )


def _unzipped(content: bytes, filename: str) -> bytes:
    """Decompress gzip of one or more members, as far as the cap goes."""
    parts, room = [], LARGEST_TABLE
    while content.startswith(GZIP):
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            # One byte beyond the cap tells a table that is too large.
            parts.append(inflate.decompress(content, room + 1))
        except zlib.error:
            raise _broken(filename) from None
        room -= len(parts[-1])
        if room < 0:
            raise _too_large(filename)
        if not inflate.eof:
            raise _broken(filename)
        content = inflate.unused_data
    return b"".join(parts)


def _broken(filename: str) -> DataError:
    return DataError(
        f"The file {shown(filename)} is broken or ends too early: "
        "download or upload it again."
    )
