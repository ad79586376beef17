"""What every plot of a problem's draws needs: the draws, and the sentence below."""

from dashboard.snapshot import Snapshot
from dashboard.views.figure import FigureView, draws_so_far
from dashboard.views.layout import Place
from inference import summaries
from inference.problems import Problem


def own(snapshot: Snapshot, problem: Problem) -> Snapshot:
    """Return a snapshot as a view of ``problem`` sees it: empty where of another."""
    return snapshot if snapshot.problem is problem else Snapshot(problem=problem)


def draws_view(place: Place, draw, gestures: tuple = ()) -> FigureView:
    """Return a plot of draws, with the verdict on them below.

    Parameters
    ----------
    place : Place
    draw : callable
        ``(snapshot, dark) -> hv.Overlay``; the snapshot is one of the place's problem.
    gestures : tuple of hv streams
    """
    problem = place.problem
    return FigureView(
        place.session,
        lambda snapshot, dark: draw(own(snapshot, problem), dark),
        lambda snapshot: _describe(own(snapshot, problem)),
        place.height,
        settings=lambda s: (s.problem,),
        results=lambda s: (*draws_so_far(s), s.rows),
        gestures=gestures,
    )


def headline(snapshot: Snapshot) -> dict:
    """Return the draws of the headline quantities, (chain, draw) each."""
    assert snapshot.problem is not None
    return {name: snapshot.draws[name] for name in snapshot.problem.headline}


def _describe(snapshot: Snapshot) -> str:
    if snapshot.shown is None:
        return "Press Run to draw from the posterior."
    return summaries.verdict(snapshot.shown, snapshot.rows) + _region(snapshot)


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
