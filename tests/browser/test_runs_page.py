"""Runs in a real browser: their numbers, and who stops them."""

import pytest

from tests.browser.reading import caption_numbers, count, drawn

# Means that the captions print, and how far a seed may move them: five Monte-Carlo
# standard errors of 4000 draws, as the caption rounds them.
REFERENCES = {
    "A line": {"m": (0.758, 0.035), "b": (0.123, 0.052)},
    "A line with outliers": {"m": (1.007, 0.056), "inlier fraction Q": (0.666, 0.127)},
}


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
    median = count(page.notes, r"Posterior median ([\d,]+) pc")
    # By quadrature: 1264 pc (and its quantiles give a Monte-Carlo error of some 15).
    assert median == pytest.approx(1264, abs=80)


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


def test_a_box_on_the_corner_chooses_draws(visit):
    page = visit()
    # Data, corner and marginals, in this order; the lower left panel of the corner has
    # slope across and inlier fraction up.
    page.box_on(1, (0.17, 0.72), (45, 30), lambda: "Chosen" in page.notes)
    assert 10 < count(page.notes, r"Chosen: ([\d,]+) draws with m") < 4000
    page.press("All draws again")
    page.until(lambda _: "Chosen" not in page.notes)


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
