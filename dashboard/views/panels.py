"""What can be looked at of a posterior: one panel a tab, and what is on now.

To add a panel, write a builder and add a `Panel` to `PANELS`.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import panel_material_ui as pmui
import param
from panel.viewable import Viewer

from dashboard.session import Session
from dashboard.views.chains import Chains
from dashboard.views.checks import Checks
from dashboard.views.corner import BrushedCorner
from dashboard.views.influence import InfluenceTable
from dashboard.views.layout import WIDE, Place
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


PANELS = (
    Panel("corner", "Corner", BrushedCorner, lambda p: len(p.headline) > 1),
    Panel("chains", "Chains", Chains),
    Panel("checks", "Checks", Checks),
    Panel("numbers", "Numbers", SummaryTable),
    Panel("prior", "Prior", InfluenceTable),
    Panel("runs", "Runs", RunList),
)
"""All there are, in the order of their tabs."""


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
        self._panels = [panel for panel in PANELS if panel.suits(problem)]
        self._place = partial(Place, session, problem, height)
        # A panel comes into its column when it is first looked at.
        self._columns = {panel.key: pmui.Column(**WIDE) for panel in self._panels}
        self._tabs = pmui.Tabs(
            *((panel.title, self._columns[panel.key]) for panel in self._panels),
            dynamic=True,
            **WIDE,
        )
        self._tabs.param.watch(self._look, "active")
        self._look()

    def _look(self, *_) -> None:
        panel = self._panels[self._tabs.active]
        column = self._columns[panel.key]
        if not column:
            seen = self.param.open.rx() == panel.key
            column.append(panel.build(self._place(seen)))
        self.open = panel.key

    def __panel__(self):
        return self._tabs
