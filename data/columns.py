"""The columns that a catalogue can use, and what tables call them."""

from collections.abc import Iterable

import numpy as np

from data.errors import DataError

NAMES: dict[str, tuple[str, ...]] = {
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
"""Our names, and those of Gaia's archive and of VizieR, in lower case."""
MOST_COLUMNS = 999
"""What FITS allows in a table."""


def wanted(names: Iterable[str]) -> dict[str, int]:
    """Map our names to the places of a table's columns; Gaia's names come first.

    Raises
    ------
    DataError
        If a column that is needed is there twice.
    """
    lowered = [name.strip().lower() for name in names]
    places = {}
    for ours, spellings in NAMES.items():
        spelling = next((s for s in spellings if s in lowered), None)
        if spelling is None:
            continue
        if lowered.count(spelling) > 1:
            raise DataError(
                f"The table has more than one column named {spelling}: keep one."
            )
        places[ours] = lowered.index(spelling)
    return places


def identifiers(values: list[str]) -> np.ndarray:
    """Return identifiers as int64 (row,), or row numbers if one is no number."""
    try:
        # Gaia's have 19 digits: a float would round them.
        return np.array([int(value) for value in values], dtype=np.int64)
    except (ValueError, OverflowError):
        return np.arange(len(values), dtype=np.int64)
