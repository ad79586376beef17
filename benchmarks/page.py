"""How long a person waits: from the hand to the pixels, in a real Chromium.

A key moves a slider by one step; every painting of every plot is noted by the clock of
the page. What counts is the last painting that a change causes.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from playwright.sync_api import Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SETTLED = 1200
"""Milliseconds without a painting after which a change has caused all that it will."""
NOTE_PAINTINGS = """() => {
  const {PlotView} = Bokeh.require("models/plots/plot_canvas");
  const paint = PlotView.prototype.paint;
  const shown = new Map();
  PlotView.prototype.paint = function (...a) {
    const done = paint.apply(this, a);
    window.paintings.push(performance.now());
    if (this.model.title.text?.startsWith("Posterior, pair by pair")) {
      for (const {data_source} of this.model.renderers) {
        if (data_source && shown.get(data_source) !== data_source.data) {
          shown.set(data_source, data_source.data);
          window.draws.push(performance.now());
        }
      }
    }
    return done;
  };
  document.addEventListener("keydown", () => {
    window.paintings = [];
    window.draws = [];
    window.hand = performance.now();
  }, true);
  window.paintings = [];
  window.draws = [];
}"""
"""Notes all paintings, and those of the corner plot whose data are other ones."""
USABLE = """() => {
  if (!document.body?.classList.contains("controlled")) return false;
  let sliders = 0, done = false, posterior = false;
  const look = (root) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.shadowRoot) look(one.shadowRoot);
      if (one.matches("input[type=range]") && one.checkVisibility()) sliders += 1;
      const said = one.children.length ? "" : one.textContent;
      done ||= one.matches("[role=status]") && said.includes("Done");
      posterior ||= said.includes("Mean ± sd of");
    }
  };
  look(document);
  return done && posterior && sliders > 3;
}"""
"""Whether the loader is gone, the run over, its numbers and four sliders there."""
OPENINGS = 6
"""Of a line of the table: each waits until the server has its next page ready."""
LINK = "?problem=line_outliers"
NEXT = 10
"""Seconds in which a server has its next page ready, on a slow machine too."""


class Wait(NamedTuple):
    """One line of the table."""

    what: str
    p95: float
    """[ms]"""
    bound: float
    """[ms]"""


def main(changes: int = 100) -> bool:
    """Print one table; return whether every wait is within its bound.

    Parameters
    ----------
    changes : int
        Steps of a slider a line of the table.
    """
    with served() as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS
        )
        waits = list(_measure(browser, address, changes))
        browser.close()
    print("| from the hand to the pixels, p95 | ms | at most |")
    print("| --- | --- | --- |")
    for wait in waits:
        short = "" if wait.p95 <= wait.bound else " **short**"
        bound = f"{wait.bound:,.0f}" if np.isfinite(wait.bound) else ""
        print(f"| {wait.what} | {wait.p95:,.0f}{short} | {bound} |")
    return all(wait.p95 <= wait.bound for wait in waits)


@contextmanager
def served(options: Sequence[str] = (), variables: Mapping[str, str] | None = None):
    """Serve the page; yield its address and the server's process.

    Parameters
    ----------
    options : sequence of str
        Of ``panel serve``.
    variables : mapping of str, optional
        Environment variables of the server.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "panel", "serve", "app.py", "--port", str(port)]
    server = subprocess.Popen(
        [*command, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ) | dict(variables or {}),
    )
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}/app", server
    finally:
        # There is nothing to save: a busy machine takes long to end it gently.
        server.kill()
        server.wait(20)


def _measure(browser, address: str, changes: int):
    # The first page of a server takes longest, and the first run compiles.
    opened(browser, address)[0].close()
    for what, link, bound in (
        ("page usable with a posterior on it", "", 2500),
        ("the same by a link: a page that is made when it is asked for", LINK, np.inf),
    ):
        seconds = []
        for _ in range(OPENINGS):
            time.sleep(NEXT)
            page, usable = opened(browser, address + link)
            page.close()
            seconds.append(usable)
        yield Wait(what, 1000 * float(np.quantile(seconds, 0.95)), bound)
    page, _ = opened(browser, address)
    # While the next page is made nothing else is as quick.
    time.sleep(2 * NEXT)
    page.evaluate(NOTE_PAINTINGS)
    prior, _, line = _moved(page, changes)
    yield Wait("prior density and prediction follow the slider", prior, 200)
    yield Wait("line with outliers: a new posterior by NUTS", line, 500)
    page.get_by_role("radio", name="Distance of a cluster", exact=True).click()
    page.wait_for_timeout(2000)
    done(page)
    page.wait_for_timeout(4000)
    _, fresh, whole = _moved(page, changes)
    yield Wait("4768 stars: first draws by NUTS", fresh, 500)
    yield Wait("4768 stars: a new posterior by NUTS, 4 x 1000 draws", whole, 1200)
    page.get_by_role("switch", name="Live").set_checked(False)
    *_, estimate = _moved(page, changes)
    yield Wait("4768 stars: the re-weighted estimate", estimate, 400)


def opened(browser, address: str) -> tuple[Page, float]:
    """Open a page; return it and the seconds until a posterior is on it."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    clock = time.perf_counter()
    page.goto(address, wait_until="commit")
    # Looked for by one short script: searching by text takes a tenth of an opening.
    page.wait_for_function(USABLE, polling=50, timeout=120_000)
    seconds = time.perf_counter() - clock
    page.wait_for_timeout(2000)
    return page, seconds


def _moved(page: Page, changes: int) -> tuple[float, float, float]:
    """Move the second prior's scale.

    Returns
    -------
    first, draws, last : float
        p95 of the first painting, the first with other draws, and the last [ms].
    """
    slider, waits = second_prior(page), []
    for k in range(changes):
        slider.focus()
        page.keyboard.press("ArrowRight" if k % 2 == 0 else "ArrowLeft")
        page.wait_for_function(
            "settled => performance.now() - Math.max(hand, ...paintings) > settled",
            arg=SETTLED,
            polling=100,
        )
        waits.append(
            page.evaluate("[Math.min(...paintings), draws[0], Math.max(...paintings)]")
            - np.array(page.evaluate("hand"))
        )
    return tuple(np.quantile(np.array(waits, dtype=float), 0.95, axis=0).tolist())


def second_prior(page: Page):
    """Return the slider of the second prior's scale."""
    return page.locator("input[type=range]:visible").nth(3)


def done(page: Page) -> None:
    """Wait until the run is over."""
    status = page.locator("[role=status]").filter(has_text="Done")
    status.first.wait_for(timeout=120_000)


def _wait_for(port: int, server: subprocess.Popen) -> None:
    while server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server ended with {server.returncode}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
