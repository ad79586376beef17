"""A run on disk: killed anywhere, it goes on to the same draws."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray

from data import observe
from inference import durable, pacing, provenance, store
from inference.__main__ import main
from inference.course import saved_record
from inference.priors import SpecError
from inference.provenance import StoreError
from inference.runner import Phase, Run
from inference.spec import RunSpec

ROOT = Path(__file__).parents[2]
CONTENT = {"model": "line_outliers", "sampler": {"chains": 2, "warmup": 60}}


def spec_of(draws: int, **content) -> RunSpec:
    sampler = CONTENT["sampler"] | {"draws": draws}
    return RunSpec.from_json(CONTENT | content | {"sampler": sampler})


def same(one, other) -> None:
    assert one.draws.keys() == other.draws.keys()
    for kind in ("draws", "stats", "warmup"):
        for name, values in getattr(one, kind).items():
            np.testing.assert_array_equal(values, getattr(other, kind)[name], name)


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks of ten draws."""
    monkeypatch.setattr(pacing.Pace, "after", lambda pace, *_: pace)
    monkeypatch.setattr(pacing.Pace, "known", lambda _: pacing.Pace(10))


@pytest.fixture
def points():
    return observe({"source": "line"})


@pytest.fixture
def interrupted(engine, points, tmp_path, small_chunks):
    """A store of some chunks, and the whole run that it is a part of."""
    folder = tmp_path / "run.nc.run"
    run = Run(spec_of(100), points, engine, store=folder)
    whole = run.wait(60)
    run.close()
    return folder, whole


def continued(folder: Path, engine):
    run = Run.from_store(folder, engine)
    record = run.wait(60)
    run.close()
    assert record.phase is Phase.DONE, record.sentence
    return record


def chunk_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("chunk-*.npz"))


def test_a_chunk_is_on_disk_before_it_is_shown(
    engine, points, tmp_path, small_chunks, monkeypatch
):
    folder, runs, order = tmp_path / "store", [], []
    append = store.Store.append

    def watched(self, *arguments):
        before = runs[0].latest.drawn
        append(self, *arguments)
        order.append((before, runs[0].latest.drawn, store_draws(folder)))

    def store_draws(folder):
        rows = [np.load(path) for path in chunk_files(folder)]
        return sum(r["draws/m"].shape[1] for r in rows if "draws/m" in r.files)

    monkeypatch.setattr(store.Store, "append", watched)
    runs.append(Run(spec_of(40), points, engine, store=folder))
    assert runs[0].wait(60).drawn == 40
    runs[0].close()
    # When chunk k is on the disk, the record still shows k - 1.
    assert order[-4:] == [(0, 0, 10), (10, 10, 20), (20, 20, 30), (30, 30, 40)]


def test_a_disk_that_is_full_shows_nothing_that_is_not_on_it(
    engine, points, tmp_path, small_chunks, monkeypatch
):
    write = durable.write

    def full(path, content):
        if path.name.startswith("chunk-000008"):
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(durable, "write", full)
    run = Run(spec_of(100), points, engine, store=tmp_path / "store")
    record = run.wait(60)
    run.close()
    assert record.phase is Phase.FAILED
    assert "No space left on device" in record.sentence
    assert record.drawn == 20
    monkeypatch.setattr(durable, "write", write)
    assert continued(tmp_path / "store", engine).drawn == 100


@pytest.mark.parametrize("kept", [0, 3, 6, 9, 15])
def test_it_goes_on_from_any_chunk_to_the_same_draws(interrupted, engine, kept):
    folder, whole = interrupted
    for path in chunk_files(folder)[kept:]:
        path.unlink()
    same(continued(folder, engine), whole)


def test_it_goes_on_from_before_the_first_chunk(interrupted, engine):
    folder, whole = interrupted
    for path in (*chunk_files(folder), *folder.glob("prepared.*")):
        path.unlink()
    same(continued(folder, engine), whole)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_a_damaged_chunk_is_refused_and_what_is_before_it_used(
    interrupted, engine, damage
):
    folder, whole = interrupted
    victim = chunk_files(folder)[10]
    content = bytearray(victim.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    else:
        del content[-1 if damage == "truncated" else 0 :]
    victim.write_bytes(content)
    saved = saved_record(folder)
    assert saved.drawn == 40, "six chunks of warm-up, four of draws"
    np.testing.assert_array_equal(saved.draws["m"], whole.draws["m"][:, :40])
    same(continued(folder, engine), whole)
    assert not victim.exists() or victim.read_bytes() != bytes(content)


def test_an_unfinished_file_is_ignored_and_removed(interrupted, engine):
    folder, whole = interrupted
    chunk_files(folder)[-1].unlink()
    part = folder / "chunk-000015.0123456789abcdef.npz.part"
    part.write_bytes(b"PK")
    same(continued(folder, engine), whole)
    assert not part.exists()


def test_damaged_data_are_refused(interrupted, engine):
    folder, _ = interrupted
    (path,) = folder.glob("observed.*")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(StoreError, match="are damaged"):
        Run.from_store(folder, engine)


@pytest.mark.parametrize("name", ["jax", "jaxlib", "numpyro", "platform"])
def test_other_versions_do_not_go_on_but_the_draws_are_there(interrupted, engine, name):
    folder, whole = interrupted
    path = folder / "run.json"
    content = json.loads(path.read_text())
    if name == "platform":
        content["platform"] = "Plan9 mips"
    else:
        content["versions"][name] = "0.0.1"
    path.write_text(json.dumps(content))
    with pytest.raises(StoreError, match=f"made with {name} ") as refused:
        Run.from_store(folder, engine)
    assert str(refused.value).count("\n") == 0
    same(saved_record(folder), whole)


def test_another_device_does_not_go_on(interrupted, engine, monkeypatch):
    from inference import worker

    folder, _ = interrupted
    for path in chunk_files(folder)[10:]:
        path.unlink()
    monkeypatch.setattr(worker, "device", lambda: "GPU NVIDIA H100")
    run = Run.from_store(folder, engine)
    record = run.wait(60)
    run.close()
    assert record.phase is Phase.FAILED
    assert "began on CPU" in record.sentence
    assert record.drawn == 40


def test_two_programs_do_not_write_one_run(engine, points, tmp_path):
    run = Run(spec_of(5000), points, engine, store=tmp_path / "store")
    try:
        with pytest.raises(StoreError, match="in use"):
            Run.from_store(tmp_path / "store", engine)
    finally:
        run.stop()
        run.wait(60)
        run.close()


def test_a_run_is_not_begun_over_another(interrupted, engine, points):
    with pytest.raises(StoreError, match="did not finish"):
        Run(spec_of(10), points, engine, store=interrupted[0])


def test_nothing_in_a_store_needs_pickle(interrupted):
    for path in interrupted[0].glob("*.npz"):
        with np.load(path, allow_pickle=False) as file:
            assert all(file[name].dtype != object for name in file.files)


def test_cancel_keeps_no_draws_and_no_store(engine, points, tmp_path):
    folder = tmp_path / "store"
    run = Run(spec_of(20_000), points, engine, store=folder)
    while run.latest.drawn == 0:
        time.sleep(0.01)
    run.cancel()
    record = run.wait(60)
    assert record.phase is Phase.CANCELLED
    assert record.drawn == 0
    assert not record.draws
    assert not folder.exists()
    with pytest.raises(ValueError, match="cancelled cannot be extended"):
        run.extend(10)


@pytest.mark.parametrize("when", ["done", "running", "stopped", "paused"])
def test_an_extended_run_is_the_longer_run(engine, points, tmp_path, sample, when):
    long, folder = 3000, tmp_path / "store"
    whole = sample(spec_of(long).to_json(), points)
    short = 40 if when == "done" else long - 500
    run = Run(spec_of(short), points, engine, store=folder)
    if when == "done":
        run.wait(60)
    else:
        while run.latest.drawn == 0:
            time.sleep(0.001)
    if when == "stopped":
        run.stop()
        assert run.wait(60).phase is Phase.STOPPED
    if when == "paused":
        run.pause()
        while run.latest.phase is not Phase.PAUSED:
            time.sleep(0.001)
    before = run.latest
    early = {name: values.copy() for name, values in before.draws.items()}
    run.extend(long - short)
    run.resume()
    record = run.wait(60)
    run.close()
    assert record.spec == whole.spec
    same(record, whole)
    for name, values in early.items():
        np.testing.assert_array_equal(before.draws[name], values)
    same(saved_record(folder), whole)


def test_a_run_is_not_extended_beyond_what_a_spec_may_ask(engine, points):
    run = Run(spec_of(20), points, engine)
    assert run.wait(60).phase is Phase.DONE
    with pytest.raises(SpecError, match="draws"):
        run.extend(20_000)
    assert run.latest.phase is Phase.DONE


def headless(*arguments) -> subprocess.Popen:
    command = [sys.executable, "-m", "inference", "run", *map(str, arguments)]
    # Tests that run in a shell's background ignore Ctrl-C, and so would their children.
    own = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, own)


def draws_in(path: Path) -> dict[str, np.ndarray]:
    with xarray.open_datatree(path, engine="h5netcdf") as tree:
        groups = (tree.posterior, tree.sample_stats)
        return {n: v.to_numpy().copy() for g in groups for n, v in g.data_vars.items()}


def test_killed_again_and_again_it_writes_the_same_file(tmp_path, engine):
    content = CONTENT | {"sampler": CONTENT["sampler"] | {"draws": 20_000, "chains": 4}}
    spec, out = tmp_path / "spec.json", tmp_path / "cut.nc"
    spec.write_text(json.dumps(content))
    assert main(["run", str(spec), "--out", str(tmp_path / "whole.nc")]) == 0
    folder = tmp_path / "cut.nc.run"
    chance, cut = random.Random(5), []
    process = headless(spec, "--out", out)
    # The first start is cut while it imports and compiles, the others anywhere.
    wanted = -1
    while process.poll() is None:
        if len(cut) < 6 and (not cut or len(chunk_files(folder)) > wanted):
            time.sleep(chance.uniform(0.0, 0.03 if cut else 3.0))
            process.kill()
            process.communicate()
            cut.append(len(chunk_files(folder)))
            wanted = cut[-1] + chance.randrange(6)
            begun = (folder / "run.json").exists()
            process = (
                headless("--resume", out) if begun else headless(spec, "--out", out)
            )
        time.sleep(0.002)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert max(cut) > 0 and len(cut) >= 4, f"killed when there were {cut} chunks"
    assert not folder.exists()
    one, other = draws_in(out), draws_in(tmp_path / "whole.nc")
    assert one.keys() == other.keys()
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], name)


def test_ctrl_c_keeps_and_writes_and_can_be_resumed(tmp_path, engine):
    content = CONTENT | {
        "sampler": CONTENT["sampler"] | {"draws": 20_000, "chains": 16}
    }
    spec, out = tmp_path / "spec.json", tmp_path / "cut.nc"
    spec.write_text(json.dumps(content))
    process = headless(spec, "--out", out)
    end = time.monotonic() + 60
    folder = tmp_path / "cut.nc.run"
    while not chunk_files(folder) or saved_record(folder).drawn == 0:
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 0, said
    assert f"--resume {out}" in said
    some = draws_in(out)["m"]
    assert 0 < some.shape[1] < 20_000
    assert main(["run", "--resume", str(out)]) == 0
    whole = draws_in(out)["m"]
    assert whole.shape == (16, 20_000)
    np.testing.assert_array_equal(whole[:, : some.shape[1]], some)
    assert not (tmp_path / "cut.nc.run").exists()


def test_the_draws_of_a_run_that_cannot_go_on_are_saved(interrupted, capsys):
    folder, whole = interrupted
    path = folder / "run.json"
    path.write_text(path.read_text().replace('"jax": "', '"jax": "9'))
    out = folder.with_name("run.nc")
    assert main(["run", "--resume", str(out)]) == 1
    assert "made with jax 9" in capsys.readouterr().err
    assert main(["save", str(out)]) == 0
    np.testing.assert_array_equal(draws_in(out)["m"], whole.draws["m"])
    assert folder.exists()


def test_nothing_to_resume_is_one_sentence(tmp_path, capsys):
    assert main(["run", "--resume", str(tmp_path / "no.nc")]) == 1
    assert "holds no run" in capsys.readouterr().err


def test_provenance_names_the_platform():
    assert provenance.this_platform().split()[0] == os.uname().sysname
