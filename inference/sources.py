"""Where the points or stars of a run come from: the data part of a spec."""

import math
from collections.abc import Mapping
from typing import Any

from inference.fields import check_choice, check_fields
from inference.priors import SpecError
from inference.problems import Problem

DATA_FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "simulated_m67": {
        "parallax_min": (int, float),
        "parallax_max": (int, float),
        "zero_point": (int, float, str),
        "left_out": (list, tuple),
    },
    "file": {
        "path": str,
        "parallax_min": (int, float),
        "parallax_max": (int, float),
        "zero_point": (int, float, str),
        "left_out": (list, tuple),
    },
    "line": {
        "points": int,
        "inlier_fraction": (int, float),
        "slope": (int, float),
        "intercept": (int, float),
        "yerr": (int, float),
        "seed": int,
        "left_out": (list, tuple),
    },
    "star": {
        "parallax": (int, float),
        "parallax_error": (int, float),
        "zero_point": (int, float, str),
        "catalogue": str,
        "path": str,
        "index": int,
    },
}
"""Fields of each data source, with the types that JSON may give them."""

DEFAULT_DATA: dict[str, dict[str, Any]] = {
    "simulated_m67": {
        "source": "simulated_m67",
        "parallax_min": 0.2,
        "parallax_max": 3.0,
        "zero_point": "none",
    },
    "line": {"source": "line"},
    # The star of the published example: a parallax that is half its error.
    "star": {"source": "star", "parallax": 0.434, "parallax_error": 0.837},
}


def check_data(problem: Problem, data: Mapping[str, Any]) -> None:
    """Refuse data of a source, with a field or of a type that a problem does not take.

    Raises
    ------
    SpecError
    """
    source = check_choice("data.source", data.get("source"), problem.sources)
    fields = DATA_FIELDS[source]
    check_fields("data", data, ("source", *fields))
    for name, value in data.items():
        if name == "source":
            continue
        kinds = fields[name]
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise SpecError(
                f"data.{name} came as {str(value)[:40]!r}: give "
                f"{_kind_in_words(kinds)}."
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise SpecError(f"data.{name} came as {value}: give a finite number.")
        if name == "left_out":
            _check_rows(value)


def _check_rows(rows: Any) -> None:
    for row in rows:
        if not isinstance(row, int) or isinstance(row, bool) or row < 0:
            raise SpecError(
                f"data.left_out came with {str(row)[:40]!r}: give the numbers of "
                "points, or of rows of the table, counted from 0."
            )


def normal_form(data: Mapping[str, Any]) -> dict[str, Any]:
    """Write one choice of data in one way, so that equal data are equal records."""
    rows = tuple(sorted(set(data.get("left_out", ()))))
    rest = {name: value for name, value in data.items() if name != "left_out"}
    return rest | ({"left_out": rows} if rows else {})


def _kind_in_words(kinds: Any) -> str:
    words = {str: "text", int: "a whole number", float: "a number", list: "a list"}
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    # A number may be whole, and Python's tuple is JSON's list too.
    said = [k for k in words if k in kinds and not (k is int and float in kinds)]
    return " or ".join(words[k] for k in said)
