"""Which panels are on the page, chosen in a menu, and the keys, listed in a dialog."""

from html import escape

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard import links
from dashboard.session import Session
from dashboard.views.panels import KEYS, PANELS, VIEWS

SHORTCUTS = {
    "r": "run",
    "p": "pause, or resume",
    "s": "stop, and keep the draws",
    "k": "keep this run as A, or drop A",
    "l": "live on or off",
    "v": "demo or expert view",
    "?": "this list",
}


def choose_view(session: Session, name: str) -> None:
    """Put the panels of a named view on the page."""
    session.panels = links.in_order(VIEWS[name], KEYS)


def other_view(session: Session) -> None:
    """Go to the demo view, or from it to all there is."""
    demo = session.panels == VIEWS["demo"]
    choose_view(session, "expert" if demo else "demo")


def view_menu(session: Session) -> pmui.MenuButton:
    """Return a menu of named views and of single panels."""

    def items(panels: tuple[str, ...]) -> list[dict]:
        on = panels or KEYS
        named = [
            {
                "label": f"{name.capitalize()} view",
                "icon": _mark(links.in_order(keys, KEYS) == panels, "radio_button_"),
                "view": name,
            }
            for name, keys in VIEWS.items()
        ]
        single = [
            {
                "label": panel.title,
                "icon": "check_box" if panel.key in on else "check_box_outline_blank",
                "panel": panel.key,
            }
            for panel in PANELS
        ]
        return [*named, *single]

    def choose(item: dict) -> None:
        if "view" in item:
            choose_view(session, item["view"])
            return
        on, key = set(session.panels or KEYS), item["panel"]
        # The last one stays: there is always something to look at.
        session.panels = links.in_order(tuple(on ^ {key}) or (key,), KEYS)

    menu = pmui.MenuButton(
        label="View",
        items=items(session.panels),
        variant="text",
        color="light",
        size="small",
        margin=(0, 4),
    )
    menu.on_click(choose)
    session.param.watch(
        lambda event: menu.param.update(items=items(event.new)), "panels"
    )
    return menu


def _mark(on: bool, stem: str) -> str:
    return f"{stem}{'checked' if on else 'unchecked'}"


class Keys(Viewer):
    """The list of keys, made when it is first asked for, and a button that does."""

    def __init__(self):
        super().__init__()
        self._layout = pn.Column()
        self.button = pmui.Button(
            label="?",
            description="Keys",
            variant="text",
            color="light",
            size="small",
            margin=(0, 4),
            on_click=lambda _: self.open(),
        )

    def open(self) -> None:
        """Show it."""
        if not self._layout.objects:
            self._layout.append(_list_of_keys())
        self._layout[0].open = True

    def __panel__(self):
        return self._layout


def _list_of_keys() -> pmui.Dialog:
    rows = "".join(
        f'<tr><td style="padding:2px 16px 2px 0"><kbd>{escape(key)}</kbd></td>'
        f"<td>{escape(meaning)}</td></tr>"
        for key, meaning in SHORTCUTS.items()
    )
    return pmui.Dialog(
        pn.pane.HTML(
            f"<table>{rows}</table><p>Tab goes from control to control, arrows move a "
            "slider or go from tab to tab, Enter and the space bar press. Keys typed "
            "into a field are the field's.</p>"
        ),
        title="Keys",
        title_variant="h4",
        show_close_button=True,
        close_on_click=True,
        width_option="xs",
    )
