"""A run kept as A, and what differs from it."""

import time
from dataclasses import replace

import holoviews as hv
import numpy as np
import pytest

from dashboard import previews
from dashboard.experiment import Experiment
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.marginals import _numbers
from dashboard.views.star import StarCentre
from dashboard.views.table import _differences
from inference.priors import Prior
from inference.progress import Phase, RunRecord
from inference.spec import RunSpec

hv.extension("bokeh")


@pytest.fixture
def session(engine):
    session = Session(Experiment(problem="line", draws=500, warmup=100), engine)
    done(session)
    return session


def done(session: Session) -> None:
    """Tick until the controls' own run is over."""
    end = time.monotonic() + 120
    while True:
        session.tick()
        record = session.snapshot.record
        current = record is not None and record.spec == session.experiment.freeze()
        if record is not None and current and record.phase is Phase.DONE:
            return
        assert time.monotonic() < end
        time.sleep(0.01)


def words(session: Session) -> dict[str, bool]:
    """Say of each quantity whether it is called a difference."""
    snapshot = session.snapshot
    names = list(snapshot.problem.names)
    html = _differences(snapshot, names)
    rows = html.split("<tbody>")[1].split("</tr>")[:-1]
    symbols = {snapshot.problem.symbols[n]: n for n in names}
    return {
        symbols[row.split("<th")[1].split(">")[1].split("<")[0]]: "a difference" in row
        for row in rows
    }


def test_another_seed_is_noise_and_another_prior_is_not(session):
    session.keep()
    session.poll()
    assert session.snapshot.kept is session.snapshot.shown
    assert session.snapshot.ghost_draws == {}
    assert _differences(session.snapshot, ["m"]) == ""

    def kept_lines() -> set[tuple[float, float]]:
        return set(map(tuple, previews.lines_beside(session.snapshot)))

    assert kept_lines() == set()
    a = session.snapshot.draws
    drawn_by_a = set(zip(a["m"].ravel(), a["b"].ravel(), strict=True))
    session.experiment.seed += 1
    done(session)
    assert session.snapshot.ghost_name == "A"
    assert kept_lines() <= drawn_by_a
    assert len(kept_lines()) == previews.LINES_BESIDE
    assert set(session.snapshot.ghost_draws) == {"theta", "b_perp", "m", "b"}
    assert words(session) == dict.fromkeys(session.snapshot.problem.names, False)
    session.experiment.set_prior("b_perp", Prior.of("Normal", loc=0.4, scale=0.02))
    done(session)
    assert words(session) == dict.fromkeys(session.snapshot.problem.names, True)


def test_a_is_kept_for_its_problem_and_let_go(session):
    session.keep()
    session.experiment.problem = "star"
    done(session)
    assert session.snapshot.kept is None
    session.experiment.problem = "line"
    session.tick()
    assert session.snapshot.kept is not None
    session.let_go()
    session.tick()
    assert session.snapshot.kept is None


def cluster_run(share: float) -> RunRecord:
    """A run that is sure of its population."""
    spec = RunSpec.from_json({"model": "cluster", "sampler": {"chains": 1}})
    rng = np.random.default_rng(3)
    observed = {
        "parallax": rng.normal(1.2, 0.3, 400),
        "parallax_error": np.full(400, 0.1),
        "zero_point": np.zeros(400),
    }
    population = {"log_L": 6.0, "log_dist_clust": 6.7, "log_sigma": -4.0}
    draws = {n: np.full((1, 60), v) for n, v in population.items()}
    draws["frac_clust"] = np.full((1, 60), share)
    return RunRecord(spec, observed, Phase.DONE, drawn=60, draws=draws)


def test_numbers_of_other_data_than_those_shown_are_said_to_be(session):
    assert "before the last change" not in _numbers(session.snapshot)
    session.experiment.leave_out([3])
    session.poll()
    assert session.snapshot.estimate is not None
    assert "before the last change" not in _numbers(session.snapshot)
    unknown = replace(session.snapshot, estimate=None)
    assert _numbers(unknown).endswith(
        "These are of the data as they were before the last change."
    )
    done(session)
    assert "before the last change" not in _numbers(session.snapshot)


def test_a_predicts_parallaxes_as_it_did_when_it_was_shown():
    one, other = cluster_run(0.4), cluster_run(0.9)
    edges = np.linspace(0, 3, 21)

    def shown(run: RunRecord, kept: RunRecord | None) -> Snapshot:
        spec, observed = run.spec, run.observed
        return Snapshot(spec=spec, observed=observed, shown=run, kept=kept)

    itself = previews.replicates_beside(shown(one, one), edges)
    nothing = previews.replicates_beside(shown(one, None), edges)
    assert itself.shape == nothing.shape == (0, 20)
    before = previews.replicates(shown(one, None), edges)
    np.testing.assert_array_equal(
        previews.replicates_beside(shown(other, one), edges), before
    )
    now = previews.replicates(shown(other, one), edges)
    # More stars of the cluster, within 0.1 mas of 1.23 mas.
    near = slice(7, 10)
    assert now[:, near].sum() > 1.5 * before[:, near].sum()


def test_parallaxes_are_not_predicted_anew_while_only_a_prior_moves():
    run, edges = cluster_run(0.4), np.linspace(0, 3, 21)
    snapshot = Snapshot(spec=run.spec, observed=run.observed, shown=run)
    prior = Prior.of("Normal", loc=5.0, scale=0.5)
    priors = run.spec.priors | {"log_L": prior}
    moved = replace(snapshot, spec=replace(run.spec, priors=priors))
    assert previews.replicates(moved, edges) is previews.replicates(snapshot, edges)
    assert previews.mixture(moved, edges) is previews.mixture(snapshot, edges)
    # Other draws are other predictions.
    other = replace(snapshot, shown=cluster_run(0.9))
    assert previews.mixture(other, edges)[1].sum() == pytest.approx(360, rel=0.1)
    assert previews.mixture(snapshot, edges)[1].sum() == pytest.approx(160, rel=0.1)


def star_run(distance: float) -> RunRecord:
    """A run that is sure of a star's distance, within a few parsecs."""
    spec = RunSpec.from_json({"model": "star", "sampler": {"chains": 1}})
    away = distance + np.random.default_rng(4).normal(0, 5, (1, 400))
    one = {"parallax": 0.434, "parallax_error": 0.837, "zero_point": 0.0}
    observed = {name: np.array([value]) for name, value in one.items()}
    draws = {"distance": away, "normed": 2 * away / 370}
    return RunRecord(spec, observed, Phase.DONE, drawn=400, draws=draws)


def test_a_stands_beside_the_distance_of_a_star(idle):
    session = Session(Experiment(problem="star"), idle)
    view, now, a = StarCentre(session), star_run(900.0), star_run(940.0)

    def outline(kept: RunRecord | None) -> np.ndarray:
        drawn = view._distance(replace(session.snapshot, shown=now, kept=kept), False)
        (line,) = (part for part in drawn if part.label == "A")
        return line.array()

    assert len(outline(None)) == len(outline(now)) == 0
    x, height = outline(a).T
    # All of its histogram is in view.
    assert np.trapezoid(height, x) == pytest.approx(1, abs=0.02)
    assert np.average(x, weights=height) == pytest.approx(940, abs=1.5)
