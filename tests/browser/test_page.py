"""The page in a real browser over a real server."""

import re

from playwright.sync_api import expect

IS_DARK = """() => ["rgb(18, 18, 18)", "rgb(0, 0, 0)"].includes(
  getComputedStyle(document.body).backgroundColor
)"""
"""Whether the page is dark."""
ARE_DARK = """() => {
  const titles = []
  for (const one of Bokeh.documents) {
    for (const model of one.all_models) {
      if (model.type === "Figure") titles.push(model.title.text_color)
    }
  }
  const light = (c) => parseInt(c.slice(1, 3), 16) > 128
  return titles.length > 2 && titles.every(light)
}"""
"""Whether the plots on it are: what is written on them is light."""


LOADER = """state => {
  const loader = document.getElementById("loader")
  loader.style.display = "flex"
  loader.className = state
  const hit = document.elementFromPoint(innerWidth / 2, innerHeight / 2)
  return [getComputedStyle(loader).display, hit === loader]
}"""
"""How what turns while a page loads is shown, and whether it takes clicks."""


TWICE = """() => {
  const {data} = [...Bokeh.documents[0]._all_models.values()].find(
    (model) => model.data?.label === "Pause"
  )
  const set = (disabled) => data.setv({disabled}, {sync: false})
  const find = (root) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.tagName === "BUTTON" && one.textContent.trim() === "Pause") return one
      const found = one.shadowRoot ? find(one.shadowRoot) : null
      if (found) return found
    }
    return null
  }
  const button = find(document)
  const messages = new MessageChannel()
  messages.port1.onmessage = () => set(true)
  // React stops to let messages in when what it has to do takes more than 5 ms, be it
  // between painting and what it does after that.
  const enable = button.removeAttribute
  button.removeAttribute = function (...names) {
    enable.apply(this, names)
    if (names[0] === "disabled") {
      window.enabled = true
      messages.port2.postMessage("")
      const end = performance.now() + 20
      while (performance.now() < end);
    }
  }
  set(false)
}"""
"""Enables a button and disables it in the moment after, as a server may that a busy
browser listens to."""


SCRIPTS = """() => performance.getEntriesByType("resource")
  .map(({name}) => new URL(name).pathname.split("/").pop())
  .filter((name) => name.endsWith(".js"))
  .sort()
"""
"""Names of the scripts that the page has asked for."""


def test_the_page_asks_for_the_scripts_that_it_needs_once(visit):
    assert visit().page.evaluate(SCRIPTS) == [
        "bokeh-widgets.min.js",
        "bokeh.min.js",
        "notyf.min.js",
        "panel-material-ui.bundle.js",
        "panel.min.js",
    ]


def test_the_controls_come_to_a_slow_browser(visit):
    for slower in (2, 4):
        page = visit(slower=slower)
        page.page.get_by_role("radio", name="A line", exact=True).wait_for()
        page.page.context.close()


def test_nothing_lies_on_the_controls_of_a_page(visit):
    page = visit().page
    assert page.evaluate(LOADER, "") == ["none", False], "plots come without it"
    assert page.evaluate(LOADER, "error") == ["flex", False], "what failed is said"


def test_a_button_that_changes_twice_in_a_moment_shows_the_last(visit):
    page = visit()
    pause = page.page.get_by_role("button", name="Pause", exact=True)
    assert pause.is_disabled()
    page.page.evaluate(TWICE)
    page.page.wait_for_timeout(1500)
    assert page.page.evaluate("enabled")
    # The server says it again, when it comes to that.
    expect(pause).to_be_disabled(timeout=20_000)


def test_problem_after_problem_in_one_page_and_dark_between(visit):
    page = visit()
    for problem in ("Distance of one star", "Distance of a cluster", "A line"):
        page.choose(problem)
    page.press("Toggle theme")
    # What draws these while the page was light is dressed anew when they come back.
    for problem in ("Distance of one star", "Distance of a cluster", "A line"):
        page.choose(problem)
        assert page.status.startswith("Done")


def test_the_largest_script_is_asked_for_once_and_first(visit):
    asked = visit().page.evaluate(
        "performance.getEntriesByType('resource')"
        ".filter((e) => e.name.includes('panel-material-ui.bundle.js'))"
        ".map((e) => e.initiatorType)"
    )
    # By the line that asks for modules ahead, neither by a script nor by "fetch".
    assert asked == ["other"]


def test_a_closed_page_leaves_others_alone(visit):
    leaving, staying = visit(), visit()
    leaving.choose("Distance of a cluster")
    leaving.choose_method("hierarchical")
    leaving.press("Run")
    leaving.until(lambda s: s.startswith(("Warming", "Sampling")), 200)
    leaving.page.close()
    status = staying.status
    staying.press("Run")
    staying.settle(after=status)


def test_the_theme_reaches_the_figures(visit):
    page = visit()
    before = page.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before == "rgb(255, 255, 255)"
    page.page.get_by_role("button", name="Toggle theme").click()
    # While plots are painted a click waits for its turn.
    page.page.wait_for_function(IS_DARK, timeout=30_000)
    page.page.wait_for_function(ARE_DARK, timeout=30_000)
    status = page.status
    page.press("Run")
    page.settle(after=status)
    assert page.page.evaluate(IS_DARK), "and stays"


def test_who_wants_pages_dark_has_this_one_dark_and_can_change_it(visit):
    page = visit(color_scheme="dark")
    page.page.wait_for_function(IS_DARK, timeout=30_000)
    page.page.wait_for_function(ARE_DARK, timeout=30_000)
    page.page.get_by_role("button", name="Toggle theme").click()
    page.page.wait_for_function(f"() => !({IS_DARK})()", timeout=30_000)
    page.page.wait_for_function(f"() => !({ARE_DARK})()", timeout=30_000)


def test_a_narrow_window_shows_the_plots_first(visit):
    page = visit(viewport={"width": 390, "height": 844})
    wide = page.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    status = page.status
    page.press("Run")
    page.settle(after=status)
    sliders = page.page.locator("input[type=range]:visible")
    assert sliders.count() == 0
    page.page.get_by_role("button", name="Open drawer").click()
    sliders.first.wait_for()


def test_pictures_have_texts_and_tables_and_the_controls_can_be_skipped(visit):
    page = visit()
    inside = page.page
    inside.keyboard.press("Tab")
    inside.get_by_role("link", name="Skip the controls").and_(
        inside.locator(":focus")
    ).wait_for()
    inside.keyboard.press("Enter")
    inside.keyboard.press("Tab")
    assert (
        inside.get_by_role("button", name="Run")
        .and_(inside.locator(":focus"))
        .is_visible()
    )

    for problem, pictures in (
        ("A line with outliers", 3),
        ("Distance of a cluster", 5),
    ):
        page.choose(problem)
        drawn = inside.locator(".bk-Figure")
        assert drawn.count() == pictures
        said = {one.get_attribute("aria-label") for one in drawn.all()}
        assert len(said) == pictures
        for text in said:
            title, _, sentence = text.partition(". ")
            assert title and sentence in page.notes.replace("\n", " ")
        tables = inside.get_by_role("button", name="Table", exact=True)
        # They come to a page that is painted.
        tables.nth(pictures - 1).wait_for()
        for button in tables.all():
            button.click()
        inside.locator("table").nth(pictures - 1).wait_for()
        cells = inside.locator("td").all_text_contents()
        numbers = [cell for cell in cells if re.search(r"\d", cell)]
        assert len(numbers) > 20 * pictures
