"""The middle of the page for a cluster: its stars, linked, and its posterior."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import holoviews as hv
import numpy as np
import panel as pn
from panel.viewable import Viewer

from dashboard import figures, previews, stars
from dashboard.selections import between, rows
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.figure import FigureView, data_and_priors, draws_so_far
from dashboard.views.layout import WIDE, in_turns, side_by_side
from dashboard.views.lazy import LazyTabs
from dashboard.views.marginals import marginal_view
from dashboard.views.panels import Posterior
from dashboard.views.selection import Selection, button
from dashboard.views.star_plots import COLUMNS, mine, star_plot
from dashboard.views.star_table import StarTable
from dashboard.views.tabular import Row
from inference.problems import PROBLEMS

NONE = np.empty(0)
MEMBERSHIP = "membership"


class ClusterCentre(Viewer):
    """Parallaxes, colours, sky and posterior of the cluster."""

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        one = session.param.selected.rx.pipe(
            lambda these: these.now is not None and these.now.count == 1
        )
        look = button("Look at this star", one, self._look)
        self._selection = Selection(
            session,
            "selected",
            "cluster",
            "stars",
            {
                "parallax": COLUMNS["parallax"],
                MEMBERSHIP: ("membership", ""),
                **COLUMNS,
            },
            self._values,
            _of_chosen,
            [look],
        )
        problem = PROBLEMS["cluster"]
        plot = partial(star_plot, session, self._selection)
        views, posterior, colours, places, marginals = in_turns(
            self._views,
            lambda: Posterior(session, problem, height=400),
            partial(plot, "colours"),
            lambda: LazyTabs(
                Sky=lambda seen: plot("sky"), Motion=lambda seen: plot("motion")
            ),
            lambda: marginal_view(session, problem, height=190),
        )
        left = pn.Column(
            views, self._selection, side_by_side(colours, places, narrowest=200), **WIDE
        )
        right = pn.Column(posterior, marginals, **WIDE)
        self._layout = side_by_side(left, right)

    def _views(self) -> LazyTabs:
        session = self._session
        histogram = FigureView(
            session,
            self._histogram,
            self._describe,
            height=215,
            tabulate=parallax_rows,
            settings=lambda s: (*data_and_priors(s), s.selected.now),
            results=draws_so_far,
            gestures=[_brush(self._brush_parallax)],
            by_numbers=self._selection.by_numbers,
        )
        return LazyTabs(
            **{
                "Parallaxes": lambda seen: histogram,
                "Errors": lambda seen: star_plot(session, self._selection, "errors"),
                "Distances": lambda seen: chosen_view(session),
                "Table": lambda seen: StarTable(session, self._selection, seen),
            }
        )

    def _histogram(self, snapshot: Snapshot, dark: bool) -> hv.Overlay:
        if not mine(snapshot):
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
        table = snapshot.catalogue.where(snapshot.fitted)
        edges = previews.parallax_edges(snapshot)
        return figures.parallax_histogram(
            table.parallax,
            stars.chosen_among(snapshot),
            replicates=previews.replicates(snapshot, edges),
            edges=edges,
            prior_replicates=previews.prior_replicates(snapshot, edges),
            replicates_beside=previews.replicates_beside(snapshot, edges),
            mixture=previews.mixture(snapshot, edges),
            dark=dark,
        )

    def _brush_parallax(self, box) -> None:
        left, _, right, _ = box
        parallax = self._session.experiment.catalogue.parallax
        words = f"parallax {between(left, right, 'mas')}"
        self._selection.box(rows((parallax >= left) & (parallax <= right), words))

    def _values(self, column: str) -> np.ndarray | None:
        if column == MEMBERSHIP:
            return previews.table_membership(self._session.snapshot)
        return getattr(self._session.experiment.catalogue, column)

    def _look(self) -> None:
        """Open the chosen star in the problem of one star."""
        now = self._session.selected.now
        if now is not None:
            star = int(np.argmax(now.mask))
            self._session.experiment.param.update(star=star, problem="star")

    def _describe(self, snapshot: Snapshot) -> str:
        if not mine(snapshot):
            return snapshot.complaint
        membership = previews.membership(snapshot)
        text = f"{snapshot.fitted.sum():,} stars of {snapshot.catalogue.name}."
        if membership is not None:
            text += f" {membership.sum():,.0f} of them are expected in the cluster."
        left_out = snapshot.spec.data.get("left_out", ())
        if left_out:
            text += f" Left out: {len(left_out):,} of the table."
        return text

    def __panel__(self):
        return self._layout


def _of_chosen(snapshot: Snapshot) -> str:
    """Say how the chosen stars stand to the cluster."""
    among = stars.chosen_among(snapshot)
    if among is None or snapshot.selected.now is None:
        return ""
    fewer = among.sum() < snapshot.selected.now.count
    text = f", {among.sum():,} of them fitted" if fewer else ""
    membership = previews.membership(snapshot)
    if membership is not None and among.any():
        text += f", mean membership {membership[among].mean():.2f}"
    return text


def chosen_view(session: Session) -> FigureView:
    """Return the distances and memberships of the chosen stars."""

    def draw(snapshot: Snapshot, dark: bool):
        these = stars.chosen(snapshot) if mine(snapshot) else (None, None)
        return figures.chosen_stars(*these, dark=dark)

    return FigureView(
        session,
        draw,
        stars.describe,
        height=215,
        tabulate=distance_rows,
        settings=lambda s: (s.spec and s.spec.data, s.catalogue, s.selected.now),
        results=draws_so_far,
        # Thousands of distances are summed.
        pace=2.0,
    )


def _brush(select) -> hv.streams.BoundsXY:
    stream = hv.streams.BoundsXY()
    stream.add_subscriber(lambda bounds=None: select(bounds) if bounds else None)
    return stream


def parallax_rows(snapshot: Snapshot) -> Iterator[Row]:
    """Return the bins of the histogram: observed, predicted, and what is in them."""
    if not mine(snapshot) or snapshot.fitted is None or snapshot.catalogue is None:
        return
    edges = previews.parallax_edges(snapshot)
    observed = np.histogram(snapshot.catalogue.parallax[snapshot.fitted], edges)[0]
    columns: dict[str, np.ndarray] = {"observed": observed}
    for name, part in (
        ("predicted", previews.replicates(snapshot, edges)),
        ("prior", previews.prior_replicates(snapshot, edges)),
    ):
        if part.size:
            low, middle, high = np.percentile(part, (5, 50, 95), axis=0)
            columns |= {f"{name} 5 %": low, f"{name} median": middle}
            columns |= {f"{name} 95 %": high}
    expected = previews.mixture(snapshot, edges)
    if expected.size:
        columns |= {"in the field": expected[0], "in the cluster": expected[1]}
    yield ("parallax [mas]", *columns)
    for k, (low, high) in enumerate(pairwise(edges)):
        yield (between(low, high), *(f"{part[k]:,.0f}" for part in columns.values()))


DISTANCE_ROWS = 16


def distance_rows(snapshot: Snapshot) -> Iterator[Row]:
    """Return expected stars of field and cluster at some distances, and memberships."""
    these = stars.chosen(snapshot)[0] if mine(snapshot) else None
    if these is None:
        return
    yield ("", "in the cluster", "in the field")
    ends = np.linspace(0, len(these.cluster), DISTANCE_ROWS + 1).round().astype(int)
    for first, last in pairwise(ends):
        if last > first:
            parts = (part[first:last].sum() for part in (these.cluster, these.field))
            low, high = these.edges[first], these.edges[last]
            yield (
                f"distance {low:,.0f} to {high:,.0f} pc",
                *(f"{part:,.1f}" for part in parts),
            )
    edges = np.linspace(0, 1, 6)
    counts = np.histogram(these.membership, edges)[0]
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        yield (f"membership {low:.1f} to {high:.1f}", f"{count:,} stars", "")
