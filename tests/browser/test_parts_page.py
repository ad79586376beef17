"""A part of the page that is laid out by itself is where a whole layout has it."""

import pytest

PLACES = """() => {
  const places = {}
  const visit = (view, path) => {
    const {x, y, width, height} = view.el.getBoundingClientRect()
    places[path] = [x, y, width, height]
    if (view.frame) {
      const {left, top, right, bottom} = view.frame.bbox
      places[path + " frame"] = [left, top, right, bottom]
    }
    view.child_views?.forEach((child, k) => {
      visit(child, `${path} ${k} ${child.model.type}`)
    })
  }
  visit(Bokeh.index.roots[0], "page")
  return places
}"""
"""Where every part of the page is, and the frames of its plots."""

LAY_ALL = """async () => {
  const page = Bokeh.index.roots[0]
  page.update_layout()
  page.compute_layout()
  await new Promise(requestAnimationFrame)
}"""

COUNT_WHOLE = """() => {
  window.whole = 0
  const page = Bokeh.index.roots[0]
  for (const name of ["update_layout", "compute_layout"]) {
    const lay = page[name]
    page[name] = function () {
      window.whole += 1
      return lay.call(this)
    }
  }
}"""
"""Counts what is done to the whole page at once."""


def test_a_part_is_laid_out_by_itself_where_a_whole_layout_has_it(visit):
    page = visit()

    def places() -> dict[str, list[float]]:
        """Where all is, once nothing is on its way any more."""
        last = {}
        for _ in range(60):
            now = page.page.evaluate(PLACES)
            if now == last:
                return now
            last = now
            page.page.wait_for_timeout(1000)
        raise AssertionError("something moves all the time")

    def in_place() -> None:
        found = places()
        page.page.evaluate(LAY_ALL)
        again = page.page.evaluate(PLACES)
        assert sum("frame" in path for path in found) > 2
        assert again.keys() == found.keys()
        for path, place in found.items():
            assert again[path] == pytest.approx(place, abs=1), path

    in_place()
    page.page.evaluate(COUNT_WHOLE)
    # What has wider tick labels then, and what comes and goes.
    page.page.get_by_role("combobox", name="Set of priors").click()
    status = page.status
    page.page.locator("li").filter(has_text="Strong and wrong").click()
    page.settle(after=status)
    page.page.get_by_role("tab", name="Checks").click()
    page.page.get_by_text("Observed").first.wait_for()
    page.choose("A line")
    assert page.page.evaluate("whole") == 0
    in_place()
    page.page.set_viewport_size({"width": 900, "height": 700})
    in_place()
