"""Runs that are found again: kept, read, gone on with, and removed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from data import observe
from inference import pacing
from inference.growing import Growth
from inference.library import Library
from inference.progress import RunRecord
from inference.provenance import StoreError
from inference.records import Chunk
from inference.runner import Phase, Run
from inference.spec import RunSpec

ROOT = Path(__file__).parents[2]


def spec_of(draws: int, **sampler) -> RunSpec:
    settings = {"chains": 2, "warmup": 60, "draws": draws} | sampler
    return RunSpec.from_json({"model": "line_outliers", "sampler": settings})


def same(one, other) -> None:
    assert one.draws.keys() == other.draws.keys()
    for kind in ("draws", "stats"):
        for name, values in getattr(one, kind).items():
            np.testing.assert_array_equal(values, getattr(other, kind)[name], name)


@pytest.fixture
def points():
    return observe({"source": "line"})


@pytest.fixture
def shelf(tmp_path):
    library = Library(tmp_path / "runs")
    yield library
    library.close()


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


def kept(shelf, run) -> str:
    name, written = shelf.keep(run)
    written.result(60)
    return name


def test_a_run_that_is_over_is_read_back_as_it_was(shelf, engine, points):
    run = Run(spec_of(300), points, engine)
    whole = run.wait(60)
    name = kept(shelf, run)
    assert [entry.name for entry in shelf.entries()] == [name]
    back = shelf.record(name)
    same(back, whole)
    assert back.spec == whole.spec == shelf.header(name).spec
    assert (back.phase, back.sentence) == (Phase.DONE, whole.sentence)
    assert back.warmed_up == 60
    np.testing.assert_array_equal(back.observed["y"], points["y"])
    assert (shelf.folder.stat().st_mode & 0o777) == 0o700


def test_the_whole_of_what_grew_adds_up_to_the_same_record():
    generator = np.random.default_rng(3)
    spec = spec_of(10, warmup=4)
    growth, record, state = Growth(), RunRecord(spec, {}, device="CPU"), ()
    for length, sampling in ((3, False), (1, False), (2, True), (5, True), (3, True)):
        rows = {"m": generator.normal(size=(2, length))}
        stats = {"energy": generator.normal(size=(2, length))}
        sums = length, tuple(generator.random((3, 7)))
        state = (np.array([record.drawn]),)
        chunk = Chunk(state, rows, stats, sums if sampling else None, 0.1, "CPU")
        record = growth.add(record, chunk, length, sampling)
    again, back = Growth(), RunRecord(spec, {}, device="CPU")
    parts = growth.whole(record, state)
    assert [part[1:] for part in parts] == [(4, False), (10, True)]
    assert parts[0][0].state == () and parts[1][0].state == state
    for part in parts:
        back = again.add(back, *part)
    same(back, record)
    assert (back.warmed_up, back.drawn) == (4, 10)
    assert back.sample_seconds == pytest.approx(0.5)
    assert record.stars is not None and back.stars is not None
    for name, values in vars(record.stars).items():
        np.testing.assert_array_equal(getattr(back.stars, name), values, name)


@pytest.mark.parametrize("where", ["compiling", "warming up", "sampling"])
def test_a_run_kept_on_its_way_goes_on_to_the_same_draws(
    shelf, engine, points, sample, where
):
    spec = spec_of(4000, warmup=2000)
    whole = sample(spec.to_json(), points)
    run = Run(spec, points, engine)
    if where == "warming up":
        until(lambda: run.latest.warmed_up > 0)
    if where == "sampling":
        until(lambda: run.latest.drawn > 0)
    name = kept(shelf, run)
    seen = run.latest.drawn
    run.stop()
    stopped = run.wait(60)
    assert shelf.record(name).drawn == stopped.drawn >= seen
    again = shelf.resume(name, engine)
    same(again.wait(60), whole)
    same(shelf.record(name), whole)


def test_a_run_that_is_done_is_taken_up_and_extended(shelf, engine, points, sample):
    run = Run(spec_of(200), points, engine)
    run.wait(60)
    name = kept(shelf, run)
    again = shelf.resume(name, engine)
    assert again.wait(60).phase is Phase.DONE
    again.extend(300)
    again.wait(60)
    same(shelf.record(name), sample(spec_of(500).to_json(), points))


def test_what_is_damaged_is_made_again(shelf, engine, points):
    run = Run(spec_of(200), points, engine)
    whole = run.wait(60)
    name = kept(shelf, run)
    (last,) = (shelf.folder / name).glob("chunk-000001.*")
    last.write_bytes(last.read_bytes()[:-1])
    # Its warm-up alone has no state to go on from.
    same(shelf.resume(name, engine).wait(60), whole)


def test_a_run_is_read_while_it_goes_on_but_has_one_writer(shelf, engine, points):
    run = Run(spec_of(20_000), points, engine)
    name = kept(shelf, run)
    until(lambda: run.latest.drawn > 0)
    seen = run.latest.drawn
    back = shelf.record(name)
    assert back.drawn >= seen and back.phase is Phase.STOPPED
    for attempt in (shelf.remove, lambda name: shelf.resume(name, engine)):
        with pytest.raises(StoreError, match="in use"):
            attempt(name)
    with pytest.raises(ValueError, match="already"):
        shelf.keep(run).written.result(60)
    run.cancel()
    run.wait(60)
    assert shelf.entries() == ()


@pytest.mark.parametrize(
    "name", ["", "..", "../" + "a" * 29, "a" * 31, "A" * 32, "a" * 32 + "\n"]
)
def test_a_name_that_is_none_finds_nothing(shelf, engine, name):
    # Whatever lies under such a path is no run of this library.
    (shelf.folder / name).mkdir(exist_ok=True)
    (shelf.folder / name / "run.json").write_text("{}")
    for verb in (
        shelf.record,
        shelf.header,
        shelf.remove,
        lambda name: shelf.resume(name, engine),
    ):
        for nothing in (name, "a" * 32):
            with pytest.raises(StoreError, match="no such run"):
                verb(nothing)
    assert (shelf.folder / name / "run.json").exists()


def test_a_folder_that_others_may_write_is_refused(tmp_path):
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(StoreError, match="make it private"):
        Library(folder)


def grow_old(folder: Path, days: float) -> None:
    then = time.time() - days * 86400
    for path in (*folder.iterdir(), folder):
        os.utime(path, (then, then))


def test_the_oldest_runs_go_and_never_the_newest(tmp_path, engine, points):
    run = Run(spec_of(50), points, engine)
    run.wait(60)
    shelf = Library(tmp_path / "runs")
    names = []
    for age in (4, 3, 2, 1):
        # As from another page: a run is kept once.
        run.close()
        names.append(kept(shelf, run))
        grow_old(shelf.folder / names[-1], age)
    torn = shelf.folder / ("0" * 32)
    torn.mkdir()
    (torn / "observed.0123456789abcdef.npz").write_bytes(b"PK")
    grow_old(torn, 9)
    assert [entry.name for entry in shelf.entries()] == names[::-1]
    Library(shelf.folder, days=3.5).cull()
    assert [entry.name for entry in shelf.entries()] == names[:0:-1]
    assert not torn.exists()
    each = shelf.entries()[0].size
    Library(shelf.folder, size=int(2.5 * each)).cull()
    assert [entry.name for entry in shelf.entries()] == names[:1:-1]
    Library(shelf.folder, days=0, size=0).cull()
    assert [entry.name for entry in shelf.entries()] == names[3:]


def test_a_killed_server_s_runs_are_found_again(shelf, engine, sample, points):
    # Prints how much the run had shown, a moment before it is killed.
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from data import observe\n"
        "from inference import engines\n"
        "from inference.library import Library\n"
        "from inference.runner import Run\n"
        "from inference.spec import RunSpec\n"
        "import json\n"
        "spec = RunSpec.from_json(json.loads(sys.argv[2]))\n"
        "run = Run(spec, observe(spec.data), engines.in_process())\n"
        "while not run.latest.drawn:\n"
        "    time.sleep(0.001)\n"
        "name, written = Library(Path(sys.argv[1])).keep(run)\n"
        "written.result()\n"
        "print(name, flush=True)\n"
        "while True:\n"
        "    print(run.latest.drawn, flush=True)\n"
        "    time.sleep(0.001)\n"
    )
    spec = spec_of(20_000, chains=4)
    server = subprocess.Popen(
        [sys.executable, "-c", script, str(shelf.folder), str(spec)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    name = server.stdout.readline().strip()
    said = [server.stdout.readline() for _ in range(100)]
    server.send_signal(signal.SIGKILL)
    said += server.stdout.readlines()
    server.wait()
    server.stdout.close()
    shown = max(int(line) for line in said if line.endswith("\n"))
    assert 0 < shown < 20_000
    assert shelf.record(name).drawn >= shown
    same(shelf.resume(name, engine).wait(120), sample(spec.to_json(), points))


def test_small_chunks_of_a_kept_run_are_one_file(shelf, engine, points, monkeypatch):
    monkeypatch.setattr(pacing.Pace, "after", lambda pace, *_: pace)
    monkeypatch.setattr(pacing.Pace, "known", lambda _: pacing.Pace(10))
    run = Run(spec_of(100), points, engine)
    run.wait(60)
    name = kept(shelf, run)
    chunks = sorted(p.name[:12] for p in (shelf.folder / name).glob("chunk-*"))
    assert chunks == ["chunk-000000", "chunk-000001"]
