import io
import re
import socket
import stat
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from data import DataError, fetch, fetch_m67, gaia, read_catalogue
from data.__main__ import main
from data.gaia import M67_QUERY

ERROR = b"""<?xml version="1.0"?>
<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">
<RESOURCE type="results"><INFO name="QUERY_STATUS" value="ERROR">Cannot parse</INFO>
</RESOURCE></VOTABLE>"""


def votable(rows=3, overflow=False):
    """Return the answer of an archive, in which the last star has no colour."""
    table = Table(
        {"source_id": np.arange(604911307728632320, 604911307728632320 + rows)}
    )
    table["parallax"] = np.linspace(1.0, 1.2, rows)
    table["parallax_error"] = np.full(rows, 0.05, dtype=np.float32)
    blank = np.arange(rows) == rows - 1
    table["bp_rp"] = MaskedColumn(np.ones(rows, dtype=np.float32), mask=blank)
    table["astrometric_params_solved"] = np.full(rows, 31, dtype=np.int16)
    table["designation"] = np.array(["Gaia DR3"] * rows, dtype=object)
    written = io.BytesIO()
    table.write(written, format="votable")
    info = b'<RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/>'
    text = written.getvalue().replace(b'<RESOURCE type="results">', info)
    assert info in text
    if overflow:
        end = b'<INFO name="QUERY_STATUS" value="OVERFLOW"/></RESOURCE>'
        text = text.replace(b"</RESOURCE>", end)
        assert end in text
    return text


@contextmanager
def archive(answer, status=200, delay=0.0):
    """Serve one answer as a TAP service; give its address and what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, parse_qs(body.decode())))
            time.sleep(delay)
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/x-votable+xml")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except OSError:
                pass  # The other side did not wait, which is what is tested.

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tap", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def closed():
    """Return an address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/tap"


def refusal(*endpoints, folder, timeout=10.0):
    with pytest.raises(DataError) as caught:
        fetch("SELECT 1", endpoints, timeout, folder)
    sentence = str(caught.value)
    assert sentence.startswith("The Gaia archive gave no table (")
    assert sentence.endswith("try again, or upload a table.")
    assert not list(folder.glob("**/*"))
    return sentence


def test_a_table_comes_by_tap_and_is_read_as_a_catalogue(tmp_path):
    with archive(votable()) as (address, asked):
        path = fetch_m67([address], cache_dir=tmp_path)
    where, form = asked[0]
    assert where == "/tap/sync"
    assert form["QUERY"] == [M67_QUERY]
    assert form["LANG"] == ["ADQL"]
    assert int(form["MAXREC"][0]) == 200_000
    stars = read_catalogue(path)
    assert stars.source_id[0] == 604911307728632320
    np.testing.assert_allclose(stars.parallax, [1.0, 1.1, 1.2])
    assert np.isnan(stars.bp_rp).tolist() == [False, False, True]
    assert stars.solution.tolist() == [31] * 3


def test_a_second_fetch_needs_no_network(tmp_path, closed):
    with archive(votable()) as (address, asked):
        first = fetch_m67([address], cache_dir=tmp_path)
        content = first.read_bytes()
    assert fetch_m67([closed], cache_dir=tmp_path) == first
    assert first.read_bytes() == content
    assert len(asked) == 1
    # Another query is another file.
    with pytest.raises(DataError):
        fetch("SELECT 2", [closed], 10, tmp_path, name="m67_gaia_dr3")


def test_the_cache_is_private_and_holds_no_leftovers(tmp_path):
    folder = tmp_path / "a" / "b"
    with archive(votable()) as (address, _):
        path = fetch_m67([address], cache_dir=folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == [path]


def test_the_cache_is_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("NUTSHELL_CACHE", str(tmp_path))
    with archive(votable()) as (address, _):
        assert tmp_path in fetch_m67([address]).parents
    monkeypatch.delenv("NUTSHELL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    assert gaia.cache_folder() == tmp_path / "user" / "nutshell" / "gaia"


def test_the_mirror_is_asked_when_the_archive_is_away(tmp_path, closed):
    with archive(votable()) as (address, asked):
        assert len(read_catalogue(fetch_m67([closed, address], 10, tmp_path))) == 3
    assert len(asked) == 1


def test_being_offline_is_said_in_a_sentence(tmp_path, closed):
    assert "127.0.0.1 gave no table" in refusal(closed, folder=tmp_path)
    both = refusal(closed, closed, folder=tmp_path)
    assert both.count("127.0.0.1 gave no table") == 2


def test_a_slow_archive_is_left_after_the_time_out(tmp_path):
    with archive(votable(), delay=1.5) as (address, _):
        start = time.monotonic()
        said = refusal(address, folder=tmp_path, timeout=0.2)
        assert time.monotonic() - start < 1.2
    assert "did not answer within 0.2 s" in said


def test_an_archive_that_refuses_the_query_is_said_to(tmp_path):
    for status in (200, 400):
        with archive(ERROR, status) as (address, _):
            said = refusal(address, folder=tmp_path)
            assert "127.0.0.1 refused the query" in said
            assert "Cannot parse" not in said


@pytest.mark.parametrize("answer", [b"<html>maintenance</html>", b"", b"\x00\xff" * 99])
@pytest.mark.parametrize("status", [200, 503])
def test_an_answer_that_is_no_table_is_said_to_be_none(tmp_path, answer, status):
    with archive(answer, status) as (address, _):
        assert "127.0.0.1 gave no table" in refusal(address, folder=tmp_path)


def test_a_table_that_was_cut_short_is_refused(tmp_path, monkeypatch):
    with archive(votable(overflow=True)) as (address, _):
        assert "cut the table short at 3 rows" in refusal(address, folder=tmp_path)
    # Some archives stop at the limit and do not say so.
    monkeypatch.setattr(gaia, "MOST_ROWS", 3)
    with archive(votable()) as (address, _):
        assert "cut the table short at 3 rows" in refusal(address, folder=tmp_path)


def test_an_empty_table_is_refused(tmp_path):
    rows = re.compile(rb"<TABLEDATA>.*</TABLEDATA>", re.DOTALL)
    answer, emptied = rows.subn(b"<TABLEDATA/>", votable())
    assert emptied == 1
    with archive(answer) as (address, _):
        assert "answered with an empty table" in refusal(address, folder=tmp_path)


def test_a_cache_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with archive(votable()) as (address, _):
        with pytest.raises(DataError, match=r"could not be kept .*NUTSHELL_CACHE"):
            fetch_m67([address], cache_dir=tmp_path / "file" / "folder")


def test_the_query_asks_for_every_column_that_a_catalogue_uses():
    for column in (
        "source_id", "ra", "dec", "parallax", "parallax_error", "pmra", "pmdec",
        "phot_g_mean_mag", "bp_rp", "nu_eff_used_in_astrometry", "pseudocolour",
        "ecl_lat", "astrometric_params_solved",
    ):  # fmt: skip
        assert column in M67_QUERY.split("FROM")[0].replace(",", " ").split()
    assert "132.846, 11.814, 0.5" in M67_QUERY


def test_the_command_line_fetches_and_counts(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NUTSHELL_CACHE", str(tmp_path))
    with archive(votable()) as (address, _):
        monkeypatch.setattr(gaia.fetch_m67, "__defaults__", ([address], 10.0, None))
        assert main(["fetch", "m67"]) == 0
    said = capsys.readouterr()
    assert M67_QUERY in said.out
    assert "3 stars with a parallax" in said.out
    assert str(tmp_path) in said.out
    assert said.err == ""


def test_the_command_line_fails_with_one_sentence(
    tmp_path, monkeypatch, capsys, closed
):
    monkeypatch.setenv("NUTSHELL_CACHE", str(tmp_path))
    monkeypatch.setattr(gaia.fetch_m67, "__defaults__", ([closed], 10.0, None))
    assert main(["fetch", "m67"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("The Gaia archive gave no table")
    assert said.err.count("\n") == 1
