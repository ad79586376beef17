"""Runs of the page survive its server."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dashboard import runs
from dashboard.experiment import Experiment
from dashboard.session import Session
from inference import pacing
from inference.library import Library
from inference.provenance import StoreError
from inference.runner import Phase
from tests.dashboard.conftest import Idle
from tests.dashboard.test_session import b_perp, wait_for

SMALL = {"problem": "line", "draws": 200, "warmup": 50}


@pytest.fixture
def library(tmp_path):
    library = Library(tmp_path / "runs")
    yield library
    library.close()


def named(session: Session) -> str:
    """Wait as the page's timer does until the run is saved."""
    while not session.snapshot.run_name:
        assert not session.snapshot.unsaved
        session.poll()
    return session.snapshot.run_name


def test_a_quick_run_that_is_looked_at_is_found_again(engine, library, monkeypatch):
    monkeypatch.setattr(runs, "SETTLED", 0.0)
    session = Session(Experiment(**SMALL), engine, library=library)
    session.experiment.set_prior("b_perp", b_perp(0.3))
    session.start()
    wait_for(session, Phase.DONE)
    name = named(session)
    before = session.snapshot.shown
    session.close()

    other = Session(Experiment(), engine, library=library)
    other.recall(name)
    assert other.snapshot.spec == before.spec
    assert other.snapshot.shown.phase is Phase.DONE
    np.testing.assert_array_equal(other.snapshot.draws["b"], before.draws["b"])
    assert other.snapshot.run_name == name
    other.tick()
    assert other.snapshot.record.spec is other.snapshot.shown.spec, "nothing is started"
    assert [e.record for e in other.snapshot.ledger.entries] == [other.snapshot.shown]
    assert len(library.entries()) == 1


def test_a_run_that_is_dragged_past_is_not_written(engine, library):
    session = Session(Experiment(**SMALL), engine, library=library)
    for k in range(5):
        session.experiment.set_prior("b_perp", b_perp(1 + k))
        session.start()
        wait_for(session, Phase.DONE)
    assert library.entries() == ()


class Cut(ThreadPoolExecutor):
    """An executor that computes a few tasks, as one whose server is then killed."""

    def __init__(self, tasks: int):
        super().__init__(1)
        self._left = threading.Semaphore(tasks)
        self.happened = threading.Event()

    def submit(self, fn, /, *args, **kwargs):
        if not self._left.acquire(blocking=False):
            self.happened.set()
            return Idle(1).submit(fn)
        return super().submit(fn, *args, **kwargs)


def test_a_long_run_that_was_cut_off_goes_on_where_it_was(engine, library, monkeypatch):
    # As if it took long: it is kept from its start.
    monkeypatch.setattr(runs, "LONG", "nuts")
    # Chunks of a fixed length: how many fit in is not a matter of the machine's speed.
    monkeypatch.setattr(pacing.Pace, "known", lambda _: pacing.Pace(50))
    monkeypatch.setattr(pacing.Pace, "after", lambda pace, *_: pace)
    experiment = Experiment(**SMALL | {"draws": 2000})
    cut = Cut(12)
    session = Session(experiment, cut, library=library)
    session.start()
    name = named(session)
    assert cut.happened.wait(60)
    session.poll()
    # What holds the store ends with its process.
    session.current.close()

    other = Session(Experiment(), engine, library=library)
    other.recall(name)
    found = other.snapshot
    assert found.cut_off
    assert 0 < found.shown.drawn < 2000
    assert found.shown.phase is Phase.STOPPED
    other.tick()
    assert other.snapshot.record is found.record, "it does not go on by itself"
    other.go_on()
    wait_for(other, Phase.DONE)
    assert not other.snapshot.cut_off
    assert other.snapshot.run_name == name
    whole = Session(Experiment(**SMALL | {"draws": 2000}), engine)
    whole.start()
    wait_for(whole, Phase.DONE)
    np.testing.assert_array_equal(other.snapshot.draws["m"], whole.snapshot.draws["m"])


@pytest.mark.parametrize("name", ["0" * 32, "../../etc/passwd", "<script>", ""])
def test_a_name_without_a_run_is_a_sentence_and_loses_nothing(session, library, name):
    session.runs = runs.Runs(Idle(1), library)
    before = session.snapshot
    with pytest.raises(StoreError, match="no such run"):
        session.recall(name)
    assert session.snapshot is before


def test_a_library_that_cannot_be_written_is_said(engine, library, monkeypatch):
    monkeypatch.setattr(runs, "SETTLED", 0.0)
    session = Session(Experiment(**SMALL), engine, library=library)
    library.folder.rmdir()
    library.folder.write_text("in the way")
    session.start()
    wait_for(session, Phase.DONE)
    while not session.snapshot.unsaved:
        session.poll()
    assert session.snapshot.unsaved.startswith("It could not be saved: ")
    assert session.snapshot.run_name == ""
