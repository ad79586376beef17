"""Corner, marginals and traces: one canvas each."""

import holoviews as hv
import numpy as np
import pytest
from scipy import stats

from dashboard.figures import (
    axes,
    corner,
    marginals,
    plotting_ranges,
    selected,
    shading,
    stretch,
    traces,
    triangle,
)
from dashboard.figures.style import DARK, LIGHT
from dashboard.figures.traces import layout as trace_layout


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
        chosen=np.ones((4, 250), bool),
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
        traces(draws, labels, rhat=rhat, warmup=draws, chosen=draws["log_L"] > 0)
    )


def test_traces_are_thinned_and_one_curve_a_chain(labels):
    draws = {"log_L": np.random.default_rng(0).normal(size=(4, 5000))}
    curves = [i for i in traces(draws, labels, rhat=None) if type(i) is hv.Curve]
    assert [0 < len(curve) <= 300 for curve in curves] == [True] * 4


def test_more_chains_than_colours_are_all_drawn(labels):
    draws = {"log_L": np.random.default_rng(0).normal(size=(10, 50))}
    curves = [i for i in traces(draws, labels, rhat=None) if isinstance(i, hv.Curve)]
    drawn = sum(np.isfinite(curve.dimension_values("y")).sum() for curve in curves)
    assert drawn == 500


def test_warmup_is_before_the_draws_and_the_axes_follow(labels):
    draws = {"log_L": np.random.default_rng(0).normal(size=(4, 100))}
    warmup = {"log_L": np.full((4, 20), 50.0)}
    hidden, shown = axes(draws), axes(draws, warmup, stride=3)
    assert hidden.across == (0, 99)
    assert shown.across == (-60, 99)
    assert hidden.up["log_L"][1] < 5 < 50 < shown.up["log_L"][1]
    assert "warm-up" not in texts(traces(draws, labels))
    overlay = traces(draws, labels, warmup=warmup, stride=3)
    assert "warm-up" in texts(overlay)
    cell = trace_layout(1).cell(0, 0)
    shade = next(iter(overlay))
    assert cell.data_x(shade.dimension_values("x"), shown.across) == pytest.approx(
        [-60, -60, 0, 0]
    )
    # Else the links between rows would be filled too.
    assert shade.dimension_values("y")[[0, -1]] == pytest.approx(cell.y0)
    curve = next(item for item in overlay if type(item) is hv.Curve)
    x = cell.data_x(curve.dimension_values("x"), shown.across)
    y = cell.data_y(curve.dimension_values("y"), shown.up["log_L"])
    order = np.argsort(x)
    assert x[order][:3] == pytest.approx([-60, -57, -54])
    assert y[order][:20] == pytest.approx(50.0)
    assert y[order][20:120] == pytest.approx(draws["log_L"][0])


def test_a_box_on_a_trace_is_a_range_of_draws_and_values(draws):
    scale = axes(draws, {"log_L": np.zeros((4, 50))})
    cell = trace_layout(3).cell(1, 0)
    low, high = scale.up["dist_clust"]
    middle = (low + high) / 2
    left, right = cell.x([20, 99.5], scale.across)
    half = float(cell.y(middle, (low, high)))
    chosen = stretch((left, half, right, cell.y1 + 0.01), scale, "draw")
    assert chosen["draw"] == (20, 99)
    assert chosen["dist_clust"] == pytest.approx((middle, high))
    # Over the whole row, or several, only the draws are meant.
    assert set(stretch((left, cell.y0, right, cell.y1), scale, "draw")) == {"draw"}
    assert set(stretch((left, 0, right, 1), scale, "draw")) == {"draw"}
    # From before the first draw they are counted from it, and all are no choice.
    early = cell.x([-30, 10.2], scale.across)
    assert stretch((early[0], 0, early[1], 1), scale, "draw")["draw"] == (0, 10)
    wide = (cell.x0, half, cell.x1, cell.y1)
    assert set(stretch(wide, scale, "draw")) == {"dist_clust"}
    # Nothing in warm-up can be chosen, nor outside the rows.
    assert stretch((cell.x0, 0, float(cell.x(-1, scale.across)), 1), scale, "d") == {}
    assert stretch((0, 0, 0.01, 1), scale, "draw") == {}


def test_chosen_draws_are_marked_where_they_are(draws, labels):
    chosen = np.zeros((4, 250), bool)
    chosen[2, 40:43] = True
    overlay = traces(draws, labels, chosen=chosen)
    (marks,) = (item for item in overlay if isinstance(item, hv.Points))
    assert len(marks) == 9
    scale, cell = axes(draws), trace_layout(3).cell(0, 0)
    first = [marks.dimension_values(k)[:3] for k in ("x", "y")]
    assert cell.data_x(first[0], scale.across) == pytest.approx([40, 41, 42])
    assert cell.data_y(first[1], scale.up["log_L"]) == pytest.approx(
        draws["log_L"][2, 40:43]
    )
    overlay = traces(draws, labels, chosen=np.ones((4, 250), bool))
    (marks,) = (item for item in overlay if isinstance(item, hv.Points))
    assert 300 < len(marks) <= 450, "not all of a thousand draws"


def test_chosen_draws_are_outlined_and_dotted_in_the_corner(draws, labels):
    low, high = np.quantile(draws["log_L"], [0.4, 0.6])
    chosen = (draws["log_L"] > low) & (draws["log_L"] < high)
    ranges = plotting_ranges(draws)
    overlay = corner(draws, labels, chosen=chosen, ranges=ranges)
    assert any(f"chosen ({chosen.sum()})" in text for text in texts(overlay))
    (marks,) = (item for item in overlay if isinstance(item, hv.Points))
    cell = triangle.layout(3).cell(1, 0)
    inside = marks.dimension_values("y") > cell.y0
    x = cell.data_x(marks.dimension_values("x")[inside], ranges["log_L"])
    assert low < x.min() < x.max() < high
    # The outline on the diagonal is nought but where those draws are.
    outline = [item for item in overlay if type(item) is hv.Curve][2]
    cell = triangle.layout(3).cell(0, 0)
    mine = outline.dimension_values("x") < cell.x1
    x, y = (outline.dimension_values(k)[mine] for k in ("x", "y"))
    high_up = cell.data_x(x[y > cell.y0 + 1e-6], ranges["log_L"])
    bin_width = (ranges["log_L"][1] - ranges["log_L"][0]) / 32
    assert low - bin_width <= high_up.min() < high_up.max() <= high + bin_width
    assert not any("chosen" in text for text in texts(corner(draws, labels)))


def test_of_many_divergences_those_of_every_chain_are_marked(draws, labels):
    overlay = corner(draws, labels, divergent=np.ones((4, 250), bool))
    (marks,) = (item for item in overlay if isinstance(item, hv.Points))
    cell = triangle.layout(3).cell(1, 0)
    limits = plotting_ranges(draws)["log_L"]
    x = cell.data_x(marks.dimension_values("x"), limits)
    for chain in draws["log_L"]:
        assert any(np.abs(chain - value).min() < 1e-9 for value in x[:120])


def test_a_bad_rhat_is_a_warning(draws, labels):
    good = texts(traces(draws, labels, rhat={"log_L": 1.001}))
    bad = texts(traces(draws, labels, rhat={"log_L": 1.2}))
    lenient = texts(traces(draws, labels, rhat={"log_L": 1.2}, rhat_limit=1.25))
    assert not any("disagree" in text for text in lenient)
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
