"""A run kept as A, and what differs from it."""

import time

import pytest

from dashboard.experiment import Experiment
from dashboard.session import Session
from dashboard.views.table import _differences
from inference.priors import Prior
from inference.runner import Phase


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
    session.experiment.seed += 1
    done(session)
    assert session.snapshot.ghost_name == "A"
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
