"""Stars in a real browser: every view chooses stars that the others show."""

import re

# Of the selection's sentence.
SELECTED = re.compile(r"Selected: ([\d,]+) stars.*: ([^:]+)\.$", re.MULTILINE)


def chosen(page) -> tuple[int, str]:
    """How many stars are chosen, and in what words."""
    found = SELECTED.search(page.notes)
    return (int(found[1].replace(",", "")), found[2]) if found else (0, "")


def look_at(page, tab: str) -> None:
    page.page.get_by_role("tab", name=tab, exact=True).click()
    page.page.wait_for_timeout(1500)


def box(page, title: str, corner, size, words: str) -> int:
    """Draw a box in the figure of a title until those words say what is chosen."""
    # A figure is drawn when its tab is looked at.
    page.until(lambda _: title in page.page.evaluate(TITLES))
    titles = page.page.evaluate(TITLES)
    page.box_on(titles.index(title), corner, size, lambda: words in chosen(page)[1])
    count, said = chosen(page)
    assert words in said, title
    return count


# Figures in the order of their canvases on the page, by their titles.
TITLES = """() => {
  const figures = []
  const walk = (root) => root.querySelectorAll('*').forEach((e) => {
    if (e.classList.contains('bk-Figure')) figures.push(e)
    if (e.shadowRoot) walk(e.shadowRoot)
  })
  walk(document)
  const views = [...Bokeh.index.query((v) => v.el && figures.includes(v.el))]
  return figures.map((e) => views.find((v) => v.el === e).model.title.text)
}"""


def test_every_view_of_the_stars_chooses_and_follows(visit):
    page = visit()
    page.choose("Distance of a cluster")
    page.until(lambda _: "expected in the cluster" in page.notes)
    everything = "Parallaxes and predictions"
    first = box(page, everything, (0.4, 0.25), (50, 70), "parallax")
    assert 100 < first < 4768
    assert box(page, "Colour and magnitude", (0.3, 0.4), (40, 60), "BP") != first
    assert box(page, "Sky by membership", (0.4, 0.4), (30, 30), "RA") > 0
    look_at(page, "Motion")
    motion = box(page, "Motion by membership", (0.4, 0.35), (60, 60), "pm RA")
    # What was chosen by motion is saved, and brought together with parallaxes.
    page.page.get_by_role("button", name="Saved (0)").click()
    page.page.get_by_label("Name of the selection").fill("<i>moving</i>")
    page.press("Save")
    page.page.get_by_text("<i>moving</i>").wait_for()
    box(page, everything, (0.4, 0.25), (50, 70), "parallax")
    page.page.get_by_role("combobox", name="A box").click()
    page.page.locator("li").filter(has_text="keeps").click()
    page.page.get_by_text("<i>moving</i>").click()
    page.page.wait_for_timeout(1500)
    both, said = chosen(page)
    assert 0 < both < min(first, motion)
    assert said.endswith("of these \u201c<i>moving</i>\u201d")
    look_at(page, "Distances")
    page.until(lambda _: f"of {both:,} selected stars are expected" in page.notes)
    look_at(page, "Table")
    page.until(lambda _: f"{both:,} stars; a click on a heading" in page.notes)
    page.page.locator(".tabulator-row").first.wait_for()
    # One page of the table is there, no more.
    assert page.page.locator(".tabulator-row").count() <= 6
    page.page.locator(".tabulator-row input[type=checkbox]").first.check()
    page.press("Choose the ticked stars")
    page.until(lambda _: chosen(page)[0] == 1)
    page.press("Look at this star")
    page.until(lambda _: "In the cluster model:" in page.notes)
    assert re.search(r"model: [\d,]+ .*pc, membership [01]\.\d\d\.", page.notes)
    page.press("Back to the cluster")
    page.until(lambda _: chosen(page)[0] == 1)


WHEEL = """(title) => {
  const [view] = Bokeh.index.query((v) => v.model.title?.text == title)
  const {toolbar, x_range, y_range} = view.model
  toolbar.tools.find((t) => t.type == 'WheelZoomTool').active = true
  return [x_range.start, x_range.end, y_range.start, y_range.end]
}"""


def test_a_zoom_and_a_selection_survive_a_new_posterior(visit):
    page = visit()
    page.choose("Distance of a cluster")
    page.until(lambda _: "expected in the cluster" in page.notes)
    title = "Colour and magnitude"
    count = box(page, title, (0.3, 0.4), (40, 60), "BP")
    before = page.page.evaluate(WHEEL, title)
    place = page.page.locator(".bk-Figure").nth(page.page.evaluate(TITLES).index(title))
    place.hover()
    for _ in range(3):
        page.page.mouse.wheel(0, -120)
        page.page.wait_for_timeout(300)
    zoomed = page.page.evaluate(WHEEL, title)
    assert zoomed[1] - zoomed[0] < before[1] - before[0]
    scale = page.page.get_by_label("scale").and_(page.page.locator("input")).first
    status = page.status
    scale.fill("0.5")
    scale.press("Enter")
    page.settle(after=status)
    assert page.page.evaluate(WHEEL, title) == zoomed
    assert chosen(page)[0] == count
