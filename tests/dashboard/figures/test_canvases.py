"""Corner, marginals and traces: one canvas each."""

import holoviews as hv
import numpy as np
import pytest
from scipy import stats

from dashboard.figures import (
    corner,
    marginals,
    plotting_ranges,
    selected,
    shading,
    traces,
    triangle,
)
from dashboard.figures.style import DARK, LIGHT


def structure(overlay):
    return [(type(item).__name__, item.label) for item in overlay]


def texts(overlay):
    (labels,) = (item for item in overlay if isinstance(item, hv.Labels))
    return list(labels.dimension_values("text"))


def uniform(low, high):
    xs = np.linspace(low, high, 200)
    return xs, np.full(200, 1 / (high - low))


@pytest.fixture
def prior():
    xs = np.linspace(850, 880, 300)
    return {
        "dist_clust": (xs, stats.norm(865, 3).pdf(xs)),
        "frac_clust": uniform(0, 1),
    }


def test_a_corner_is_the_same_elements_empty_or_full(draws, no_draws, labels):
    full = corner(
        draws,
        labels,
        ghost=draws,
        estimate=draws,
        reference={"dist_clust": 866.0},
        divergent=np.ones((4, 250), bool),
        dark=True,
    )
    assert structure(corner(no_draws, labels)) == structure(full)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_a_corner_has_a_panel_for_every_pair(count):
    rng = np.random.default_rng(0)
    draws = {f"p{i}": rng.normal(size=(4, 500)) for i in range(count)}
    image = next(iter(corner(draws, {})))
    picture = image.dimension_values(2, flat=False)
    assert picture.dtype == np.uint8
    side = picture.shape[0] // (count - 1)
    filled = [
        picture[r * side : (r + 1) * side, c * side : (c + 1) * side].any()
        for r in range(count - 1)
        for c in range(count - 1)
    ]
    assert sum(filled) == count * (count - 1) // 2


def test_the_density_of_a_pair_stands_where_its_draws_are(labels):
    rng = np.random.default_rng(2)
    draws = {"a": rng.normal(3, 1, (4, 2000)), "b": rng.normal(50, 2, (4, 2000))}
    ranges = {"a": (0.0, 4.0), "b": (42.0, 72.0)}
    image = next(iter(corner(draws, {}, ranges=ranges)))
    picture = image.dimension_values(2, flat=False)
    rows, columns = np.nonzero(picture == picture.max())
    x = image.dimension_values(0, expanded=False)[columns].mean()
    y = image.dimension_values(1, expanded=False)[rows].mean()
    cell = triangle.layout(2).cell(1, 0)
    assert cell.data_x(x, ranges["a"]) == pytest.approx(3, abs=0.3)
    assert cell.data_y(y, ranges["b"]) == pytest.approx(50, abs=0.8)


def test_a_corner_prints_median_and_interval(draws, labels):
    assert "865.8 ± 1.1" in texts(corner(draws, labels))


def test_a_corner_without_draws_says_so(no_draws, draws, labels):
    assert "no draws yet" in texts(corner(no_draws, labels))
    assert "no draws yet" not in texts(corner(draws, labels))


def test_divergences_are_marked_in_every_pair(draws, labels):
    divergent = np.zeros((4, 250), bool)
    divergent[1, 17] = True
    ranges = {name: (v.min() - 1, v.max() + 1) for name, v in draws.items()}
    overlay = corner(draws, labels, divergent=divergent, ranges=ranges)
    (marks,) = (item for item in overlay if isinstance(item, hv.Points))
    assert len(marks) == 3
    cell = triangle.layout(3).cell(1, 0)
    x = cell.data_x(marks.dimension_values("x")[0], ranges["log_L"])
    assert x == pytest.approx(draws["log_L"][1, 17])


def test_a_box_on_the_corner_gives_back_the_parameters(draws):
    names, ranges = list(draws), plotting_ranges(draws)
    x0, y0, x1, y1 = triangle.layout(3).cell(2, 1)
    middle = (x0 + x1) / 2
    chosen = selected((x0, y0, middle, y1), names, ranges)
    low, high = ranges["dist_clust"]
    assert chosen["dist_clust"] == pytest.approx((low, (low + high) / 2))
    assert chosen["frac_clust"] == pytest.approx(ranges["frac_clust"])
    assert selected((0.9, 0.9, 0.95, 0.95), names, ranges) == {}


def test_the_enclosed_mass_of_a_gaussian_is_known():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(2, 200_000))
    bins = [shading.bin_numbers(v, (-5, 5), 100) for v in (x, y)]
    mass = shading.enclosed(shading.counts(*bins, 100), 1.0)
    # Inside one sigma of a bivariate Gaussian lies 1 - exp(-1/2) = 39 %.
    centres = np.linspace(-4.95, 4.95, 100)
    radius = np.hypot(*np.meshgrid(centres, centres))
    assert mass[np.abs(radius - 1) < 0.05].mean() == pytest.approx(0.393, abs=0.03)
    assert mass[np.abs(radius - 2) < 0.05].mean() == pytest.approx(0.865, abs=0.03)


def test_draws_outside_the_limits_are_in_no_bin():
    bins = shading.bin_numbers(np.array([-1.0, 0.0, 5.0, 10.0, 11.0]), (0, 10), 10)
    assert bins.tolist() == [-1, 0, 5, 9, -1]


def test_marginals_are_the_same_elements_empty_or_full(draws, no_draws, labels, prior):
    full = marginals(
        draws,
        labels,
        prior=prior,
        ghost=draws,
        estimate=draws,
        reference={"dist_clust": 866.0},
        columns=2,
    )
    assert structure(marginals(no_draws, labels, dark=True)) == structure(full)


def test_the_prior_alone_fills_a_panel_without_draws(no_draws, draws, labels, prior):
    bare, *_ = marginals(no_draws, labels, prior=prior)
    assert bare.dimension_values("x").size > 200
    bare, *_ = marginals(draws, labels, prior=prior)
    assert bare.dimension_values("x").size == 0


def test_prior_and_posterior_share_a_density_scale(labels):
    rng = np.random.default_rng(4)
    draws = {"frac_clust": rng.uniform(0, 1, (4, 25_000))}
    ranges = {"frac_clust": (0.0, 1.0)}
    overlay = marginals(
        draws, labels, prior={"frac_clust": uniform(0, 1)}, ranges=ranges
    )
    _, bars, _, _, prior, _ = list(overlay)[:6]
    height = np.median(bars.dimension_values("y"))
    assert prior.dimension_values("y") == pytest.approx(height, rel=0.02)


def test_a_prior_that_towers_over_the_posterior_stays_in_its_panel(labels):
    draws = {"frac_clust": np.random.default_rng(4).uniform(0, 1, (4, 2500))}
    narrow = np.linspace(0.4, 0.6, 99), np.full(99, 5.0)
    ranges = {"frac_clust": (0.0, 1.0)}
    given = {"prior": {"frac_clust": narrow}, "ranges": ranges}
    _, bars, _, _, prior, _ = list(marginals(draws, labels, **given))[:6]
    floor = bars.dimension_values("base")[0]
    seen = bars.dimension_values("y").max() - floor
    tall = prior.dimension_values("y").max() - floor
    # Five times as dense, it is cut where the panel ends: at twice the bars.
    assert 1.9 < tall / seen < 2.3


def test_marginals_wrap_into_rows(draws, labels):
    one = marginals(draws, labels, columns=3)
    two = marginals(draws, labels, columns=2)
    floors = [np.unique(list(o)[1].dimension_values("base")).size for o in (one, two)]
    assert floors == [1, 2]


def test_traces_are_the_same_elements_empty_or_full(draws, no_draws, labels):
    rhat = {"log_L": 1.0}
    assert structure(traces(no_draws, labels)) == structure(
        traces(draws, labels, rhat=rhat)
    )


def test_traces_are_thinned_and_one_curve_a_chain(labels):
    draws = {"log_L": np.random.default_rng(0).normal(size=(4, 5000))}
    curves = [i for i in traces(draws, labels, rhat=None) if isinstance(i, hv.Curve)]
    assert [0 < len(curve) <= 300 for curve in curves] == [True] * 4


def test_more_chains_than_colours_are_all_drawn(labels):
    draws = {"log_L": np.random.default_rng(0).normal(size=(10, 50))}
    curves = [i for i in traces(draws, labels, rhat=None) if isinstance(i, hv.Curve)]
    drawn = sum(np.isfinite(curve.dimension_values("y")).sum() for curve in curves)
    assert drawn == 500


def test_a_bad_rhat_is_a_warning(draws, labels):
    good = texts(traces(draws, labels, rhat={"log_L": 1.001}))
    bad = texts(traces(draws, labels, rhat={"log_L": 1.2}))
    assert not any("disagree" in text for text in good)
    assert any("1.200" in text and "disagree" in text for text in bad)


@pytest.mark.parametrize("figure", [corner, marginals, traces])
def test_a_canvas_is_updated_in_place_and_follows_the_theme(
    figure, draws, no_draws, labels
):
    pipe = hv.streams.Pipe(data=(no_draws, False))
    dynamic = hv.DynamicMap(
        lambda data: figure(data[0], labels, dark=data[1]), streams=[pipe]
    )
    plot = hv.renderer("bokeh").get_plot(dynamic)
    before = [renderer.id for renderer in plot.state.renderers]
    text = plot.state.title
    assert text.text_color == LIGHT.ink
    pipe.send((draws, True))
    assert [renderer.id for renderer in plot.state.renderers] == before
    assert plot.state.title.text_color == DARK.ink
    columns = [r.data_source.data for r in plot.state.renderers]
    colours = {c for data in columns for c in data.get("text_color", [])}
    assert colours <= {DARK.ink, DARK.muted}
    assert colours


def test_an_update_does_not_change_the_size_of_a_figure(draws, labels):
    pipe = hv.streams.Pipe(data=False)
    dynamic = hv.DynamicMap(
        lambda data: corner(draws, labels, dark=data), streams=[pipe]
    )
    figure = hv.renderer("bokeh").get_plot(dynamic).state
    figure.update(height=560)
    pipe.send(True)
    assert (figure.height, figure.sizing_mode) == (560, "stretch_width")
