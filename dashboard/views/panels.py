"""What can be looked at of a posterior: one panel a tab, and what is on now.

To add a panel, write a builder and add a `Panel` to `PANELS`.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import panel as pn
import panel_material_ui as pmui
import param
from panel.viewable import Viewer

from dashboard.session import Session
from dashboard.turns import in_own_turn
from dashboard.views.chains import Chains
from dashboard.views.checks import Checks
from dashboard.views.corner import BrushedCorner
from dashboard.views.influence import InfluenceTable
from dashboard.views.layout import TABS, WIDE, Place
from dashboard.views.ledger import RunList
from dashboard.views.table import SummaryTable
from inference.problems import Problem


class Panel(NamedTuple):
    """One thing to look at."""

    key: str
    """Its name in links."""
    title: str
    build: Callable[[Place], Viewer]
    suits: Callable[[Problem], bool] = lambda problem: True
    """Whether it says anything of a problem."""
    expert: bool = False
    """Whether it is about the sampler rather than the answer."""


PANELS = (
    Panel("corner", "Corner", BrushedCorner, lambda p: len(p.headline) > 1),
    Panel("chains", "Chains", Chains, expert=True),
    Panel("checks", "Checks", Checks),
    Panel("numbers", "Numbers", SummaryTable, expert=True),
    Panel("prior", "Prior", InfluenceTable),
    Panel("runs", "Runs", RunList),
)
"""All there are, in the order of their tabs."""
KEYS = tuple(panel.key for panel in PANELS)
VIEWS = {
    "demo": tuple(panel.key for panel in PANELS if not panel.expert),
    "expert": KEYS,
}
"""Named sets of panels."""


class Posterior(Viewer):
    """The panels of one problem; each is built when first looked at.

    Parameters
    ----------
    session : Session
    problem : Problem
    height : int
        Of the plots, in pixels.
    """

    open = param.String(doc="Key of the panel looked at")

    def __init__(self, session: Session, problem: Problem, height: int):
        super().__init__()
        self._suited = [panel for panel in PANELS if panel.suits(problem)]
        self._on: list[Panel] = []
        self._session = session
        self._place = partial(Place, session, problem, height)
        # A panel comes into its column when it is first looked at.
        self._columns = {panel.key: pn.Column(**WIDE) for panel in self._suited}
        self._tabs = pmui.Tabs(dynamic=True, **TABS, **WIDE)
        self._arrange()
        self._tabs.param.watch(lambda _: in_own_turn(self._look), "active")
        session.param.watch(self._arrange, "panels")

    def _arrange(self, *_) -> None:
        """Show the tabs that the session asks for, and stay at the one that is open."""
        asked = self._session.panels
        # Where none of them says anything of this problem, all are there.
        on = [p for p in self._suited if not asked or p.key in asked] or self._suited
        if on != self._on:
            keys = [panel.key for panel in on]
            active = keys.index(self.open) if self.open in keys else 0
            self._on = on
            self._tabs[:] = [(panel.title, self._columns[panel.key]) for panel in on]
            self._tabs.active = active
            self._look()

    def _look(self) -> None:
        panel = self._on[min(self._tabs.active, len(self._on) - 1)]
        column = self._columns[panel.key]
        # What is built knows that it is looked at: it comes to the page complete.
        self.open = panel.key
        if not column:
            seen = self.param.open.rx() == panel.key
            column.append(panel.build(self._place(seen)))

    def __panel__(self):
        return self._tabs
