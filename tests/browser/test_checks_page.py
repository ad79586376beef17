"""The tab of predictive checks in a real browser: a statistic, a box, and back."""

from tests.browser.reading import count


def test_a_box_on_the_replicates_chooses_the_draws_that_made_them(visit):
    page = visit()
    page.page.get_by_role("tab", name="Checks").click()
    page.page.get_by_text("replicates are as").wait_for()
    assert "Observed χ² of the best line: 142;" in page.notes
    assert "stays within the grey band" in page.notes
    assert "Leave-one-out: expected log density" in page.notes
    page.page.get_by_role("combobox", name="Test statistic").click()
    page.page.locator("li").filter(has_text="slope of the best line").click()
    page.page.get_by_text("Observed slope of the best line").wait_for()
    # The histogram follows its sentence; a box drawn before is one on the last.
    page.page.wait_for_timeout(1500)
    # Data, then checks: the statistic is at the lower left.
    page.box_on(1, (0.24, 0.62), (50, 60), lambda: "Chosen" in page.notes)
    of_slope = r"Chosen: ([\d,]+) draws with slope of the best"
    assert 10 < count(page.notes, of_slope) < 4000
    page.press("All draws again")
    page.until(lambda _: "Chosen" not in page.notes)
    # The same without a mouse.
    tenth = page.page.get_by_role("button", name="Highest tenth")
    tenth.focus()
    page.page.keyboard.press("Enter")
    page.page.get_by_text("Chosen: 400 draws").wait_for()
