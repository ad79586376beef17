"""The state of a session, without a browser."""

import time

import numpy as np
import pytest

from dashboard import previews, stars
from dashboard import runs as runs_module
from dashboard.experiment import Experiment
from dashboard.session import Session
from dashboard.snapshot import DRAW
from data import DataError
from inference import checks
from inference.judging import Step
from inference.priors import Prior
from inference.problems import PROBLEMS
from inference.reweight import Reach
from inference.runner import Phase, Run
from inference.spec import RunSpec
from tests.dashboard.conftest import Idle


def wait_for(session: Session, phase: Phase) -> None:
    end = time.monotonic() + 120
    while session.snapshot.record is None or session.snapshot.record.phase is not phase:
        assert time.monotonic() < end
        session.poll()
        time.sleep(0.02)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_defaults_freeze_to_a_valid_spec(problem):
    spec = Experiment(problem=problem).freeze()
    assert RunSpec.from_json(spec.to_json()) == spec
    assert dict(spec.priors) == PROBLEMS[problem].default_priors


def test_priors_are_kept_for_each_problem():
    experiment = Experiment(problem="line")
    strong = Prior.of("Normal", loc=0.5, scale=0.1)
    experiment.set_prior("b_perp", strong)
    experiment.problem = "line_outliers"
    assert experiment.freeze().priors["b_perp"] != strong
    experiment.problem = "line"
    assert experiment.freeze().priors["b_perp"] == strong
    experiment.set_priors(PROBLEMS["line"].default_priors)
    assert experiment.freeze().priors["b_perp"] != strong


@pytest.mark.parametrize(
    ("name", "value"), [("chains", 9), ("draws", 10**7), ("seed", -1), ("yerr", 0.0)]
)
def test_a_widget_cannot_set_what_is_out_of_bounds(name, value):
    with pytest.raises(ValueError, match=name):
        setattr(Experiment(), name, value)


def test_polling_without_a_change_assigns_nothing(session):
    session.poll()
    before = session.snapshot
    session.poll()
    assert session.snapshot is before
    session.experiment.slope = 2.0
    session.poll()
    assert session.snapshot is not before
    assert session.snapshot.spec.data["slope"] == 2.0


def test_a_cut_without_stars_is_a_complaint_and_loses_nothing(session):
    session.experiment.problem = "cluster"
    session.poll()
    kept = session.snapshot.fitted
    session.experiment.cut = (900.0, 901.0)
    session.poll()
    assert "leaves no star" in session.snapshot.complaint
    assert session.snapshot.fitted is kept
    with pytest.raises(DataError):
        session.start()
    session.experiment.cut = (0.2, 3.0)
    session.poll()
    assert session.snapshot.complaint == ""


def test_a_moved_prior_reads_no_data_again(session):
    session.experiment.problem = "cluster"
    session.poll()
    before = session.snapshot
    session.experiment.set_prior("log_sigma", Prior.of("Normal", loc=-3.0, scale=1.0))
    session.poll()
    assert session.snapshot.spec != before.spec
    assert session.snapshot.observed is before.observed
    session.experiment.cut = (0.3, 3.0)
    session.poll()
    assert len(session.snapshot.observed["parallax"]) < len(before.observed["parallax"])
    table = session.experiment.catalogue
    session.experiment.catalogue = table.where(table.parallax > 1.0)
    session.poll()
    assert session.snapshot.observed["parallax"].min() > 1.0


def test_a_table_that_the_cut_empties_leaves_the_last_one_whole(session):
    session.experiment.problem = "cluster"
    session.poll()
    shown = session.snapshot
    table = session.experiment.catalogue
    session.experiment.catalogue = table.where(table.parallax < 0)
    session.poll()
    held = session.snapshot
    assert "leaves no star" in held.complaint
    assert len(held.catalogue) == len(held.fitted) == len(shown.fitted)
    session.experiment.seed += 1
    session.poll()
    assert "leaves no star" in session.snapshot.complaint


def test_settings_changed_since_the_run_is_a_comparison(engine):
    session = Session(Experiment(problem="line", draws=60, warmup=50), engine)
    session.start()
    wait_for(session, Phase.DONE)
    assert not session.snapshot.changed_since_run
    session.experiment.set_prior("b_perp", Prior.of("Normal", loc=0.0, scale=0.3))
    session.poll()
    assert session.snapshot.changed_since_run
    session.experiment.set_priors(PROBLEMS["line"].default_priors)
    session.poll()
    assert not session.snapshot.changed_since_run


def test_a_run_over_other_data_is_not_drawn_over_these(engine):
    session = Session(Experiment(problem="line", draws=60, warmup=50), engine)
    session.start()
    wait_for(session, Phase.DONE)
    assert session.snapshot.shows_run
    assert previews.lines(session.snapshot).shape == (previews.LINES, 2)
    session.experiment.points = 20
    session.poll()
    assert not session.snapshot.shows_run
    assert previews.lines(session.snapshot).shape == (0, 2)


def test_a_region_of_the_corner_chooses_draws_everywhere(engine):
    session = Session(Experiment(problem="line", draws=500, warmup=100), engine)
    session.start()
    wait_for(session, Phase.DONE)
    slopes = session.snapshot.draws["m"]
    low, high = (float(q) for q in np.quantile(slopes, [0.8, 0.9]))
    session.region = {"m": (low, high)}
    session.poll()
    chosen = session.snapshot.chosen_draws["m"]
    assert chosen.size == pytest.approx(0.1 * slopes.size, abs=2)
    lines = previews.lines(session.snapshot)
    assert len(lines) == previews.LINES
    assert low <= lines[:, 0].min() <= lines[:, 0].max() <= high
    session.region = {"m": (50.0, 51.0)}
    session.poll()
    assert previews.lines(session.snapshot).shape == (0, 2)
    # Quantities that another problem has not choose nothing there.
    session.experiment.problem = "star"
    session.poll()
    assert session.snapshot.chosen is None
    session.experiment.problem = "line"
    session.region = {}
    session.poll()
    assert session.snapshot.chosen_draws["m"].size == slopes.size


def test_a_region_of_a_cluster_moves_its_replicates(engine):
    session = Session(Experiment(problem="cluster", draws=100, warmup=100), engine)
    session.start()
    wait_for(session, Phase.DONE)
    edges = previews.parallax_edges(session.snapshot)
    middle = 1000 / session.snapshot.draws["dist_clust"].mean()
    near = np.abs((edges[1:] + edges[:-1]) / 2 - middle) < 0.15
    share = session.snapshot.draws["frac_clust"]
    counts = []
    for low, high in ((0.0, np.quantile(share, 0.1)), (np.quantile(share, 0.9), 1.0)):
        session.region = {"frac_clust": (float(low), float(high))}
        session.poll()
        counts.append(previews.replicates(session.snapshot, edges)[:, near].mean())
    assert counts[1] > 1.03 * counts[0]


def test_a_range_of_a_statistic_chooses_the_draws_of_its_replicates(engine):
    session = Session(Experiment(problem="line", draws=500, warmup=100), engine)
    session.start()
    wait_for(session, Phase.DONE)
    slopes = checks.of_draws(session.snapshot.shown, "best_slope")
    low, high = (float(q) for q in np.quantile(slopes, [0.9, 1.0]))
    session.region = {"best_slope": (low, high)}
    session.poll()
    chosen = session.snapshot.chosen
    assert chosen.sum() == pytest.approx(0.1 * slopes.size, abs=1)
    assert slopes[chosen].min() == pytest.approx(low, abs=0.01)
    # The lines that make steep replicates are steep themselves.
    every = session.snapshot.draws["m"]
    assert previews.lines(session.snapshot)[:, 0].mean() > every.mean() + every.std()
    assert session.snapshot.label("best_slope") == "slope of the best line"
    assert session.snapshot.label("m") == "m"
    session.region = {"median_parallax": (0.0, 1.0)}
    session.poll()
    assert session.snapshot.chosen is None
    assert session.snapshot.statistic == ""
    session.statistic = {"line": "far_points"}
    session.poll()
    assert session.snapshot.statistic == "far_points"


def test_expected_counts_are_those_of_replicates_and_of_chosen_draws(engine):
    session = Session(Experiment(problem="cluster", draws=100, warmup=100), engine)
    session.start()
    wait_for(session, Phase.DONE)
    edges = previews.parallax_edges(session.snapshot)
    field, members = previews.mixture(session.snapshot, edges)
    counts = previews.replicates(session.snapshot, edges)
    error = counts.std(axis=0) / np.sqrt(len(counts)) + 0.5
    assert (np.abs(field + members - counts.mean(axis=0)) < 5 * error).all()
    share = session.snapshot.draws["frac_clust"]
    session.region = {"frac_clust": (float(np.quantile(share, 0.9)), 1.0)}
    session.poll()
    more = previews.mixture(session.snapshot, edges)[1]
    assert more.sum() > 1.02 * members.sum()


def test_each_problem_keeps_its_run(engine):
    session = Session(Experiment(problem="line", draws=60, warmup=50), engine)
    session.start()
    wait_for(session, Phase.DONE)
    record = session.snapshot.record
    session.experiment.problem = "star"
    session.poll()
    assert session.snapshot.record is None
    session.experiment.problem = "line"
    session.poll()
    assert session.snapshot.record is record


def follow(session: Session, spec: RunSpec, seconds: float = 120.0) -> None:
    """Tick as the page's timer does until the draws shown are of a spec."""
    end = time.monotonic() + seconds
    while session.snapshot.shown is None or session.snapshot.shown.spec != spec:
        assert time.monotonic() < end, session.snapshot.record
        session.tick()
        time.sleep(0.01)


def b_perp(scale: float) -> Prior:
    return Prior.of("Normal", loc=0.0, scale=scale)


def test_nuts_follows_a_burst_of_changes_and_ends_with_the_last(engine, monkeypatch):
    session = Session(Experiment(problem="line", draws=200, warmup=50), engine)
    begun = []
    monkeypatch.setattr(
        runs_module, "Run", lambda spec, *a: begun.append(spec) or Run(spec, *a)
    )
    session.tick()
    follow(session, session.snapshot.spec)
    for k in range(40):
        session.experiment.set_prior("b_perp", b_perp(1 + 0.01 * k))
        session.tick()
    last = session.experiment.freeze()
    follow(session, last)
    assert begun[-1] == last
    # The first change starts a run at once; those that came meanwhile, one at its end.
    assert len(begun) < 20
    wait_for(session, Phase.DONE)
    session.tick()
    assert session.snapshot.record.spec == last
    session.tick()
    assert begun[-1] == last, "nothing more is started"


def test_the_run_before_stays_until_the_next_draws(engine):
    session = Session(Experiment(problem="line", draws=200, warmup=50), engine)
    session.tick()
    follow(session, session.snapshot.spec)
    wait_for(session, Phase.DONE)
    first = session.snapshot.shown
    session.runs.executor = Idle(1)
    session.experiment.set_prior("b_perp", b_perp(0.5))
    session.tick()
    assert session.snapshot.record.phase is Phase.COMPILING
    assert session.snapshot.shown is first
    assert session.snapshot.changed_since_run


def test_a_stopped_or_paused_run_is_not_started_again(engine):
    session = Session(Experiment(problem="line", draws=10_000), engine)
    session.tick()
    session.stop()
    wait_for(session, Phase.STOPPED)
    run = session.current
    for _ in range(3):
        session.tick()
    assert session.current is run
    session.experiment.set_prior("b_perp", b_perp(0.5))
    session.tick()
    assert session.current is not run
    session.current.pause()
    wait_for(session, Phase.PAUSED)
    paused = session.current
    session.experiment.set_prior("b_perp", b_perp(0.6))
    session.tick()
    assert session.current is paused
    session.close()


def test_where_nuts_does_not_follow_the_draws_are_weighted(engine):
    experiment = Experiment(problem="line", draws=500, warmup=100, live=False)
    session = Session(experiment, engine)
    session.tick()
    assert session.current is None
    session.start()
    wait_for(session, Phase.DONE)
    assert session.snapshot.estimate is None
    experiment.set_prior("b_perp", b_perp(0.3))
    session.tick()
    assert session.snapshot.record.spec != session.snapshot.spec
    assert session.snapshot.estimate.reach is Reach.GOOD
    moved = session.snapshot.estimated_draws["b"]
    assert moved.std() < session.snapshot.draws["b"].std()
    experiment.set_prior("b_perp", Prior.of("Normal", loc=5.0, scale=0.01))
    session.tick()
    assert session.snapshot.estimate.reach is Reach.TOO_FAR
    assert session.snapshot.estimated_draws == {}


def test_closing_stops_the_runs(engine):
    session = Session(Experiment(problem="line", draws=10_000), engine)
    session.start()
    session.close()
    assert session.current.wait(60).phase is Phase.STOPPED


def test_prior_predictions_move_with_the_prior(session):
    session.experiment.problem = "cluster"
    session.poll()
    edges = previews.parallax_edges(session.snapshot)
    wide = previews.prior_replicates(session.snapshot, edges)
    # A prior that knows the cluster: most stars in it, at 1.16 mas, and thin.
    for name, loc, scale in (("log_dist_clust", 6.76, 0.001), ("log_sigma", -4, 0.1)):
        session.experiment.set_prior(name, Prior.of("Normal", loc=loc, scale=scale))
    session.experiment.set_prior(
        "frac_clust", Prior.of("Beta", concentration1=99.0, concentration0=1.0)
    )
    session.poll()
    narrow = previews.prior_replicates(session.snapshot, edges)
    near = np.abs((edges[1:] + edges[:-1]) / 2 - 1.16) < 0.3
    assert narrow[:, near].sum() > 0.7 * narrow.sum()
    assert wide[:, near].sum() < 0.4 * wide.sum()


def test_a_prior_curve_is_a_density():
    spec = Experiment(problem="line_outliers").freeze()
    values, density = previews.prior_curve(spec, "Q")
    assert np.trapezoid(density, values) == pytest.approx(1.0, abs=0.02)


def test_memberships_of_the_table_are_those_of_the_cut(engine):
    session = Session(Experiment(problem="cluster", draws=50, warmup=50), engine)
    session.start()
    wait_for(session, Phase.DONE)
    of_table = previews.table_membership(session.snapshot)
    kept = session.snapshot.fitted
    np.testing.assert_array_equal(
        of_table[kept], session.snapshot.record.stars.membership
    )
    assert np.isnan(of_table[~kept]).all()
    # Summed over distances, without JAX, the members are as many.
    every, none = stars.chosen(session.snapshot)
    assert none is None
    assert every.cluster.sum() == pytest.approx(np.nansum(of_table), rel=0.01)


def test_while_a_run_is_on_its_way_no_withdrawn_estimate_is_shown(engine):
    session = Session(Experiment(problem="line_outliers", draws=1000), engine)
    session.start()
    wait_for(session, Phase.DONE)
    session.runs.executor = Idle(1)
    session.experiment.leave_out([1])
    session.tick()
    assert session.snapshot.estimate is not None
    assert session.snapshot.estimate.weights.size
    # Two points of fifteen are another question.
    session.experiment.leave_out(range(2, 15))
    session.poll()
    assert session.snapshot.estimate is None
    session.experiment.live = False
    session.poll()
    assert session.snapshot.estimate is not None
    assert session.snapshot.estimate.reach is Reach.TOO_FAR


def test_a_box_on_a_trace_chooses_those_draws(engine):
    session = Session(Experiment(problem="line", draws=500, warmup=100), engine)
    session.start()
    wait_for(session, Phase.DONE)
    slopes = session.snapshot.draws["m"]
    session.region = {DRAW: (100.0, 149.0), "m": (0.0, 10.0)}
    session.poll()
    np.testing.assert_array_equal(
        session.snapshot.chosen_draws["m"][0], slopes[:, 100:150].ravel()
    )
    drawn = previews.lines(session.snapshot)
    assert np.isin(drawn[:, 0], slopes[:, 100:150]).all()
    session.region = {DRAW: (900.0, 999.0)}
    session.poll()
    assert session.snapshot.chosen_draws["m"].size == 0
    assert previews.lines(session.snapshot).shape == (0, 2)


def test_more_draws_are_added_to_the_run_shown(engine):
    experiment = Experiment(problem="line", draws=120, warmup=50)
    session = Session(experiment, engine)
    session.tick()
    wait_for(session, Phase.DONE)
    run, before = session.current, session.snapshot.draws["m"]
    session.take(Step("draws", 220, "100 more draws"))
    wait_for(session, Phase.DONE)
    session.tick()
    assert session.current is run, "the same run, and no other is started"
    after = session.snapshot.draws["m"]
    assert after.shape == (4, 220)
    np.testing.assert_array_equal(after[:, :120], before)
    assert experiment.draws == 220
    assert not session.snapshot.changed_since_run
    assert session.snapshot.estimate is None


def test_a_run_that_was_stopped_goes_on(engine):
    experiment = Experiment(problem="line", draws=10_000, warmup=50)
    session = Session(experiment, engine)
    session.tick()
    end = time.monotonic() + 60
    while not session.current.latest.drawn:
        assert time.monotonic() < end
        time.sleep(0.002)
    session.stop()
    wait_for(session, Phase.STOPPED)
    run, drawn = session.current, session.snapshot.record.drawn
    session.take(Step("draws", 10_000, "the rest"))
    end = time.monotonic() + 60
    while session.current.latest.drawn == drawn:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert session.current is run
    session.close()


def test_another_acceptance_is_another_run(engine):
    experiment = Experiment(problem="line", draws=120, warmup=50)
    session = Session(experiment, engine)
    session.tick()
    wait_for(session, Phase.DONE)
    run = session.current
    session.take(Step("target_accept", 0.9, "Target acceptance 0.9"))
    assert session.current is not run
    assert session.current.latest.spec.sampler.target_accept == 0.9
    wait_for(session, Phase.DONE)
    begun = session.current
    session.tick()
    assert session.current is begun
    assert not session.snapshot.changed_since_run
