"""Gaia's parallax zero-point: what an infinitely distant source reads."""

import warnings
from functools import lru_cache
from numbers import Real
from typing import NamedTuple

import numpy as np

from data.catalogue import Catalogue
from data.errors import DataError, shown

SOLUTIONS = (31, 95)
"""Gaia's five- and six-parameter solutions, which alone have a zero-point."""


class ZeroPoints(NamedTuple):
    """A zero-point for every star."""

    values: np.ndarray
    """To be subtracted from the parallax [mas], (star,)."""
    missing: int
    """Stars that have none, for which zero is used."""
    extrapolated: int
    """Stars with one from outside the recipe's range of magnitude or colour."""


def zero_points(catalogue: Catalogue, choice: str | float) -> ZeroPoints:
    """Return the parallax zero-point of every star.

    Parameters
    ----------
    catalogue : Catalogue
    choice : "none", "lindegren2021" or a number in mas
        "lindegren2021" is the recipe of Lindegren et al. (2021, A&A 649, A4), a
        function of magnitude, colour and ecliptic latitude.

    Raises
    ------
    DataError
        If the choice is unknown, or no star has what the recipe needs.
    """
    if choice == "lindegren2021":
        return _lindegren2021(catalogue)
    return ZeroPoints(np.full(len(catalogue), constant(choice)), 0, 0)


def constant(choice: object) -> float:
    """Return the zero-point [mas] that does not depend on the star.

    Raises
    ------
    DataError
        If the choice is neither "none" nor a number from -1 to 1.
    """
    if isinstance(choice, str) and choice == "none":
        return 0.0
    if isinstance(choice, Real) and not isinstance(choice, bool):
        number = float(choice)
        if -1 <= number <= 1:
            return number
    raise DataError(
        f"zero_point came as {shown(choice)}: give none, a number of mas from -1 to 1, "
        "or for the stars of a Gaia table lindegren2021."
    )


def _lindegren2021(catalogue: Catalogue) -> ZeroPoints:
    # A recipe held to its range would drop 513 of 4300 stars of M67: faint ones with
    # six-parameter solutions, for which it is constant beyond the range anyway.
    values, inside = (_recipe_values(catalogue, strict) for strict in (False, True))
    missing = np.isnan(values)
    if missing.all():
        raise DataError(
            f"No star of {shown(catalogue.name)} has all that its zero-point needs "
            "(phot_g_mean_mag, nu_eff_used_in_astrometry or pseudocolour, ecl_lat and "
            "astrometric_params_solved): choose another zero-point."
        )
    return ZeroPoints(
        np.where(missing, 0.0, values),
        missing=int(missing.sum()),
        extrapolated=int((~missing & np.isnan(inside)).sum()),
    )


def _recipe_values(catalogue: Catalogue, strict: bool) -> np.ndarray:
    """Evaluate the recipe [mas], (star,); strictly, it is NaN outside its range."""
    values = np.full(len(catalogue), np.nan)
    solved = np.isin(catalogue.solution, SOLUTIONS)
    if not solved.any():
        return values
    with warnings.catch_warnings():
        # It warns where it extrapolates; the count says the same.
        warnings.simplefilter("ignore", UserWarning)
        values[solved] = _recipe()(
            catalogue.g_mag[solved],
            catalogue.nu_eff[solved],
            catalogue.pseudocolour[solved],
            catalogue.ecl_lat[solved],
            catalogue.solution[solved],
            # Its name for: extrapolate, and warn.
            _warnings=not strict,
        )
    return values


@lru_cache(maxsize=1)
def _recipe():
    from zero_point import zpt

    zpt.load_tables()
    return zpt.get_zpt
