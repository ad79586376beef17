"""Whether a page stays quick and small: the loop's stalls, a corner, memory over runs.

``python -m benchmarks.steady [RUNS]`` serves the page, opens it in Chromium, lets a
cluster compile and sample while the loop's heart beats, and then moves a slider so
often that as many runs follow each other, with a corner of five parameters in view.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks import noted
from benchmarks.page import FLAGS, done, opened, second_prior, served

STALL = 0.1
"""Longest that the loop may stand still while a run compiles or samples [s]."""
CORNER = 0.06
"""Most of the server's time for a corner of five parameters drawn anew [s]."""
FLAT = 1.1
"""How much larger memory may be after the second half of the runs than before it."""


def main(runs: int = 100) -> bool:
    """Print a table; return whether everything stays within its bound."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder)
        # Nothing is compiled yet.
        variables = {"NUTSHELL_NOTES": folder, "NUTSHELL_CACHE": folder}
        setup = ["--setup", str(Path(__file__).with_name("noted.py"))]
        with served(setup, variables) as (address, server), sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
            page, _ = opened(browser, address)
            rows = [
                *_stalls(page, notes / "beats"),
                *_memory(page, server.pid, runs),
                _corner(notes / "corners"),
            ]
            browser.close()
    print("| a page that stays open | | at most |")
    print("| --- | --- | --- |")
    for what, value, bound, unit in rows:
        short = "" if value <= bound else " **short**"
        print(f"| {what} | {value:.3g} {unit}{short} | {bound:g} {unit} |")
    return all(value <= bound for _, value, bound, _ in rows)


def _stalls(page: Page, beats: Path):
    """Let a cluster compile, sample by both methods and be drawn."""
    page.get_by_role("radio", name="Distance of a cluster", exact=True).click()
    page.wait_for_timeout(3000)
    # What is looked at first is built: that is a page being made, not a run.
    page.get_by_text("Mean ± sd of distance").first.wait_for(timeout=120_000)
    before = beats.stat().st_size
    header = page.locator(".MuiCardHeader-root").filter(has_text="Sampler")
    header.first.get_by_role("button").click()
    page.wait_for_timeout(600)
    page.get_by_role("combobox", name="Method").click()
    page.locator("li").filter(has_text="distance sampled").click()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_timeout(1000)
    done(page)
    with beats.open() as lines:
        lines.seek(before)
        late = np.array([line.split() for line in lines], dtype=float).reshape(-1, 3)
    worst, own = late[:, 1:].max(axis=0, initial=0.0)
    yield (
        "longest stall of the event loop while a run compiles and samples",
        worst,
        STALL,
        "s",
    )
    yield "the same, computing itself", own, STALL, "s"
    page.get_by_role("radio", name="A line with outliers", exact=True).click()
    page.wait_for_timeout(3000)


def _memory(page: Page, server: int, runs: int):
    """Move a slider, wait for the run, and look at memory half-way and at the end."""
    slider, sizes = second_prior(page), []
    browser = page.context.new_cdp_session(page)
    for _ in range(2):
        for k in range(runs // 2):
            slider.focus()
            page.keyboard.press("ArrowRight" if k % 2 == 0 else "ArrowLeft")
            page.wait_for_timeout(800)
        done(page)
        page.wait_for_timeout(1500)
        # What is garbage, and when it is collected, says nothing of what is kept.
        browser.send("HeapProfiler.collectGarbage")
        heap = browser.send("Runtime.getHeapUsage")["usedSize"]
        sizes.append([resident(server), heap / 2**20])
    (server_half, heap_half), (server_end, heap_end) = sizes
    print(f"server {server_half:.0f} -> {server_end:.0f} MiB, "
          f"page {heap_half:.0f} -> {heap_end:.0f} MiB")  # fmt: skip
    what = f"the server's memory after {runs} runs over that after {runs // 2}"
    yield what, server_end / server_half, FLAT, "times"
    yield "the page's own, likewise", heap_end / heap_half, FLAT, "times"


def _corner(notes: Path):
    """Return what a corner takes, with the longest message before the next of them."""
    seconds = []
    for line in notes.read_text().splitlines():
        what, took = line.split()
        if what == noted.CORNER:
            seconds.append([float(took), 0.0])
        elif seconds:
            seconds[-1][1] = max(seconds[-1][1], float(took))
    costs = np.array(seconds).sum(axis=1)
    what = f"server time of a corner of five parameters, p95 of {costs.size} updates"
    return what, float(np.quantile(costs, 0.95)), CORNER, "s"


def resident(process: int) -> float:
    """Return a process's resident memory [MiB]."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
