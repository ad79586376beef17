"""The middle of the page for a cluster: its stars, linked, and its posterior."""

from functools import partial

import holoviews as hv
import numpy as np
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard import figures, previews
from dashboard.selections import between, rows
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.figure import FigureView, data_and_priors, draws_so_far
from dashboard.views.layout import WIDE, side_by_side
from dashboard.views.marginals import marginal_view
from dashboard.views.panels import Posterior
from dashboard.views.selection import Selection
from inference.problems import PROBLEMS

NONE = np.empty(0)
COLUMNS = {
    "bp_rp": ("BP \N{MINUS SIGN} RP", "mag"),
    "g_mag": ("G", "mag"),
    "ra": ("RA", "deg"),
    "dec": ("Dec", "deg"),
    "pmra": ("pm RA", "mas/yr"),
    "pmdec": ("pm Dec", "mas/yr"),
}
"""Columns that are drawn against each other: what people call them, and units."""


class ClusterCentre(Viewer):
    """Parallaxes, colours, sky and posterior of the cluster."""

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        self._selection = Selection(
            session, "selected", "cluster", "stars", _membership_of_chosen
        )
        problem = PROBLEMS["cluster"]
        histogram = FigureView(
            session,
            self._histogram,
            self._describe,
            height=230,
            settings=lambda s: (*data_and_priors(s), s.selected.now),
            results=draws_so_far,
            gestures=[_brush(self._brush_parallax)],
        )
        diagram, sky, motion = (
            FigureView(
                session,
                partial(self._scatter, figure, columns),
                describe,
                height=height,
                settings=lambda s: (
                    s.spec and s.spec.data,
                    s.catalogue,
                    s.selected.now,
                ),
                results=draws_so_far,
                # Thousands of points: slower to draw, and memberships settle soon.
                pace=2.0,
                gestures=[_brush(partial(self._brush_columns, columns))],
            )
            for figure, columns, describe, height in (
                (figures.colour_magnitude, ("bp_rp", "g_mag"), _nothing, 330),
                (figures.sky, ("ra", "dec"), _nothing, 282),
                (figures.proper_motion, ("pmra", "pmdec"), _describe_motion, 282),
            )
        )
        places = pmui.Tabs(
            ("Sky", sky), ("Motion", motion), dynamic=True, sizing_mode="stretch_width"
        )
        left = pmui.Column(
            histogram, self._selection, side_by_side(diagram, places), **WIDE
        )
        right = pmui.Column(
            Posterior(session, problem, height=400),
            marginal_view(session, problem, height=190),
            **WIDE,
        )
        self._layout = side_by_side(left, right)

    def _stars(self, snapshot: Snapshot):
        """Return the kept stars, their membership and which are selected."""
        table, kept = snapshot.catalogue, snapshot.fitted
        now = snapshot.selected.now
        mine = now is not None and len(now.mask) == len(table)
        return (
            table.where(kept),
            previews.membership(snapshot),
            now.mask[kept] if mine else None,
        )

    def _mine(self, snapshot: Snapshot) -> bool:
        return snapshot.spec is not None and snapshot.spec.model == "cluster"

    def _histogram(self, snapshot: Snapshot, dark: bool) -> hv.Overlay:
        if not self._mine(snapshot):
            edges = np.linspace(0, 1, previews.BINS + 1)
            none = np.empty((0, previews.BINS))
            return figures.parallax_histogram(
                NONE,
                None,
                replicates=none,
                edges=edges,
                prior_replicates=none,
                dark=dark,
            )
        stars, _, selected = self._stars(snapshot)
        edges = previews.parallax_edges(snapshot)
        return figures.parallax_histogram(
            stars.parallax,
            selected,
            replicates=previews.replicates(snapshot, edges),
            edges=edges,
            prior_replicates=previews.prior_replicates(snapshot, edges),
            dark=dark,
        )

    def _scatter(
        self, figure, columns: tuple[str, str], snapshot: Snapshot, dark: bool
    ) -> hv.Overlay:
        """Draw two columns of the stars."""
        if not self._mine(snapshot):
            return figure(NONE, NONE, None, None, dark=dark)
        stars, membership, selected = self._stars(snapshot)
        x, y = (getattr(stars, name) for name in columns)
        return figure(x, y, membership, selected, dark=dark)

    def _brush_parallax(self, box) -> None:
        left, _, right, _ = box
        parallax = self._session.experiment.catalogue.parallax
        words = f"parallax {between(left, right, 'mas')}"
        self._selection.box(rows((parallax >= left) & (parallax <= right), words))

    def _brush_columns(self, columns: tuple[str, str], box) -> None:
        table = self._session.experiment.catalogue
        x, y = (getattr(table, name) for name in columns)
        words = ", ".join(
            f"{name} {between(box[i], box[i + 2], unit)}"
            for i, (name, unit) in enumerate(COLUMNS[column] for column in columns)
        )
        self._selection.box(rows(_inside(x, y, box), words))

    def _describe(self, snapshot: Snapshot) -> str:
        if not self._mine(snapshot):
            return snapshot.complaint
        stars, membership, _ = self._stars(snapshot)
        text = f"{len(stars):,} stars of {stars.name}."
        if membership is not None:
            text += f" {membership.sum():,.0f} of them are expected in the cluster."
        left_out = snapshot.spec.data.get("left_out", ())
        if left_out:
            text += f" Left out: {len(left_out):,} of the table."
        return text

    def __panel__(self):
        return self._layout


def _membership_of_chosen(snapshot: Snapshot) -> str:
    """Say how the chosen stars stand to the cluster."""
    now, fitted = snapshot.selected.now, snapshot.fitted
    if now is None or fitted is None or len(now.mask) != len(fitted):
        return ""
    among, membership = now.mask[fitted], previews.membership(snapshot)
    text = f", {among.sum():,} of them fitted" if among.sum() < now.count else ""
    if membership is not None and among.any():
        text += f", mean membership {membership[among].mean():.2f}"
    return text


def _nothing(snapshot: Snapshot) -> str:
    return ""


def _describe_motion(snapshot: Snapshot) -> str:
    """Say where a table has no proper motions."""
    table = snapshot.catalogue
    if table is None or np.isfinite(table.pmra).any():
        return ""
    return "This table has no proper motions."


def _brush(select) -> hv.streams.BoundsXY:
    stream = hv.streams.BoundsXY()
    stream.add_subscriber(lambda bounds=None: select(bounds) if bounds else None)
    return stream


def _inside(x: np.ndarray, y: np.ndarray, box) -> np.ndarray:
    left, right = sorted((box[0], box[2]))
    bottom, top = sorted((box[1], box[3]))
    return (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
