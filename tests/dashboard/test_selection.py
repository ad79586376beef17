"""Points and stars that are left out of a fit, and taken back."""

import holoviews as hv
import numpy as np
import pytest

from dashboard import previews
from dashboard.selections import Rows, rows
from dashboard.views.cluster import ClusterCentre
from dashboard.views.line import LineCentre
from dashboard.views.selection import Selection

hv.extension("bokeh")


def of_points(session) -> Selection:
    return LineCentre(session, "line_outliers")._selection


def of_stars(session) -> Selection:
    return ClusterCentre(session)._selection


def press(view: Selection, label: str) -> None:
    (button,) = (b for b in view._buttons if getattr(b, "label", "") == label)
    assert button.visible, label
    button.param.trigger("clicks")


def only(numbers, count: int = 15) -> Rows:
    return rows(np.isin(np.arange(count), numbers), "a box")


def test_points_are_left_out_one_after_another_and_taken_back(session):
    view = of_points(session)
    for numbers in ([2, 3], [7]):
        view.box(only(numbers))
        press(view, "Leave out")
        session.poll()
    assert session.picked.now is None
    spec, whole = session.snapshot.spec, previews.all_points(session.snapshot.spec)
    assert spec.data["left_out"] == (2, 3, 7)
    left = np.delete(np.arange(15), [2, 3, 7])
    np.testing.assert_array_equal(session.snapshot.observed["y"], whole.y[left])
    press(view, "Take all back")
    session.poll()
    assert "left_out" not in session.snapshot.spec.data
    assert len(session.snapshot.observed["y"]) == 15


def test_buttons_are_there_while_they_can_do_something(session):
    view = of_points(session)
    row = view.__panel__()[0]
    assert not row.visible
    view.box(only([2, 3]))
    assert row.visible
    view.clear()
    assert not row.visible
    view.box(only([2, 3]))
    press(view, "Leave out")
    session.poll()
    # What is left out can be taken back, though nothing is chosen.
    assert session.picked.now is None
    assert row.visible
    press(view, "Take all back")
    session.poll()
    assert not row.visible
    view.box(only([2, 3]))
    view._set(session.picked.save("two"))
    view.clear()
    # What is saved can be recalled.
    assert row.visible


def test_a_selection_can_be_fitted_alone(session):
    view = of_points(session)
    view.box(only([0, 4, 5]))
    press(view, "Fit only these")
    session.poll()
    whole = previews.all_points(session.snapshot.spec)
    np.testing.assert_array_equal(session.snapshot.observed["x"], whole.x[[0, 4, 5]])


@pytest.mark.parametrize(
    ("how", "expected"),
    [("selects", [2, 9]), ("adds", [1, 2, 9]), ("removes", [1]), ("keeps", [2])],
)
def test_a_box_is_combined_with_the_selection_before(session, how, expected):
    view = of_points(session)
    view.box(only([1, 2]))
    view._way.value = how
    view.box(only([2, 9]))
    assert np.flatnonzero(session.picked.now.mask).tolist() == expected


def test_leaving_everything_out_is_a_complaint_that_can_be_undone(session):
    view = of_points(session)
    view.box(only(range(15)))
    press(view, "Leave out")
    session.poll()
    assert "take something back" in session.snapshot.complaint
    assert len(session.snapshot.observed["y"]) == 15
    press(view, "Take all back")
    session.poll()
    assert session.snapshot.complaint == ""


def test_other_points_and_another_table_are_whole(session):
    experiment = session.experiment
    experiment.leave_out([3])
    experiment.line_seed += 1
    assert experiment.left_out == ()
    experiment.problem = "cluster"
    experiment.leave_out([3])
    experiment.catalogue = experiment.catalogue.where(
        experiment.catalogue.parallax > 1.0
    )
    assert experiment.left_out == ()


def test_stars_that_are_left_out_are_not_fitted(session):
    session.experiment.problem = "cluster"
    session.poll()
    before, table = session.snapshot, session.experiment.catalogue
    view = of_stars(session)
    bright = table.g_mag < 13
    view.box(rows(bright, "bright ones"))
    press(view, "Leave out")
    session.poll()
    fitted = session.snapshot.fitted
    np.testing.assert_array_equal(fitted, before.fitted & ~bright)
    assert 0 < fitted.sum() < before.fitted.sum()
    np.testing.assert_array_equal(
        session.snapshot.observed["parallax"], table.parallax[fitted]
    )


def test_the_plot_marks_what_is_left_out_and_what_is_selected(session):
    view = LineCentre(session, "line_outliers")
    session.experiment.leave_out([2])
    session.picked = session.picked.take(only([5, 6]))
    session.poll()
    overlay = view._draw(session.snapshot, False)
    points = previews.all_points(session.snapshot.spec)
    by_label = {e.label: e for e in overlay if isinstance(e, hv.Points)}
    assert by_label["left out"]["x"].tolist() == points.x[[2]].tolist()
    assert by_label["selected"]["x"].tolist() == points.x[[5, 6]].tolist()
    assert len(by_label["point"]) == 14


def test_a_box_on_the_plot_selects_the_points_in_it(session):
    view = LineCentre(session, "line_outliers")
    points = previews.all_points(session.snapshot.spec)
    x, y = points.x[4], points.y[4]
    view._brush((x - 0.01, y - 0.01, x + 0.01, y + 0.01))
    assert np.flatnonzero(session.picked.now.mask).tolist() == [4]
    assert "x " in session.picked.now.words


def test_a_selection_is_saved_and_recalled_as_a_box_would_be_drawn(session):
    view = of_points(session)
    view.box(only([1, 2]))
    names = view._saved
    for numbers, name in (([1, 2], "few"), ([2, 9], "<b>other</b>")):
        view.box(only(numbers))
        names._name.value = name
        names._change(lambda these: these.save(names._typed))
    few, other = names._list.items
    assert (few["label"], few["secondary"]) == ("few", "2: a box")
    assert other["label"] == "<b>other</b>"
    view.clear()
    names._recall(few)
    view._way.value = "keeps"
    names._recall(other)
    assert np.flatnonzero(session.picked.now.mask).tolist() == [2]
    session.poll()
    said = view._describe(session.snapshot)
    assert said == (
        "Selected: 1 points: \u201cfew\u201d; of these \u201c<b>other</b>\u201d."
    )
    names._name.value = "third"
    names._rename(few)
    names._delete(other)
    assert [item["label"] for item in names._list.items] == ["third"]


def test_selections_go_with_their_table(session):
    for change, fact in (
        (lambda e: e.param.update(line_seed=e.line_seed + 1), "picked"),
        (
            lambda e: e.param.update(catalogue=e.catalogue.where(e.catalogue.ra > 0)),
            "selected",
        ),
    ):
        these = getattr(session, fact).take(only([1])).save("mine")
        setattr(session, fact, these)
        change(session.experiment)
        assert getattr(session, fact).now is None
        assert not getattr(session, fact).saved
