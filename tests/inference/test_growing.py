"""What the chunks of a run add up to, whatever they were cut into."""

import numpy as np
import pytest

from inference import record as files
from inference.growing import Growth
from inference.progress import WARMUP_KEPT, RunRecord
from inference.records import Chunk
from inference.spec import RunSpec

CHAINS = 2


def grown(warmup: int, draws: int, lengths) -> RunRecord:
    """A run of numbered steps that was cut into chunks of these lengths."""
    content = {"chains": CHAINS, "warmup": warmup, "draws": draws}
    record = RunRecord(RunSpec.from_json({"model": "line", "sampler": content}), {})
    growth, at = Growth(), 0
    for length in lengths:
        steps = at + np.arange(length) + 1e6 * np.arange(CHAINS)[:, None]
        points = np.zeros((CHAINS, length, 15))
        chunk = Chunk((), {"m": steps, "p": points}, {"lp": -steps}, None, 0.1)
        record = growth.add(record, chunk, length, at >= warmup)
        at += length
    assert (record.warmed_up, record.drawn) == (warmup, draws)
    return record


@pytest.mark.parametrize("lengths", [[60, 40, 25], [1, 59, 39, 1, 5, 20]])
def test_warmup_is_kept_apart_from_the_draws(lengths):
    record = grown(100, 25, lengths)
    assert list(record.warmup) == ["m"], "scalar quantities alone"
    np.testing.assert_array_equal(record.warmup["m"][0], np.arange(100))
    np.testing.assert_array_equal(record.draws["m"][0], 100 + np.arange(25))
    assert not record.warmup["m"].flags.writeable


@pytest.mark.parametrize("length", [1, 7, 500, 5000])
def test_a_long_warmup_is_thinned_the_same_however_it_was_cut(length):
    warmup = 5000
    lengths = [*[length] * (warmup // length), *([warmup % length] or []), 10]
    record = grown(warmup, 10, [n for n in lengths if n])
    kept = record.warmup["m"]
    assert record.warmup_stride == 3
    assert kept.shape[1] <= WARMUP_KEPT
    np.testing.assert_array_equal(kept[1], 1e6 + np.arange(0, warmup, 3))


def test_a_run_whose_first_steps_were_not_kept_shows_no_warmup():
    spec = RunSpec.from_json({"model": "line", "sampler": {"warmup": 20}})
    record, growth = RunRecord(spec, {}), Growth()
    for draws in ({}, {"m": np.ones((4, 10))}):
        chunk = Chunk((), draws, {}, None, 0.1)
        record = growth.add(record, chunk, 10, sampling=False)
    assert record.warmed_up == 20
    assert record.warmup == {}


def test_the_file_of_a_run_has_its_warmup(sample):
    record = sample({"model": "line", "sampler": {"warmup": 60, "draws": 50}})
    tree = files.to_datatree(record)
    steps = tree["warmup_posterior"]["m"]
    assert steps.shape == (4, 60)
    np.testing.assert_array_equal(steps, record.warmup["m"])
    assert steps.draw[-1] == 59
    # They are another part of the chains: none of them is a draw.
    assert not np.isin(record.warmup["m"], record.draws["m"]).all()
