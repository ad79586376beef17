"""The style sheets of components are the same as Panel finds, and looked for once."""

from pathlib import Path

import panel_material_ui as pmui
import pytest
from panel.io.resources import Resources

from dashboard import stylesheets


@pytest.fixture
def remembered(monkeypatch):
    monkeypatch.setattr(Resources, "extra_resources", stylesheets._look)
    stylesheets._found.cache_clear()
    stylesheets.remember()


@pytest.mark.parametrize("kind", [stylesheets.KIND, "__css__", "__javascript__"])
@pytest.mark.parametrize("mode", ["server", "cdn"])
def test_they_are_those_that_panel_finds(remembered, mode, kind):
    there = ["one.css"]
    expected, found = list(there), list(there)
    stylesheets._look(Resources(mode=mode), expected, kind)
    Resources(mode=mode).extra_resources(found, kind)
    assert found == expected
    again = list(expected)
    Resources(mode=mode).extra_resources(again, kind)
    assert again == expected, "none comes twice"


def test_the_disk_is_asked_once(remembered, monkeypatch):
    first: list[str] = []
    Resources(mode="server").extra_resources(first, stylesheets.KIND)
    assert any(pmui.__name__.replace("_", "-") in address for address in first)
    monkeypatch.setattr(Path, "is_file", None)
    second: list[str] = []
    Resources(mode="server").extra_resources(second, stylesheets.KIND)
    assert second == first
