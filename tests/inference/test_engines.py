"""Workers that die or hang under a run, and runs on a Dask cluster."""

import gc
import os
import signal
import struct
import subprocess
import sys
import time
import warnings
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data import observe
from inference import engines, pacing
from inference.runner import Phase, Run
from inference.spec import RunSpec


def line_spec(draws: int) -> RunSpec:
    sampler = {"chains": 4, "warmup": 100, "draws": draws}
    return RunSpec.from_json({"model": "line_outliers", "sampler": sampler})


def until(condition, seconds=120.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


@pytest.fixture
def points():
    return observe({"source": "line"})


@pytest.fixture(autouse=True)
def no_dead_pools():
    """Let what is left of dead workers go before others are started."""
    gc.collect()


@pytest.fixture(scope="module")
def process():
    process = engines.WorkerProcess()
    yield process
    process.shutdown(cancel_futures=True)


@pytest.mark.skipif(not hasattr(os, "nice"), reason="this system has no niceness")
def test_a_worker_steps_back_for_the_program_that_it_serves():
    executor = engines.WorkerProcess()
    try:
        assert executor.submit(os.nice, 0).result() == min(os.nice(0) + 2, 19)
    finally:
        executor.shutdown()


def test_who_does_not_wait_ends_the_step_under_way(points, tmp_path):
    executor = engines.WorkerProcess()
    pid = executor.submit(os.getpid).result(60)
    run = Run(line_spec(20_000), points, executor, store=tmp_path / "run")
    until(lambda: run.latest.drawn > 0)
    asleep, behind = (executor.submit(time.sleep, 600) for _ in range(2))
    until(asleep.running)
    executor.shutdown(wait=False, cancel_futures=True)
    with pytest.raises(CancelledError):
        asleep.result(10)
    assert behind.cancelled()
    assert run.wait(10).phase is Phase.STOPPED
    with pytest.raises(ProcessLookupError):
        until(lambda: os.kill(pid, 0))


def test_a_killed_worker_is_replaced_and_the_draws_are_the_same(
    process, points, sample
):
    spec = line_spec(20_000)
    first = process.submit(os.getpid).result(60)
    run = Run(spec, points, process)
    until(lambda: run.latest.drawn > 0)
    os.kill(first, signal.SIGKILL)
    held = run.latest.drawn
    record = run.wait(120)
    assert record.phase is Phase.DONE, record.sentence
    assert held < record.drawn == 20_000
    assert process.submit(os.getpid).result(60) != first
    whole = sample(spec.to_json(), points)
    np.testing.assert_array_equal(record.draws["m"], whole.draws["m"])


def test_a_stopped_worker_is_noticed_and_replaced(process, points, sample, monkeypatch):
    monkeypatch.setattr(pacing, "CHUNK_LIMIT", 2.0)
    spec = line_spec(20_000)
    first = process.submit(os.getpid).result(60)
    run = Run(spec, points, process)
    until(lambda: run.latest.drawn > 1000)
    os.kill(first, signal.SIGSTOP)
    record = run.wait(120)
    assert record.phase is Phase.DONE, record.sentence
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    whole = sample(spec.to_json(), points)
    np.testing.assert_array_equal(record.draws["m"], whole.draws["m"])


def test_a_worker_does_not_outlive_a_program_that_is_killed(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(
        "import os, time\n"
        "from inference.engines import WorkerProcess\n"
        "if __name__ == '__main__':\n"
        "    process = WorkerProcess()\n"
        "    print(process.submit(os.getpid).result(), flush=True)\n"
        "    process.submit(time.sleep, 600).result()\n"
    )
    root = str(Path(__file__).parents[2])
    program = subprocess.Popen(
        [sys.executable, str(script)],
        env=os.environ | {"PYTHONPATH": root},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    worker = int(program.stdout.readline())
    program.kill()
    program.wait()
    # Its worker would hold this pipe too.
    program.stdout.close()
    until(lambda: not Path(f"/proc/{worker}").exists(), 10)


def dies(task):
    os._exit(1)


def dies_in_its_first_lives(folder: str, lives: int):
    count = len(os.listdir(folder))
    open(os.path.join(folder, str(count)), "w").close()
    if count < lives:
        os._exit(1)
    return count


def hangs(task):
    time.sleep(600)


def test_a_step_is_sent_three_times_and_no_more(process, tmp_path):
    lost = process.submit(dies_in_its_first_lives, str(tmp_path), 3)
    with pytest.raises(engines.WorkerLost):
        lost.result(120)
    assert len(list(tmp_path.iterdir())) == 3
    survived = process.submit(dies_in_its_first_lives, str(tmp_path), 5)
    assert survived.result(120) == 5


def test_a_step_that_kills_every_worker_fails_with_one_sentence(
    process, points, sample, monkeypatch
):
    good = line_spec(200)
    with monkeypatch.context() as patch:
        patch.setattr(engines, "run_chunk", dies)
        bad = Run(line_spec(100), points, process)
        # Behind it in the queue: another's death must not be its own.
        until(lambda: bad.latest.phase is Phase.WARMING_UP)
    innocent = Run(good, points, process)
    record = bad.wait(120)
    assert record.phase is Phase.FAILED
    assert record.sentence == (
        "Failed: the inference worker died or hung 3 times in a row over the same "
        "step; the draws before it are kept, press Run to start again."
    )
    assert innocent.wait(120).phase is Phase.DONE


def test_a_step_that_always_hangs_fails(process, points, monkeypatch):
    monkeypatch.setattr(engines, "STARTING_SECONDS", 0.0)
    monkeypatch.setattr(pacing, "PREPARE_LIMIT", 0.5)
    monkeypatch.setattr(engines, "prepare", hangs)
    record = Run(line_spec(100), points, process).wait(60)
    assert record.phase is Phase.FAILED
    assert "died or hung" in record.sentence


def test_the_time_in_the_queue_is_not_the_step_s(process, points, monkeypatch):
    monkeypatch.setattr(pacing, "CHUNK_LIMIT", 1.5)
    first = process.submit(os.getpid).result(60)
    run = Run(line_spec(20_000), points, process)
    until(lambda: run.latest.drawn > 1000)
    process.submit(time.sleep, 3.0)
    assert run.wait(120).phase is Phase.DONE
    assert process.submit(os.getpid).result(60) == first


@pytest.fixture
def cluster():
    """A cluster of a test's own: these kill workers, and some are slow to rise."""
    from distributed import LocalCluster

    # Any free port: at Dask's own another cluster of these tests may listen.
    served = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    with warnings.catch_warnings():
        # That a busy machine makes its folders slowly is no fault of ours.
        warnings.simplefilter("ignore", UserWarning)
        cluster = LocalCluster(
            n_workers=2, processes=True, threads_per_worker=1, scheduler_kwargs=served
        )
    with cluster:
        yield cluster


@pytest.fixture
def dask(cluster, monkeypatch):
    monkeypatch.setenv(engines.DASK_ADDRESS, cluster.scheduler_address)
    workers = engines.from_environment(engines.WorkerProcess)
    yield workers
    workers.shutdown(cancel_futures=True)


def test_a_dask_cluster_gives_the_same_draws(dask, points, sample, tmp_path):
    spec = line_spec(2000)
    run = Run(spec, points, dask, store=tmp_path / "store")
    record = run.wait(120)
    run.close()
    assert record.phase is Phase.DONE, record.sentence
    whole = sample(spec.to_json(), points)
    for name, values in whole.draws.items():
        np.testing.assert_array_equal(record.draws[name], values, name)


def test_a_killed_dask_worker_changes_no_draw(dask, points, sample):
    spec = line_spec(20_000)
    # One chunk after another goes to whichever worker is free: both are killed in turn.
    pids = list(dask._client.run(os.getpid).values())
    run = Run(spec, points, dask)
    for pid, enough in zip(pids, (500, 5000), strict=True):
        until(lambda enough=enough: run.latest.drawn > enough)
        os.kill(pid, signal.SIGKILL)
    record = run.wait(240)
    assert record.phase is Phase.DONE, record.sentence
    whole = sample(spec.to_json(), points)
    np.testing.assert_array_equal(record.draws["m"], whole.draws["m"])


def test_a_step_that_kills_every_dask_worker_fails_with_one_sentence(
    dask, points, monkeypatch
):
    monkeypatch.setattr(engines, "prepare", dies)
    record = Run(line_spec(100), points, dask).wait(120)
    assert record.phase is Phase.FAILED
    assert "every Dask worker" in record.sentence


def hangs_once(flag: Path, task):
    """Hang in the first call, in whichever process, with its event loop alive."""
    try:
        flag.open("x").close()
    except FileExistsError:
        return engines._worker().run_chunk(task)
    time.sleep(600)


@pytest.mark.parametrize("how", ["asleep in the task", "frozen"])
def test_a_hung_dask_worker_is_replaced_and_the_draws_are_the_same(
    dask, points, sample, monkeypatch, tmp_path, how
):
    monkeypatch.setattr(pacing, "CHUNK_LIMIT", 3.0)
    monkeypatch.setattr(engines, "STARTING_SECONDS", 30.0)
    spec = line_spec(20_000)
    before = dask._client.run(os.getpid)
    # Whichever worker hangs has the program then, and the task's limit decides.
    assert Run(line_spec(500), points, dask).wait(120).phase is Phase.DONE
    if how == "frozen":
        run = Run(spec, points, dask)
        until(lambda: run.latest.drawn > 1000)
        hung = list(before.values())
        for pid in hung:
            os.kill(pid, signal.SIGSTOP)
    else:
        flag = tmp_path / "hung"
        with monkeypatch.context() as patch:
            patch.setattr(engines, "run_chunk", partial(hangs_once, flag))
            run = Run(spec, points, dask)
            until(flag.exists)
        until(lambda: any(sent.worker for sent in dask._sent.values()))
        hung = [before[sent.worker] for sent in dask._sent.values()]
    record = run.wait(240)
    assert record.phase is Phase.DONE, record.sentence
    # It is asked to end before it is killed.
    until(lambda: not all(Path(f"/proc/{pid}").exists() for pid in hung), 30)
    for pid in hung:
        if Path(f"/proc/{pid}").exists():
            os.kill(pid, signal.SIGCONT)
    whole = sample(spec.to_json(), points)
    np.testing.assert_array_equal(record.draws["m"], whole.draws["m"])


def test_without_an_address_the_default_serves(monkeypatch):
    monkeypatch.delenv(engines.DASK_ADDRESS, raising=False)
    assert engines.from_environment(lambda: "default") == "default"  # type: ignore


def test_a_worker_killed_while_it_sends_a_result_leaves_nobody_waiting():
    process = engines._Process()
    process.call(os.getpid, (), {}, None)
    unfinished = process.pool.submit(time.sleep, 60)
    results: Any = process.pool
    # A message begins with its length.
    os.write(results._result_queue._writer.fileno(), struct.pack("!i", 1000))
    assert process.kill()
    with pytest.raises(BrokenProcessPool):
        unfinished.result(30)
    process.pool.shutdown()
