"""Gaia's parallax zero-point: what a parallax reads for an infinitely distant source."""

import math
import warnings
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from data.catalogue import Catalogue
from data.errors import DataError, shown


class ZeroPoints(NamedTuple):
    """A zero-point for every star."""

    values: np.ndarray
    """To be subtracted from the parallax [mas], (star,)."""
    missing: int
    """Stars for which there is none, and zero is used."""
    extrapolated: int
    """Stars outside the recipe's range of magnitude or colour."""


def zero_points(catalogue: Catalogue, choice: str | float) -> ZeroPoints:
    """Return the parallax zero-point of every star.

    Parameters
    ----------
    catalogue : Catalogue
    choice : "none", "lindegren2021" or a number in mas
        "lindegren2021" is the recipe of Lindegren et al. (2021, A&A 649, A4), a function
        of magnitude, colour and ecliptic latitude; outside its range there is none.

    Raises
    ------
    DataError
        If the choice is unknown, or the table lacks the columns that the recipe needs.
    """
    if choice == "none":
        return ZeroPoints(np.zeros(len(catalogue)), 0, 0)
    if choice == "lindegren2021":
        return _lindegren2021(catalogue)
    number = isinstance(choice, int | float) and not isinstance(choice, bool)
    if not number or not math.isfinite(choice) or abs(choice) > 1:
        raise DataError(
            f"zero_point came as {shown(choice)}: give none, lindegren2021, or a number "
            "of mas between -1 and 1."
        )
    return ZeroPoints(np.full(len(catalogue), float(choice)), 0, 0)


def _lindegren2021(catalogue: Catalogue) -> ZeroPoints:
    if not np.isin(catalogue.solution, (31, 95)).any():
        raise DataError(
            f"The table {shown(catalogue.name)} lacks the columns of the zero-point "
            "recipe (phot_g_mean_mag, nu_eff_used_in_astrometry, pseudocolour, ecl_lat, "
            "astrometric_params_solved): choose another zero-point."
        )
    solved = np.isin(catalogue.solution, (31, 95)) & np.isfinite(catalogue.g_mag)
    values, inside = (_of_recipe(catalogue, solved, strict) for strict in (False, True))
    missing = ~np.isfinite(values)
    return ZeroPoints(
        np.where(missing, 0.0, values),
        missing=int(missing.sum()),
        extrapolated=int((np.isfinite(values) & ~np.isfinite(inside)).sum()),
    )


def _of_recipe(catalogue: Catalogue, solved: np.ndarray, strict: bool) -> np.ndarray:
    """Evaluate the recipe; strictly, it is NaN outside its range."""
    values = np.full(len(catalogue), np.nan)
    with warnings.catch_warnings():
        # It warns where it extrapolates; the count says the same.
        warnings.simplefilter("ignore", UserWarning)
        values[solved] = _recipe()(
            catalogue.g_mag[solved],
            catalogue.nu_eff[solved],
            catalogue.pseudocolour[solved],
            catalogue.ecl_lat[solved],
            catalogue.solution[solved],
            _warnings=not strict,
        )
    return values


@lru_cache(maxsize=1)
def _recipe():
    from zero_point import zpt

    zpt.load_tables()
    return zpt.get_zpt
