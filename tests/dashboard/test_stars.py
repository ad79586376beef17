"""What a run says of chosen stars, against sums over a grid; taps and boxes."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard import stars
from dashboard.experiment import Experiment
from dashboard.selections import Selections, rows
from dashboard.views.cluster import distance_rows, parallax_rows
from dashboard.views.star import diagram_rows, interval_rows
from dashboard.views.star_plots import (
    PLOTS,
    _in_box,
    describe_stars,
    nearest,
    star_rows,
)
from dashboard.views.star_table import StarTable, frame
from inference.progress import Phase, RunRecord, StarSummary
from tests.dashboard.test_selection import of_stars

POPULATION = {
    "log_L": np.full((1, 20), np.log(470.0)),
    "log_dist_clust": np.full((1, 20), np.log(860.0)),
    "log_sigma": np.full((1, 20), np.log(0.02)),
    "frac_clust": np.full((1, 20), 0.4),
}
X = np.linspace(np.log(20.0), np.log(30_000.0), 100_001)


def only(parallax: float, error: float) -> tuple[float, float, float]:
    """Membership, mean [pc] and its square under that population, by a dense sum."""
    r = np.exp(X)
    likelihood = np.exp(-0.5 * ((1000 / r - parallax) / error) ** 2)
    near = 0.4 * np.exp(-0.5 * ((X - np.log(860)) / 0.02) ** 2) / 0.02
    near /= np.sqrt(2 * np.pi)
    far = 0.6 * r**3 * np.exp(-r / 470) / (2 * 470**3)
    near, far = near * likelihood, far * likelihood
    total = (near + far).sum()
    mean = ((near + far) * r).sum() / total
    return near.sum() / total, mean, ((near + far) * r**2).sum() / total


@pytest.fixture
def fitted(session):
    """A snapshot with the draws of a run, whose population is known."""
    session.experiment.problem = "cluster"
    session.poll()
    snapshot = session.snapshot
    observed = snapshot.observed
    count = len(observed["parallax"])
    known = np.array(
        [only(*pair) for pair in zip(observed["parallax"][:40],
                                     observed["parallax_error"][:40], strict=True)]
    ).T  # fmt: skip
    membership, mean, square = (np.resize(part, count) for part in known)
    run = RunRecord(
        snapshot.spec,
        observed,
        phase=Phase.DONE,
        drawn=20,
        draws=POPULATION,
        stars=StarSummary(membership, mean, np.sqrt(square - mean**2)),
    )
    return replace(snapshot, shown=run, record=run, cluster=run)


def choose(snapshot, fitted_rows):
    mask = np.zeros(len(snapshot.catalogue), bool)
    mask[np.flatnonzero(snapshot.fitted)[fitted_rows]] = True
    return replace(snapshot, selected=Selections().take(rows(mask, "some")))


def test_chosen_stars_are_stacked_and_all_stars_stand_beside_them(fitted):
    one = choose(fitted, np.arange(40))
    these, every = stars.chosen(one)
    members = fitted.shown.stars.membership[:40]
    np.testing.assert_allclose(these.membership, members)
    assert these.cluster.sum() == pytest.approx(members.sum(), rel=0.01)
    # The few per cent that are cut off lie outside.
    assert 36 < these.cluster.sum() + these.field.sum() < 40
    assert every.membership.size == fitted.fitted.sum()
    np.testing.assert_array_equal(every.edges, these.edges)
    mean = fitted.shown.stars.mean[:40].mean()
    assert f"{members.sum():,.0f} of 40 selected stars" in stars.describe(one)
    assert f"mean {mean:,.0f} pc" in stars.describe(one)


def test_stars_that_are_not_fitted_are_no_part_of_what_is_said(fitted):
    mask = ~fitted.fitted
    apart = replace(fitted, selected=Selections().take(rows(mask, "the rest")))
    these, _ = stars.chosen(apart)
    assert these.membership.size == 0
    assert stars.describe(apart) == "None of the selected stars is fitted."


def test_nothing_is_said_before_a_run(fitted):
    assert stars.chosen(replace(fitted, shown=None)) == (None, None)
    assert "Run the model" in stars.describe(replace(fitted, shown=None))


@pytest.mark.parametrize("star", [0, 1500])
def test_one_star_is_seen_as_the_run_of_the_cluster_sees_it(fitted, star):
    row = int(np.flatnonzero(fitted.fitted)[star])
    # The problem of one star has another zero-point than the run.
    own = {name: fitted.observed[name][star : star + 1] for name in fitted.observed}
    lone = replace(fitted, star=row, observed=own | {"zero_point": np.array([0.5])})
    found = stars.in_cluster(lone)
    parallax, error = (
        float(fitted.observed[name][star]) for name in ("parallax", "parallax_error")
    )
    membership, mean, _ = only(parallax, error)
    assert found.membership == pytest.approx(membership, abs=0.005)
    area = np.trapezoid(found.density, found.distances)
    assert area == pytest.approx(1, abs=1e-3)
    assert np.trapezoid(found.density * found.distances, found.distances) == (
        pytest.approx(mean, rel=2e-3)
    )
    assert np.trapezoid(found.prior, found.distances) == pytest.approx(1, abs=1e-3)


def test_a_star_that_was_typed_has_its_own_parallax(fitted):
    typed = {"parallax": [2.0], "parallax_error": [0.1], "zero_point": [0.0]}
    lone = replace(
        fitted, star=None, observed={n: np.array(v) for n, v in typed.items()}
    )
    found = stars.in_cluster(lone)
    assert found.interval.median == pytest.approx(500, rel=0.03)
    assert found.membership < 1e-3


@pytest.mark.parametrize(
    ("alone", "words"),
    [
        ((700.0, 900.0, 1400.0), "times sharper"),
        ((855.0, 860.0, 862.0), "times wider"),
        ((843.0, 860.0, 877.0), "hardly"),
    ],
)
def test_shrinkage_is_said_in_numbers(alone, words):
    found = stars.figures.Interval(842.0, 860.0, 878.0)
    within = stars.InCluster(*np.ones((3, 2)), found, 0.97)
    text = stars.compared(stars.figures.Interval(*alone), within)
    assert "860 ± 18 pc, membership 0.97" in text
    assert words in text


def test_a_tap_means_the_nearest_star_or_none(session):
    table = session.experiment.catalogue
    star = int(np.nanargmin(table.g_mag))
    place = float(table.bp_rp[star]), float(table.g_mag[star])
    assert nearest(table, ("bp_rp", "g_mag"), place) == star
    assert nearest(table, ("bp_rp", "g_mag"), (place[0], place[1] - 3)) is None
    assert nearest(table, ("bp_rp", "g_mag"), (None, None)) is None
    without = replace(table, pmra=np.full(len(table), np.nan))
    assert nearest(without, ("pmra", "pmdec"), (0.0, 0.0)) is None


def test_a_box_says_its_columns_whichever_way_it_was_drawn(session):
    table = session.experiment.catalogue
    for box in ((0.5, 12.0, 1.25, 15.0), (1.25, 15.0, 0.5, 12.0)):
        taken = _in_box(table, PLOTS["colours"], box)
        colour, magnitude = table.bp_rp, table.g_mag
        inside = (colour >= 0.5) & (colour <= 1.25)
        inside &= (magnitude >= 12) & (magnitude <= 15)
        np.testing.assert_array_equal(taken.mask, inside)
        assert taken.words == (
            "BP \N{MINUS SIGN} RP 0.500 to 1.250 mag, G 12.00 to 15.00 mag"
        )


def test_the_table_is_of_the_chosen_and_says_what_the_run_says(fitted):
    few = np.array([3, 7, 20])
    rows_of = np.flatnonzero(fitted.fitted)[few]
    table = frame(choose(fitted, few))
    assert table["star"].tolist() == rows_of.tolist()
    catalogue, known = fitted.catalogue, fitted.shown.stars
    np.testing.assert_array_equal(table["plx [mas]"], catalogue.parallax[rows_of])
    np.testing.assert_array_equal(table["member"], known.membership[few])
    np.testing.assert_array_equal(table["± dist"], known.sd[few])
    every = frame(fitted)
    assert len(every) == len(catalogue)
    apart = every[every["fitted"] == "no"]
    assert len(apart) == (~fitted.fitted).sum()
    assert apart["member"].isna().all()


def test_ticked_rows_are_chosen(session):
    session.experiment.problem = "cluster"
    session.poll()
    selection = of_stars(session)
    view = StarTable(session, selection, True)
    view._table.selection = [0, 4]
    view._choose()
    assert np.flatnonzero(session.selected.now.mask).tolist() == [0, 4]
    assert session.selected.now.words == "stars 0, 4"
    session.poll()
    assert view._table.value["star"].tolist() == [0, 4]
    assert view._table.selection == []


def test_plots_of_stars_say_what_they_show(fitted):
    membership = fitted.shown.stars.membership
    likely = f"{(membership > 0.5).sum():,} likely members"
    assert likely in describe_stars(fitted)
    for plot in PLOTS.values():
        assert plot.describe(fitted)
    heads, *first = star_rows(("bp_rp", "g_mag"), fitted)
    assert heads[0] == f"star, 20 of {fitted.fitted.sum():,}"
    stars_of_table = np.flatnonzero(fitted.fitted)[:20]
    assert [int(row[0]) for row in first] == list(stars_of_table)
    magnitudes = fitted.catalogue.g_mag[stars_of_table]
    assert [float(row[2]) for row in first] == pytest.approx(magnitudes, rel=1e-3)
    assert [float(row[3]) for row in first] == pytest.approx(membership[:20], abs=6e-3)
    mask = np.zeros(len(fitted.fitted), bool)
    mask[stars_of_table[[3, 7]]] = True
    some = replace(fitted, selected=Selections(rows(mask, "two")))
    _, *two = star_rows(("ra", "dec"), some)
    assert [int(row[0]) for row in two] == list(stars_of_table[[3, 7]])
    assert "2 of them selected" in describe_stars(some)


def test_the_histogram_of_parallaxes_is_a_table_too(fitted):
    heads, *bins = parallax_rows(fitted)
    columns = dict(zip(heads, zip(*bins, strict=True), strict=True))
    counts = {name: np.array([float(x.replace(",", "")) for x in column])
              for name, column in columns.items() if name != heads[0]}  # fmt: skip
    parallax = fitted.catalogue.parallax[fitted.fitted]
    low, high = (float(x) for x in bins[20][0].split(" to "))
    inside = ((parallax >= low) & (parallax < high)).sum()
    # The ends are written with a few digits.
    assert counts["observed"][20] == pytest.approx(inside, abs=25)
    # What is expected of field and cluster are the replicates on the average.
    both = counts["in the field"] + counts["in the cluster"]
    off = (both - counts["predicted median"]) / np.sqrt(both + 1)
    assert np.abs(off).max() < 2
    assert (counts["predicted 5 %"] <= counts["predicted 95 %"]).all()


def test_the_distances_of_the_chosen_are_a_table_too(fitted):
    _, *lines = distance_rows(fitted)
    number = [float(row[1].split()[0].replace(",", "")) for row in lines]
    membership = fitted.shown.stars.membership
    edges = np.linspace(0, 1, 6)
    assert number[-5:] == list(np.histogram(membership, edges)[0])
    distances = [row for row in lines if row[0].startswith("distance")]
    peak = max(distances, key=lambda row: float(row[1].replace(",", "")))[0].split()
    assert float(peak[1].replace(",", "")) <= 860 <= float(peak[3].replace(",", ""))


def test_one_star_is_a_table_too(fitted):
    alone = replace(fitted, star=5)
    _, first, *others = diagram_rows(alone)
    assert first[0] == "5, chosen" and len(others) == 20
    assert float(first[2]) == pytest.approx(fitted.catalogue.g_mag[5], abs=1e-3)
    assert not list(interval_rows(fitted)), "of the problem of one star alone"


def test_stars_that_the_cut_does_not_keep_are_not_among_those_left_out():
    experiment = Experiment(problem="cluster")
    parallax, (low, high) = experiment.catalogue.parallax, experiment.cut
    within = (parallax > low) & (parallax < high)
    inside = np.flatnonzero(within)[:3].tolist()
    outside = np.flatnonzero(~within)[:2].tolist()
    experiment.leave_out([*inside, *outside])
    assert experiment.freeze().data["left_out"] == tuple(inside)
    # So a worker knows how many there were, and fills its table up to as many.
    fitted = len(experiment.observe(experiment.freeze())["parallax"])
    assert fitted + len(inside) == within.sum()
    # Another cut finds the others left out as well.
    experiment.cut = (-1000, 1000)
    assert experiment.freeze().data["left_out"] == tuple(sorted([*inside, *outside]))
