"""What every plot of a problem's draws needs: the draws, and the sentence below."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import holoviews as hv
import numpy as np
import panel_material_ui as pmui

from dashboard.session import Session
from dashboard.snapshot import DRAW, Snapshot
from dashboard.views.by_numbers import ByNumbers, RangeError
from dashboard.views.figure import FigureView, draws_so_far
from dashboard.views.layout import Place
from dashboard.views.tabular import Row
from inference import judging
from inference.problems import Problem


def own(snapshot: Snapshot, problem: Problem) -> Snapshot:
    """Return a snapshot as a view of ``problem`` sees it: empty where of another."""
    return snapshot if snapshot.problem is problem else Snapshot(problem=problem)


def draws_view(
    place: Place,
    draw: Callable[[Snapshot, bool], hv.Overlay],
    tabulate: Callable[[Snapshot], Iterable[Row]],
    gestures: tuple = (),
    describe: Callable[[Snapshot], str] | None = None,
    by_numbers: ByNumbers | None = None,
) -> FigureView:
    """Return a plot of draws, with a sentence below.

    Parameters
    ----------
    place : Place
    draw : callable
        ``(snapshot, dark) -> hv.Overlay``; the snapshot is one of the place's problem.
    tabulate : callable
        ``snapshot -> rows``: the numbers that are drawn.
    gestures : tuple of hv streams
    describe : callable, optional
        ``snapshot -> str``; the verdict on the draws where left out.
    by_numbers : ByNumbers, optional
        What chooses draws without a mouse.
    """
    problem = place.problem
    return FigureView(
        place.session,
        lambda snapshot, dark: draw(own(snapshot, problem), dark),
        lambda snapshot: (describe or judged)(own(snapshot, problem)),
        place.height,
        tabulate=lambda snapshot: tabulate(own(snapshot, problem)),
        settings=lambda s: (s.problem, s.thresholds, s.shows_warmup),
        results=lambda s: (*draws_so_far(s), s.rows),
        gestures=gestures,
        by_numbers=by_numbers,
    )


def headline(snapshot: Snapshot) -> dict:
    """Return the draws of the headline quantities, (chain, draw) each."""
    assert snapshot.problem is not None
    return {name: snapshot.draws[name] for name in snapshot.problem.headline}


def judged(snapshot: Snapshot) -> str:
    """Say whether the draws can be trusted, and which are chosen."""
    if snapshot.shown is None:
        return awaited(snapshot)
    said = judging.verdict(snapshot.shown, snapshot.rows, snapshot.thresholds)
    return said.sentence + of_chosen(snapshot)


def awaited(snapshot: Snapshot) -> str:
    """Say when there will be draws, where there are none."""
    record = snapshot.record
    if record is not None and not record.phase.over:
        return "The first draws are on their way."
    return "Press Run to draw from the posterior."


def named(problem: Problem) -> dict[str, str]:
    """Return the headline quantities by what people call them."""
    return {problem.symbols[name]: name for name in problem.headline}


def draws_by_numbers(place: Place, quantities: Mapping[str, str]) -> ByNumbers:
    """Return what chooses draws without a box.

    Parameters
    ----------
    place : Place
    quantities : mapping of str to str
        What draws can be chosen by: names that `Snapshot.quantity` knows, by what
        people call them.
    """
    session, problem = place.session, place.problem

    def values(name: str) -> np.ndarray | None:
        return own(session.snapshot, problem).quantity(name)

    def take(name: str, low: float, high: float) -> None:
        # A second quantity narrows the choice, as the other side of a box does.
        before = {n: r for n, r in session.region.items() if values(n) is not None}
        narrowed = {**before, name: (low, high)}
        chosen = replace(own(session.snapshot, problem), region=narrowed).chosen
        if chosen is not None and not chosen.any():
            raise RangeError(
                "No draw is within this range and those chosen before: press "
                "\u201cAll draws again\u201d to begin anew."
            )
        session.region = narrowed

    return ByNumbers(quantities, values, take)


def all_draws(session: Session) -> pmui.Button:
    """Return the way back from chosen draws to all."""
    return pmui.Button(
        label="All draws again",
        variant="text",
        size="small",
        visible=session.param.region.rx.pipe(bool),
        on_click=lambda _: session.param.update(region={}),
    )


def of_chosen(snapshot: Snapshot) -> str:
    """Say which draws are chosen, if not all."""
    chosen = snapshot.chosen
    if chosen is None or snapshot.problem is None:
        return ""
    ranges = " and ".join(
        f"number {low:,.0f} to {high:,.0f}"
        if name == DRAW
        else f"{snapshot.label(name)} {low:.4g} to {high:.4g}"
        for name, (low, high) in snapshot.region.items()
    )
    return f" Chosen: {chosen.sum():,} draws with {ranges}."
