"""A server that is killed, and the page that finds its run again."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

from tests.browser.conftest import ROOT, Visit, _wait_for
from tests.browser.reading import caption_numbers


@contextmanager
def serving(port: int, log, environment):
    """Serve until the end of the block, and kill without a warning then."""
    with log.open("a") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "panel", "serve", "app.py", "--port", str(port)],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        _wait_for(port, process, log)
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(20)


def test_a_run_is_there_after_the_server_was_killed(
    browser, free_port, cache, tmp_path
):
    log, address = tmp_path / "log.txt", f"http://127.0.0.1:{free_port}/app"
    environment = os.environ | {
        "NUTSHELL_CACHE": str(cache),
        "NUTSHELL_RUNS": str(tmp_path / "runs"),
    }
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    with serving(free_port, log, environment):
        page = Visit(context.new_page(), f"{address}?problem=line&view=demo")
        scale = page.page.get_by_label("scale").and_(page.page.locator("input")).first
        status = page.status
        scale.fill("0.1")
        scale.press("Enter")
        page.settle(after=status)
        page.page.wait_for_url(re.compile("run=[0-9a-f]{32}"), timeout=20_000)
        numbers, url = caption_numbers(page.notes), page.page.url
        assert "problem=line&view=demo&run=" in url
    assert page.page.get_by_role("tab").all_inner_texts()[0].lower() == "corner"
    with serving(free_port, log, environment):
        again = Visit(context.new_page(), url)
        assert caption_numbers(again.notes) == numbers
        # The same draws, not those of a new run of the same settings.
        assert again.page.url == url
        labels = again.page.get_by_role("tab").all_inner_texts()
        assert "chains" not in [label.lower() for label in labels]
        # Keys act where nobody types, and not in a field.
        again.page.locator("body").press("v")
        again.page.get_by_role("tab", name="Chains").wait_for(timeout=5000)
        assert "view=" not in again.page.url
        field = again.page.locator("input[type=text], input[type=number]").first
        field.press("v")
        field.press("?")
        time.sleep(0.6)
        assert again.page.get_by_role("tab", name="Chains").count() == 1
        assert again.page.get_by_role("dialog").count() == 0
        again.page.get_by_role("tab").first.press("?")
        again.page.get_by_role("dialog").get_by_text("pause, or resume").wait_for()
        assert again.errors == []
    context.close()
