"""The middle of the page for one star: chosen in the diagram, and its distance."""

from collections.abc import Iterator

import holoviews as hv
import numpy as np
import panel as pn
from panel.viewable import Viewer

from dashboard import figures, previews, stars
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.figure import FigureView, data_and_priors, draws_so_far
from dashboard.views.layout import WIDE, in_turns, side_by_side
from dashboard.views.panels import Posterior
from dashboard.views.selection import button
from dashboard.views.star_plots import FIRST_ROWS, nearest
from dashboard.views.tabular import Row
from inference.predictive import prior_density
from inference.problems import PROBLEMS

NONE = np.empty(0)


class StarCentre(Viewer):
    """The star chosen in the colour-magnitude diagram, and its distance."""

    def __init__(self, session: Session):
        super().__init__()
        self._session = session
        diagram, distance, posterior = in_turns(
            self._stars,
            self._distances,
            lambda: Posterior(session, PROBLEMS["star"], height=160),
        )
        back = button("Back to the cluster", True, self._back)
        left = pn.Column(diagram, back, **WIDE)
        right = pn.Column(distance, posterior, **WIDE)
        self._layout = side_by_side(left, right, (5, 7))

    def _stars(self) -> FigureView:
        tap = hv.streams.Tap()
        tap.add_subscriber(self._tap)
        return FigureView(
            self._session,
            self._diagram,
            describe_diagram,
            height=520,
            tabulate=diagram_rows,
            settings=lambda s: (s.problem, s.catalogue, s.star),
            results=lambda s: (s.cluster and s.cluster.stars,),
            pace=2.0,
            gestures=[tap],
        )

    def _distances(self) -> FigureView:
        return FigureView(
            self._session,
            self._distance,
            self._describe,
            height=300,
            tabulate=interval_rows,
            settings=data_and_priors,
            results=lambda s: (*draws_so_far(s), s.cluster and s.cluster.drawn),
        )

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
        star = nearest(table, ("bp_rp", "g_mag"), (x, y))
        if star is not None:
            self._session.experiment.star = star

    def _back(self) -> None:
        self._session.experiment.problem = "cluster"

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
            density = prior_density(snapshot.spec, "distance", xs)
        within = stars.in_cluster(snapshot)
        return figures.star_distance(
            draws=draws,
            ghost=snapshot.draws_beside.get("distance"),
            estimate=snapshot.estimated_draws.get("distance"),
            prior=(xs, density),
            inverse_parallax=1000.0 / parallax if parallax > 0 else None,
            cluster=within and (within.distances, within.density),
            population=within and (within.distances, within.prior),
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
        within = stars.in_cluster(snapshot)
        if within is None:
            text += "Run the cluster problem to see what it says of this star."
        elif row is not None:
            alone = figures.Interval(row.low, row.median, row.high)
            text += stars.compared(alone, within)
        return text

    def __panel__(self):
        return self._layout


def describe_diagram(snapshot: Snapshot) -> str:
    """Say which star is chosen."""
    text = "Click a star to choose it."
    if snapshot.cluster is None or snapshot.cluster.stars is None:
        text += " Memberships, as colours, come with a run of the cluster."
    star, table = snapshot.star, snapshot.catalogue
    if star is None or table is None:
        return text
    text += f" Star {star} of {len(table):,} is: G {table.g_mag[star]:.2f}"
    if np.isfinite(table.bp_rp[star]):
        text += f", BP \N{MINUS SIGN} RP {table.bp_rp[star]:.2f}"
    return f"{text}."


def diagram_rows(snapshot: Snapshot) -> Iterator[Row]:
    """Return the chosen star and the first of all, by their numbers in the table."""
    table = snapshot.catalogue
    if table is None:
        return
    membership = previews.table_membership(snapshot)
    known = np.isfinite(membership) if membership is not None else ()
    yield ("star", "BP \N{MINUS SIGN} RP [mag]", "G [mag]", "membership")
    chosen = [] if snapshot.star is None else [snapshot.star]
    for row in [*chosen, *range(min(FIRST_ROWS, len(table)))]:
        yield (
            f"{row}, chosen" if row == snapshot.star else f"{row}",
            f"{table.bp_rp[row]:.3f}",
            f"{table.g_mag[row]:.3f}",
            f"{membership[row]:.2f}" if membership is not None and known[row] else "",
        )


def interval_rows(snapshot: Snapshot) -> Iterator[Row]:
    """Return what each curve says of the star's distance."""
    spec = snapshot.spec
    if spec is None or spec.model != "star":
        return
    found = {"prior": figures.interval(previews.prior_sample(spec)["distance"])}
    if snapshot.shows_run:
        found["posterior"] = figures.interval(snapshot.draws["distance"])
    within = stars.in_cluster(snapshot)
    if within is not None:
        found["cluster model"] = within.interval
    yield ("distance [pc]", "16 %", "median", "84 %")
    for name, (low, middle, high) in found.items():
        yield (name, f"{low:,.0f}", f"{middle:,.0f}", f"{high:,.0f}")
    observed = snapshot.observed
    parallax = float((observed["parallax"] - observed["zero_point"])[0])
    if parallax > 0:
        yield ("1/parallax", "", f"{1000 / parallax:,.0f}", "")
