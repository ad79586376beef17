"""From the data part of a run spec to the arrays that a model observes."""

from collections.abc import Mapping
from inspect import signature
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from data.catalogue import Catalogue
from data.cuts import fitted_stars, kept_rows, milliarcseconds
from data.errors import DataError, shown
from data.line import simulate_line
from data.readers import read_catalogue
from data.simulate import load_simulated
from data.zero_point import constant, zero_points

CATALOGUES = ("simulated_m67", "file")
LINE_SETTINGS = tuple(signature(simulate_line).parameters)


def catalogue_of(data: Mapping[str, Any]) -> Catalogue:
    """Return the catalogue that a spec names.

    Parameters
    ----------
    data : mapping
        The data part of a run spec: its ``source``, or for a star its ``catalogue``,
        is "simulated_m67", or "file" with a ``path``.

    Raises
    ------
    DataError
        If the source is unknown or its file cannot be used.
    """
    if _table(data) == "simulated_m67":
        return load_simulated()
    path = data.get("path")
    if not isinstance(path, str | Path) or "\0" in str(path):
        raise DataError(
            f'The data source "file" came with the path {shown(path)}: '
            "give the path of a FITS or CSV table."
        )
    return read_catalogue(Path(path))


def observe(
    data: Mapping[str, Any], catalogue: Catalogue | None = None
) -> dict[str, np.ndarray]:
    """Return the arrays that a model observes.

    Parameters
    ----------
    data : mapping
        The data part of a run spec.
    catalogue : Catalogue, optional
        The catalogue that the spec names, where it is at hand already.

    Returns
    -------
    dict of arrays
        ``x``, ``y``, ``yerr``, ``inlier`` (point,), or ``parallax``,
        ``parallax_error``, ``zero_point`` [mas] (star,).

    Raises
    ------
    DataError
        If the data cannot be had, or nothing is left of them.
    """
    source = data.get("source")
    if source == "line":
        return _line(data)
    if source == "star" and "catalogue" not in data:
        return _single(data)
    # A spec that names no table is refused even where a table is at hand.
    _table(data)
    table = catalogue_of(data) if catalogue is None else catalogue
    if source == "star":
        kept = _one_of(table, data.get("index"))
    else:
        kept = fitted_stars(table, data)
    stars = table.where(kept)
    return {
        "parallax": stars.parallax,
        "parallax_error": stars.parallax_error,
        "zero_point": zero_points(stars, data.get("zero_point", "none")).values,
    }


def _table(data: Mapping[str, Any]) -> str:
    source = data.get("source")
    named = data.get("catalogue") if source == "star" else source
    if named not in CATALOGUES:
        raise DataError(
            f"The data source came as {shown(named)}: "
            "choose simulated_m67, file, line or star."
        )
    return named


def _line(data: Mapping[str, Any]) -> dict[str, np.ndarray]:
    apart = ("source", "left_out")
    settings = {name: value for name, value in data.items() if name not in apart}
    unknown = [name for name in settings if name not in LINE_SETTINGS]
    if unknown:
        raise DataError(
            f"The line has no setting {shown(unknown[0])}: "
            f"choose of {', '.join(LINE_SETTINGS)}."
        )
    points = simulate_line(**settings)
    kept = kept_rows(len(points.x), data.get("left_out", ()))
    return {name: values[kept] for name, values in points._asdict().items()}


def _single(data: Mapping[str, Any]) -> dict[str, np.ndarray]:
    parallax = milliarcseconds(data, "parallax", np.nan)
    error = milliarcseconds(data, "parallax_error", np.nan)
    if not (np.isfinite(parallax) and 0 < error < np.inf):
        raise DataError(
            "A star needs a finite parallax and a parallax_error above zero [mas]: "
            "give both, or a catalogue and an index."
        )
    return {
        "parallax": np.array([parallax]),
        "parallax_error": np.array([error]),
        "zero_point": np.array([constant(data.get("zero_point", "none"))]),
    }


def _one_of(catalogue: Catalogue, index: Any) -> np.ndarray:
    rows = range(len(catalogue))
    # To Python, True is a whole number.
    if not isinstance(index, Integral) or isinstance(index, bool) or index not in rows:
        raise DataError(
            f"The star's index came as {shown(index)}: "
            f"give a whole number from 0 to {len(catalogue) - 1}."
        )
    return np.arange(len(catalogue)) == index
