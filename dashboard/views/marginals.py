"""How a problem's headline is distributed: marginals over their priors."""

from dashboard import figures, previews
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.figure import FigureView, data_and_priors, draws_so_far
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
