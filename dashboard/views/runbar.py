"""The bar that runs, pauses and stops, and says in one sentence what is going on."""

import panel as pn
import panel_material_ui as pmui
import param
from panel.viewable import Viewer

from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.layout import WIDE, side_by_side
from dashboard.views.one_way import Button, LinearProgress
from dashboard.views.text import Sentence, notify
from data import DataError
from inference.priors import SpecError
from inference.problems import PROBLEMS
from inference.provenance import StoreError
from inference.runner import Phase


class RunBar(Viewer):
    """Run, Pause, Stop, the state of the run and its progress.

    Parameters
    ----------
    session : Session
    opened : reactive expression of str
        Name of the problem whose plots are on the page; empty before the first.
    """

    def __init__(self, session: Session, opened: param.rx):
        super().__init__()
        self._session = session
        snapshot, problem = session.param.snapshot, session.experiment.param.problem
        button = {"size": "small", "margin": (6, 4)}
        run = Button(
            label="Run",
            color="primary",
            variant="contained",
            icon="play_arrow",
            disabled=snapshot.rx.pipe(lambda s: bool(s.complaint)),
            on_click=lambda _: self.run(),
            **button,
        )
        pause = Button(
            label=snapshot.rx.pipe(lambda s: "Resume" if _waits(s) else "Pause"),
            variant="outlined",
            disabled=snapshot.rx.pipe(lambda s: not (s.at_work or s.cut_off)),
            on_click=lambda _: self.pause(),
            **button,
        )
        stop = Button(
            label="Stop",
            variant="outlined",
            disabled=snapshot.rx.pipe(lambda s: not s.at_work),
            on_click=lambda _: session.stop(),
            **button,
        )
        live = pmui.Switch.from_param(
            session.experiment.param.live,
            label="Live",
            description="Run anew at every change, where a run takes a moment only",
            size="small",
            margin=(8, 4),
            width=110,
        )
        keep = Button(
            label=snapshot.rx.pipe(lambda s: "Drop A" if s.kept else "Keep as A"),
            variant="text",
            disabled=snapshot.rx.pipe(lambda s: s.shown is None),
            description=snapshot.rx.pipe(_about_a),
            on_click=lambda _: self.keep(),
            **button,
        )
        progress = LinearProgress(
            value=snapshot.rx.pipe(_progress), margin=(0, 10, 6, 10), **WIDE
        )
        sentence = pn.Column(
            Sentence(
                pn.bind(_said, snapshot, problem, opened),
                role="status",
                weight=500,
                size=14,
                lines=2,
            ),
            progress,
            margin=(4, 0, 0, 6),
            **WIDE,
        )
        # Beside each other on a wide screen, below each other on a phone.
        buttons = pn.FlexBox(run, pause, stop, live, keep, align_items="center")
        self._layout = side_by_side(buttons, sentence)

    def run(self) -> None:
        """Run what the controls say."""
        try:
            self._session.start()
        except (SpecError, DataError) as error:
            notify(error)

    def pause(self) -> None:
        """Pause the run, or go on with it."""
        run = self._session.current
        if self._session.snapshot.cut_off:
            try:
                self._session.go_on()
            except StoreError as error:
                notify(error)
        elif run is not None:
            run.resume() if run.latest.phase is Phase.PAUSED else run.pause()

    def keep(self) -> None:
        """Keep the run shown as A, or compare with none."""
        if self._session.snapshot.kept is None:
            self._session.keep()
        else:
            self._session.let_go()

    def __panel__(self):
        return self._layout


def _waits(snapshot: Snapshot) -> bool:
    paused = snapshot.record is not None and snapshot.record.phase is Phase.PAUSED
    return paused or snapshot.cut_off


def _about_a(snapshot: Snapshot) -> str:
    if snapshot.kept:
        return "Compare with that run no longer"
    return "Keep this run to compare with those that follow"


def _progress(snapshot: Snapshot) -> int:
    record = snapshot.record
    if record is None:
        return 0
    if not snapshot.at_work and not record.phase.over:
        # Most runs are over in a moment: a bar that flickers says nothing of them.
        return 100
    sampler = record.spec.sampler
    done = record.warmed_up + record.drawn
    return round(100 * done / (sampler.warmup + sampler.draws))


def _said(snapshot: Snapshot, problem: str, opened: str) -> str:
    if opened and opened != problem:
        # The plots are those of the problem before for seconds on a small machine.
        return f"Opening: {PROBLEMS[problem].title}."
    return _sentence(snapshot)


def _sentence(snapshot: Snapshot) -> str:
    record = snapshot.record
    if snapshot.complaint:
        return snapshot.complaint
    if record is None:
        return "Ready: move a prior, or press Run."
    if not snapshot.at_work and not record.phase.over:
        return "Running."
    text = record.sentence
    if snapshot.shown is record and record.sample_seconds and snapshot.rows:
        smallest = min(row.ess_bulk for row in snapshot.rows.values())
        if smallest == smallest:
            text += (
                f" {smallest / record.sample_seconds:,.0f} effective draws a second."
            )
    if record.divergences:
        text += f" {record.divergences} divergent."
    return f"{text} {snapshot.unsaved}".rstrip()
