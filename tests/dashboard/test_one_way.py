"""What a browser writes over is said again."""

from typing import Any

import param
import pytest
from bokeh.document import Document

from dashboard.views.one_way import Button, LinearProgress


def data_of(shown) -> Any:
    """The model whose properties a browser may write."""
    return shown.get_root(Document()).data


@pytest.mark.parametrize(
    ("component", "name", "values"),
    [(Button, "disabled", (True, False)), (LinearProgress, "value", (70, 20))],
)
def test_what_comes_back_from_a_browser_is_put_right(component, name, values):
    said = param.rx(values[0])
    shown = component(**{name: said})
    model = data_of(shown)
    setattr(model, name, values[1])
    assert getattr(model, name) == getattr(shown, name) == values[0]
    said.rx.value = values[1]
    assert getattr(model, name) == getattr(shown, name) == values[1]


def test_a_browser_says_whether_it_is_dark():
    shown = Button(label="Run")
    model = data_of(shown)
    model.dark_theme = True
    assert shown.dark_theme is True
    assert model.dark_theme is True
