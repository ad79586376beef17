"""Parts of a page that are made one after another, or when they are first seen."""

import panel as pn
import param
import pytest
from bokeh.application import Application
from bokeh.application.handlers import FunctionHandler
from panel.io.session import generate_session
from panel.io.state import set_curdoc

from dashboard.views.layout import in_turns, when_shown


class Lamp(param.Parameterized):
    lit = param.Boolean(False)


def text(words: str) -> pn.pane.Str:
    return pn.pane.Str(words)


@pytest.fixture
def document():
    """A document as a server has them."""
    nothing = Application(FunctionHandler(lambda document: None))
    document = generate_session(nothing).document
    with set_curdoc(document):
        yield document


def take_turn(document) -> None:
    turn = document.session_callbacks[0]
    document.callbacks.remove_session_callback(turn)
    turn.callback()


def words(column: pn.Column) -> list[str]:
    return [pane.object for pane in column.objects]


def test_views_are_made_one_a_turn_in_order(document):
    one, other = in_turns(lambda: text("one"), lambda: text("other"))
    assert (words(one), words(other)) == ([], [])
    # Not both asked for at once: what else waits for the document comes between.
    assert len(document.session_callbacks) == 1
    take_turn(document)
    assert (words(one), words(other)) == (["one"], [])
    take_turn(document)
    assert (words(one), words(other)) == (["one"], ["other"])
    take_turn(document)
    assert not document.session_callbacks


def test_what_is_below_the_first_screen_waits_until_that_is_painted(document):
    builds = (lambda: text("one"), lambda: text("other"))
    one, other = in_turns(*builds, seen=1, room=170)
    assert (one.min_height, other.min_height) == (None, 170)
    take_turn(document)
    take_turn(document)
    assert (words(one), words(other)) == (["one"], [])
    assert not document.session_callbacks
    pn.state._on_load(document)
    take_turn(document)
    assert words(other) == ["other"]


def test_without_a_server_all_is_there_at_once():
    assert [words(c) for c in in_turns(*[lambda: text("x")] * 3)] == [["x"]] * 3


def test_what_is_hidden_is_made_when_it_is_first_shown():
    lamp, made = Lamp(), []

    def build():
        made.append(1)
        return text("lit")

    column = when_shown(lamp.param.lit.rx(), build)
    assert (column.visible, made) == (False, [])
    for lit in (True, False, True):
        lamp.lit = lit
        assert column.visible == lit
    assert (words(column), made) == (["lit"], [1])
    assert words(when_shown(lamp.param.lit.rx(), build)) == ["lit"]


def test_it_is_made_once_though_it_is_shown_again_before_its_turn(document):
    lamp = Lamp()
    column = when_shown(lamp.param.lit.rx(), lambda: text("lit"))
    for lit in (True, False, True):
        lamp.lit = lit
    while document.session_callbacks:
        take_turn(document)
    assert words(column) == ["lit"]
