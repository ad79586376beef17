"""Line, stars, parallaxes and distance: figures with ordinary axes."""

import holoviews as hv
import numpy as np
import pytest

from dashboard.figures import (
    MOST_BARS,
    Chosen,
    chosen_stars,
    colour_magnitude,
    line_fit,
    parallax_errors,
    parallax_histogram,
    proper_motion,
    quartiles,
    sky,
    star_distance,
)

NONE = np.zeros((0, 2))
X = np.linspace(-2, 2, 15)
RNG = np.random.default_rng(6)
STARS = 300
RA, DEC = RNG.uniform(132, 134, STARS), RNG.uniform(59, 61, STARS)
COLOUR, MAG = RNG.normal(1, 0.3, STARS), RNG.uniform(8, 18, STARS)
EDGES = np.linspace(0, 3, 31)


def structure(overlay):
    return [(type(item).__name__, item.label) for item in overlay]


def part(overlay, label):
    (found,) = (item for item in overlay if item.label == label)
    return found


def box(overlay):
    home = part(overlay, "home")
    return [float(home.dimension_values(i)[0]) for i in range(4)]


def line(**given):
    known = {"lines": NONE, "prior_lines": NONE} | given
    return line_fit(X, X, np.full(15, 0.2), **known)


def test_a_line_fit_is_the_same_elements_empty_or_full():
    full = line(
        lines=np.ones((50, 2)),
        prior_lines=np.ones((50, 2)),
        membership=np.linspace(0, 1, 15),
        truth=(1.0, 0.0),
        dark=True,
    )
    assert structure(full) == structure(line())
    empty = line_fit(X[:0], X[:0], X[:0], lines=NONE, prior_lines=NONE)
    assert structure(full) == structure(empty)


def test_axes_follow_the_data_and_not_a_wild_prior():
    wild = line(prior_lines=np.array([[1e4, 1e5]]))
    assert box(wild) == box(line())
    left, bottom, right, top = box(wild)
    assert left < -2 < 2 < right
    assert -3 < bottom < -2.2 < 2.2 < top < 3


def test_lines_run_from_edge_to_edge():
    overlay = line(lines=np.array([[2.0, 1.0]]))
    left, _, right, _ = box(overlay)
    fan = part(overlay, "posterior")
    ends = [float(fan.dimension_values(i)[0]) for i in range(4)]
    assert ends == pytest.approx([left, 2 * left + 1, right, 2 * right + 1])


def test_the_truth_is_a_line_of_its_own():
    truth = part(line(truth=(1.0, 0.5)), "truth")
    assert len(truth) == 1
    assert truth.dimension_values(3)[0] - truth.dimension_values(2)[0] == (
        pytest.approx(0.5)
    )
    assert len(part(line(), "truth")) == 0


def test_probable_outliers_are_other_markers():
    overlay = line(membership=np.where(np.arange(15) < 4, 0.1, 0.9))
    assert len(part(overlay, "probable outlier")) == 4
    assert len(part(overlay, "point")) == 11
    shade = part(overlay, "probable outlier").dimension_values("outlier")
    assert shade == pytest.approx(0.9)


def test_stars_keep_their_row_in_the_catalogue():
    colour = COLOUR.copy()
    colour[[0, 5]] = np.nan
    stars = part(colour_magnitude(colour, MAG, None, None), "stars")
    kept = stars.dimension_values("star")
    assert len(stars) == STARS - 2
    assert 5 not in kept
    assert stars.dimension_values("y") == pytest.approx(MAG[kept], rel=1e-6)


def test_stars_are_sent_in_single_precision():
    member = RNG.uniform(size=STARS)
    stars = part(colour_magnitude(COLOUR, MAG, member, None), "stars")
    kinds = {stars.dimension_values(name).dtype for name in ("x", "y", "membership")}
    assert kinds == {np.dtype("float32")}


@pytest.mark.parametrize("figure", [colour_magnitude, proper_motion, sky])
def test_selected_stars_lie_over_faded_ones(figure):
    chosen = np.arange(STARS) < 7
    overlay = figure(COLOUR, MAG, None, chosen)
    assert structure(overlay) == structure(figure(COLOUR, MAG, None, None))
    assert part(overlay, "selected").dimension_values("star").tolist() == [*range(7)]
    faded = hv.Store.lookup_options("bokeh", part(overlay, "stars"), "style").kwargs
    assert faded["alpha"] < 0.3


def test_magnitudes_run_downwards_and_right_ascension_leftwards():
    for overlay, axis in (
        (colour_magnitude(COLOUR, MAG, None, None), "y_range"),
        (sky(RA, DEC, None, None), "x_range"),
        (proper_motion(RA, DEC, None, None), "x_range"),
    ):
        figure = hv.render(overlay)
        assert getattr(figure, axis).start > getattr(figure, axis).end


def test_a_degree_on_the_sky_is_as_long_both_ways():
    left, bottom, right, top = box(sky(RA, DEC, None, None))
    shrink = np.cos(np.deg2rad((bottom + top) / 2))
    assert (right - left) * shrink == pytest.approx(top - bottom)


def parallaxes(**given):
    plx = RNG.normal(1.2, 0.3, STARS)
    known = {"replicates": np.zeros((0, 30)), "edges": EDGES} | given
    selected = known.pop("selected", None)
    return parallax_histogram(plx, selected, **known)


def test_observed_counts_sum_to_the_stars():
    observed = part(parallaxes(), "observed")
    assert observed.dimension_values("stars").sum() == STARS


def test_a_parallax_histogram_is_the_same_elements_empty_or_full():
    many = RNG.poisson(9, (50, 30))
    full = parallaxes(
        replicates=many,
        prior_replicates=many,
        selected=np.ones(STARS, bool),
        dark=True,
    )
    assert structure(full) == structure(parallaxes())


def test_a_legend_names_only_bands_that_are_there():
    many = RNG.poisson(9, (50, 30))
    names = {
        overlay_of: [item.label for item in overlay if item.label and len(item)]
        for overlay_of, overlay in {
            "none": parallaxes(),
            "A": parallaxes(replicates_beside=many),
        }.items()
    }
    assert names["none"] == ["home", "observed"]
    assert names["A"] == ["home", "observed", "A, 5\N{EN DASH}95 %"]
    beside = part(parallaxes(replicates_beside=many), "A, 5\N{EN DASH}95 %")
    ends = np.percentile(many, (5, 95), axis=0)
    drawn = beside.dimension_values("y")
    assert set(drawn[np.isfinite(drawn)]) == set(ends.ravel())


def test_the_band_is_that_of_the_replicates():
    replicates = np.tile(np.arange(101.0)[:, None], (1, 30))
    overlay = parallaxes(replicates=replicates)
    band = part(overlay, "posterior, 5\N{EN DASH}95 %")
    assert set(band.dimension_values("y")) == {95.0}
    assert set(band.dimension_values("base")) == {5.0}
    assert set(part(overlay, "median").dimension_values("y")) == {50.0}


def distance(**given):
    xs = np.linspace(1, 3000, 600)
    known = {
        "draws": RNG.normal(850, 40, (4, 250)),
        "prior": (xs, np.full(600, 1 / 3000)),
        "inverse_parallax": 900.0,
    } | given
    return star_distance(**known)


def test_a_distance_is_the_same_elements_empty_or_full():
    xs = np.linspace(1, 3000, 600)
    flat = xs, np.full(600, 1 / 3000)
    draws = RNG.normal(850, 40, (4, 250))
    full = distance(cluster=flat, exact=flat, ghost=draws, estimate=draws, dark=True)
    empty = distance(draws=np.zeros((4, 0)), inverse_parallax=None)
    assert structure(full) == structure(empty)


def test_the_posterior_of_a_distance_integrates_to_one():
    area = part(distance(), "posterior")
    x, y = area.dimension_values("x"), area.dimension_values("y")
    assert np.trapezoid(y, x) == pytest.approx(1, abs=0.02)


def test_a_parallax_that_is_not_positive_has_no_inverse_and_a_text():
    overlay = distance(inverse_parallax=None)
    assert len(part(overlay, "1/parallax")) == 0
    (text,) = (item for item in overlay if isinstance(item, hv.Labels))
    assert "no 1/parallax" in text.dimension_values("text")[0]


def test_axes_keep_the_zoom_until_the_data_change():
    pipe = hv.streams.Pipe(data=(X, NONE))
    dynamic = hv.DynamicMap(
        lambda data: line_fit(
            data[0], data[0], np.ones(15), lines=data[1], prior_lines=NONE
        ),
        streams=[pipe],
    )
    figure = hv.renderer("bokeh").get_plot(dynamic).state
    figure.x_range.update(start=-0.5, end=0.5)
    pipe.send((X, np.ones((30, 2))))
    assert (figure.x_range.start, figure.x_range.end) == (-0.5, 0.5)
    pipe.send((X + 10, np.ones((30, 2))))
    assert figure.x_range.start == pytest.approx(8 - 0.24)
    assert figure.x_range.end == pytest.approx(12 + 0.24)


def test_a_home_that_moves_under_a_zoomed_axis_leaves_the_zoom():
    pipe = hv.streams.Pipe(data=1.0)
    dynamic = hv.DynamicMap(
        lambda data: parallaxes(replicates=np.full((50, 30), 90.0 * data)),
        streams=[pipe],
    )
    figure = hv.renderer("bokeh").get_plot(dynamic).state
    first = figure.y_range.end
    figure.x_range.update(start=1.1, end=1.3)
    pipe.send(2.0)
    assert (figure.x_range.start, figure.x_range.end) == (1.1, 1.3)
    # The axis that is not zoomed follows, and going home leads to the new place.
    assert figure.y_range.end > 1.5 * first
    figure.y_range.update(start=0, end=20)
    pipe.send(4.0)
    assert figure.y_range.end == 20
    assert figure.y_range.reset_end > 3 * first


@pytest.mark.parametrize("which", [None, "few", "none"])
def test_bars_are_one_standard_error_long_and_those_of_the_selected(which):
    selected = {None: None, "few": np.arange(STARS) < 7, "none": np.zeros(STARS, bool)}
    error = RNG.uniform(0.1, 0.4, STARS)
    overlay = parallax_errors(COLOUR, MAG, None, selected[which], parallax_error=error)
    bars = part(overlay, "errors")
    drawn = {None: min(STARS, MOST_BARS), "few": 7, "none": 0}[which]
    assert len(bars) == drawn
    if which == "few":
        long = bars.dimension_values("x1") - bars.dimension_values("x0")
        np.testing.assert_allclose(long, 2 * error[:7])
    nothing = parallax_errors(NONE[:0, 0], NONE[:0, 0], None, None,
                              parallax_error=NONE[:0, 0])  # fmt: skip
    assert structure(overlay) == structure(nothing)


def chosen(stars: int = 30, scale: float = 1.0) -> Chosen:
    edges = np.linspace(600, 1100, 51)
    peak = np.exp(-0.5 * ((edges[1:] - 860) / 20) ** 2)
    share = scale * stars / peak.sum() / 2
    return Chosen(edges, share * peak, np.full(50, scale * stars / 100.0),
                  np.linspace(0, 1, stars))  # fmt: skip


def test_the_chosen_stars_are_the_same_elements_empty_or_full():
    full = chosen_stars(chosen(), chosen(500), dark=True)
    for few in (chosen_stars(None), chosen_stars(chosen()), chosen_stars(chosen(0))):
        assert structure(few) == structure(full)


def test_all_stars_are_scaled_to_as_many_as_are_chosen():
    # Ten times the stars, spread alike, have the outline of the chosen.
    overlay = chosen_stars(chosen(), chosen(300))
    areas = [item for item in overlay if isinstance(item, hv.Area)]
    (outline, *_) = (item for item in overlay if type(item) is hv.Curve)
    assert np.nanmax(outline.dimension_values("y")) == pytest.approx(
        max(area.dimension_values("y").max() for area in areas), rel=1e-6
    )
    # The cluster's part stands on the field's.
    field, cluster, _ = areas
    np.testing.assert_allclose(
        cluster.dimension_values(2), field.dimension_values(1), rtol=1e-9
    )


def test_half_of_the_stacked_distances_lies_between_the_quartiles():
    edges = np.linspace(0, 100, 101)
    flat = Chosen(edges, np.full(100, 0.2), np.full(100, 0.2), np.full(40, 0.5))
    assert quartiles(flat) == pytest.approx((25, 75))
    # Of twice as many a half is outside, to either side.
    assert quartiles(flat._replace(membership=np.full(80, 0.5))) == (0, 100)


def test_legends_name_only_what_is_drawn():
    figure = hv.render(distance(draws=np.zeros((4, 0)), inverse_parallax=None))
    shown = [item.label.value for item in figure.legend[0].items if item.visible]
    assert shown == ["prior"]


def test_a_star_that_runs_far_ahead_does_not_shrink_the_others():
    motion = np.random.default_rng(3).normal(-11.0, 1.0, (2, 500))
    motion[:, :5] = 900.0, -4000.0, 20.0, 600.0, -70.0
    left, bottom, right, top = box(proper_motion(*motion, None, None))
    assert -15 < left < right < -7
    assert -15 < bottom < top < -7
    stars = next(e for e in proper_motion(*motion, None, None) if e.label == "stars")
    assert len(stars) == 500


def test_the_axis_of_counts_stays_where_it_is_from_run_to_run():
    stars = np.random.default_rng(1).normal(1.2, 0.2, 500)

    def top(seed: int, more: float = 1.0) -> float:
        replicates = np.random.default_rng(seed).poisson(more * 600, (30, 30))
        return box(parallax_histogram(stars, None, replicates=replicates, edges=EDGES))[
            3
        ]

    tops = {top(seed) for seed in range(20)}
    # Noise about a round number is still seen.
    assert len(tops) <= 2
    assert 600 < min(tops) <= max(tops) < 1.5 * 600
    assert top(0, 2.0) > max(tops)
    # The run kept as A may be of more stars.
    few, many = (np.full((30, 30), count) for count in (10, 900))
    compared = parallax_histogram(
        stars, None, replicates=few, replicates_beside=many, edges=EDGES
    )
    assert 900 < box(compared)[3] < 1.5 * 900


def test_colours_that_are_not_known_have_no_scale():
    def bar(membership):
        overlay = colour_magnitude(COLOUR, MAG, membership, None)
        (scale,) = hv.render(overlay).right
        return scale.visible

    assert not bar(None)
    assert bar(np.linspace(0, 1, STARS))
