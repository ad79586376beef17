"""Tables in, catalogues out: FITS and CSV, with Gaia's or VizieR's column names.

A table may be an upload, so its content is hostile: sizes are capped before anything is
parsed, the format is named and never guessed by trying, only the columns that are
needed are read, and text from the file reaches a message bounded and quoted.
"""

import io
import warnings
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from data.catalogue import Catalogue, clean
from data.errors import DataError, shown

LARGEST_FILE = 64 * 2**20
LARGEST_TABLE = 500 * 2**20
"""Bytes, after decompression."""
MOST_ROWS = 2_000_000
MOST_COLUMNS = 999

COLUMNS: dict[str, tuple[str, ...]] = {
    "source_id": ("source_id", "source"),
    "ra": ("ra", "ra_icrs"),
    "dec": ("dec", "de_icrs"),
    "parallax": ("parallax", "plx"),
    "parallax_error": ("parallax_error", "e_plx"),
    "g_mag": ("phot_g_mean_mag", "gmag"),
    "bp_rp": ("bp_rp", "bp-rp"),
    "pmra": ("pmra",),
    "pmdec": ("pmdec", "pmde"),
    "nu_eff": ("nu_eff_used_in_astrometry",),
    "pseudocolour": ("pseudocolour",),
    "ecl_lat": ("ecl_lat",),
    "solution": ("astrometric_params_solved",),
}
"""Our names, and what Gaia's archive and VizieR call them, in lower case."""


def read_catalogue(path: Path) -> Catalogue:
    """Read a catalogue from a FITS or CSV file, gzipped or not.

    Raises
    ------
    DataError
        If there is no such file, or it is no table with parallaxes and their errors.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(_too_large(path.name))
        content = path.read_bytes()
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
    filename : str
        Shown to people, and its ending names the format.

    Raises
    ------
    DataError
        If it is no table with parallaxes and their errors.
    """
    if len(content) > LARGEST_FILE:
        raise DataError(_too_large(filename))
    if content[:2] == b"\x1f\x8b":
        content = _unzipped(content, filename)
    columns = _fits(content, filename) if _is_fits(content) else _csv(content, filename)
    for needed in ("parallax", "parallax_error"):
        if needed not in columns:
            names = " or ".join(COLUMNS[needed])
            raise DataError(
                f"The table {shown(filename)} has no column {names}: "
                "choose a table with parallaxes and their errors."
            )
    return clean(filename[:60], columns)


def _is_fits(content: bytes) -> bool:
    return content.startswith(b"SIMPLE  =")


def _too_large(filename: str) -> str:
    limit = LARGEST_FILE // 2**20
    return (
        f"The file {shown(filename)} is larger than {limit} MB: "
        "choose fewer stars or columns."
    )


def _no_table(filename: str) -> DataError:
    return DataError(
        f"The file {shown(filename)} is no table that can be read: "
        "give FITS or CSV with a header line, gzipped or not."
    )


def _unzipped(content: bytes, filename: str) -> bytes:
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = inflate.decompress(content, LARGEST_TABLE)
    except zlib.error:
        raise _no_table(filename) from None
    if inflate.unconsumed_tail:
        raise DataError(_too_large(filename))
    if not inflate.eof:
        raise DataError(
            f"The file {shown(filename)} ends too early: download or upload it again."
        )
    return plain


def _wanted(names: list[str]) -> dict[str, str]:
    """Map our column names to the table's, the first spelling that is there."""
    by_lower = {}
    for name in names:
        by_lower.setdefault(name.strip().lower(), name)
    return {
        ours: by_lower[spelling]
        for ours, spellings in COLUMNS.items()
        for spelling in spellings
        if spelling in by_lower
    }


def _fits(content: bytes, filename: str) -> dict[str, np.ndarray]:
    from astropy.io import fits
    from astropy.io.fits.verify import VerifyError, VerifyWarning
    from astropy.utils.exceptions import AstropyUserWarning

    try:
        with warnings.catch_warnings():
            # A broken file is refused below; its warnings would say it twice.
            warnings.simplefilter("ignore", VerifyWarning)
            warnings.simplefilter("ignore", AstropyUserWarning)
            with fits.open(io.BytesIO(content), memmap=False) as units:
                return _fits_columns(units, filename, len(content))
    except (OSError, ValueError, TypeError, KeyError, IndexError, VerifyError) as error:
        if isinstance(error, DataError):
            raise
        raise _no_table(filename) from None


def _fits_columns(units, filename: str, size: int) -> dict[str, np.ndarray]:
    from astropy.io import fits

    tables = [unit for unit in units if isinstance(unit, fits.BinTableHDU)]
    if not tables:
        raise _no_table(filename)
    header = tables[0].header
    rows, width = int(header["NAXIS2"]), int(header["NAXIS1"])
    # The header may promise more than the file holds.
    if rows * width > size or int(header["TFIELDS"]) > MOST_COLUMNS:
        raise _no_table(filename)
    _check_rows(rows, filename)
    columns = {}
    for ours, theirs in _wanted(tables[0].columns.names).items():
        if tables[0].columns[theirs].format.lstrip("1")[:1] in "PQ":
            raise _no_table(filename)
        values = np.ma.asarray(tables[0].data[theirs])
        columns[ours] = _numbers(ours, values, filename)
    return columns


def _csv(content: bytes, filename: str) -> dict[str, np.ndarray]:
    from astropy.io import ascii as text_tables

    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _no_table(filename) from None
    _check_rows(text.count("\n"), filename)
    if text[:100_000].split("\n", 1)[0].count(",") > MOST_COLUMNS:
        raise _no_table(filename)
    try:
        table = text_tables.read(
            text,
            format="csv",
            comment="#",
            guess=False,
            fill_values=[(empty, "0") for empty in ("", "null", "NULL", "--")],
        )
    except (text_tables.InconsistentTableError, ValueError, IndexError):
        raise _no_table(filename) from None
    return {
        ours: _numbers(ours, np.ma.asarray(table[theirs]), filename)
        for ours, theirs in _wanted(table.colnames).items()
    }


def _check_rows(rows: int, filename: str) -> None:
    if rows > MOST_ROWS:
        raise DataError(
            f"The table {shown(filename)} has more than {MOST_ROWS:,} rows: "
            "choose fewer stars."
        )


def _numbers(name: str, values: np.ma.MaskedArray, filename: str) -> np.ndarray:
    """Return a column as numbers; what is masked, or no number, is NaN."""
    try:
        if name == "source_id":
            return _identifiers(values)
        return np.ma.asarray(values).astype(np.float64).filled(np.nan)
    except (ValueError, TypeError, OverflowError):
        raise DataError(
            f"The column {name} of {shown(filename)} holds something else than "
            "numbers: correct the table."
        ) from None


def _identifiers(values: np.ma.MaskedArray) -> np.ndarray:
    # Gaia's identifiers have 19 digits: a float would round them.
    try:
        return np.ma.asarray(values).astype(np.int64).filled(-1)
    except (ValueError, OverflowError):
        return np.arange(len(values))


def columns_of(content: bytes, filename: str) -> Mapping[str, np.ndarray]:
    """Return the known columns of a trusted FITS file, and ``member`` if it is there."""
    from astropy.io import fits

    plain = _unzipped(content, filename)
    with fits.open(io.BytesIO(plain), memmap=False) as units:
        table = units[1].data
        found = {
            ours: np.array(table[its]) for ours, its in _wanted(table.names).items()
        }
        return found | {"member": np.array(table["member"], dtype=bool)}
