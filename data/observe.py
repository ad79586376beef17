"""From the data part of a run spec to the arrays that a model observes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from data.catalogue import Catalogue
from data.cuts import parallax_cut
from data.errors import DataError, shown
from data.line import simulate_line
from data.readers import read_catalogue
from data.simulate import load_simulated
from data.zero_point import zero_points


def catalogue_of(data: Mapping[str, Any]) -> Catalogue:
    """Return the catalogue that a spec names.

    Raises
    ------
    DataError
        If the source is unknown or its file cannot be used.
    """
    source = data.get("catalogue", data.get("source"))
    if source == "simulated_m67":
        return load_simulated()
    if source == "file":
        if "path" not in data:
            raise DataError('The data source "file" came without a path: add one.')
        return read_catalogue(Path(data["path"]))
    raise DataError(
        f"The data source came as {shown(source)}: choose simulated_m67 or file."
    )


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
        settings = {name: value for name, value in data.items() if name != "source"}
        return simulate_line(**settings)._asdict()
    if source == "star" and "catalogue" not in data:
        return _single(data)
    table = catalogue if catalogue is not None else catalogue_of(data)
    if source == "star":
        kept = _one_of(table, data.get("index"))
    else:
        kept = parallax_cut(
            table,
            float(data.get("parallax_min", -np.inf)),
            float(data.get("parallax_max", np.inf)),
        )
    stars = table.where(kept)
    return {
        "parallax": stars.parallax,
        "parallax_error": stars.parallax_error,
        "zero_point": zero_points(stars, data.get("zero_point", "none")).values,
    }


def _single(data: Mapping[str, Any]) -> dict[str, np.ndarray]:
    error = data.get("parallax_error")
    if "parallax" not in data or error is None or not error > 0:
        raise DataError(
            "A star needs a parallax and a parallax_error above zero [mas]: "
            "give both, or a catalogue and an index."
        )
    zero_point = data.get("zero_point", 0.0)
    if isinstance(zero_point, str):
        if zero_point != "none":
            raise DataError(
                f"zero_point came as {shown(zero_point)}: a single parallax has no "
                "magnitude or colour, so give none or a number of mas."
            )
        zero_point = 0.0
    return {
        "parallax": np.array([float(data["parallax"])]),
        "parallax_error": np.array([float(error)]),
        "zero_point": np.array([float(zero_point)]),
    }


def _one_of(catalogue: Catalogue, index: Any) -> np.ndarray:
    if not isinstance(index, int) or not 0 <= index < len(catalogue):
        raise DataError(
            f"The star's index came as {shown(index)}: "
            f"give a whole number from 0 to {len(catalogue) - 1}."
        )
    return np.arange(len(catalogue)) == index
