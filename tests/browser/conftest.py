"""A real server, and a real Chromium on its pages."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FIRST_WORDS = {
    "A line": re.compile(r"of m: [^;]+; b: [^;]+$"),
    "A line with outliers": "; inlier fraction Q: ",
    "Distance of one star": "Click a star",
    "Distance of a cluster": "Mean ± sd of distance",
}
"""Of a sentence that only this problem's figures say when it has run."""

LAST_WORDS = re.compile("Mean ± sd of|Dashed: the prior")
"""Of the last figure that a page of a line makes."""


def chromium() -> str | None:
    """The system's Chromium; None leaves the choice to Playwright's own."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return None


def a_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    return a_free_port()


@pytest.fixture(scope="session")
def server(tmp_path_factory, cache):
    """The address of a `panel serve app.py` of this test run's own."""
    port = a_free_port()
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "panel", "serve", "app.py", "--port", str(port)],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=os.environ | {"NUTSHELL_CACHE": str(cache)},
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(port, process, log)
        yield f"{address}/app"
    finally:
        process.terminate()
        process.wait(20)
    # What goes wrong in a timer's turn is told to nobody else.
    raised = _tracebacks(log.read_text())
    assert not raised, "\n".join(raised)


def _tracebacks(log: str) -> list[str]:
    """The log's records that hold a traceback.

    Not those of a message that was under way when its page was closed:
    Tornado reports that one from a task that nobody awaits.
    """
    records = re.split(r"^(?=\d{4}-\d\d-\d\d )", log, flags=re.MULTILINE)
    return [
        record
        for record in records
        if "Traceback" in record and "WebSocketClosedError" not in record
    ]


def _wait_for(port: int, process, log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no server within 60 s: {log.read_text()}")


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        launched.close()


class Visit:
    """One visitor's page, in the words of a test."""

    def __init__(self, page: Page, address: str):
        self.page, self.errors = page, []
        page.on(
            "console",
            lambda m: self.errors.append(m.text) if m.type == "error" else None,
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        # The page needs no internet: a request to anywhere else is an error.
        page.on("request", self._check_host)
        self._host = address.rsplit("/", 1)[0]
        page.goto(address)
        # Its last figure comes when its run may be over already.
        page.get_by_text(LAST_WORDS).first.wait_for(timeout=60_000)
        # NUTS runs by itself when a page opens.
        self.settle()

    def _check_host(self, request) -> None:
        local = request.url.startswith((self._host, "data:", "blob:"))
        if not local:
            self.errors.append(f"asked {request.url}")

    def choose(self, problem: str) -> None:
        self.page.get_by_role("radio", name=problem, exact=True).click()
        # Its figures are built when it is first looked at, and until then those of the
        # problem before stay, with what was said of it.
        self.page.get_by_text(FIRST_WORDS[problem]).first.wait_for(timeout=180_000)
        self.page.locator(".bk-Figure canvas").first.wait_for()
        self.settle()

    def choose_method(self, method: str) -> None:
        """Choose how a cluster is sampled; `hierarchical` takes longer."""
        name = {"marginal": "integrated out", "hierarchical": "distance sampled"}
        select = self.page.get_by_role("combobox", name="Method")
        if not select.is_visible():
            self.open_card("Sampler")
        select.click()
        self.page.locator("li").filter(has_text=name[method]).click()
        self.page.wait_for_timeout(500)

    def open_card(self, title: str) -> None:
        header = self.page.locator(".MuiCardHeader-root").filter(has_text=title)
        header.first.get_by_role("button").click()
        self.page.wait_for_timeout(600)

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    @property
    def status(self) -> str:
        """The sentence of the run bar."""
        texts = self.page.locator("[role=status]").all_inner_texts()
        return next((text for text in texts if text), "")

    @property
    def notes(self) -> str:
        return "\n".join(self.page.locator("[role=note]").all_inner_texts())

    def until(self, condition, seconds: float = 120.0) -> str:
        """Wait until the status fulfils a condition, and return it."""
        end = time.monotonic() + seconds
        while not condition(self.status):
            assert time.monotonic() < end, f"still {self.status!r}"
            self.page.wait_for_timeout(50)
        return self.status

    def settle(self, seconds: float = 180.0, after: str | None = None) -> str:
        """Wait until a run has ended and nothing follows; return the status.

        On a busy machine the status is that of the run before for a while: where that
        is given, another is waited for first.
        """
        if after is not None:
            self.until(lambda status: status != after, seconds)
        quiet_since, last = time.monotonic(), ""
        end = time.monotonic() + seconds
        while True:
            status, now = self.status, time.monotonic()
            assert now < end, f"still {status!r}"
            if status != last or not status.startswith("Done"):
                quiet_since, last = now, status
            # The last summary follows within a second.
            if now - quiet_since > 1.2:
                return status
            self.page.wait_for_timeout(50)

    def set_live(self, live: bool) -> None:
        """Say whether NUTS follows the controls."""
        self.page.get_by_role("switch", name="Live").set_checked(live)
        self.page.wait_for_timeout(400)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw a box with the mouse."""
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*end, steps=6)
        mouse.up()

    def box_on(self, figure: int, corner, size, taken) -> None:
        """Draw a box on a figure until ``taken()`` is true of the page.

        Its upper left corner is given in parts of the figure, its size in pixels. On a
        busy machine the first drag may come before the plot listens to any.
        """
        for _ in range(5):
            place = self.page.locator(".bk-Figure").nth(figure).bounding_box()
            assert place is not None
            left = place["x"] + corner[0] * place["width"]
            top = place["y"] + corner[1] * place["height"]
            self.drag((left, top), (left + size[0], top + size[1]))
            for _ in range(15):
                self.page.wait_for_timeout(200)
                if taken():
                    return


@pytest.fixture
def visit(server, browser):
    """Open pages; at the end of the test none may have had an error."""
    visits: list[Visit] = []

    def open_page(slower: float = 1, **options) -> Visit:
        settings = {"viewport": {"width": 1280, "height": 800}} | options
        page = browser.new_context(**settings).new_page()
        speed = page.context.new_cdp_session(page)
        speed.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        visits.append(Visit(page, server))
        return visits[-1]

    yield open_page
    for one in visits:
        one.page.context.close()
    assert [one.errors for one in visits] == [[] for _ in visits]
