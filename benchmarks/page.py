"""Seconds that a person waits: server, page, first draws, end, in a real Chromium."""

import shutil
import socket
import subprocess
import sys
import time

from playwright.sync_api import Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PROBLEMS = (
    "A line",
    "A line with outliers",
    "Distance of one star",
    "Distance of a cluster",
)


def main() -> None:
    """Print one table; the server and the browser share this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clock = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "panel", "serve", "app.py", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        started = time.perf_counter() - clock
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
            _measure(browser, f"http://127.0.0.1:{port}/app", started)
            browser.close()
    finally:
        server.terminate()
        server.wait(20)


def _measure(browser, address: str, started: float) -> None:
    print("| problem | page usable (s) | Run to first draws, end (s) | again (s) |")
    print("| --- | --- | --- | --- |")
    for problem in PROBLEMS:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        clock = time.perf_counter()
        page.goto(address)
        page.get_by_text("Ready: move a prior").wait_for(timeout=60_000)
        usable = time.perf_counter() - clock
        page.get_by_role("radio", name=problem, exact=True).click()
        page.wait_for_timeout(4000)
        first, again = _run(page), _run(page)
        print(
            f"| {problem} | {usable:.1f} | {first[0]:.1f}, {first[1]:.1f} "
            f"| {again[0]:.1f}, {again[1]:.1f} |"
        )
        page.close()
    print(f"\nThe server listens {started:.1f} s after it is started.")


def _run(page: Page) -> tuple[float, float]:
    """Press Run; return seconds to the first draws shown, and to the end."""
    before = _status(page)
    clock = time.perf_counter()
    page.get_by_role("button", name="Run", exact=True).click()
    first = 0.0
    while True:
        now, elapsed = _status(page), time.perf_counter() - clock
        if now != before:
            before = ""
            drawn = now.startswith("Sampling") and not now.startswith("Sampling: 0 ")
            if not first and (drawn or now.startswith("Done")):
                first = elapsed
            if now.startswith("Done"):
                return first, elapsed
        page.wait_for_timeout(20)


def _status(page: Page) -> str:
    texts = page.locator("[role=status]").all_inner_texts()
    return next((text for text in texts if text), "")


def _wait_for(port: int) -> None:
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
