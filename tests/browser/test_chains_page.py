"""The tab Chains in a real browser: verdict, next step, warm-up, ranks and brushing."""

import re

from tests.browser.reading import count


def chosen(notes: str) -> int:
    return count(notes, r"Chosen: ([\d,]+) draws")


def test_a_run_is_judged_and_its_next_step_taken(visit):
    page = visit()
    inside = page.page
    inside.get_by_role("tab", name="Chains").click()
    inside.get_by_text("The chains agree: R-hat at most").wait_for()
    more = inside.get_by_role("button", name="more draws")
    assert more.locator("visible=true").count() == 0, "nothing is to be done"

    page.open_card("Thresholds")
    wanted = inside.get_by_label("Least effective draws a chain")
    wanted.and_(inside.locator("input")).fill("250")
    inside.keyboard.press("Enter")
    inside.get_by_text(", 1,000 are wanted; run ").wait_for()
    more.click()
    page.until(lambda status: status.startswith("Done") and "4,000" not in status)
    assert "settings have changed" not in page.notes
    page.settle()
    inside.get_by_text("The chains agree").wait_for()

    inside.get_by_role("switch", name="Warm-up").click()
    inside.get_by_text("after 200 steps of warm-up, shaded").wait_for()
    inside.get_by_role("switch", name="Warm-up").click()
    inside.get_by_text("shaded").wait_for(state="hidden")

    # A box on the first row of the traces: data and traces are in this order.
    page.box_on(1, (0.3, 0.17), (120, 25), lambda: chosen(page.notes) > 0)
    assert 10 < chosen(page.notes) < 3000
    assert re.search(r"draws with number [\d,]+ to [\d,]+ and m ", page.notes)
    lines = page.notes
    inside.get_by_role("tab", name="Corner").click()
    said = re.compile(r"effective draws\.( \d+ of [\d,]+ diverged\.)? Chosen:")
    inside.get_by_text(said).wait_for()
    assert chosen(page.notes) == chosen(lines), "the same draws in the corner"
    inside.get_by_role("tab", name="Chains").click()
    page.press("All draws again")
    inside.get_by_text("Chosen:").wait_for(state="hidden")

    page.press("Ranks")
    inside.get_by_text("Even bars: every chain draws from the same").wait_for()
    # That of the ranks stands between those of the data and of the marginals.
    inside.get_by_role("button", name="Table", exact=True).nth(1).click()
    inside.get_by_role("columnheader", name="chain 4").wait_for()
    page.press("ESS")
    inside.get_by_text("They should grow in a straight line").wait_for()
    page.press("Energy")
    inside.get_by_text("leapfrog steps a draw").wait_for()
