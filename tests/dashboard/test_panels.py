"""Panels are built when they are looked at, and told whether they are."""

import panel_material_ui as pmui

from dashboard.views import panels
from dashboard.views.menu import view_menu
from dashboard.views.panels import KEYS, PANELS, VIEWS, Posterior
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


def test_the_panels_asked_for_are_on_the_page_and_the_open_one_stays(session):
    posterior = Posterior(session, PROBLEMS["line"], 300)
    tabs = posterior.__panel__()
    tabs.active = KEYS.index("prior")
    session.panels = ("corner", "prior", "runs")
    assert tabs._names == ["Corner", "Prior", "Runs"]
    assert (tabs.active, posterior.open) == (1, "prior")
    session.panels = ("corner", "runs")
    assert posterior.open == "corner"
    session.panels = ()
    assert len(tabs) == len(PANELS)
    assert posterior.open == "corner"


def test_where_no_panel_asked_for_suits_all_are_there(session):
    session.panels = ("corner",)
    tabs = Posterior(session, PROBLEMS["star"], 160).__panel__()
    assert tabs._names == [panel.title for panel in PANELS[1:]]


def test_a_panel_is_switched_in_the_menu_and_the_last_one_stays(session):
    menu = view_menu(session)

    def choose(label: str) -> None:
        item = next(item for item in menu.items if item["label"] == label)
        menu._process_click({}, menu.items.index(item), item)

    choose("Demo view")
    assert session.panels == VIEWS["demo"]
    choose("Chains")
    assert session.panels == tuple(k for k in KEYS if k != "numbers")
    choose("Numbers")
    assert session.panels == (), "all there are"
    session.panels = ("runs",)
    choose("Runs")
    assert session.panels == ("runs",)
