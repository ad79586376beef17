"""Tabs whose contents are built when they are first looked at."""

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui
import param
from panel.viewable import Viewable, Viewer

from dashboard.turns import in_own_turn
from dashboard.views.layout import TABS, WIDE

Build = Callable[[param.rx], Viewable | Viewer]
"""From whether it is looked at to what is looked at."""


class LazyTabs(Viewer):
    """Some views, one at a time.

    Parameters
    ----------
    **tabs : callable
        Title to what builds it.
    """

    active = param.Integer(0, doc="Number of the tab looked at")

    def __init__(self, **tabs: Build):
        super().__init__()
        self._builders = list(tabs.values())
        self._columns = [pn.Column(**WIDE) for _ in tabs]
        self._tabs = pmui.Tabs(
            *zip(tabs, self._columns, strict=True), dynamic=True, **TABS, **WIDE
        )
        self._tabs.param.watch(lambda _: in_own_turn(self._look), "active")
        self._look()

    def _look(self) -> None:
        self.active = active = self._tabs.active
        column = self._columns[active]
        # What is built knows that it is looked at: it comes to the page complete.
        if not column:
            column.append(self._builders[active](self.param.active.rx() == active))

    def __panel__(self):
        return self._tabs
