"""The session's runs: which are remembered, and what can be done with them."""

from dataclasses import replace

import numpy as np
import param
import pytest

from dashboard import ledger
from dashboard.experiment import Experiment
from dashboard.ledger import BURST, MOST, Ledger, changes
from dashboard.session import Session
from dashboard.views.layout import Place
from dashboard.views.ledger import RunList
from data import load_simulated
from inference.presets import PRESETS
from inference.progress import Phase, RunRecord
from tests.dashboard.test_session import b_perp, follow, wait_for


class Over:
    """A run that is over."""

    def __init__(self, **choices):
        spec = Experiment(**{"problem": "line", **choices}).freeze()
        self.latest = RunRecord(spec, {}, phase=Phase.DONE)


TABLE = load_simulated()


def entered(*times: float, held=()) -> Ledger:
    """A ledger of runs that stood at these times."""
    now = Ledger()
    for seed, time in enumerate(times):
        now = ledger.enter(now, Over(seed=seed), TABLE, time, held)
    return now


def numbers(now: Ledger) -> list[int]:
    return [entry.number for entry in now.entries]


def test_of_a_burst_the_last_run_is_remembered_and_what_stood_before_it():
    now = entered(0.0, 100.0, 100.3, 100.6, 101.0)
    assert numbers(now) == [1, 5]
    assert now.entries[-1].record.spec.sampler.seed == 4
    assert numbers(entered(0.0, 0.0 + BURST, 2 * BURST)) == [1, 2, 3]


def test_a_run_of_another_problem_passes_nothing_by():
    now = ledger.enter(entered(0.0), Over(problem="star"), TABLE, 0.1)
    assert numbers(now) == [1, 2]


@pytest.mark.parametrize("mark", [ledger.rename, ledger.annotate])
def test_what_was_marked_stays_in_a_burst_and_beyond_the_bound(mark):
    now = mark(entered(0.0), 1, "mine")
    for k in range(2 * MOST):
        now = ledger.enter(now, Over(), TABLE, 0.1 + k * 10)
    assert len(now.entries) == MOST
    assert numbers(now)[0] == 1
    assert numbers(now)[1:] == list(range(MOST + 3, 2 * MOST + 2))


def test_a_run_to_compare_with_stays_in_a_burst():
    first = entered(0.0)
    now = ledger.enter(first, Over(), TABLE, 0.1, [first.entries[0].record])
    assert numbers(now) == [1, 2]


def test_marks_on_every_run_do_not_make_it_grow():
    now = Ledger()
    for k in range(MOST + 5):
        now = ledger.enter(now, Over(), TABLE, 10.0 * k)
        now = ledger.rename(now, k + 1, f"run {k}")
    assert numbers(now) == list(range(6, MOST + 6))


def test_a_run_that_was_extended_is_the_same_run():
    run = Over()
    now = ledger.enter(Ledger(), run, TABLE, 0.0)
    now = ledger.annotate(now, 1, "too few")
    run.latest = replace(run.latest, drawn=2000)
    now = ledger.enter(now, run, TABLE, 100.0)
    (entry,) = now.entries
    assert entry.record.drawn == 2000
    assert entry.note == "too few"


def test_what_is_deleted_comes_back_to_its_place_last_first():
    now = entered(0.0, 10.0, 20.0)
    gone = ledger.remove(ledger.remove(now, 2), 3)
    assert numbers(gone) == [1]
    assert numbers(ledger.take_back(gone)) == [1, 3]
    back = ledger.take_back(ledger.take_back(gone))
    assert back.entries == now.entries
    assert ledger.take_back(back) is back
    assert ledger.remove(now, 99) is now


def test_deleted_runs_do_not_pile_up():
    now = Ledger()
    for k in range(3 * MOST):
        now = ledger.enter(now, Over(), TABLE, 10.0 * k)
        now = ledger.remove(now, k + 1)
    assert len(now.entries) + len(now.removed) <= MOST


def test_a_name_is_one_line_and_short():
    now = ledger.rename(entered(0.0), 1, " a \n b " + "c" * 100)
    assert now.entries[0].name == ("a b " + "c" * 100)[: ledger.LONGEST_NAME]
    assert ledger.rename(now, 1, "  ").entries[0].title == "Run 1"


def spec_of(**choices):
    return Experiment(**{"problem": "line", **choices}).freeze()


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({}, "the same settings"),
        ({"points": 20}, "points 20"),
        ({"slope": 0.25}, "slope 0.25"),
        ({"points_left_out": (3, 4)}, "2 left out"),
        ({"strength": 0.5}, "data strength 0.5"),
        ({"target_accept": 0.9}, "target accept 0.9"),
        (
            {"points": 20, "slope": 2.0, "intercept": 1.0, "seed": 1, "draws": 50},
            "points 20, slope 2, intercept 1 and 2 more",
        ),
    ],
)
def test_what_differs_is_said_in_a_few_words(choices, words):
    assert changes(spec_of(**choices), spec_of()) == words


def test_a_prior_that_differs_is_written_out_and_a_first_run_names_its_set():
    experiment = Experiment(problem="line")
    first = experiment.freeze()
    experiment.set_prior("b_perp", b_perp(0.3))
    assert changes(experiment.freeze(), first) == "b_perp ~ Normal(0, 0.3)"
    assert changes(first, None) == "Published priors"
    assert changes(experiment.freeze(), None) == "Own priors"
    back = changes(first, replace(first, data={**first.data, "left_out": [1]}))
    assert back == "none left out"


def test_differences_are_to_the_run_before_of_the_same_problem():
    now = ledger.enter(Ledger(), Over(), TABLE, 0.0)
    now = ledger.enter(now, Over(problem="star"), TABLE, 10.0)
    now = ledger.enter(now, Over(points=7), TABLE, 20.0)
    assert ledger.differences(now, now.entries[2]) == "points 7"
    now = ledger.remove(now, 1)
    assert ledger.differences(now, now.entries[1]) == "Published priors"


CHOICES = [
    {"problem": "line", "points": 9, "slope": -1.0, "line_seed": 4, "seed": 3},
    {"problem": "line_outliers", "points_left_out": (1, 2), "strength": 0.25},
    {"problem": "star", "star_parallax": 3.0, "star_error": 0.1, "chains": 2},
    {"problem": "star", "star": 17, "warmup": 50},
    {"problem": "cluster", "cut": (0.5, 2.0), "zero_point": "lindegren2021"},
    {"problem": "cluster", "zero_point": "constant", "stars_left_out": (5, 9)},
    {"problem": "cluster", "method": "hierarchical", "draws": 50},
]


@pytest.mark.parametrize("choices", CHOICES)
def test_the_controls_take_up_the_spec_of_a_run(choices):
    experiment = Experiment(**choices)
    problem = experiment.problem
    experiment.set_priors(PRESETS[problem]["Strong and wrong"])
    spec = experiment.freeze()
    # From what every other one says, and from the defaults.
    for before in ({}, *CHOICES):
        other = Experiment(**before)
        other.adopt(spec, other.catalogue)
        assert other.freeze() == spec


def test_a_run_comes_back_with_its_draws_and_settings_without_sampling(engine):
    session = Session(Experiment(problem="line", draws=200, warmup=50), engine)
    session.tick()
    follow(session, session.snapshot.spec)
    wait_for(session, Phase.DONE)
    first = session.snapshot.shown
    # It stood for a while.
    session.runs.ledger = replace(
        session.runs.ledger,
        entries=tuple(replace(e, at=0.0) for e in session.runs.ledger.entries),
    )
    session.experiment.set_prior("b_perp", b_perp(0.3))
    session.experiment.points = 20
    session.tick()
    follow(session, session.experiment.freeze())
    wait_for(session, Phase.DONE)
    assert numbers(session.snapshot.ledger) == [1, 2]
    session.experiment.problem = "star"
    session.poll()
    session.restore(1)
    assert session.snapshot.shown is first
    assert session.snapshot.spec == first.spec
    assert session.experiment.points == 15
    run = session.current
    for _ in range(3):
        session.tick()
    assert session.current is run, "nothing is sampled"
    assert numbers(session.snapshot.ledger) == [1, 2]
    session.edit_ledger(ledger.remove, 1)
    session.poll()
    assert numbers(session.snapshot.ledger) == [2], "it does not come back by itself"
    assert session.snapshot.shown is first, "nor goes what is looked at"
    session.keep(session.snapshot.ledger.entries[0].record)
    session.poll()
    assert session.snapshot.ghost_name == "A"
    np.testing.assert_array_equal(
        session.snapshot.ghost_draws["b"],
        session.snapshot.ledger.entries[0].record.draws["b"],
    )


@pytest.fixture
def runs_panel(session):
    """The list of a session with three runs."""
    session.runs.ledger = entered(0.0, 10.0, 20.0)
    session.poll()
    return RunList(Place(session, session.snapshot.problem, 300, param.rx(True)))


def test_a_name_of_the_list_is_the_name_in_the_ledger(session, runs_panel):
    runs_panel._choose(runs_panel._list.items[-1])
    runs_panel._name.value = "wide"
    runs_panel._note.value = "wide"
    (first, *_) = session.snapshot.ledger.entries
    assert (first.name, first.note) == ("wide", "wide")
    assert runs_panel._list.items[-1]["label"].startswith("wide, a line")
    assert runs_panel._list.items[-1]["secondary"].endswith("UT \u00b7 wide")
    runs_panel._choose(runs_panel._list.items[0])
    assert runs_panel._name.value == ""


def test_the_run_chosen_stays_chosen_while_others_come_and_go(session, runs_panel):
    runs_panel._choose(runs_panel._list.items[1])
    session.edit_ledger(ledger.remove, 3)
    assert runs_panel._list.active == (0,)
    session.edit_ledger(ledger.take_back)
    assert runs_panel._list.active == (1,)
    runs_panel._delete()
    assert runs_panel.chosen is None
    assert [item["number"] for item in runs_panel._list.items] == [3, 1]
