"""Columns of a CSV table, from bytes that nobody vouches for."""

import csv
import io
import math
from array import array
from collections.abc import Iterator

import numpy as np

from data.columns import MOST_COLUMNS, identifiers, wanted
from data.errors import DataError, shown

LONGEST_LINE = 100_000
"""Characters."""
BLANK = {"", "null", "nan", "--", "n/a", "na", "none"}


def columns(content: bytes, most_rows: int) -> dict[str, np.ndarray] | None:
    """Return the known columns of a table, or None if there is none to read.

    Lines that begin with # are comments, and the first other line names the columns.

    Raises
    ------
    DataError
        If a column that is needed is there twice or holds something else than numbers.
    """
    # A page of the web, most often a log-in form in place of a table.
    if content.lstrip()[:1] == b"<" or b"\0" in content:
        return None
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline=None)
    try:
        rows = csv.reader(_lines(lines, most_rows), strict=True)
        names = next(rows, [])
        if not 0 < len(names) <= MOST_COLUMNS:
            return None
        return _columns(rows, names, most_rows)
    except (UnicodeDecodeError, csv.Error):
        return None


def _lines(text: io.TextIOWrapper, most_skipped: int) -> Iterator[str]:
    skipped = 0
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise csv.Error("a line has no end")
        if line.strip() and not line.startswith("#"):
            yield line
            continue
        skipped += 1
        # A small gzip unpacks to 500 MB of blank lines, half a minute's work.
        if skipped > most_skipped:
            raise csv.Error("there are too many blank lines and comments")


def _columns(rows, names: list[str], most_rows: int) -> dict[str, np.ndarray] | None:
    places = wanted(names)
    numbers = {ours: array("d") for ours in places if ours != "source_id"}
    labels: list[str] = []
    for count, row in enumerate(rows, start=1):
        if len(row) != len(names) or count > most_rows:
            return None
        for ours, values in numbers.items():
            values.append(_number(row[places[ours]], ours, count))
        if "source_id" in places:
            labels.append(row[places["source_id"]])
    found = {ours: np.array(values) for ours, values in numbers.items()}
    return found | ({"source_id": identifiers(labels)} if labels else {})


def _number(text: str, column: str, row: int) -> float:
    try:
        return float(text)
    except ValueError:
        if text.strip().lower() in BLANK:
            return math.nan
        raise DataError(
            f"Row {row} of the table has {shown(text)} as its {column}: "
            "write a number there, or nothing."
        ) from None
