"""Runs: chunks, stopping, failing, and what they cost."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inference import chunks, devices, engines, nuts, pacing, summaries, worker
from inference.models import MODELS
from inference.records import Task
from inference.runner import Phase, Run
from inference.spec import RunSpec


def line_spec(**sampler) -> RunSpec:
    settings = {"chains": 2, "warmup": 100, "draws": 120} | sampler
    return RunSpec.from_json({"model": "line_outliers", "sampler": settings})


@pytest.fixture(scope="module")
def points():
    from data import observe

    return observe({"source": "line"})


def until(condition, seconds=120.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


CUTS = {1: [1] * 220, 7: [7] * 13 + [9] + [7] * 16 + [8], 1000: [100, 120]}
"""Chunks of 100 draws of warm-up and 120 more, by their usual length: what would be
left of less than half of that goes with the chunk before."""


@pytest.mark.parametrize("pace", CUTS)
def test_any_chunk_length_gives_the_same_draws_to_the_bit(
    engine, points, sample, monkeypatch, pace
):
    whole = sample(line_spec().to_json(), points)
    lengths = []
    monkeypatch.setattr(pacing.Pace, "known", lambda _: pacing.Pace(pace))
    monkeypatch.setattr(pacing.Pace, "after", lambda p, n, *_: lengths.append(n) or p)
    pieces = sample(line_spec().to_json(), points)
    assert lengths == CUTS[pace]
    for name, values in whole.draws.items():
        np.testing.assert_array_equal(values, pieces.draws[name], err_msg=name)
    np.testing.assert_array_equal(whole.stats["energy"], pieces.stats["energy"])


def test_a_full_chunk_has_the_draws_of_shorter_ones(points, sample, monkeypatch):
    monkeypatch.setattr(pacing.Pace, "after", lambda pace, *_: pace)

    def at(pace):
        monkeypatch.setattr(pacing.Pace, "known", lambda _: pacing.Pace(pace))
        return sample(line_spec(draws=1000).to_json(), points)

    whole, pieces = at(1000), at(300)
    # 1000 is no multiple of the draws that are computed at a time.
    assert 1000 % chunks.TOGETHER
    for name, values in (whole.draws | whole.stats).items():
        other = (pieces.draws | pieces.stats)[name]
        np.testing.assert_array_equal(values, other, err_msg=name)


def test_a_run_begins_in_step_with_the_last_of_its_kind(points, sample, monkeypatch):
    sample(line_spec().to_json(), points)
    begun = []
    known = pacing.Pace.known
    monkeypatch.setattr(pacing.Pace, "known", lambda s: begun.append(s) or known(s))
    record = sample(line_spec(seed=3).to_json(), points)
    assert begun == [pytest.approx(record.sample_seconds / 220, rel=20)]
    assert pacing.Pace.known(begun[0]).length > pacing.FIRST_LENGTH


def test_the_chunk_of_the_first_draws_is_the_shortest(points, sample, monkeypatch):
    wanted, after = [], pacing.Pace.after

    def noted(pace, length, seconds, next_seconds):
        wanted.append((length, next_seconds))
        return after(pace, length, seconds, next_seconds)

    monkeypatch.setattr(pacing.Pace, "known", lambda _: pacing.Pace(30))
    monkeypatch.setattr(pacing.Pace, "after", noted)
    sample(line_spec(warmup=60).to_json(), points)
    lengths = np.cumsum([length for length, _ in wanted])
    after_warmup = int(np.flatnonzero(lengths == 60)[0])
    said = [seconds for _, seconds in wanted]
    assert set(said[:after_warmup]) == {pacing.SOON_SECONDS}
    assert said[after_warmup] == pacing.FIRST_SECONDS < pacing.SOON_SECONDS
    assert said[after_warmup + 1] == pacing.SOON_SECONDS
    assert set(said[after_warmup + 2 :]) <= {pacing.CHUNK_SECONDS}


def test_a_chain_does_not_depend_on_how_many_there_are(points, sample):
    two, three = (sample(line_spec(chains=n).to_json(), points) for n in (2, 3))
    np.testing.assert_array_equal(two.draws["m"], three.draws["m"][:2])


def test_another_seed_gives_other_draws(points, sample):
    one, other = (sample(line_spec(seed=n).to_json(), points) for n in (1, 2))
    assert not np.array_equal(one.draws["m"], other.draws["m"])


def test_new_numbers_add_no_trace(points, sample, monkeypatch):
    traced = []
    model = MODELS["line_outliers", "nuts"]

    def counted(*arguments):
        traced.append(1)
        return model(*arguments)

    monkeypatch.setitem(MODELS, ("line_outliers", "nuts"), counted)
    # A shape that no other test compiles.
    content = line_spec(warmup=101).to_json()
    sample(content, points)
    first = len(traced)
    assert first > 0
    moved = dict(points) | {"y": points["y"] + 0.1}
    prior = {"family": "Normal", "loc": 0.3, "scale": 0.7}
    sample(content | {"priors": content["priors"] | {"b_perp": prior}}, moved)
    content["sampler"]["seed"] = 7
    sample(content, moved)
    assert len(traced) == first
    other = {"family": "StudentT", "df": 4.0, "loc": 0.0, "scale": 1.0}
    sample(content | {"priors": content["priors"] | {"b_perp": other}}, points)
    assert len(traced) > first


def test_stop_keeps_the_draws(engine, points):
    run = Run(line_spec(draws=20_000), points, engine)
    until(lambda: run.latest.drawn > 0)
    run.stop()
    record = run.wait(60)
    assert record.phase is Phase.STOPPED
    assert 0 < record.drawn < 20_000
    assert record.draws["m"].shape == (2, record.drawn)
    assert np.isfinite(record.draws["m"]).all()
    kept = f"Stopped with {2 * record.drawn:,} of 40,000 draws; they are kept."
    assert record.sentence == kept


def test_pause_and_resume_give_the_same_draws(engine, points, sample):
    spec = line_spec(draws=3000)
    whole = sample(spec.to_json(), points)
    run = Run(spec, points, engine)
    until(lambda: run.latest.drawn > 0)
    run.pause()
    until(lambda: run.latest.phase in (Phase.PAUSED, Phase.DONE))
    held = run.latest.drawn
    time.sleep(0.2)
    assert run.latest.drawn == held < 3000
    run.resume()
    np.testing.assert_array_equal(run.wait(60).draws["m"], whole.draws["m"])


def test_a_paused_run_can_be_stopped(engine, points):
    run = Run(line_spec(draws=20_000), points, engine)
    run.pause()
    until(lambda: run.latest.phase is Phase.PAUSED)
    run.stop()
    record = run.wait(10)
    assert record.phase is Phase.STOPPED
    assert record.drawn == 0
    assert record.sentence == "Stopped before the first draw."


def test_records_already_shown_do_not_change(engine, points):
    run = Run(line_spec(draws=2000), points, engine)
    until(lambda: run.latest.drawn > 0)
    early = run.latest
    before = early.draws["m"].copy()
    late = run.wait(60)
    np.testing.assert_array_equal(early.draws["m"], before)
    np.testing.assert_array_equal(late.draws["m"][:, : early.drawn], before)
    with pytest.raises(ValueError, match="read-only"):
        early.draws["m"][0, 0] = 0.0


def test_an_error_in_the_worker_is_one_sentence(engine, points, monkeypatch):
    def broken(task):
        raise ValueError("first line <b>bold</b>\nsecond line")

    monkeypatch.setattr(engines, "run_chunk", broken)
    record = Run(line_spec(), points, engine).wait(60)
    assert record.phase is Phase.FAILED
    assert record.sentence == "Failed: ValueError: first line <b>bold</b>."


def test_the_worker_process_gives_the_draws_of_this_process(points, sample):
    process = engines.WorkerProcess()
    try:
        there = Run(line_spec(), points, process).wait(120)
    finally:
        process.shutdown()
    here = sample(line_spec().to_json(), points)
    np.testing.assert_array_equal(there.draws["m"], here.draws["m"])


def test_two_runs_at_once_do_not_disturb_each_other(points, sample):
    specs = [line_spec(seed=n, draws=400) for n in (5, 6)]
    alone = [sample(spec.to_json(), points).draws["m"] for spec in specs]
    with ThreadPoolExecutor(2) as both:
        together = [Run(spec, points, both).wait(120).draws["m"] for spec in specs]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("chains", [1, 3, 8])
def test_any_number_of_chains(points, sample, chains):
    record = sample(line_spec(chains=chains, draws=50).to_json(), points)
    assert record.draws["m"].shape == (chains, 50)
    assert len(np.unique(record.draws["m"][:, -1])) == chains


def test_a_cache_that_others_may_write_is_not_used(tmp_path, monkeypatch):
    import jax

    before = jax.config.jax_compilation_cache_dir
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    devices.configure(str(folder))
    assert jax.config.jax_compilation_cache_dir == before


def test_compiled_programs_are_bounded():
    assert nuts.program.cache_parameters()["maxsize"] <= 32


@pytest.mark.parametrize("model", ["line_outliers", "cluster"])
def test_chains_in_one_vectorised_program_sample_the_same(engine, monkeypatch, model):
    # What a graphics card runs; here on the processor, which is all this machine has.
    from data import observe
    from tests.conftest import monte_carlo_z

    content = {"model": model, "sampler": {"chains": 3, "warmup": 150, "draws": 200}}
    spec = RunSpec.from_json(content)
    data = observe(spec.data)
    if model == "cluster":
        data = {name: value[:200] for name, value in data.items()}
    threads = Run(spec, data, engine).wait(200)
    monkeypatch.setattr(worker.jax, "default_backend", lambda: "gpu")
    vectorised = Run(spec, data, engine).wait(200)
    for record in (threads, vectorised):
        assert record.phase is Phase.DONE, record.sentence
    name = spec.problem.headline[0]
    one, other = threads.draws[name], vectorised.draws[name]
    assert not np.array_equal(one, other)
    assert other.shape == (3, 200)
    error = one.std() / np.sqrt(summaries.summarise({name: one})[name].ess_bulk)
    assert abs(monte_carlo_z(other, one.mean(), extra=error)) < 5


def test_a_moved_cut_compiles_nothing(sample, monkeypatch):
    import jax

    from data import observe

    content = {"model": "cluster", "sampler": {"warmup": 50, "draws": 50}}
    spec = RunSpec.from_json(content)
    whole = observe(spec.data)
    compiled = []

    def count(event: str, seconds: float, **details) -> None:
        del seconds, details
        if event.endswith("backend_compile_duration"):
            compiled.append(event)

    def run(stars: int, left_out: int = 0) -> int:
        before = len(compiled)
        rows = {"left_out": list(range(left_out))} if left_out else {}
        data = {"data": {**spec.data, **rows}}
        fitted = {name: value[left_out:stars] for name, value in whole.items()}
        sample(content | data, fitted)
        return len(compiled) - before

    # What is forgotten now and then comes back from the compilation cache.
    monkeypatch.setattr(nuts, "CLEARED_EVERY", 1000)
    jax.monitoring.register_event_duration_secs_listener(count)
    try:
        # Tables of 298 to 342 stars are filled up to one size; one of 400 is not.
        run(330)
        assert run(305) == 0
        # However many a person leaves out, a table is filled up to what it was.
        assert run(330, left_out=250) == 0
        assert run(400) > 0
    finally:
        jax.monitoring.unregister_event_duration_listener(count)


def test_a_single_point_can_be_fitted(sample):
    # There is no line through two points to start at.
    data = {"source": "line", "left_out": list(range(1, 15))}
    sampler = {"warmup": 50, "draws": 50}
    record = sample({"model": "line_outliers", "data": data, "sampler": sampler})
    assert np.isfinite(record.draws["m"]).all()


def test_many_chains_are_one_program_and_sample_the_same(sample, monkeypatch):
    from tests.conftest import monte_carlo_z

    def threads(*_):
        raise AssertionError("a thread for each chain")

    monkeypatch.setattr(worker.chains, "in_threads", threads)
    sampler = {"chains": 64, "warmup": 150, "draws": 40}
    record = sample({"model": "line", "sampler": sampler})
    assert record.draws["m"].shape == (64, 40)
    assert len(np.unique(record.draws["m"][:, -1])) == 64
    rows = summaries.summarise(record.draws)
    # The same numbers as `test_posteriors` takes for four chains.
    for name, mean, sd in (("m", 0.758, 0.035), ("b", 0.123, 0.052)):
        assert abs(monte_carlo_z(record.draws[name], mean, extra=1e-3)) < 5
        assert record.draws[name].std() == pytest.approx(sd, rel=0.1)
        assert rows[name].rhat < 1.02


def test_chains_above_sixteen_start_in_groups_at_sixteen_places(engine, points):
    spec = line_spec(chains=48)
    arrays = {name: points[name] for name in spec.problem.observed}
    state = worker.prepare(Task(spec, arrays)).state
    # Each chain has a key of its own; where three start together is the same, and
    # what warm-up has gathered is nothing everywhere.
    starts = {len(np.unique(leaf, axis=0)) for leaf in state if leaf.ndim == 2}
    assert starts == {1, 16, 48}
