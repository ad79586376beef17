"""Which stars of a catalogue enter a fit."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from data.catalogue import Catalogue
from data.errors import DataError, shown


def parallax_cut(catalogue: Catalogue, low: float, high: float) -> np.ndarray:
    """Return which stars have low < parallax < high [mas], bool (star,).

    Raises
    ------
    DataError
        If that is none of them, or ``low`` is not below ``high``.
    """
    if not low < high:
        raise DataError(
            f"The parallax cut came as {low:g} to {high:g} mas: "
            "make the lower end smaller than the upper."
        )
    kept = (catalogue.parallax > low) & (catalogue.parallax < high)
    if not kept.any():
        least, most = catalogue.parallax.min(), catalogue.parallax.max()
        raise DataError(
            f"The parallax cut from {low:g} to {high:g} mas leaves no star: the "
            f"parallaxes run from {least:.2f} to {most:.2f} mas, so widen the cut."
        )
    return kept


def fitted_stars(catalogue: Catalogue, data: Mapping[str, Any]) -> np.ndarray:
    """Return which stars the data part of a run spec stands for, bool (star,).

    Parameters
    ----------
    catalogue : Catalogue
    data : mapping
        With ``parallax_min`` and ``parallax_max`` [mas] and ``left_out``, the numbers
        of rows; each may be missing.

    Raises
    ------
    DataError
        If a row is not there, or no star is left.
    """
    within = parallax_cut(
        catalogue,
        milliarcseconds(data, "parallax_min", -np.inf),
        milliarcseconds(data, "parallax_max", np.inf),
    )
    return within & kept_rows(len(catalogue), data.get("left_out", ()), within)


def kept_rows(count: int, left_out: Any, among: np.ndarray | None = None) -> np.ndarray:
    """Return which of so many rows are not left out, bool (row,).

    Parameters
    ----------
    count : int
    left_out : sequence of int
        Rows, counted from 0.
    among : array (row,), optional
        Rows of which one at least must be left; by default all.

    Raises
    ------
    DataError
        If a row is not there, or none is left.
    """
    kept = np.ones(count, bool)
    for row in left_out:
        # To Python, True is a whole number.
        whole = isinstance(row, Integral) and not isinstance(row, bool)
        if not whole or not 0 <= int(row) < count:
            raise DataError(
                f"left_out came with {shown(row)}: give whole numbers from 0 to "
                f"{count - 1}."
            )
        kept[int(row)] = False
    if not (kept if among is None else kept & among).any():
        raise DataError("Everything is left out: take something back.")
    return kept


def milliarcseconds(data: Mapping[str, Any], name: str, default: float) -> float:
    """Return a number of a spec's data [mas].

    Raises
    ------
    DataError
        If it is no number.
    """
    value = data.get(name)
    if value is None:
        return default
    if not isinstance(value, Real) or isinstance(value, bool):
        raise DataError(f"{name} came as {shown(value)}: give a number of mas.")
    return float(value)
