"""What a browser writes over is said again."""

import param
import pytest
from bokeh.document import Document

from dashboard.views.one_way import Button, LinearProgress


@pytest.mark.parametrize(
    ("component", "name", "values"),
    [(Button, "disabled", (True, False)), (LinearProgress, "value", (70, 20))],
)
def test_what_comes_back_from_a_browser_is_put_right(component, name, values):
    said = param.rx(values[0])
    shown = component(**{name: said})
    model = shown.get_root(Document()).data
    setattr(model, name, values[1])
    assert getattr(model, name) == getattr(shown, name) == values[0]
    said.rx.value = values[1]
    assert getattr(model, name) == getattr(shown, name) == values[1]
