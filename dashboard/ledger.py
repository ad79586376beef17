"""The runs of a session, as one immutable record and pure functions that edit it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Protocol

from data import Catalogue
from inference.presets import name_of
from inference.progress import RunRecord
from inference.spec import RunSpec

MOST = 24
"""Runs that are remembered; one of a line takes half a megabyte."""
BURST = 2.0
"""Seconds that a run must stand before the next one, or that one takes its place: a
slider that is dragged leaves one run behind, not dozens."""
LONGEST_NAME, LONGEST_NOTE = 60, 2000
SAID = 3
"""Changes that are spelt out."""


class HasRecord(Protocol):
    """A run, as far as the ledger knows one."""

    @property
    def latest(self) -> RunRecord:
        """What it has reached."""
        ...


# Records hold arrays: compared by identity.
@dataclass(frozen=True, eq=False)
class Entry:
    """A run that stood."""

    number: int
    """What the session calls it, from 1; never given twice."""
    run: HasRecord
    record: RunRecord
    """What it had reached."""
    catalogue: Catalogue
    """The table that was chosen."""
    at: float
    """When it stood [s since 1970]."""
    name: str = ""
    note: str = ""

    @property
    def title(self) -> str:
        """Its name, or what stands for one."""
        return self.name or f"Run {self.number}"

    @property
    def marked(self) -> bool:
        """Whether somebody wrote something to it."""
        return bool(self.name or self.note)


@dataclass(frozen=True, eq=False)
class Ledger:
    """The runs of a session."""

    entries: tuple[Entry, ...] = ()
    """Oldest first."""
    removed: tuple[Entry, ...] = ()
    """What was deleted and can be taken back, the last one last."""
    numbers: int = 0
    """Numbers given so far."""

    def entry(self, number: int) -> Entry | None:
        """Return the run of a number, if it is there."""
        return next((e for e in self.entries if e.number == number), None)

    def of(self, record: RunRecord | None) -> Entry | None:
        """Return the entry of a record."""
        return next((e for e in self.entries if e.record is record), None)


def enter(
    ledger: Ledger,
    run: HasRecord,
    catalogue: Catalogue,
    now: float,
    held: Collection[RunRecord] = (),
) -> Ledger:
    """Enter a run that stands, or what it has reached since.

    Parameters
    ----------
    ledger : Ledger
    run : HasRecord
    catalogue : Catalogue
    now : float
        Time [s since 1970].
    held : collection of RunRecord
        Runs to compare with, which stay.
    """
    entries, record = ledger.entries, run.latest
    if any(entry.run is run for entry in entries):
        entries = tuple(
            replace(e, record=record, at=now) if e.run is run else e for e in entries
        )
        return replace(ledger, entries=entries)
    if entries and _passed_by(entries[-1], record.spec, now, held):
        entries = entries[:-1]
    number = ledger.numbers + 1
    entry = Entry(number, run, record, catalogue, now)
    entries = _within_bounds((*entries, entry), held)
    return replace(ledger, entries=entries, numbers=number)


def _passed_by(last: Entry, spec: RunSpec, now: float, held) -> bool:
    """Whether the last run was only passed by on the way to the next."""
    same = last.record.spec.model == spec.model
    return same and now - last.at < BURST and not _stays(last, held)


def _stays(entry: Entry, held: Collection[RunRecord]) -> bool:
    return entry.marked or any(entry.record is record for record in held)


def _within_bounds(entries: tuple[Entry, ...], held) -> tuple[Entry, ...]:
    """Let go of the oldest, of those that nobody marked first."""
    while len(entries) > MOST:
        older = entries[:-1]
        goes = next((e for e in older if not _stays(e, held)), older[0])
        entries = tuple(e for e in entries if e is not goes)
    return entries


def rename(ledger: Ledger, number: int, name: str) -> Ledger:
    """Give a run a name; an empty one takes it away."""
    return _edit(ledger, number, name=" ".join(name.split())[:LONGEST_NAME])


def annotate(ledger: Ledger, number: int, note: str) -> Ledger:
    """Write a note to a run, over what there was."""
    return _edit(ledger, number, note=note[:LONGEST_NOTE])


def _edit(ledger: Ledger, number: int, **changes: Any) -> Ledger:
    entries = tuple(
        replace(e, **changes) if e.number == number else e for e in ledger.entries
    )
    return replace(ledger, entries=entries)


def remove(ledger: Ledger, number: int) -> Ledger:
    """Delete a run; `take_back` undoes it."""
    gone = ledger.entry(number)
    if gone is None:
        return ledger
    entries = tuple(e for e in ledger.entries if e is not gone)
    # What could be taken back is remembered too, and counts.
    room = max(MOST - len(entries), 1)
    return replace(ledger, entries=entries, removed=(*ledger.removed, gone)[-room:])


def take_back(ledger: Ledger) -> Ledger:
    """Undo the last deletion."""
    if not ledger.removed:
        return ledger
    *others, last = ledger.removed
    entries = sorted((*ledger.entries, last), key=lambda entry: entry.number)
    return replace(ledger, entries=tuple(entries), removed=tuple(others))


def differences(ledger: Ledger, entry: Entry) -> str:
    """Say what a run has other than the one before it of the same problem."""
    spec = entry.record.spec
    before = [
        e.record.spec
        for e in ledger.entries
        if e.number < entry.number and e.record.spec.model == spec.model
    ]
    return changes(spec, before[-1] if before else None)


def changes(spec: RunSpec, before: RunSpec | None) -> str:
    """Say in a few words what differs between two specs of one problem.

    Parameters
    ----------
    spec : RunSpec
    before : RunSpec or None
        Without one, the set of priors is named.
    """
    if before is None:
        return f"{name_of(spec.model, spec.priors) or 'own'} priors".capitalize()
    found = [
        f"{name} ~ {prior}"
        for name, prior in spec.priors.items()
        if prior != before.priors[name]
    ]
    found += [
        _said(name, spec.data.get(name), before.data.get(name))
        for name in {**before.data, **spec.data}
        if spec.data.get(name) != before.data.get(name)
    ]
    now, then = spec.sampler, before.sampler
    found += [
        f"{name} {getattr(now, name):g}".replace("_", " ")
        for name in now.__dataclass_fields__
        if getattr(now, name) != getattr(then, name)
    ]
    if spec.strength != before.strength:
        found.append(f"data strength {spec.strength:g}")
    if spec.method != before.method:
        found.append(spec.method)
    if not found:
        return "the same settings"
    more = len(found) - SAID
    return ", ".join(found[:SAID]) + (f" and {more} more" if more > 0 else "")


def _said(name: str, value: Any, before: Any) -> str:
    word = name.replace("_", " ")
    if name == "left_out":
        count = len(value or ())
        return f"{count:,} left out" if count else "none left out"
    if value is None:
        return f"no {word}" if before is not None else ""
    return f"{word} {value:g}" if isinstance(value, float) else f"{word} {value}"
