"""What can be done with brushed rows: combine, clear, leave out, fit them alone."""

from collections.abc import Callable

import numpy as np
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard.session import Session

NEW = "selects"
COMBINE: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    NEW: lambda before, box: box,
    "adds": np.logical_or,
    "removes": lambda before, box: before & ~box,
    "keeps": np.logical_and,
}
"""What a box does to the selection before it."""


class Selection(Viewer):
    """The brushed rows of one table, and buttons that act on them.

    Parameters
    ----------
    session : Session
    fact : {"selected", "picked"}
        The session's parameter that holds the selection: stars or points.
    of_problem : str
        The problem in whose view this stands.
    """

    def __init__(self, session: Session, fact: str, of_problem: str):
        super().__init__()
        self._session, self._fact, self._problem = session, fact, of_problem
        brushed = session.param[fact].rx.pipe(lambda mask: mask is not None)
        reduced = session.param.snapshot.rx.pipe(self._left_out).rx.pipe(bool)
        self._combine = pmui.Select(
            options=list(COMBINE),
            value=NEW,
            label="A box",
            size="small",
            width=130,
            visible=brushed,
            margin=(2, 8),
        )
        self._layout = pmui.FlexBox(
            self._combine,
            _button("Leave out", brushed, self._leave_out),
            _button("Fit only these", brushed, self._fit_only),
            _button("Clear", brushed, self.clear),
            _button("Take all back", reduced, self._take_back),
            sizing_mode="stretch_width",
        )

    def box(self, inside: np.ndarray) -> None:
        """Take up a box that a person drew, bool (row,)."""
        before = self._mask
        if before is None or before.shape != inside.shape:
            chosen = inside
        else:
            chosen = COMBINE[str(self._combine.value)](before, inside)
        self._set(chosen if chosen.any() else None)

    def clear(self) -> None:
        """Select nothing."""
        self._set(None)

    @property
    def _mask(self) -> np.ndarray | None:
        return getattr(self._session, self._fact)

    def _set(self, mask: np.ndarray | None) -> None:
        self._session.param.update({self._fact: mask})

    def _left_out(self, snapshot) -> tuple[int, ...]:
        if snapshot.problem is None or snapshot.problem.name != self._problem:
            return ()
        return self._session.experiment.left_out

    def _leave_out(self) -> None:
        if self._mask is not None:
            experiment = self._session.experiment
            more = np.flatnonzero(self._mask)
            experiment.leave_out({*experiment.left_out, *more.tolist()})
            self.clear()

    def _fit_only(self) -> None:
        if self._mask is not None:
            self._session.experiment.leave_out(np.flatnonzero(~self._mask).tolist())
            self.clear()

    def _take_back(self) -> None:
        self._session.experiment.leave_out(())

    def __panel__(self):
        return self._layout


def _button(label: str, visible, act: Callable[[], None]) -> pmui.Button:
    return pmui.Button(
        label=label,
        variant="text",
        size="small",
        visible=visible,
        on_click=lambda _: act(),
        margin=(2, 4),
    )
