"""Whether the data look like what the model predicts, and which draws make them so."""

from collections.abc import Iterator

import holoviews as hv
import numpy as np
import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard import figures, previews
from dashboard.figures.checks import Compared, Measured, Transformed
from dashboard.snapshot import Snapshot
from dashboard.views.draws import all_draws, draws_by_numbers, of_chosen, own
from dashboard.views.figure import FigureView, draws_so_far
from dashboard.views.layout import WIDE, Place
from dashboard.views.tabular import Row
from inference import checks, comparison
from inference.problems import PROBLEMS
from inference.runner import RunRecord
from inference.statistics import STATISTICS, Statistic, cut, statistic

FEWEST = 100
"""Draws, of all chains, below which nothing is compared."""
TENTH = 0.1


class Checks(Viewer):
    """Residuals, a chosen test statistic and transforms; a box chooses draws.

    Parameters
    ----------
    place : Place
    """

    def __init__(self, place: Place):
        super().__init__()
        self._session, self._problem = place.session, place.problem
        self._alone = place.problem.name == "star"
        self._statistics = STATISTICS[place.problem.name]
        box = hv.streams.BoundsXY()
        box.add_subscriber(self._choose)
        figure = FigureView(
            place.session,
            self._draw,
            self._say,
            place.height,
            tabulate=self._rows,
            settings=lambda s: (s.problem, s.statistic),
            results=draws_so_far,
            pace=2.0,
            gestures=(box,),
            by_numbers=draws_by_numbers(
                place, {one.label: one.name for one in self._statistics}
            ),
            seen=place.seen,
        )
        self._layout = pn.Column(
            pn.FlexBox(*self._controls(), align_items="center", **WIDE),
            figure,
            all_draws(place.session),
            **WIDE,
        )

    def _controls(self) -> list:
        chooser = pmui.Select(
            label="Test statistic",
            options={one.label: one.name for one in self._statistics},
            value=self._statistics[0].name,
            size="small",
            width=205,
            margin=(6, 4),
        )
        chooser.param.watch(lambda event: self._set_statistic(event.new), "value")
        tenths = [
            pmui.Button(
                label=label,
                variant="text",
                size="small",
                margin=(2, 2),
                on_click=lambda _, ends=ends: self._choose_share(*ends),
            )
            for label, ends in (
                ("Lowest tenth", (0.0, TENTH)),
                ("Highest tenth", (1 - TENTH, 1.0)),
            )
        ]
        several = [chooser] if len(self._statistics) > 1 else []
        return [*several, *tenths]

    def _set_statistic(self, name: str) -> None:
        session = self._session
        session.statistic = {**session.statistic, self._problem.name: name}

    def _record(self, snapshot: Snapshot) -> RunRecord | None:
        """Return the run that can be checked, if there is one."""
        shown = own(snapshot, self._problem).shown
        if shown is None or shown.drawn * shown.spec.sampler.chains < FEWEST:
            return None
        return shown

    def _statistic(self, snapshot: Snapshot) -> Statistic:
        found = statistic(self._problem.name, snapshot.statistic)
        return found or self._statistics[0]

    def _draw(self, snapshot: Snapshot, dark: bool) -> hv.Overlay:
        record = self._record(snapshot)
        if record is None:
            return figures.predictive_checks(
                None, None, None, alone=self._alone, dark=dark
            )
        return figures.predictive_checks(
            None if self._alone else _residuals(record),
            self._compared(snapshot, record),
            None if self._alone else _transforms(record),
            alone=self._alone,
            dark=dark,
        )

    def _compared(self, snapshot: Snapshot, record: RunRecord) -> Compared:
        one, mask = self._statistic(snapshot), snapshot.chosen
        return Compared(
            checks.replicated(record, one),
            checks.observed(record, one),
            one.label,
            None if mask is None else mask.ravel()[checks.replicates(record).draw],
        )

    def _choose(self, bounds=None) -> None:
        snapshot = self._session.snapshot
        record = self._record(snapshot)
        if bounds is None or record is None:
            return
        limits = figures.statistic_limits(self._compared(snapshot, record))
        span = figures.brushed_statistic(bounds, limits, alone=self._alone)
        if span is not None:
            self._session.region = {self._statistic(snapshot).name: span}

    def _choose_share(self, low: float, high: float) -> None:
        snapshot = self._session.snapshot
        record = self._record(snapshot)
        if record is not None:
            one = self._statistic(snapshot)
            ends = np.nanquantile(checks.replicated(record, one), (low, high))
            self._session.region = {one.name: (float(ends[0]), float(ends[1]))}

    def _say(self, snapshot: Snapshot) -> str:
        record = self._record(snapshot)
        if record is None:
            return "Replicates appear when there are draws."
        return " ".join(self._sentences(snapshot, record)) + of_chosen(snapshot)

    def _rows(self, snapshot: Snapshot) -> Iterator[Row]:
        record = self._record(snapshot)
        if record is None:
            return
        yield ("", "data", "expected from", "to")
        compared = self._compared(snapshot, record)
        ends = np.nanpercentile(compared.values, (5, 95))
        yield _row(f"{compared.label}, 5 to 95 %", compared.seen, *ends)
        if self._alone:
            return
        residuals, found = _residuals(record), _transforms(record)
        within = figures.WITHIN
        for at, size in zip(residuals.at, residuals.size, strict=True):
            name = f"residual at {residuals.label} {at:.3g}, in sd"
            yield _row(name, size, -within, within)
        some = np.linspace(0, len(found.at) - 1, min(len(found.at), 11)).astype(int)
        for k in some:
            place = (found.excess[k], found.low[k], found.high[k])
            yield _row(f"{found.label} at {found.at[k]:.2f}", *place)

    def _sentences(self, snapshot: Snapshot, record: RunRecord) -> list[str]:
        one = self._statistic(snapshot)
        values = checks.replicated(record, one)
        said = [checks.tail(values, checks.observed(record, one), one.label)]
        if not self._alone:
            leaves = checks.uniformity(checks.transforms(record)).leaves
            said.append(
                "The PIT leaves the grey band, within which a right model stays 95 "
                "times of 100: the predictions are off."
                if leaves
                else "The PIT stays within the grey band, as a right model's does 95 "
                "times of 100."
            )
        said += _of_cut(record)
        if record.phase.over:
            said += _leave_one_out(record, snapshot.sibling)
        return said

    def __panel__(self):
        return self._layout


def _row(name: str, *numbers: float) -> Row:
    return (name, *(f"{number:.3g}" for number in numbers))


def _residuals(record: RunRecord) -> Measured:
    if "y" in record.observed:
        return Measured(*checks.residuals(record), "x")
    edges = previews.parallax_bins(record.observed, record.spec.data)
    return Measured(*checks.residuals(record, edges), "parallax [mas]")


def _transforms(record: RunRecord) -> Transformed:
    found = checks.uniformity(checks.transforms(record))
    kind = "LOO-PIT" if "y" in record.observed else "PIT"
    return Transformed(*found, f"{kind}: ECDF minus uniform")


def _of_cut(record: RunRecord) -> list[str]:
    """Say how many of a cluster's replicated stars the data's cut would remove."""
    if record.spec.model != "cluster":
        return []
    values, (low, high) = checks.replicates(record).values, cut(record.spec)
    share = ((values < low) | (values > high)).mean()
    if share < 0.002:
        return []
    return [
        f"The model knows of no cut and puts {share:.1%} of its stars beyond "
        f"{low:g} to {high:g} mas. The checks leave those out, but the fit did not: "
        "part of what they find is the cut."
    ]


def _leave_one_out(record: RunRecord, sibling: RunRecord | None) -> list[str]:
    """Say how well the model foresees its points, and if better than the other."""
    found = comparison.leave_one_out(record)
    if found is None:
        return []
    same = sibling is not None and sibling.spec.data == record.spec.data
    other = comparison.leave_one_out(sibling) if sibling is not None and same else None
    name = PROBLEMS[sibling.spec.model].title if sibling is not None else ""
    return [
        comparison.sentence(
            found,
            other,
            f"\u201c{name}\u201d",
        )
    ]
