"""Points, stars and tables that are chosen in a real browser."""

import re

import pytest

from tests.browser.reading import caption_numbers, count


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


def test_a_brush_on_the_histogram_selects_stars_everywhere(visit):
    page = visit()
    page.choose("Distance of a cluster")
    page.box_on(0, (0.4, 0.25), (50, 70), lambda: "Selected" in page.notes)
    assert 100 < count(page.notes, r"Selected: ([\d,]+)") < 4768
    page.press("Clear")
    page.until(lambda _: "Selected" not in page.notes)


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
