"""The middle of the page for points on a line, without and with outliers."""

import holoviews as hv
import numpy as np
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard import figures, previews
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.figure import FigureView, data_and_priors, draws_so_far
from dashboard.views.layout import WIDE, side_by_side
from dashboard.views.posterior import Posterior, marginal_view
from inference.problems import PROBLEMS

NONE = np.empty(0)


class LineCentre(Viewer):
    """Points, lines and posterior of `line` and `line_outliers`."""

    def __init__(self, session: Session, name: str):
        super().__init__()
        problem = PROBLEMS[name]
        self._name = name
        data = FigureView(
            session,
            self._draw,
            self._describe,
            height=370,
            settings=data_and_priors,
            results=draws_so_far,
        )
        self._layout = pmui.Column(
            side_by_side(data, Posterior(session, problem, height=330)),
            marginal_view(session, problem, height=190),
            **WIDE,
        )

    def _draw(self, snapshot: Snapshot, dark: bool) -> hv.Overlay:
        mine = snapshot.spec is not None and snapshot.spec.model == self._name
        if not mine:
            none = np.empty((0, 2))
            return figures.line_fit(
                NONE, NONE, NONE, lines=none, prior_lines=none, dark=dark
            )
        data, observed = snapshot.spec.data, snapshot.observed
        return figures.line_fit(
            observed["x"],
            observed["y"],
            observed["yerr"],
            lines=previews.lines(snapshot),
            prior_lines=previews.prior_lines(snapshot.spec),
            membership=previews.inlier_probability(snapshot),
            truth=(data["slope"], data["intercept"]),
            dark=dark,
        )

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
        return text

    def __panel__(self):
        return self._layout
