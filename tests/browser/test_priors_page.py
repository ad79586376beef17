"""Priors that are moved in a real browser, and what follows."""

import re

from tests.browser.reading import caption_numbers


def type_prior(page, loc: str, scale: str) -> None:
    """Set the first Normal prior: that of the line's distance from the origin."""
    for name, value in (("loc", loc), ("scale", scale)):
        box = page.page.get_by_label(name).and_(page.page.locator("input")).first
        box.fill(value)
        box.press("Enter")
        page.page.wait_for_timeout(600)


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
