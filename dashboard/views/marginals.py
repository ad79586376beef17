"""How a problem's headline is distributed: marginals over their priors."""

from collections.abc import Iterator

import numpy as np

from dashboard import figures, previews
from dashboard.figures.grid import number
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.draws import awaited
from dashboard.views.figure import FigureView, data_and_priors, draws_so_far
from dashboard.views.tabular import Row
from inference.problems import Problem


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
        session,
        draw,
        _numbers,
        height,
        tabulate=lambda s: quantile_rows(s) if s.problem is problem else (),
        settings=data_and_priors,
        results=draws_so_far,
    )


PERCENT = (5, 50, 95)


def quantile_rows(snapshot: Snapshot) -> Iterator[Row]:
    """Return percentiles of each headline quantity, of every curve that is drawn."""
    if snapshot.problem is None or snapshot.spec is None:
        return
    named = {
        "posterior": snapshot.draws,
        snapshot.ghost_name: snapshot.ghost_draws,
        "estimate": snapshot.estimated_draws,
        "prior": previews.prior_sample(snapshot.spec),
    }
    yield ("", *(f"{name} {p} %" for name in named for p in PERCENT))
    for name in snapshot.problem.headline:
        cells: list[str] = []
        for part in named.values():
            values = np.ravel(part.get(name, ()))
            known = np.percentile(values, PERCENT) if values.size else ()
            cells += [f"{value:.4g}" for value in known] or [""] * len(PERCENT)
        yield (snapshot.problem.symbols[name], *cells)


def _numbers(snapshot: Snapshot) -> str:
    """Say the headline's numbers."""
    if snapshot.problem is None or not snapshot.rows:
        return f"Dashed: the prior. {awaited(snapshot)}"
    parts = [
        f"{snapshot.problem.symbols[name]}: {number(row.mean, row.sd)} ± "
        f"{number(row.sd, row.sd)}"
        for name in snapshot.problem.headline
        if (row := snapshot.rows.get(name))
    ]
    text = "Mean ± sd of " + "; ".join(parts) + "."
    if snapshot.estimate is not None:
        return f"{text} {snapshot.estimate.sentence}"
    if not snapshot.shows_run:
        return f"{text} These are of the data as they were before the last change."
    record = snapshot.record
    runs = record is not None and not record.phase.over
    outdated = snapshot.changed_since_run and not runs
    return text + (" The settings have changed since this run." if outdated else "")
