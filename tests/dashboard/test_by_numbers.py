"""What a box chooses can be chosen without a mouse: by a typed range."""

import holoviews as hv
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import previews
from dashboard.experiment import Experiment
from dashboard.session import Session
from dashboard.views.by_numbers import ByNumbers, around
from dashboard.views.draws import draws_by_numbers
from dashboard.views.layout import Place
from inference.runner import Phase
from tests.dashboard.test_selection import of_points, of_stars
from tests.dashboard.test_session import wait_for

hv.extension("bokeh")

NUMBERS = {"apples": np.array([1.0, 2.5, np.nan, 7.0]), "pears": None}


@pytest.fixture
def told(monkeypatch):
    """Sentences that a person is shown."""
    said: list[str] = []
    monkeypatch.setattr(
        "dashboard.views.by_numbers.notify", lambda error: said.append(str(error))
    )
    return said


def typed(view: ByNumbers, low, high) -> None:
    view.opener.value = True
    for field, end in ((view._low, low), (view._high, high)):
        field.value_input = f"{end}"
    view._choose()


def test_it_begins_with_all_and_takes_what_is_typed_in_either_order():
    taken = []
    view = ByNumbers(
        {"apples [1]": "apples", "pears": "pears"},
        NUMBERS.get,
        lambda *range_: taken.append(range_),
    )
    view.opener.value = True
    assert (view._low.value, view._high.value) == ("1.0", "7.0")
    typed(view, 3, 1.5)
    typed(view, "\N{MINUS SIGN}1,000.5", 1.5)
    assert taken == [("apples", 1.5, 3.0), ("apples", -1000.5, 1.5)]
    view._what.value = "pears"
    assert (view._low.value, view._high.value) == ("", "")


@pytest.mark.parametrize(
    ("what", "low", "high", "words"),
    [
        ("apples", "", 3.0, "two ends, each a number: one is empty"),
        ("apples", 0.0, "inf", "“inf” is none"),
        ("apples", 0.0, "1,5", "“1,5” is none"),
        ("apples", "<b>x</b>", 1.0, "“<b>x</b>” is none"),
        ("apples", 3.0, 6.0, "Nothing is between 3 and 6: they are from 1 to 7"),
        ("pears", 0.0, 1.0, "there are none yet"),
    ],
)
def test_a_range_that_takes_nothing_is_said(told, what, low, high, words):
    view = ByNumbers({n: n for n in NUMBERS}, NUMBERS.get, lambda *_: pytest.fail())
    view.opener.value = True
    view._what.value = what
    typed(view, low, high)
    assert len(told) == 1
    assert words in told[0]


@given(
    st.lists(
        st.floats(-1e9, 1e9, allow_subnormal=False).map(lambda x: round(x, 6)),
        min_size=1,
    )
)
def test_the_first_range_holds_all_and_little_more(values):
    numbers = np.array(values)
    low, high = around(numbers)
    width = (numbers.max() - numbers.min()) or abs(numbers.max()) or 1.0
    slack = 1e-9 * (1 + abs(numbers).max())
    assert numbers.min() - 0.02 * width - slack <= low <= numbers.min() + slack
    assert numbers.max() - slack <= high <= numbers.max() + 0.02 * width + slack


def test_stars_are_chosen_by_a_column_as_by_a_box(session):
    experiment = session.experiment
    experiment.problem = "cluster"
    session.poll()
    view = of_stars(session)
    view._range("g_mag", 12, 14)
    magnitudes = experiment.catalogue.g_mag
    expected = (magnitudes >= 12) & (magnitudes <= 14)
    np.testing.assert_array_equal(session.selected.now.mask, expected)
    view._way.value = "keeps"
    view._range("parallax", 1, 1.3)
    parallax = experiment.catalogue.parallax
    expected &= (parallax >= 1) & (parallax <= 1.3)
    np.testing.assert_array_equal(session.selected.now.mask, expected)
    assert session.selected.now.words == (
        "G 12.00 to 14.00 mag; of these parallax 1.000 to 1.300 mas"
    )


def test_draws_are_narrowed_by_one_quantity_after_another(engine, told):
    session = Session(Experiment(problem="line", draws=200, warmup=50), engine)
    session.start()
    wait_for(session, Phase.DONE)
    place = Place(session, session.snapshot.problem, 300, None)
    by_numbers = draws_by_numbers(place, {"m": "m", "b": "b"})
    draws = session.snapshot.draws
    m, b = np.median(draws["m"]), np.median(draws["b"])
    typed(by_numbers, m, draws["m"].max())
    by_numbers._what.value = "b"
    typed(by_numbers, b, draws["b"].max())
    session.poll()
    np.testing.assert_array_equal(
        session.snapshot.chosen, (draws["m"] >= m) & (draws["b"] >= b)
    )
    # Slope and intercept of a line pull against each other: where one is highest the
    # other is not.
    assert told == []
    typed(by_numbers, np.quantile(draws["b"], 0.999), draws["b"].max())
    assert "No draw is within this range" in told[0]
    assert session.region["b"][0] == b, "what cannot be is not taken up"


def test_points_too(session):
    points = previews.all_points(session.snapshot.spec)
    view = of_points(session)
    low = float(np.median(points.yerr))
    view._range("yerr", low, 10.0)
    np.testing.assert_array_equal(session.picked.now.mask, points.yerr >= low)
