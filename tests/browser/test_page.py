"""The page in a real browser over a real server."""

import re

import pytest

# Means that the captions print, and how far a seed may move them: five Monte-Carlo
# standard errors of 4000 draws, as the caption rounds them.
REFERENCES = {
    "A line": {"m": (0.758, 0.035), "b": (0.123, 0.052)},
    "A line with outliers": {"m": (1.007, 0.056), "inlier fraction Q": (0.666, 0.127)},
}

IS_DARK = """() => ["rgb(18, 18, 18)", "rgb(0, 0, 0)"].includes(
  getComputedStyle(document.body).backgroundColor
)"""
"""Whether the page is dark."""

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


def caption_numbers(notes: str) -> dict[str, float]:
    """Read 'Mean ± sd of m: 1.007 ± 0.056; ...' from the captions."""
    line = next(text for text in notes.splitlines() if text.startswith("Mean ± sd of"))
    found = re.findall(r"(?:of |; )([^:;]+): ([-\d.e+]+) ±", line)
    return {name: float(value) for name, value in found}


def drawn(status: str) -> int:
    match = re.search(r"([\d,]+) of [\d,]+ draws", status)
    return int(match[1].replace(",", "")) if match else 0


def box_that_shows(boxes, value: float):
    """The first of some text boxes with this number, once it has come."""
    for _ in range(100):
        for box in boxes.all():
            try:
                if float(box.input_value()) == value:
                    return box
            except ValueError:
                continue
        boxes.page.wait_for_timeout(100)
    raise AssertionError(f"no box shows {value}")


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
    assert pause.is_disabled()


@pytest.mark.parametrize("problem", REFERENCES)
def test_a_line_runs_and_says_the_published_numbers(visit, problem):
    page = visit()
    page.choose(problem)
    assert page.status.startswith("Done: 4,000 of 4,000 draws")
    numbers = caption_numbers(page.notes)
    for name, (mean, sd) in REFERENCES[problem].items():
        assert numbers[name] == pytest.approx(mean, abs=0.15 * sd), name


def test_a_star_runs_and_stands_beside_its_inverse_parallax(visit):
    page = visit()
    page.choose("Distance of one star")
    assert "1/parallax is 2,304 pc" in page.notes
    median = re.search(r"Posterior median ([\d,]+) pc", page.notes)
    assert median is not None
    # By quadrature: 1264 pc (and its quantiles give a Monte-Carlo error of some 15).
    assert int(median[1].replace(",", "")) == pytest.approx(1264, abs=80)


def test_the_cluster_runs_and_says_its_distance(visit):
    page = visit()
    page.choose("Distance of a cluster")
    assert page.status.startswith("Done: 4,000 of 4,000 draws")
    numbers = caption_numbers(page.notes)
    # The simulated field, by an independent quadrature fit in NumPy with this cut.
    assert numbers["distance [pc]"] == pytest.approx(860.94, abs=0.4)
    assert numbers["size [pc]"] == pytest.approx(16.6, abs=0.5)
    assert numbers["L [pc]"] == pytest.approx(470.6, abs=2.0)
    assert numbers["cluster fraction"] == pytest.approx(0.390, abs=0.004)
    assert "are expected in the cluster" in page.notes


def test_a_brush_on_the_histogram_selects_stars_everywhere(visit):
    page = visit()
    page.choose("Distance of a cluster")
    page.box_on(0, (0.4, 0.25), (50, 70), lambda: "Selected" in page.notes)
    chosen = re.search(r"Selected: ([\d,]+)", page.notes)
    assert chosen is not None
    assert 100 < int(chosen[1].replace(",", "")) < 4768
    page.press("Clear")
    page.until(lambda _: "Selected" not in page.notes)


def type_prior(page, loc: str, scale: str) -> None:
    """Set the first Normal prior: that of the line's distance from the origin."""
    for name, value in (("loc", loc), ("scale", scale)):
        box = page.page.get_by_label(name).and_(page.page.locator("input")).first
        box.fill(value)
        box.press("Enter")
        page.page.wait_for_timeout(600)


def test_a_box_on_the_corner_chooses_draws(visit):
    page = visit()
    # Data, corner and marginals, in this order; the lower left panel of the corner has
    # slope across and inlier fraction up.
    page.box_on(1, (0.17, 0.72), (45, 30), lambda: "Chosen" in page.notes)
    chosen = re.search(r"Chosen: ([\d,]+) draws with m", page.notes)
    assert chosen is not None
    assert 10 < int(chosen[1].replace(",", "")) < 4000
    page.press("All draws again")
    page.page.wait_for_timeout(1000)
    assert "Chosen" not in page.notes


def test_problem_after_problem_in_one_page_and_dark_between(visit):
    page = visit()
    for problem in ("Distance of one star", "Distance of a cluster", "A line"):
        page.choose(problem)
    page.press("Toggle theme")
    # What draws these while the page was light is dressed anew when they come back.
    for problem in ("Distance of one star", "Distance of a cluster", "A line"):
        page.choose(problem)
        assert page.status.startswith("Done")


def test_points_in_a_box_are_left_out_and_taken_back(visit):
    page = visit()
    before = caption_numbers(page.notes)["m"]
    leave = page.page.get_by_role("button", name="Leave out").locator("visible=true")
    # The upper right half, where most points of the line are.
    page.box_on(0, (0.45, 0.1), (200, 150), leave.count)
    status = page.status
    page.press("Leave out")
    status = page.settle(after=status)
    assert re.search(r"[1-9]\d? more are left out", page.notes)
    assert caption_numbers(page.notes)["m"] != before
    page.press("Take all back")
    page.settle(after=status)
    assert "left out" not in page.notes
    # The same spec and seed give the same draws.
    assert caption_numbers(page.notes)["m"] == before


def test_the_largest_script_is_asked_for_once_and_first(visit):
    asked = visit().page.evaluate(
        "performance.getEntriesByType('resource')"
        ".filter((e) => e.name.includes('panel-material-ui.bundle.js'))"
        ".map((e) => e.initiatorType)"
    )
    # By the line that asks for modules ahead, neither by a script nor by "fetch".
    assert asked == ["other"]


def test_nuts_follows_a_prior(visit):
    page = visit()
    before = caption_numbers(page.notes)["b"]
    type_prior(page, "0.5", "0.05")
    page.until(lambda _: caption_numbers(page.notes)["b"] > before + 0.2)
    page.settle()
    assert "settings have changed" not in page.notes


def test_without_live_draws_are_weighted_and_withdrawn_where_they_cannot_be(visit):
    page = visit()
    page.set_live(False)
    type_prior(page, "0", "0.5")
    page.page.get_by_text("estimated from this run's draws, good").first.wait_for()
    type_prior(page, "3", "0.01")
    page.page.get_by_text("too far from the run to estimate").first.wait_for()
    before, status = caption_numbers(page.notes)["b"], page.status
    page.press("Run")
    page.settle(after=status)
    assert "Dotted" not in page.notes
    assert caption_numbers(page.notes)["b"] > before + 1


COUNT_LAYOUTS = """() => {
  const {PlotView} = Bokeh.require("models/plots/plot_canvas");
  const then = PlotView.prototype._after_layout;
  PlotView.prototype._after_layout = function () {
    window.layouts += 1;
    return then.call(this);
  };
  window.layouts = 0;
}"""


def test_a_preset_sets_every_prior_and_one_can_be_taken_back(visit):
    page = visit()
    page.page.get_by_role("combobox", name="Set of priors").click()
    page.page.locator("li").filter(has_text="Strong and wrong").click()
    page.until(lambda _: caption_numbers(page.notes)["b"] > 0.3)
    status = page.settle()
    undo = page.page.get_by_role("button").filter(has_text="undo")
    assert undo.count() == 2
    page.page.evaluate(COUNT_LAYOUTS)
    undo.first.click()
    page.settle(after=status)
    assert page.page.get_by_text("Your own").count() == 1
    assert undo.count() == 1
    assert page.page.evaluate("layouts") == 0, "plots stay where they are"


NOTE_SHEETS = """() => {
  window.sheets = []
  window.painted = 0
  const text = Object.getOwnPropertyDescriptor(Node.prototype, "textContent")
  Object.defineProperty(HTMLStyleElement.prototype, "textContent", {
    get: text.get,
    set(css) {
      window.sheets.push(text.get.call(this) === css)
      text.set.call(this, css)
    },
  })
  const {PlotView} = Bokeh.require("models/plots/plot_canvas")
  const paint = PlotView.prototype.paint
  PlotView.prototype.paint = function (...all) {
    window.painted += 1
    return paint.apply(this, all)
  }
}"""
"""Notes of every style sheet that is written whether it said the same before."""


def test_nothing_moves_while_a_prior_does(visit):
    page = visit()
    slider = page.page.locator("input[type=range]:visible").nth(3)

    def heights() -> list[float]:
        parts = [slider, *page.page.locator(".bk-Figure:visible").all()]
        return [part.evaluate("e => e.getBoundingClientRect().y") for part in parts]

    before, status = heights(), page.status
    page.page.evaluate(NOTE_SHEETS)
    slider.focus()
    # Away from the published value: its button comes, and a run's sentences.
    page.page.keyboard.press("ArrowRight")
    page.settle(after=status)
    assert page.page.get_by_role("button").filter(has_text="undo").count() == 1
    assert len(before) > 3
    assert heights() == before
    # Nor does the browser look for looks where none is another.
    assert page.page.evaluate("painted") > 3
    assert page.page.evaluate("sheets.filter(same => same).length") == 0


def test_at_no_strength_the_posterior_is_the_prior(visit):
    page = visit()
    page.choose("A line")
    strength = page.page.get_by_label("Data strength").and_(page.page.locator("input"))
    status = page.status
    strength.first.fill("0")
    strength.first.press("Enter")
    page.settle(after=status)
    sds = re.search(r"b: \S+ ± ([\d.]+(e\+\d+)?)", page.notes)
    assert sds is not None
    assert float(sds[1]) > 1


def test_draws_grow_and_stop_keeps_them(visit):
    page = visit()
    page.choose("Distance of a cluster")
    page.choose_method("hierarchical")
    page.press("Run")
    # This method takes long enough to be watched.
    first = drawn(page.until(lambda s: s.startswith("Sampling") and drawn(s) > 0, 200))
    second = drawn(page.until(lambda s: drawn(s) > first, 30))
    page.until(lambda s: drawn(s) > second, 30)
    page.press("Stop")
    status = page.until(lambda s: s.startswith("Stopped"), 30)
    kept = drawn(status)
    assert 0 < kept < 4000
    page.page.wait_for_timeout(1500)
    assert drawn(page.status) == kept
    assert caption_numbers(page.notes)["distance [pc]"] == pytest.approx(861, abs=10)


def test_pause_and_resume(visit):
    page = visit()
    page.choose("Distance of a cluster")
    page.choose_method("hierarchical")
    page.press("Run")
    page.until(lambda s: s.startswith("Warming"), 200)
    page.press("Pause")
    held = page.until(lambda s: s.startswith("Paused"), 30)
    page.page.wait_for_timeout(800)
    assert page.status == held
    page.press("Resume")
    page.until(lambda s: s.startswith(("Warming", "Sampling")), 30)


def test_two_pages_do_not_disturb_each_other(visit):
    one, other = visit(), visit()
    other.choose("A line")
    before = {page: page.status for page in (one, other)}
    for page in before:
        page.press("Run")
    for page, status in before.items():
        page.settle(after=status)
    outliers, plain = (caption_numbers(page.notes)["m"] for page in (one, other))
    assert outliers == pytest.approx(1.007, abs=0.01)
    assert plain == pytest.approx(0.758, abs=0.01)


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


def test_a_cut_that_leaves_no_star_is_a_sentence(visit):
    page = visit()
    page.choose("Distance of a cluster")
    page.open_card("Data")
    page.page.get_by_text("kept by the cut").wait_for()
    boxes = page.page.locator("input[type=text], input[type=number]")
    for shown, value in (("3", "9.9"), ("0.2", "9.8")):
        box = box_that_shows(boxes, float(shown))
        box.click()
        box.press("Control+a")
        page.page.keyboard.type(value)
        page.page.keyboard.press("Tab")
        page.page.wait_for_timeout(1000)
    status = page.until(lambda s: "leaves no star" in s, 10)
    assert "from 9.8 to 9.9 mas" in status
    assert page.page.get_by_role("button", name="Run", exact=True).is_disabled()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.csv", b"<b>no</b> table at all\n", "no table"),
        ("plx.csv", b"ra,dec,parallax\n1,2,3\n", "parallax_error"),
        ("<img src=x onerror=alert(1)>.fits", b"\x00\x01\x02", "no table"),
    ],
)
def test_a_file_that_is_no_table_is_a_sentence(visit, name, content, words):
    page = visit()
    page.choose("Distance of a cluster")
    page.open_card("Data")
    page.page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content}
    )
    toast = page.page.locator(".notyf__message, [role=alert]").first
    toast.wait_for(timeout=10_000)
    assert words in toast.inner_text()
    assert page.page.locator("img[src=x]").count() == 0
    assert "Simulated M67 field: 5,300 stars" in page.notes, "the table stays"


def test_an_uploaded_table_is_used(visit, real_ngc2516):
    page = visit()
    page.choose("Distance of a cluster")
    page.open_card("Data")
    page.page.locator("input[type=file]").set_input_files(str(real_ngc2516))
    page.page.get_by_text("ngc2516_vizier.csv: 1,428 stars").wait_for(timeout=15_000)


def test_the_theme_reaches_the_figures(visit):
    page = visit()
    before = page.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before == "rgb(255, 255, 255)"
    page.page.get_by_role("button", name="Toggle theme").click()
    # While plots are painted a click waits for its turn.
    page.page.wait_for_function(IS_DARK, timeout=30_000)
    status = page.status
    page.press("Run")
    page.settle(after=status)
    assert page.page.evaluate(IS_DARK), "and stays"


def test_a_phone_sees_the_plots_first(visit, browser):
    page = visit(
        viewport={"width": 390, "height": 844},
        user_agent="Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome Mobile",
    )
    wide = page.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    status = page.status
    page.press("Run")
    page.settle(after=status)


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
        for button in inside.get_by_role("button", name="Table", exact=True).all():
            button.click()
        inside.locator("table").nth(pictures - 1).wait_for()
        cells = inside.locator("td").all_text_contents()
        numbers = [cell for cell in cells if re.search(r"\d", cell)]
        assert len(numbers) > 20 * pictures
