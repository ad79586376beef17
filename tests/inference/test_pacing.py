"""How long chunks are, and how long they may take."""

from inference import pacing
from inference.pacing import Pace


def test_what_nobody_could_see_in_parts_is_one_chunk():
    pace = Pace(100).after(100, 0.003, 0.005)
    longest = int(pacing.WHOLE / pace.seconds_a_draw)
    assert pace.of(longest) == longest
    assert pace.of(longest + 1) == pace.length == 166
    # Of the first chunk nothing is known.
    assert Pace(10).of(1000) == 10


def test_no_short_chunk_is_left_over():
    pace = Pace(100, 0.01)
    assert [pace.of(left) for left in (250, 150, 149, 30)] == [100, 100, 149, 30]


def test_a_chunk_is_at_most_four_times_as_long_as_the_last():
    assert Pace(10).after(10, 1e-3, 0.25).length == 40
    # One that found it had to compile is followed by a short one.
    assert Pace(1000).after(1000, 10.0, 0.25).length == 25


def test_a_chunk_may_take_longer_than_was_expected():
    assert Pace(10).limit(10) == pacing.PREPARE_LIMIT
    assert Pace(10, 1e-3).limit(10) == pacing.CHUNK_LIMIT
    assert Pace(10, 1.0).limit(100) == 100 * pacing.SLOWER
