"""A plot that comes back to the page is the newest, in the dress of now."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import holoviews as hv
import numpy as np
import param
import pytest
from bokeh.document import Document
from bokeh.models import Plot

from dashboard.figures.style import palette
from dashboard.views.figure import FigureView, same
from dashboard.views.line import LineCentre
from dashboard.views.marginals import marginal_view
from dashboard.views.star import StarCentre
from dashboard.views.star_plots import star_plot
from inference.priors import Prior
from inference.problems import PROBLEMS
from inference.progress import Phase, RunRecord, StarSummary

hv.extension("bokeh")
NAMES = ("log_L", "log_dist_clust", "log_sigma", "frac_clust")
DRAWS = {name: np.zeros((4, 20)) for name in NAMES}


def figure_of(root) -> Plot:
    (figure,) = root.select({"type": Plot})
    return figure


def data_pane(centre: LineCentre):
    (pane,) = centre.__panel__().select(
        lambda pane: (
            isinstance(getattr(pane, "object", None), hv.DynamicMap)
            and "Data" in str(pane.object[()].opts.get("plot").kwargs.get("title"))
        )
    )
    return pane


class Meeting:
    """Draws a curve, and counts how many draw at a time."""

    def __init__(self):
        self.now, self.most = 0, 0

    def draw(self, snapshot, dark) -> hv.Overlay:
        self.now += 1
        self.most = max(self.most, self.now)
        time.sleep(0.05)
        self.now -= 1
        return hv.Overlay([hv.Curve([1, 2])])


def test_pages_make_their_plots_one_at_a_time(session):
    """What HoloViews looks through when it makes one may not grow meanwhile."""
    meeting = Meeting()

    def page(_: int) -> int:
        parts = {"tabulate": list, "settings": tuple, "results": tuple}
        view = FigureView(session, meeting.draw, lambda _: "A curve.", 100, **parts)
        root = view.__panel__().get_root(Document())
        return len(list(root.select({"type": Plot})))

    with ThreadPoolExecutor(4) as pages:
        made = list(pages.map(page, range(4)))
    assert made == [1] * 4
    assert meeting.most == 1


@pytest.fixture
def view(session) -> FigureView:
    return marginal_view(session, PROBLEMS["line_outliers"], 190)


def test_a_plot_that_comes_back_has_the_theme_of_now(session, view):
    layout = view.__panel__()
    root = layout.get_root()
    assert figure_of(root).title.text_color == palette(False).ink
    session.dark = True
    layout._cleanup(root)
    assert figure_of(layout.get_root()).title.text_color == palette(True).ink


def test_a_plot_that_comes_back_has_the_data_of_now(session):
    centre = LineCentre(session, "line_outliers")
    layout = data_pane(centre)
    root = layout.get_root()
    session.experiment.line_seed = 3
    session.poll()
    layout._cleanup(root)
    session.experiment.line_seed = 4
    session.poll()
    shown = {
        tuple(source.data["y"])
        for glyph in figure_of(layout.get_root()).renderers
        if "outlier" in (source := glyph.data_source).data
    }
    assert tuple(session.snapshot.observed["y"]) in shown


def stars(membership: float) -> StarSummary:
    return StarSummary(*(np.full(3, membership) for _ in StarSummary.__annotations__))


def test_what_holds_arrays_is_compared_by_identity():
    one, other = stars(0.5), stars(0.5)
    assert same((one,), (one,))
    assert not same((one,), (other,))


def test_a_cluster_run_goes_on_behind_the_view_of_one_star(session):
    StarCentre(session)
    for membership in (0.1, 0.2):
        cluster = RunRecord(session.snapshot.spec, {}, stars=stars(membership))
        with param.edit_constant(session):
            session.snapshot = replace(session.snapshot, cluster=cluster)


def test_axes_find_the_data_of_a_plot_that_was_first_drawn_empty(session):
    session.experiment.problem = "line"
    session.poll()
    centre = LineCentre(session, "line_outliers")
    root = data_pane(centre).get_root()
    session.experiment.problem = "line_outliers"
    session.poll()
    x = session.snapshot.observed["x"]
    axis = figure_of(root).x_range
    assert axis.start < x.min() < x.max() < axis.end
    # What the reader has zoomed to stays.
    axis.start = -1.0
    session.experiment.set_prior("b_perp", Prior.of("Normal", loc=0.5, scale=0.1))
    session.poll()
    assert axis.start == -1.0


def told(root) -> dict[str, str]:
    return figure_of(root).html_attributes


def test_a_plot_tells_its_title_and_its_sentence(session, view):
    root = view.__panel__().get_root()
    assert told(root) == {
        "role": "img",
        "aria-label": "Posterior and prior. Dashed: the prior. Press Run to draw from "
        "the posterior.",
    }
    centre = LineCentre(session, "line_outliers")
    root = data_pane(centre).get_root()
    assert "10 of 15 points" in told(root)["aria-label"]
    session.experiment.points = 20
    session.poll()
    assert "of 20 points" in told(root)["aria-label"]


def test_a_table_is_made_when_it_is_asked_for_and_follows_its_plot(session):
    asked = []

    def tabulate(snapshot):
        asked.append(snapshot)
        return [("", "points"), ("all", f"{len(snapshot.observed['x'])}")]

    view = FigureView(
        session,
        lambda s, dark: hv.Overlay([hv.Curve([(0, len(s.observed["x"]))])]),
        lambda s: "",
        200,
        tabulate=tabulate,
        settings=lambda s: (s.spec,),
        results=lambda s: (),
    )
    layout = view.__panel__()
    root = layout.get_root()
    session.experiment.points = 16
    session.poll()
    assert not asked
    view._asked.value = True
    assert ">16</td>" in view._numbers.object
    session.experiment.points = 17
    session.poll()
    assert ">17</td>" in view._numbers.object
    # What is not on the page is not written, until it comes back.
    layout._cleanup(root)
    session.experiment.points = 18
    session.poll()
    assert asked[-1].spec.data["points"] == 17
    layout.get_root()
    assert ">18</td>" in view._numbers.object


def test_a_sentence_is_of_now_though_nothing_is_drawn(session, view):
    view.__panel__().get_root()
    spec, observed = session.snapshot.spec, session.snapshot.observed
    for phase, said in (
        (Phase.COMPILING, "The first draws are on their way."),
        (Phase.FAILED, "Press Run to draw from the posterior."),
    ):
        record = RunRecord(spec, observed, phase)
        with param.edit_constant(session):
            session.snapshot = replace(session.snapshot, record=record)
        assert said in view._pane.said


def test_stars_are_drawn_by_a_run_that_stands(session):
    session.experiment.problem = "cluster"
    session.poll()
    drawn = []
    view = star_plot(session, None, "sky")
    view._pace = 0.0
    view._draw = lambda s, dark, draw=view._draw: (drawn.append(s), draw(s, dark))[1]
    view.__panel__().get_root()
    drawn.clear()
    spec, observed = session.snapshot.spec, session.snapshot.observed

    def shown(few: bool, drawn: int, membership: float):
        count = len(observed["parallax"])
        known = StarSummary(*(np.full(count, membership) for _ in range(3)))
        record = RunRecord(
            spec, observed, Phase.SAMPLING, drawn=drawn, draws=DRAWS, stars=known
        )
        before = session.snapshot.shown if few else None
        with param.edit_constant(session):
            session.snapshot = replace(
                session.snapshot, record=record, shown=record, ghost=before
            )

    shown(False, 1000, 0.9)
    said = view._pane.said
    assert len(drawn) == 1 and "4,768 likely members" in said
    shown(True, 20, 0.1)
    assert len(drawn) == 1 and view._pane.said == said
