"""When what a run has reached is worth a picture."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.runs import Begun
from dashboard.session import Session
from inference.progress import Phase, RunRecord


class Told:
    """A run that has reached what a test says."""

    def __init__(self, record: RunRecord):
        self.latest = record

    def stop(self) -> None:
        """There is nothing to stop."""


def reached(record: RunRecord, drawn: int, seconds: float, **more) -> RunRecord:
    """Warmed up and so many draws on, after so many seconds in the worker."""
    sampler, names = record.spec.sampler, record.spec.problem.names
    draws = np.random.default_rng(0).normal(size=(len(names), sampler.chains, drawn))
    return replace(
        record,
        **{"phase": Phase.SAMPLING, "warmed_up": sampler.warmup} | more,
        drawn=drawn,
        draws=dict(zip(names, draws, strict=True)),
        stats={},
        sample_seconds=seconds,
    )


@pytest.fixture
def run(session: Session, monkeypatch) -> Told:
    """A run that was begun a moment ago, and seen then."""
    monkeypatch.setattr("dashboard.runs.MOMENT", 60.0)
    session.poll()
    spec, observed = session.snapshot.spec, session.snapshot.observed
    assert spec is not None and spec.sampler.draws == 1000
    told = Told(RunRecord(spec, observed))
    begun = Begun(told, session.experiment.catalogue, None, at=1e9)
    session.runs._begun[spec.model] = begun
    session.poll()
    assert session.snapshot.record is told.latest
    return told


def test_what_is_left_is_told_by_what_it_took(run):
    first = run.latest
    assert first.seconds_left == np.inf
    warmup = first.spec.sampler.warmup
    half = reached(first, 500, 0.7)
    assert half.seconds_left == pytest.approx(0.7 * 500 / (warmup + 500))
    assert reached(first, 1000, 1.4).seconds_left == 0


def test_first_draws_of_a_run_that_lasts_are_seen_at_once(session, run):
    run.latest = replace(run.latest, phase=Phase.WARMING_UP, warmed_up=100)
    session.poll()
    assert session.snapshot.record.phase is Phase.COMPILING
    run.latest = first = reached(run.latest, 20, 0.4)
    session.poll()
    assert session.snapshot.record is first
    # The next are drawn together.
    run.latest = reached(run.latest, 40, 0.41)
    session.poll()
    assert session.snapshot.record is first
    run.latest = last = reached(run.latest, 1000, 1.0, phase=Phase.DONE)
    session.poll()
    assert session.snapshot.record is last


def test_a_run_that_is_over_soon_is_drawn_once(session, run):
    run.latest = reached(run.latest, 20, 0.02)
    session.poll()
    assert session.snapshot.record.drawn == 0
    run.latest = last = reached(run.latest, 1000, 0.2, phase=Phase.DONE)
    session.poll()
    assert session.snapshot.record is last


def test_a_run_that_was_paused_is_seen_to_go_on(session, run):
    run.latest = reached(run.latest, 400, 0.02, phase=Phase.PAUSED)
    session.poll()
    assert session.snapshot.record.phase is Phase.PAUSED
    run.latest = reached(run.latest, 400, 0.02)
    session.poll()
    assert session.snapshot.record.phase is Phase.SAMPLING
