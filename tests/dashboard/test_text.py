"""Text on the page, also while it is off it."""

from functools import partial

import holoviews as hv
import panel_material_ui as pmui
import param
import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from dashboard.views.figure import Picture
from dashboard.views.text import Html, Sentence


class Said(param.Parameterized):
    """Something that is said."""

    text = param.String("one")


def test_text_that_changes_in_a_tab_not_looked_at_fetches_nothing_from_elsewhere():
    said, document = Said(), Document()
    # As of a page that a server sends.
    document._template_variables["dist_url"] = "static/extensions/panel/"
    sentence = pmui.Column(Sentence(said.param.text))
    tabs = pmui.Tabs(("a", sentence), ("b", pmui.Column()), dynamic=True)
    with set_curdoc(document):
        root = tabs.get_root(document)
        document.add_root(root)
        tabs.active = 1
        said.text = "another"
        tabs.active = 0
    sheets = [
        sheet.url
        for model in root.references()
        for sheet in getattr(model, "stylesheets", None) or []
        if hasattr(sheet, "url")
    ]
    assert sheets
    assert [url for url in sheets if url.startswith("http")] == []
    assert any("another" in getattr(model, "text", "") for model in root.references())


@pytest.mark.parametrize(
    "pane", [Html("one"), Picture(hv.DynamicMap(lambda: hv.Curve([1, 2])), list)]
)
def test_what_left_the_page_before_its_change_was_drawn_is_no_error(pane):
    document = Document()
    with set_curdoc(document):
        root = pmui.Column(pane).get_root(document)
        name = root.ref["id"]
        _, parent = pane._models[name]
        change = partial(pane._update_object, name, document, root, parent, None)
        change()
        pane._cleanup(root)
        change()
    assert name not in pane._models
