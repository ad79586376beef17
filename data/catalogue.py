"""A catalogue of stars: equal-length arrays with a usable parallax in every row."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from data.errors import DataError, shown

OPTIONAL = (
    "ra", "dec", "g_mag", "bp_rp", "pmra", "pmdec", "nu_eff", "pseudocolour", "ecl_lat",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Stars of one table; columns that it lacks are NaN.

    Every array is (star,) and cannot be written to: sessions share catalogues.
    """

    name: str
    """What people see."""
    simulated: bool
    """Whether the stars were made by `data.simulate`."""
    left_out: int
    """Rows of the table without a finite parallax and a positive, finite error."""
    source_id: np.ndarray
    """Gaia's identifier, or the row's number, int64."""
    ra: np.ndarray
    """[deg]"""
    dec: np.ndarray
    """[deg]"""
    parallax: np.ndarray
    """[mas]"""
    parallax_error: np.ndarray
    """[mas]"""
    g_mag: np.ndarray
    """Mean G magnitude [mag]."""
    bp_rp: np.ndarray
    """Colour BP - RP [mag]."""
    pmra: np.ndarray
    """[mas/yr]"""
    pmdec: np.ndarray
    """[mas/yr]"""
    nu_eff: np.ndarray
    """Effective wavenumber used in the astrometry [1/µm]."""
    pseudocolour: np.ndarray
    """Astrometrically estimated wavenumber [1/µm]."""
    ecl_lat: np.ndarray
    """Ecliptic latitude [deg]."""
    solution: np.ndarray
    """Gaia's astrometric_params_solved: 31 or 95; 0 where unknown, int64."""

    def __post_init__(self):
        for field in fields(self):
            if _is_column(field):
                getattr(self, field.name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.parallax)

    def where(self, mask: np.ndarray) -> "Catalogue":
        """Return the stars where ``mask``, bool (star,), is true."""
        columns = {
            f.name: getattr(self, f.name)[mask] for f in fields(self) if _is_column(f)
        }
        return replace(self, **columns)


def _is_column(field) -> bool:
    return field.name not in ("name", "simulated", "left_out")


def clean(
    name: str, columns: Mapping[str, np.ndarray], simulated: bool = False
) -> Catalogue:
    """Build a catalogue from a table's columns, leaving out rows that say nothing.

    Parameters
    ----------
    name : str
        What people see.
    columns : mapping of arrays (row,)
        Under this module's names; ``parallax`` and ``parallax_error`` must be there.
    simulated : bool

    Raises
    ------
    DataError
        If no row has a finite parallax with a positive, finite error, or these columns
        are not there.
    """
    if "parallax" not in columns or "parallax_error" not in columns:
        raise DataError(
            f"The table {shown(name)} lacks a parallax or its error: give both columns."
        )
    parallax = np.asarray(columns["parallax"], dtype=float)
    error = np.asarray(columns["parallax_error"], dtype=float)
    usable = np.isfinite(parallax) & np.isfinite(error) & (error > 0)
    if not usable.any():
        raise DataError(
            f"None of the {len(parallax)} rows of {shown(name)} has a finite parallax "
            "with a positive error: choose another table."
        )
    rows = len(parallax)
    arrays = {
        column: _finite(columns.get(column, np.full(rows, np.nan)))[usable]
        for column in OPTIONAL
    }
    return Catalogue(
        name=name,
        simulated=simulated,
        left_out=int(rows - usable.sum()),
        source_id=np.asarray(columns.get("source_id", np.arange(rows)), np.int64)[
            usable
        ],
        parallax=parallax[usable],
        parallax_error=error[usable],
        solution=_whole(columns.get("solution", np.zeros(rows)))[usable],
        **arrays,
    )


def _finite(values) -> np.ndarray:
    """Return float64 in which all that is not finite is NaN: axes end somewhere."""
    values = np.asarray(values, dtype=float)
    return np.where(np.isfinite(values), values, np.nan)


def _whole(values) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    # A float beyond int64 would become whatever the processor makes of it.
    return np.where(np.abs(values) < 2**53, values, 0).astype(np.int64)
