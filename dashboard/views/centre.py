"""The middle of the page: data and model on one side, the posterior on the other."""

import holoviews as hv
import numpy as np
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard import figures, previews
from dashboard.session import Session, Snapshot
from dashboard.views.figure import FigureView, data_and_priors, draws_so_far
from dashboard.views.posterior import Posterior, marginal_view
from inference.problems import PROBLEMS

WIDE = {"sizing_mode": "stretch_width"}
NONE = np.empty(0)


def side_by_side(left, right, shares: tuple[int, int] = (6, 6)) -> pmui.Grid:
    """Put two views beside each other, or below on a narrow screen."""
    return pmui.Grid(
        pmui.Grid(left, size={"xs": 12, "md": shares[0]}),
        pmui.Grid(right, size={"xs": 12, "md": shares[1]}),
        container=True,
        spacing=1,
        **WIDE,
    )


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


class ClusterCentre(Viewer):
    """Parallaxes, colours, sky and posterior of the cluster."""

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        problem = PROBLEMS["cluster"]
        histogram = FigureView(
            session,
            self._histogram,
            self._describe,
            height=230,
            settings=lambda s: (*data_and_priors(s), s.selected),
            results=draws_so_far,
            gestures=[_brush(self._brush_parallax)],
        )
        diagram, sky = (
            FigureView(
                session,
                draw,
                lambda _: "",
                height=330,
                settings=lambda s: (s.spec and s.spec.data, s.catalogue, s.selected),
                results=draws_so_far,
                # Thousands of points: slower to draw, and memberships settle soon.
                pace=2.0,
                gestures=[_brush(brushed)],
            )
            for draw, brushed in (
                (self._diagram, self._brush_diagram),
                (self._sky, self._brush_sky),
            )
        )
        clear = pmui.Button(
            label="Clear the selection",
            variant="text",
            size="small",
            visible=session.param.selected.rx.pipe(lambda s: s is not None),
            on_click=lambda _: session.param.update(selected=None),
        )
        left = pmui.Column(histogram, clear, side_by_side(diagram, sky), **WIDE)
        right = pmui.Column(
            Posterior(session, problem, height=400),
            marginal_view(session, problem, height=190),
            **WIDE,
        )
        self._layout = side_by_side(left, right)

    def _stars(self, snapshot: Snapshot):
        """Return the kept stars, their membership and which are selected."""
        table, kept = snapshot.catalogue, snapshot.kept
        selected = snapshot.selected
        if selected is not None and len(selected) != len(table):
            selected = None
        return (
            table.where(kept),
            previews.membership(snapshot),
            None if selected is None else selected[kept],
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

    def _diagram(self, snapshot: Snapshot, dark: bool) -> hv.Overlay:
        if not self._mine(snapshot):
            return figures.colour_magnitude(NONE, NONE, None, None, dark=dark)
        stars, membership, selected = self._stars(snapshot)
        return figures.colour_magnitude(
            stars.bp_rp, stars.g_mag, membership, selected, dark=dark
        )

    def _sky(self, snapshot: Snapshot, dark: bool) -> hv.Overlay:
        if not self._mine(snapshot):
            return figures.sky(NONE, NONE, None, None, dark=dark)
        stars, membership, selected = self._stars(snapshot)
        return figures.sky(stars.ra, stars.dec, membership, selected, dark=dark)

    def _brush_parallax(self, box) -> None:
        left, _, right, _ = box
        self._select(lambda t: (t.parallax >= left) & (t.parallax <= right))

    def _brush_diagram(self, box) -> None:
        self._select(lambda t: _inside(t.bp_rp, t.g_mag, box))

    def _brush_sky(self, box) -> None:
        self._select(lambda t: _inside(t.ra, t.dec, box))

    def _select(self, chosen) -> None:
        self._session.selected = chosen(self._session.experiment.catalogue)

    def _describe(self, snapshot: Snapshot) -> str:
        if not self._mine(snapshot):
            return snapshot.complaint
        stars, membership, selected = self._stars(snapshot)
        text = f"{len(stars):,} stars of {stars.name}."
        if membership is not None:
            text += f" {membership.sum():,.0f} of them are expected in the cluster."
        if selected is not None:
            text += f" Selected: {selected.sum():,}"
            if membership is not None and selected.any():
                text += f", mean membership {membership[selected].mean():.2f}"
            text += "."
        return text

    def __panel__(self):
        return self._layout


class StarCentre(Viewer):
    """The star chosen in the colour-magnitude diagram, and its distance."""

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        problem = PROBLEMS["star"]
        tap = hv.streams.Tap()
        tap.add_subscriber(self._tap)
        diagram = FigureView(
            session,
            self._diagram,
            lambda _: "Click a star to choose it.",
            height=520,
            settings=lambda s: (s.problem, s.catalogue, s.star),
            results=lambda s: (s.cluster and s.cluster.stars,),
            pace=2.0,
            gestures=[tap],
        )
        distance = FigureView(
            session,
            self._distance,
            self._describe,
            height=300,
            settings=data_and_priors,
            results=lambda s: (*draws_so_far(s), s.cluster and s.cluster.drawn),
        )
        right = pmui.Column(distance, Posterior(session, problem, height=160), **WIDE)
        self._layout = side_by_side(diagram, right, (5, 7))

    def _mine(self, snapshot: Snapshot) -> bool:
        return snapshot.spec is not None and snapshot.spec.model == "star"

    def _diagram(self, snapshot: Snapshot, dark: bool) -> hv.Overlay:
        if not self._mine(snapshot):
            return figures.colour_magnitude(NONE, NONE, None, None, dark=dark)
        table, chosen = snapshot.catalogue, None
        if snapshot.star is not None:
            chosen = np.arange(len(table)) == snapshot.star
        return figures.colour_magnitude(
            table.bp_rp,
            table.g_mag,
            previews.table_membership(snapshot),
            chosen,
            dark=dark,
        )

    def _tap(self, x=None, y=None) -> None:
        table = self._session.experiment.catalogue
        if x is None or y is None:
            return
        # Nearest on the screen: both axes in units of their range.
        away = [
            (values - place) / (np.nanmax(values) - np.nanmin(values))
            for values, place in ((table.bp_rp, x), (table.g_mag, y))
        ]
        separation = np.hypot(*away)
        if np.nanmin(separation) < 0.05:
            self._session.experiment.star = int(np.nanargmin(separation))

    def _distance(self, snapshot: Snapshot, dark: bool) -> hv.Overlay:
        if not self._mine(snapshot):
            return figures.star_distance(
                draws=np.empty((1, 0)),
                prior=(NONE, NONE),
                inverse_parallax=1.0,
                dark=dark,
            )
        observed = snapshot.observed
        parallax = float((observed["parallax"] - observed["zero_point"])[0])
        draws = snapshot.draws["distance"] if snapshot.shows_run else np.empty((1, 0))
        xs, density = previews.prior_curve(snapshot.spec, "distance")
        if draws.size:
            # The prior's own range, and finely where the posterior is.
            low, high = np.quantile(draws, [0.0005, 0.9995])
            coarse = np.linspace(1.0, max(xs[-1], high), 300)
            around = (1.5 * low - 0.5 * high, 1.5 * high - 0.5 * low)
            xs = np.union1d(coarse, np.linspace(max(around[0], 1.0), around[1], 200))
            density = previews.predictive.prior_density(snapshot.spec, "distance", xs)
        fine = np.geomspace(max(xs[-1] / 1000, 1.0), xs[-1], 2000)
        return figures.star_distance(
            draws=draws,
            prior=(xs, density),
            inverse_parallax=1000.0 / parallax if parallax > 0 else None,
            cluster=previews.cluster_says(snapshot, fine),
            dark=dark,
        )

    def _describe(self, snapshot: Snapshot) -> str:
        if snapshot.complaint or not self._mine(snapshot):
            return snapshot.complaint
        observed = snapshot.observed
        parallax = float((observed["parallax"] - observed["zero_point"])[0])
        error = float(observed["parallax_error"][0])
        text = f"Parallax {parallax:.3f} ± {error:.3f} mas. "
        if parallax > 0:
            text += f"1/parallax is {1000 / parallax:,.0f} pc. "
        else:
            text += "1/parallax means nothing here: the parallax is not positive. "
        row = snapshot.rows.get("distance") if snapshot.shows_run else None
        if row is not None:
            text += f"Posterior median {row.median:,.0f} pc, "
            text += f"68 %: {row.low:,.0f} to {row.high:,.0f} pc. "
        if snapshot.cluster is None:
            text += "Run the cluster problem to see what it says of this star."
        return text

    def __panel__(self):
        return self._layout


def _brush(select) -> hv.streams.BoundsXY:
    stream = hv.streams.BoundsXY()
    stream.add_subscriber(lambda bounds=None: select(bounds) if bounds else None)
    return stream


def _inside(x: np.ndarray, y: np.ndarray, box) -> np.ndarray:
    left, right = sorted((box[0], box[2]))
    bottom, top = sorted((box[1], box[3]))
    return (x >= left) & (x <= right) & (y >= bottom) & (y <= top)


def centre(session: Session, name: str) -> Viewer:
    """Build the middle of the page for a problem."""
    if name == "cluster":
        return ClusterCentre(session)
    if name == "star":
        return StarCentre(session)
    return LineCentre(session, name)
