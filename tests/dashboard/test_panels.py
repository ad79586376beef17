"""Panels are built when they are looked at, and told whether they are."""

import panel_material_ui as pmui

from dashboard.views import panels
from dashboard.views.panels import PANELS, Posterior
from inference.problems import PROBLEMS


def test_a_panel_is_built_when_first_looked_at_and_kept(session, monkeypatch):
    built, seen = [], {}

    def build(key):
        def panel(place):
            built.append(key)
            seen[key] = place.seen
            return pmui.Column()

        return panel

    spies = tuple(panel._replace(build=build(panel.key)) for panel in PANELS)
    monkeypatch.setattr(panels, "PANELS", spies)
    tabs = Posterior(session, PROBLEMS["line"], 300).__panel__()
    assert built == ["corner"]
    for active in (1, 0, 1):
        tabs.active = active
    assert built == ["corner", "chains"]
    assert not seen["corner"].rx.value
    assert seen["chains"].rx.value


def test_a_single_number_has_no_corner(session):
    tabs = Posterior(session, PROBLEMS["star"], 160).__panel__()
    assert tabs._names == [panel.title for panel in PANELS[1:]]


def test_keys_are_fit_for_links():
    keys = [panel.key for panel in PANELS]
    assert len(set(keys)) == len(keys)
    assert all(key.isascii() and key.isidentifier() for key in keys)
