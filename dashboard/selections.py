"""Which rows of a table a person has chosen: how it came about, and under what names.

A selection is a set, and a box is one too: a box, or a selection that was saved, is
taken alone, or as union, difference or intersection with what is chosen already.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

LONGEST = 40
"""Characters of a name."""
MOST = 40
"""Selections of one table that can be saved."""


class SelectionError(ValueError):
    """A name cannot be given, in one sentence."""


class Way(NamedTuple):
    """How rows are combined with those before."""

    combine: Callable[[np.ndarray, np.ndarray], np.ndarray]
    words: str


WAYS: dict[str, Way] = {
    "selects": Way(lambda before, now: now, "{}"),
    "adds": Way(np.logical_or, "and also {}"),
    "removes": Way(lambda before, now: before & ~now, "without {}"),
    "keeps": Way(np.logical_and, "of these {}"),
}
"""What a box does to the selection before it."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a table, and what they are."""

    mask: np.ndarray
    """bool (row,), read-only."""
    steps: tuple[str, ...]
    """How they were chosen, step by step, in words."""

    def __post_init__(self):
        self.mask.setflags(write=False)

    @property
    def count(self) -> int:
        """How many rows."""
        return int(self.mask.sum())

    @property
    def words(self) -> str:
        """What a person would say that these rows are."""
        return "; ".join(self.steps)


def rows(mask: np.ndarray, words: str) -> Rows:
    """Return rows chosen in one step."""
    return Rows(np.array(mask, dtype=bool), (words,))


@dataclass(frozen=True, eq=False)
class Selections:
    """What is chosen of one table now, and what was saved; it goes with the table."""

    now: Rows | None = None
    """None where nothing is chosen."""
    saved: Mapping[str, Rows] = field(default_factory=lambda: MappingProxyType({}))
    """By name."""

    def take(self, taken: Rows, way: str = "selects") -> "Selections":
        """Combine rows with those chosen before, in one of the `WAYS`."""
        before = self.now
        if before is None or before.mask.shape != taken.mask.shape:
            # There is nothing to combine with.
            return self._with(taken)
        combine, words = WAYS[way]
        step = words.format(taken.words)
        history = (step,) if way == "selects" else (*before.steps, step)
        return self._with(Rows(combine(before.mask, taken.mask), history))

    def _with(self, now: Rows) -> "Selections":
        return replace(self, now=now if now.mask.any() else None)

    def recall(self, name: str, way: str = "selects") -> "Selections":
        """Combine the rows saved under a name with those chosen before."""
        return self.take(Rows(self.saved[name].mask, (f"\u201c{name}\u201d",)), way)

    def clear(self) -> "Selections":
        """Choose nothing."""
        return replace(self, now=None)

    def save(self, name: str) -> "Selections":
        """Keep what is chosen under a name.

        Raises
        ------
        SelectionError
            If nothing is chosen, or the name cannot be given.
        """
        if self.now is None:
            raise SelectionError("Nothing is selected: draw a box first, then save it.")
        if len(self.saved) >= MOST:
            raise SelectionError(
                f"{MOST} selections are saved already: delete one to save another."
            )
        return self._saving({**self.saved, self._new(name): self.now})

    def rename(self, name: str, new: str) -> "Selections":
        """Give a saved selection another name.

        Raises
        ------
        SelectionError
            If that name cannot be given.
        """
        if tidy(new) == name:
            return self
        new = self._new(new)
        renamed = {new if n == name else n: kept for n, kept in self.saved.items()}
        return self._saving(renamed)

    def delete(self, name: str) -> "Selections":
        """Forget a saved selection."""
        return self._saving({n: kept for n, kept in self.saved.items() if n != name})

    def _new(self, name: str) -> str:
        """Return a name as it is written, if it can be given."""
        tidied = tidy(name)
        if not tidied:
            raise SelectionError("A selection needs a name: type one, then save it.")
        if len(tidied) > LONGEST:
            raise SelectionError(
                f"That name has {len(tidied)} characters: at most {LONGEST} fit."
            )
        if tidied in self.saved:
            raise SelectionError(
                f"There is a selection \u201c{tidied}\u201d already: choose another "
                "name, or delete it first."
            )
        return tidied

    def _saving(self, saved: dict[str, Rows]) -> "Selections":
        return replace(self, saved=MappingProxyType(saved))


def tidy(name: str) -> str:
    """Return a name without what cannot be seen, each gap one space."""
    seen = "".join(c if c.isprintable() else " " for c in name)
    return " ".join(seen.split())


def between(low: float, high: float, unit: str = "") -> str:
    """Write a range with as many decimals as its width is worth."""
    width = abs(high - low)
    decimals = int(np.clip(2 - np.floor(np.log10(width)), 0, 6)) if width > 0 else 3
    text = f"{min(low, high):.{decimals}f} to {max(low, high):.{decimals}f}"
    return f"{text} {unit}".rstrip().replace("-", "\N{MINUS SIGN}")
