"""Text on the page, also while it is off it."""

import panel_material_ui as pmui
import param
from bokeh.document import Document
from panel.io.state import set_curdoc

from dashboard.views.text import Sentence


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
