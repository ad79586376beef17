"""What can be done with chosen rows: combine, clear, leave out, fit alone, name."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
from panel.viewable import Viewer

from dashboard.selections import WAYS, Rows, Selections, between, rows
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.by_numbers import ByNumbers
from dashboard.views.layout import WIDE, when_shown
from dashboard.views.saved import Saved
from dashboard.views.text import Sentence

LONGEST = 300
"""Characters of a selection's history that are shown."""


class Selection(Viewer):
    """The chosen rows of one table, and buttons that act on them.

    Parameters
    ----------
    session : Session
    fact : {"selected", "picked"}
        The session's parameter that holds the selections: of stars or of points.
    of_problem : str
        The problem in whose view this stands.
    noun : str
        What the rows are, in plural.
    columns : mapping of str to (str, str)
        What rows can be chosen by: what people call it, and its unit, by name.
    values : callable
        ``name -> array or None``: a column's numbers, one a row, NaN where unknown.
    about : callable, optional
        ``snapshot -> str``: what else there is to say of the chosen rows.
    more : list of viewables
        Further buttons.
    """

    def __init__(
        self,
        session: Session,
        fact: str,
        of_problem: str,
        noun: str,
        columns: Mapping[str, tuple[str, str]],
        values: Callable[[str], np.ndarray | None],
        about: Callable[[Snapshot], str] | None = None,
        more: Sequence = (),
    ):
        super().__init__()
        self._session, self._fact, self._problem = session, fact, of_problem
        self._noun, self._about = noun, about
        self._columns, self._values = columns, values
        self._more = more
        self._way = pmui.Select(
            options=list(WAYS),
            value="selects",
            label="A box",
            size="small",
            width=110,
            visible=self._chosen,
            margin=(2, 8),
        )
        called = {titled(*column): name for name, column in columns.items()}
        self.by_numbers = ByNumbers(called, values, self._range)
        known = session.param[fact].rx.pipe(lambda these: bool(these.saved))
        offered = self._chosen.rx.or_(known).rx.or_(self._reduced)
        self._layout = pn.Column(
            when_shown(offered, self._acts, **WIDE),
            Sentence(session.param.snapshot.rx.pipe(self._describe)),
            **WIDE,
        )

    @property
    def _chosen(self) -> param.rx:
        these = self._session.param[self._fact].rx
        return these.pipe(lambda these: these.now is not None)

    @property
    def _reduced(self) -> param.rx:
        return self._session.param.snapshot.rx.pipe(self._left_out).rx.pipe(bool)

    def _acts(self) -> pn.Column:
        chosen = self._chosen
        self._saved = saved = Saved(
            self._session, self._fact, lambda: str(self._way.value)
        )
        self._buttons = pn.FlexBox(
            self._way,
            button("Leave out", chosen, self._leave_out),
            button("Fit only these", chosen, self._fit_only),
            button("Clear", chosen, self.clear),
            saved.opener,
            *self._more,
            button("Take all back", self._reduced, self._take_back),
            **WIDE,
        )
        return pn.Column(self._buttons, saved, **WIDE)

    def box(self, taken: Rows) -> None:
        """Take up a box that a person drew."""
        self._set(self._these.take(taken, str(self._way.value)))

    def _range(self, name: str, low: float, high: float) -> None:
        """Take up a range of one column that a person typed."""
        values = self._values(name)
        assert values is not None
        called, unit = self._columns[name]
        words = f"{called} {between(low, high, unit)}"
        self.box(rows((values >= low) & (values <= high), words))

    def clear(self) -> None:
        """Select nothing."""
        self._set(self._these.clear())

    @property
    def _these(self) -> Selections:
        return getattr(self._session, self._fact)

    def _set(self, these: Selections) -> None:
        self._session.param.update({self._fact: these})

    def _describe(self, snapshot: Snapshot) -> str:
        now = getattr(snapshot, self._fact).now
        if now is None:
            return ""
        words = now.words
        if len(words) > LONGEST:
            half = LONGEST // 2
            words = f"{words[:half]} \u2026 {words[-half:]}"
        about = self._about(snapshot) if self._about is not None else ""
        return f"Selected: {now.count:,} {self._noun}{about}: {words}."

    def _left_out(self, snapshot) -> tuple[int, ...]:
        if snapshot.problem is None or snapshot.problem.name != self._problem:
            return ()
        return self._session.experiment.left_out

    def _leave_out(self) -> None:
        if self._these.now is not None:
            experiment = self._session.experiment
            more = np.flatnonzero(self._these.now.mask)
            experiment.leave_out({*experiment.left_out, *more.tolist()})
            self.clear()

    def _fit_only(self) -> None:
        if self._these.now is not None:
            rest = np.flatnonzero(~self._these.now.mask)
            self._session.experiment.leave_out(rest.tolist())
            self.clear()

    def _take_back(self) -> None:
        self._session.experiment.leave_out(())

    def __panel__(self):
        return self._layout


def titled(called: str, unit: str) -> str:
    """Return what people call a column, with its unit."""
    return f"{called} [{unit}]" if unit else called


def button(label: str, visible, act: Callable[[], None]) -> pmui.Button:
    """Return a small button that acts on what is chosen."""
    return pmui.Button(
        label=label,
        variant="text",
        size="small",
        visible=visible,
        on_click=lambda _: act(),
        margin=(2, 4),
    )
