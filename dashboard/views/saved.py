"""Selections that were saved: named, recalled, renamed and deleted."""

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard.selections import LONGEST, SelectionError, Selections
from dashboard.session import Session
from dashboard.views.layout import WIDE
from dashboard.views.text import notify

RENAME = {"action": "rename", "label": "Give it the name that is typed above"}
DELETE = {"action": "delete", "label": "Delete"}
ACTIONS = [
    {**RENAME, "icon": "edit", "inline": True},
    {**DELETE, "icon": "delete", "inline": True},
]


class Saved(Viewer):
    """The named selections of one table, and a place to type a name.

    Parameters
    ----------
    session : Session
    fact : {"selected", "picked"}
        The session's parameter that holds the selections.
    way : callable
        Says how a recalled selection is combined with what is chosen.
    """

    def __init__(self, session: Session, fact: str, way: Callable[[], str]):
        super().__init__()
        self._session, self._fact, self._way = session, fact, way
        these = session.param[fact]
        self.opener = pmui.Toggle(
            label=these.rx.pipe(lambda s: f"Saved ({len(s.saved)})"),
            size="small",
            variant="text",
            color="primary",
            visible=these.rx.pipe(lambda s: s.now is not None or bool(s.saved)),
            margin=(2, 4),
            # As the buttons beside it.
            sx={"textTransform": "none", "padding": "4px 5px", "border": 0},
        )
        self._name = pmui.TextInput(
            label="Name of the selection", size="small", margin=(4, 4, 2, 8), **WIDE
        )
        save = pmui.Button(
            label="Save",
            variant="text",
            size="small",
            visible=these.rx.pipe(lambda s: s.now is not None),
            on_click=lambda _: self._change(lambda s: s.save(self._typed)),
        )
        self._list = pmui.MenuList(
            items=these.rx.pipe(_items), highlight=False, margin=0, **WIDE
        )
        self._list.on_click(self._recall)
        self._list.on_action("rename", self._rename)
        self._list.on_action("delete", self._delete)
        shown = [self.opener.param.value.rx(), self.opener.param.visible.rx()]
        self._layout = pn.Column(
            pmui.Row(self._name, save, **WIDE),
            self._list,
            visible=shown[0].rx.and_(shown[1]),
            **WIDE,
        )

    @property
    def _typed(self) -> str:
        return str(self._name.value_input or self._name.value or "")

    def _change(self, change: Callable[[Selections], Selections]) -> None:
        """Change the selections, or say why that cannot be."""
        before = getattr(self._session, self._fact)
        try:
            after = change(before)
        except SelectionError as error:
            notify(error)
            return
        self._session.param.update({self._fact: after})
        if set(after.saved) - set(before.saved):
            # The name is given.
            self._name.param.update(value="", value_input="")

    def _recall(self, item) -> None:
        self._change(lambda s: s.recall(item["label"], self._way()))

    def _rename(self, item) -> None:
        self._change(lambda s: s.rename(item["label"], self._typed))

    def _delete(self, item) -> None:
        self._change(lambda s: s.delete(item["label"]))

    def __panel__(self):
        return self._layout


def _items(these: Selections) -> list[dict]:
    return [
        {
            "label": name,
            "icon": "bookmark_border",
            "secondary": f"{kept.count:,}: {kept.words}"[: 4 * LONGEST],
            "actions": ACTIONS,
            "selectable": False,
        }
        for name, kept in these.saved.items()
    ]
