"""How well the chains have done: the verdict, its next step, and figures of why."""

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard.snapshot import Snapshot
from dashboard.views import mixing
from dashboard.views.draws import awaited, own
from dashboard.views.layout import WIDE, Place
from dashboard.views.one_way import Button
from dashboard.views.text import Sentence, notify
from dashboard.views.thresholds import thresholds
from dashboard.views.traces import BrushedTraces
from data import DataError
from inference import diagnosis, judging
from inference.diagnosis import Thresholds
from inference.judging import Verdict
from inference.priors import SpecError
from inference.progress import RunRecord
from inference.provenance import StoreError

FIGURES: dict[str, Callable[[Place], Viewer]] = {
    "Traces": BrushedTraces,
    "Ranks": mixing.ranks,
    "ESS": mixing.growth,
    "Energy": mixing.energies,
}
"""What there is to look at, by what its button says."""


class Chains(Viewer):
    """The verdict on a run, a button for its next step, and figures of the chains.

    Parameters
    ----------
    place : Place
        What is said stays as it was while it is not looked at.
    """

    def __init__(self, place: Place):
        super().__init__()
        self._place, self._session = place, place.session
        self._judged: tuple[RunRecord | None, Thresholds, Verdict] = (
            None,
            diagnosis.DEFAULT,
            Verdict(""),
        )
        verdict = pn.bind(self._verdict, self._session.param.snapshot, place.seen)
        step = Button(
            label=pn.bind(lambda v: v.step.label if v.step else "", verdict),
            visible=pn.bind(lambda v: v.step is not None, verdict),
            variant="outlined",
            size="small",
            margin=(2, 10),
            on_click=self._take,
        )
        self._figures: dict[str, Viewer] = {}
        self._column = pn.Column(**WIDE)
        choice = pmui.RadioButtonGroup(
            options=list(FIGURES), value="Traces", size="small", margin=(2, 10)
        )
        choice.param.watch(lambda event: self._show(event.new), "value")
        self._show("Traces")
        self._layout = pn.Column(
            Sentence(pn.bind(lambda v: v.sentence, verdict), weight=500, size=13),
            pn.FlexBox(choice, step, align_items="center"),
            self._column,
            thresholds(self._session),
            **WIDE,
        )

    def _show(self, name: str) -> None:
        if name not in self._figures:
            self._figures[name] = FIGURES[name](self._place)
        self._column[:] = [self._figures[name]]

    def _verdict(self, snapshot: Snapshot, seen: bool) -> Verdict:
        mine = own(snapshot, self._place.problem)
        shown = mine.shown
        if shown is None:
            return Verdict(awaited(mine))
        known = self._judged[0] is shown and self._judged[1] == snapshot.thresholds
        if seen and not known:
            self._judged = shown, snapshot.thresholds, _judge(shown, snapshot)
        return self._judged[2]

    def _take(self, _) -> None:
        step = self._judged[2].step
        if step is None:
            return
        try:
            self._session.take(step)
        except (SpecError, DataError, StoreError) as error:
            notify(error)

    def __panel__(self):
        return self._layout


def _judge(shown: RunRecord, snapshot: Snapshot) -> Verdict:
    """Judge by ArviZ a run that is over, and by the summaries while it goes on."""
    limits = snapshot.thresholds
    enough = shown.phase.over and shown.drawn >= limits.too_early
    found = diagnosis.diagnose_by_arviz(shown, limits) if enough else None
    return judging.verdict(shown, snapshot.rows, limits, found)
