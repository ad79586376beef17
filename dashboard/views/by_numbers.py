"""A box without a mouse: a range of one quantity, typed."""

import re
from collections.abc import Callable, Mapping

import numpy as np
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard.views.layout import TOGGLE, WIDE, when_shown
from dashboard.views.text import notify

PURPOSE = "Choose by a range of numbers, as by a box"
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(\D|$))")
"""Commas of numbers that are copied from the page; another comma is not guessed at."""


class RangeError(ValueError):
    """A range chooses nothing, in one sentence."""


class ByNumbers(Viewer):
    """A quantity, the two ends of a range, and a button that takes it.

    Parameters
    ----------
    quantities : mapping of str to str
        What may be asked for, by what people call it.
    values : callable
        ``name -> array or None``: a quantity's numbers, of which the range takes some;
        None where there are none yet.
    take : callable
        ``(name, low, high)``: takes up a range that holds some of them.
    """

    def __init__(
        self,
        quantities: Mapping[str, str],
        values: Callable[[str], np.ndarray | None],
        take: Callable[[str, float, float], None],
    ):
        super().__init__()
        self._values, self._take = values, take
        self.opener = pmui.Toggle(
            label="Choose", description=PURPOSE, width=62, **TOGGLE
        )
        self._quantities = dict(quantities)
        self._layout = when_shown(self.opener.param.value.rx(), self._fields, **WIDE)

    def _fields(self) -> pn.FlexBox:
        small = {"size": "small", "margin": (6, 4)}
        self._what = pmui.Select(
            label="Choose by",
            options=self._quantities,
            value=next(iter(self._quantities.values())),
            width=150,
            **small,
        )
        # Fields of text: those of numbers were seen to forget what is typed quickly.
        self._low = pmui.TextInput(label="from", width=92, **small)
        self._high = pmui.TextInput(label="to", width=92, **small)
        choose = pmui.Button(
            label="Choose",
            variant="text",
            size="small",
            margin=(8, 4),
            on_click=lambda _: self._choose(),
        )
        self._fill()
        self._what.param.watch(lambda _: self._fill(), "value")
        self.opener.param.watch(lambda _: self._fill(), "value")
        return pn.FlexBox(
            self._what, self._low, self._high, choose, align_items="center", **WIDE
        )

    def _numbers(self) -> np.ndarray:
        """Return the finite numbers of the quantity that is asked for."""
        values = self._values(str(self._what.value))
        return np.empty(0) if values is None else values[np.isfinite(values)]

    def _fill(self) -> None:
        """Begin with the range that takes all."""
        values = self._numbers()
        ends = around(values) if values.size else ("", "")
        for field, end in zip((self._low, self._high), ends, strict=True):
            field.param.update(value=f"{end}", value_input=f"{end}")

    def _choose(self) -> None:
        try:
            self._take(str(self._what.value), *self._range())
        except RangeError as error:
            notify(error)

    def _range(self) -> tuple[float, float]:
        """Return the range that is typed, its ends in order.

        Raises
        ------
        RangeError
            If an end is no number or nothing is within it.
        """
        low, high = sorted(_number(field) for field in (self._low, self._high))
        values = self._numbers()
        if not ((values >= low) & (values <= high)).any():
            there = "there are none yet"
            if values.size:
                there = f"they are from {values.min():.4g} to {values.max():.4g}"
            raise RangeError(f"Nothing is between {low:.4g} and {high:.4g}: {there}.")
        return low, high

    def __panel__(self):
        return self._layout


def _number(field: pmui.TextInput) -> float:
    typed = str(field.value_input or "").strip()
    try:
        number = float(THOUSANDS.sub("", typed).replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        said = f"\u201c{typed[:20]}\u201d is none" if typed else "one is empty"
        raise RangeError(f"A range has two ends, each a number: {said}.")
    return number


def around(values: np.ndarray) -> tuple[float, float]:
    """Return short numbers below and above all of some values."""
    low, high = float(values.min()), float(values.max())
    width = (high - low) or abs(high) or 1.0
    decimals = int(2 - np.floor(np.log10(width)))
    unit = 10.0**-decimals
    below, above = np.floor(low / unit) * unit, np.ceil(high / unit) * unit
    # The product has an error in its last digits, which would be shown.
    places = max(decimals, 0)
    return round(float(below), places), round(float(above), places)
