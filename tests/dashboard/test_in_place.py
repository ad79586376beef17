"""Data put into a plot in place are those that a whole update would bring."""

import holoviews as hv
import numpy as np
import pytest
from bokeh.core.property.vectorization import Field

from dashboard import figures
from dashboard.figures.canvas import Rule, furniture
from dashboard.figures.style import palette
from dashboard.views import in_place

hv.extension("bokeh")
NAMES = ("m", "b", "Q")
LABELS = {name: name for name in NAMES}


def draws(seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {name: generator.normal(size=(4, 300)) for name in NAMES}


def corner(seed: int) -> hv.Overlay:
    diverged = np.random.default_rng(seed).random((4, 300)) < 0.01 * seed
    return figures.corner(
        draws(seed), LABELS, ghost=draws(seed + 1), divergent=diverged
    )


def marginals(seed: int) -> hv.Overlay:
    x = np.linspace(-2, 2, 50)
    prior = {"m": (x, np.full(50, 0.1 * seed))}
    extra = {"estimate": draws(seed + 1)} if seed > 1 else {}
    return figures.marginals(draws(seed), LABELS, prior=prior, **extra)


def traces(seed: int) -> hv.Overlay:
    return figures.traces(draws(seed), LABELS, rhat={"m": 1 + 0.01 * seed})


def line(seed: int) -> hv.Overlay:
    x = np.linspace(0, 1, 15)
    generator = np.random.default_rng(seed)
    return figures.line_fit(
        x,
        x**2,
        np.full(15, 0.1),
        lines=generator.normal(size=(40, 2)),
        prior_lines=generator.normal(size=(40, 2)),
        membership=generator.permutation(np.linspace(0, 1, 15)),
        truth=(1.0, 0.0),
    )


def histogram(seed: int) -> hv.Overlay:
    generator = np.random.default_rng(seed)
    return figures.parallax_histogram(
        np.linspace(0, 1, 100) ** 0.5,
        None,
        replicates=generator.poisson(3, (30, 10)),
        edges=np.linspace(0, 1, 11),
        prior_replicates=generator.poisson(5, (30, 10)),
    )


def stars(seed: int, chosen: float = 0.0, dark: bool = False) -> hv.Overlay:
    generator = np.random.default_rng(seed)
    x, y, membership = generator.random((3, 40))
    selected = x < chosen if chosen else None
    return figures.colour_magnitude(x, y, membership, selected, dark=dark)


def columns(plot) -> list[dict]:
    return [dict(r.data_source.data) for r in plot.state.renderers]


def around(plot) -> tuple:
    """Axes and legend of a plot."""
    axes = plot.state.x_range, plot.state.y_range
    items = [item for legend in plot.state.legend for item in legend.items]
    return (
        [(axis.start, axis.end, axis.reset_start, axis.reset_end) for axis in axes],
        [(item.label["value"], item.visible) for item in items],
    )


@pytest.mark.parametrize("figure", [corner, marginals, traces, line, histogram, stars])
def test_it_is_as_good_as_a_whole_update(figure):
    def draw(data):
        return figure(data)

    plots = []
    for _ in range(2):
        pipe = hv.streams.Pipe(data=1)
        dynamic = hv.DynamicMap(draw, streams=[pipe])
        plots.append((hv.renderer("bokeh").get_plot(dynamic), pipe))
    (whole, pipe), (placed, _) = plots
    pipe.send(3)
    after = figure(3)
    assert in_place.looks(after) == in_place.looks(figure(1))
    before = columns(placed)
    in_place.put(placed, after)
    changed = 0
    for old, new, expected in zip(before, columns(placed), columns(whole), strict=True):
        assert new.keys() >= expected.keys()
        for name, values in expected.items():
            np.testing.assert_array_equal(new[name], values, err_msg=name)
        changed += any(not np.array_equal(old[n], expected[n]) for n in expected)
    assert changed >= 2
    assert around(placed) == around(whole)


def test_what_has_no_rows_any_more_leaves_columns_of_one_length():
    def draw(data):
        diverged = np.zeros((4, 300), bool)
        diverged[0, :data] = True
        return figures.corner(draws(1), LABELS, divergent=diverged)

    dynamic = hv.DynamicMap(draw, streams=[hv.streams.Pipe(data=7)])
    plot = hv.renderer("bokeh").get_plot(dynamic)
    for divergent in (0, 3, 0):
        in_place.put(plot, draw(divergent))
        for data in columns(plot):
            assert len({len(values) for values in data.values()}) <= 1, data.keys()


def test_axes_and_legend_follow_data_put_in_place():
    x, none = np.linspace(0, 1, 15), np.empty((0, 2))

    def draw(data):
        slope, lines = (1, none) if data == 1 else (2, np.ones((3, 2)))
        return figures.line_fit(x, slope * x, x, lines=lines, prior_lines=none)

    dynamic = hv.DynamicMap(draw, streams=[hv.streams.Pipe(data=1)])
    plot = hv.renderer("bokeh").get_plot(dynamic)
    (_, low), items = around(plot)
    assert dict(items)["posterior"] is False
    in_place.put(plot, draw(2))
    (_, high), items = around(plot)
    assert dict(items)["posterior"] is True
    assert high[1] > low[1]


def test_what_a_whole_update_left_alone_is_put_in_place_too():
    def draw(data):
        return figures.predictive_checks(None, None, None, alone=data > 1)

    pipe = hv.streams.Pipe(data=1)
    dynamic = hv.DynamicMap(draw, streams=[pipe])
    plot = hv.renderer("bokeh").get_plot(dynamic)
    (sheet,) = (data for data in columns(plot) if "image" in data)
    # One of its elements is the same one every time.
    pipe.send(2)
    in_place.put(plot, draw(3))
    (after,) = (data for data in columns(plot) if "image" in data)
    np.testing.assert_equal(after, sheet)


def test_another_theme_or_style_is_another_look():
    same = in_place.looks(stars(1))
    assert in_place.looks(stars(2)) == same
    assert in_place.looks(stars(1, dark=True)) != same
    # Where some are chosen the others are faded.
    assert in_place.looks(stars(1, chosen=0.5)) != same


def test_marks_of_one_kind_are_seen_where_there_were_none_or_others():
    def draw(data):
        chosen = np.random.default_rng(data).random((4, 300)) < 0.1 * data
        diverged = np.random.default_rng(9).random((4, 300)) < 0.01
        many = {"chosen": chosen, "divergent": diverged if data == 2 else None}
        return figures.corner(draws(1), LABELS, **(many if data else {}))

    for first in range(3):
        dynamic = hv.DynamicMap(draw, streams=[hv.streams.Pipe(data=first)])
        plot = hv.renderer("bokeh").get_plot(dynamic)
        for data in (1, 2, 0, 1):
            overlay = draw(data)
            in_place.put(plot, overlay)
            (renderer,) = (r for r in plot.state.renderers if "marker" in seen(r))
            (marks,) = (item for item in overlay if isinstance(item, hv.Points))
            for name, dimension in (("marker", "marker"), ("line_color", "colour")):
                assert seen(renderer)[name] == list(marks.dimension_values(dimension))


def test_rules_of_a_second_colour_are_seen_where_there_was_one():
    def draw(data):
        rules = [Rule(0, 0, 1, k, "grid" if k < data else "ink") for k in range(3)]
        return hv.Overlay(furniture(False, rules, [], []))

    plot = hv.renderer("bokeh").get_plot(
        hv.DynamicMap(draw, streams=[hv.streams.Pipe(data=3)])
    )
    in_place.put(plot, draw(1))
    lines = plot.state.renderers[0]
    colours = [getattr(palette(False), role) for role in ("grid", "ink", "ink")]
    assert seen(lines)["line_color"] == colours


def seen(renderer) -> dict[str, list]:
    """What each row of a renderer looks like: of its column, or the value of all."""
    data, glyph = renderer.data_source.data, renderer.glyph
    rows = len(next(iter(data.values()), ()))
    found = {}
    for name in ("marker", "line_color"):
        value = getattr(glyph, name, None)
        if isinstance(value, Field):
            found[name] = list(data[value.field])
        elif value is not None:
            found[name] = [getattr(value, "value", value)] * rows
    return found
