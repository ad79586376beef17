"""What a run says of the parameters: marginals, corner, traces, table, verdict."""

import holoviews as hv
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard import figures, previews
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.figure import FigureView, data_and_priors, draws_so_far
from dashboard.views.influence import InfluenceTable
from dashboard.views.layout import WIDE
from dashboard.views.table import SummaryTable
from inference import summaries
from inference.problems import Problem


class Posterior(Viewer):
    """The tabs of one problem's posterior; only the open one is updated.

    Parameters
    ----------
    session : Session
    problem : Problem
    height : int
        Of the plots, in pixels.
    """

    def __init__(self, session: Session, problem: Problem, height: int):
        super().__init__()
        self._problem = problem
        self._ranges: dict[str, tuple[float, float]] = {}
        self._session = session
        single = len(problem.headline) == 1
        tabs = [] if single else [("Corner", self._brushed_corner(height))]
        tabs += [("Chains", self._view(session, self._traces, height))]
        self._tabs = pmui.Tabs(*tabs, dynamic=True, sizing_mode="stretch_width")
        # They are told whether they are looked at: what they say takes a while to find.
        active, first = self._tabs.param.active.rx(), len(tabs)
        numbers = SummaryTable(session, problem, active == first)
        prior = InfluenceTable(session, problem, active == first + 1)
        self._tabs.extend([("Numbers", numbers), ("Prior", prior)])

    def _view(
        self, session: Session, draw, height: int, gestures: tuple = ()
    ) -> FigureView:
        return FigureView(
            session,
            draw,
            self._describe,
            height,
            settings=lambda s: (s.problem,),
            results=lambda s: (*draws_so_far(s), s.rows),
            gestures=gestures,
        )

    def _brushed_corner(self, height: int) -> pmui.Column:
        """Return a corner on which a box chooses draws, and a way back to all."""
        session = self._session
        box = hv.streams.BoundsXY()
        box.add_subscriber(self._choose)
        back = pmui.Button(
            label="All draws again",
            variant="text",
            size="small",
            visible=session.param.region.rx.pipe(bool),
            on_click=lambda _: session.param.update(region={}),
        )
        corner = self._view(session, self._corner, height, (box,))
        return pmui.Column(corner, back, **WIDE)

    def _choose(self, bounds=None) -> None:
        if bounds is not None and self._ranges:
            names = list(self._problem.headline)
            region = figures.selected(bounds, names, self._ranges)
            if region:
                self._session.region = region

    def _shown(self, snapshot: Snapshot):
        if snapshot.problem is not self._problem:
            snapshot = Snapshot(problem=self._problem)
        names = self._problem.headline
        return snapshot, {name: snapshot.draws[name] for name in names}

    def _corner(self, snapshot: Snapshot, dark: bool):
        snapshot, draws = self._shown(snapshot)
        # Ranges are kept while draws arrive, so that the axes do not jitter.
        self._ranges = figures.plotting_ranges(draws, self._ranges)
        diverging = snapshot.shown.stats.get("diverging") if snapshot.shown else None
        return figures.corner(
            draws,
            self._problem.symbols,
            ghost=snapshot.ghost_draws,
            ghost_name=snapshot.ghost_name,
            estimate=snapshot.estimated_draws,
            divergent=diverging,
            ranges=self._ranges,
            dark=dark,
        )

    def _traces(self, snapshot: Snapshot, dark: bool):
        snapshot, draws = self._shown(snapshot)
        rhat = {name: row.rhat for name, row in snapshot.rows.items()}
        return figures.traces(
            draws, self._problem.symbols, rhat={n: rhat[n] for n in draws if n in rhat},
            dark=dark,
        )  # fmt: skip

    def _describe(self, snapshot: Snapshot) -> str:
        if snapshot.problem is not self._problem or snapshot.shown is None:
            return "Press Run to draw from the posterior."
        return summaries.verdict(snapshot.shown, snapshot.rows) + _region(snapshot)

    def __panel__(self):
        return self._tabs


def _region(snapshot: Snapshot) -> str:
    """Say which draws are chosen, if not all."""
    chosen = snapshot.chosen
    if chosen is None or snapshot.problem is None:
        return ""
    ranges = " and ".join(
        f"{snapshot.problem.symbols[name]} {low:.4g} to {high:.4g}"
        for name, (low, high) in snapshot.region.items()
    )
    return f" Chosen: {chosen.sum():,} draws with {ranges}."


def marginal_view(session: Session, problem: Problem, height: int) -> FigureView:
    """Return the marginals of a problem's headline, over their priors."""

    def draw(snapshot: Snapshot, dark: bool):
        mine = snapshot.problem is problem and snapshot.spec is not None
        if not mine:
            snapshot = Snapshot(problem=problem)
        draws = {name: snapshot.draws[name] for name in problem.headline}
        return figures.marginals(
            draws,
            problem.symbols,
            prior=previews.prior_curves(snapshot, problem.headline) if mine else None,
            ghost=snapshot.ghost_draws,
            ghost_name=snapshot.ghost_name,
            estimate=snapshot.estimated_draws,
            columns=len(problem.headline),
            dark=dark,
        )

    return FigureView(
        session, draw, _numbers, height, settings=data_and_priors, results=draws_so_far
    )


def _numbers(snapshot: Snapshot) -> str:
    """Say the headline's numbers."""
    if snapshot.problem is None or not snapshot.rows:
        return "Dashed: the prior. The posterior appears when you press Run."
    parts = [
        f"{snapshot.problem.symbols[name]}: {row.mean:.4g} ± {row.sd:.2g}"
        for name in snapshot.problem.headline
        if (row := snapshot.rows.get(name))
    ]
    text = "Mean ± sd of " + "; ".join(parts) + "."
    if snapshot.estimate is not None:
        return f"{text} {snapshot.estimate.sentence}"
    record = snapshot.record
    runs = record is not None and not record.phase.over
    outdated = snapshot.changed_since_run and not runs
    return text + (" The settings have changed since this run." if outdated else "")
