"""What a box chooses, chosen in a real browser without a mouse."""

from playwright.sync_api import expect


def typed(page, which: int, low: str, high: str) -> None:
    """Open a figure's ranges and take one of its first quantity, by keys alone."""
    keys = page.page.keyboard
    opener = page.page.get_by_role("button", name="Choose by a range")
    opener.nth(which).focus()
    keys.press("Enter")
    page.page.get_by_label("from", exact=True).nth(which).wait_for()
    # Past the button of the table and the choice of a quantity.
    for text in (None, None, low, high):
        keys.press("Tab")
        if text is not None:
            keys.press("Control+a")
            keys.type(text)
    keys.press("Tab")
    keys.press("Enter")


def test_points_and_draws_are_chosen_by_keys_alone(visit):
    page = visit()
    typed(page, 0, "0", "5")
    page.until(lambda _: "Selected: 8 points: x 0.00 to 5.00." in page.notes)
    typed(page, 1, "1", "1.02")
    page.until(lambda _: "draws with m 1 to 1.02." in page.notes)
    page.press("All draws again")
    page.until(lambda _: "draws with m" not in page.notes)


def test_a_number_is_typed_over_and_over(visit):
    page = visit()
    keys = page.page.keyboard
    scale = page.page.locator("input[type=range]:visible").nth(3)
    field = page.page.locator("input[type=text]:visible").nth(3)
    # The library's sliders write their numbers some frames after they are drawn.
    expect(field).to_have_value("1", timeout=20_000)
    field.click()
    for text in ("0.75", "0.625"):
        keys.press("Control+a")
        keys.type(text)
        keys.press("Enter")
        page.until(lambda _, text=text: scale.input_value() == text, 20)
        assert field.input_value() == text
    # The server has it too.
    page.page.get_by_text("Your own").first.wait_for()
