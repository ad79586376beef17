"""The session's runs: a list of them, and what can be done with the one chosen."""

import time
from weakref import WeakKeyDictionary

import panel as pn
import panel_material_ui as pmui
import param
from panel.viewable import Viewer

from dashboard import ledger
from dashboard.ledger import MOST, Entry
from dashboard.snapshot import Snapshot, scalars
from dashboard.views.layout import WIDE, Place
from dashboard.views.text import Sentence
from inference import judging, summaries
from inference.diagnosis import Thresholds
from inference.progress import RunRecord
from inference.summaries import Row

# A summary takes some ten milliseconds, and a record never changes.
_ROWS: WeakKeyDictionary[RunRecord, dict[str, Row]] = WeakKeyDictionary()
NONE = "No run stands yet: runs that do are listed here, and can be shown again."


class RunList(Viewer):
    """Runs of the session, newest first.

    Parameters
    ----------
    place : Place
    """

    chosen = param.Integer(None, allow_None=True, doc="Number of the run chosen")

    def __init__(self, place: Place):
        super().__init__()
        self._session, self._seen = place.session, place.seen
        self._list = pmui.MenuList(
            items=[],
            sx={
                "maxHeight": f"{place.height - 60}px",
                "overflowY": "auto",
                "& .MuiListItemText-root": {"margin": "0"},
                "& .MuiListItemText-primary": {"fontSize": "13px"},
                "& .MuiListItemText-secondary": {"fontSize": "12px"},
            },
            **WIDE,
        )
        self._list.on_click(self._choose)
        snapshot = place.session.param.snapshot
        self._layout = pn.Column(
            Sentence(snapshot.rx.pipe(_summary)), self._list, self._actions(), **WIDE
        )
        self._session.param.watch(self._follow, "snapshot")
        place.seen.rx.watch(self._follow)
        self._follow()

    def _actions(self) -> pn.Column:
        """Return what can be done with the run chosen, and the way back."""
        some = self.param.chosen.rx.pipe(lambda number: number is not None)
        self._name = pmui.TextInput(
            label="Name", size="small", width=150, margin=(6, 6), visible=some
        )
        self._note = pmui.TextAreaInput(
            label="Note",
            size="small",
            rows=1,
            auto_grow=True,
            max_rows=6,
            margin=(6, 6),
            visible=some,
            **WIDE,
        )
        self._name.param.watch(self._rename, "value")
        self._note.param.watch(self._annotate, "value")
        gone = self._session.param.snapshot.rx.pipe(lambda s: bool(s.ledger.removed))
        buttons = pn.FlexBox(
            _button("Show this run", some, self._show),
            _button("Compare as A", some, self._compare),
            _button("Delete", some, self._delete),
            _button("Take back what was deleted", gone, self._take_back),
            **WIDE,
        )
        return pn.Column(pmui.Row(self._name, self._note, **WIDE), buttons, **WIDE)

    @property
    def _entry(self) -> Entry | None:
        number = self.chosen
        return self._session.snapshot.ledger.entry(number) if number else None

    def _choose(self, item: dict) -> None:
        self.chosen = item["number"]
        self._follow()

    def _follow(self, *_) -> None:
        """Show the ledger of now, while it is looked at."""
        if self._seen.rx.value is False:
            return
        snapshot = self._session.snapshot
        entries = snapshot.ledger.entries[::-1]
        items = [_item(snapshot, entry) for entry in entries]
        if items != self._list.items:
            self._list.items = items
        entry = self._entry
        if entry is None:
            self.chosen = None
        active = None if entry is None else (entries.index(entry),)
        if self._list.active != active:
            self._list.active = active
        self._name.value = entry.name if entry is not None else ""
        self._note.value = entry.note if entry is not None else ""

    def _rename(self, event) -> None:
        entry = self._entry
        if entry is not None and event.new != entry.name:
            self._session.edit_ledger(ledger.rename, entry.number, event.new)

    def _annotate(self, event) -> None:
        entry = self._entry
        if entry is not None and event.new != entry.note:
            self._session.edit_ledger(ledger.annotate, entry.number, event.new)

    def _show(self) -> None:
        if self.chosen is not None:
            self._session.restore(self.chosen)

    def _compare(self) -> None:
        entry = self._entry
        if entry is not None:
            self._session.keep(entry.record)

    def _delete(self) -> None:
        if self.chosen is not None:
            self._session.edit_ledger(ledger.remove, self.chosen)

    def _take_back(self) -> None:
        self._session.edit_ledger(ledger.take_back)

    def __panel__(self):
        return self._layout


def _button(label: str, visible, act) -> pmui.Button:
    return pmui.Button(
        label=label,
        variant="text",
        size="small",
        visible=visible,
        on_click=lambda _: act(),
        margin=(2, 4),
    )


def _summary(snapshot: Snapshot) -> str:
    count = len(snapshot.ledger.entries)
    if not count:
        return NONE
    return (
        f"{count} of this session's runs, of {MOST} that are remembered; those with a "
        "name or a note stay longest. Choose one to show it again or to compare."
    )


def _item(snapshot: Snapshot, entry: Entry) -> dict:
    """Return a line of the list: the title, and the run in a few words."""
    record = entry.record
    title = f"{entry.title}, {record.spec.problem.title.lower()}"
    if record is snapshot.shown:
        title += " (shown)"
    if record is snapshot.kept:
        title += " (A)"
    return {
        "number": entry.number,
        "icon": None,
        "label": title,
        "secondary": _words(snapshot, entry),
    }


def _words(snapshot: Snapshot, entry: Entry) -> str:
    """Say settings, verdict, effective draws, seconds and time of a run."""
    said, size = _judged(entry.record, snapshot.thresholds)
    clock = time.strftime("%H:%M", time.gmtime(entry.at))
    parts = [
        ledger.differences(snapshot.ledger, entry),
        said,
        f"bulk ESS {size:,.0f}" if size == size else "",
        f"{entry.record.sample_seconds:.2g} s",
        f"{clock} UT",
        entry.note.splitlines()[0] if entry.note else "",
    ]
    return " \u00b7 ".join(part for part in parts if part)


def _judged(record: RunRecord, thresholds: Thresholds) -> tuple[str, float]:
    """Return the verdict's first words, and the least effective size."""
    rows = _ROWS.get(record)
    if rows is None:
        rows = _ROWS[record] = summaries.summarise(scalars(record))
    said = judging.verdict(record, rows, thresholds).sentence
    size = min((row.ess_bulk for row in rows.values()), default=float("nan"))
    return said.partition(":")[0].partition(";")[0].rstrip("."), size
