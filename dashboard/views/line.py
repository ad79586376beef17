"""The middle of the page for points on a line, without and with outliers."""

from collections.abc import Iterator

import holoviews as hv
import numpy as np
import panel as pn
from panel.viewable import Viewer

from dashboard import figures, previews
from dashboard.selections import between, rows
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.figure import FigureView, data_and_priors, draws_so_far
from dashboard.views.layout import WIDE, in_turns, side_by_side
from dashboard.views.marginals import marginal_view
from dashboard.views.panels import Posterior
from dashboard.views.selection import Selection
from dashboard.views.tabular import Row
from data import LineData
from inference.problems import PROBLEMS

NONE = np.empty(0)
COLUMNS = {"x": ("x", ""), "y": ("y", ""), "yerr": ("error of y", "")}
"""What points can be chosen by, as people call it; they have no units."""


class LineCentre(Viewer):
    """Points, lines and posterior of `line` and `line_outliers`."""

    def __init__(self, session: Session, name: str):
        super().__init__()
        problem = PROBLEMS[name]
        self._name, self._session = name, session
        self._selection = Selection(
            session, "picked", name, "points", COLUMNS, self._values
        )
        points, posterior, marginals = in_turns(
            lambda: pn.Column(self._data(), self._selection, **WIDE),
            lambda: Posterior(session, problem, height=330),
            lambda: marginal_view(session, problem, height=190),
        )
        self._layout = pn.Column(side_by_side(points, posterior), marginals, **WIDE)

    def _data(self) -> FigureView:
        box = hv.streams.BoundsXY()
        box.add_subscriber(self._brush)
        return FigureView(
            self._session,
            self._draw,
            self._describe,
            height=370,
            tabulate=self._rows,
            settings=lambda s: (*data_and_priors(s), s.picked.now),
            results=draws_so_far,
            gestures=[box],
            by_numbers=self._selection.by_numbers,
        )

    def _draw(self, snapshot: Snapshot, dark: bool) -> hv.Overlay:
        mine = snapshot.spec is not None and snapshot.spec.model == self._name
        if not mine:
            none = np.empty((0, 2))
            return figures.line_fit(
                NONE, NONE, NONE, lines=none, prior_lines=none, dark=dark
            )
        data, observed = snapshot.spec.data, snapshot.observed
        points = previews.all_points(snapshot.spec)
        apart = np.zeros(len(points.x), bool)
        apart[list(data.get("left_out", ()))] = True
        now = snapshot.picked.now
        mine = now is not None and now.mask.shape == apart.shape
        picked = now.mask if mine else np.zeros_like(apart)
        return figures.line_fit(
            observed["x"],
            observed["y"],
            observed["yerr"],
            lines=previews.lines(snapshot),
            prior_lines=previews.prior_lines(snapshot.spec),
            lines_beside=previews.lines_beside(snapshot),
            membership=previews.inlier_probability(snapshot),
            truth=(data["slope"], data["intercept"]),
            left_out=(points.x[apart], points.y[apart]),
            picked=(points.x[picked], points.y[picked]),
            dark=dark,
        )

    def _points(self) -> LineData | None:
        """Return the points of this problem, if it is the one looked at."""
        spec = self._session.snapshot.spec
        mine = spec is not None and spec.model == self._name
        return previews.all_points(spec) if mine else None

    def _values(self, column: str) -> np.ndarray | None:
        points = self._points()
        return None if points is None else getattr(points, column)

    def _brush(self, bounds=None) -> None:
        points = self._points()
        if bounds is None or points is None:
            return
        left, bottom, right, top = bounds
        across = (points.x >= left) & (points.x <= right)
        inside = across & (points.y >= bottom) & (points.y <= top)
        words = f"x {between(left, right)}, y {between(bottom, top)}"
        self._selection.box(rows(inside, words))

    def _describe(self, snapshot: Snapshot) -> str:
        if snapshot.complaint:
            return snapshot.complaint
        if snapshot.spec is None or "inlier" not in snapshot.observed:
            return ""
        inliers = int(snapshot.observed["inlier"].sum())
        points = len(snapshot.observed["inlier"])
        text = f"Simulated: {inliers} of {points} points were drawn from the line."
        probability = previews.inlier_probability(snapshot)
        if probability is not None:
            outliers = int((probability < 0.5).sum())
            text += f" The posterior takes {outliers} of them for outliers."
        left_out = len(snapshot.spec.data.get("left_out", ()))
        if left_out:
            text += f" {left_out} more are left out."
        return text

    def _rows(self, snapshot: Snapshot) -> Iterator[Row]:
        mine = snapshot.spec is not None and snapshot.spec.model == self._name
        return point_rows(snapshot) if mine else iter(())

    def __panel__(self):
        return self._layout


def point_rows(snapshot: Snapshot) -> Iterator[Row]:
    """Return every point, and how probably it is on the line."""
    assert snapshot.spec is not None
    points = previews.all_points(snapshot.spec)
    left_out = set(snapshot.spec.data.get("left_out", ()))
    fitted = [row for row in range(len(points.x)) if row not in left_out]
    probability = previews.inlier_probability(snapshot)
    said = dict.fromkeys(left_out, "left out")
    if probability is not None:
        said |= {row: f"{p:.2f}" for row, p in zip(fitted, probability, strict=True)}
    yield ("point", "x", "y", "error of y", "probability to be on the line")
    for row, one in enumerate(zip(points.x, points.y, points.yerr, strict=True)):
        yield (f"{row + 1}", *(f"{value:.3f}" for value in one), said.get(row, ""))
