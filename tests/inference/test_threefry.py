"""Random numbers: the published hash, and JAX's own keys and draws by it."""

import jax
import numpy as np
import pytest

from inference.threefry import threefry

# Random123's known answers: key, counter, hash (Salmon et al. 2011).
KNOWN = [
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0x1CB996FC, 0xBB002BE7)),
    (
        (0x13198A2E, 0x03707344),
        (0x243F6A88, 0x85A308D3),
        (0xC4923A9C, 0x483DF7A0),
    ),
]


def words(*numbers: int) -> list[np.ndarray]:
    return [np.array([number], np.uint32) for number in numbers]


@pytest.mark.parametrize(("key", "counter", "expected"), KNOWN)
def test_the_hash_is_the_published_one(key, counter, expected):
    hashed = threefry(*words(*key), *words(*counter))
    assert tuple(int(word[0]) for word in hashed) == expected


def test_jax_draws_by_it_what_it_always_draws(engine):
    key = jax.random.PRNGKey(7)
    first, second = threefry(
        *words(*np.asarray(key)), np.zeros(5, np.uint32), np.arange(5, dtype=np.uint32)
    )
    np.testing.assert_array_equal(jax.random.bits(key, (5,), "uint32"), first ^ second)
    np.testing.assert_array_equal(
        jax.random.split(key, 5), np.stack([first, second], axis=1)
    )


def test_nothing_is_left_of_the_loop_on_a_processor(engine):
    draw = jax.jit(lambda key: jax.random.uniform(jax.random.split(key)[0]))
    program = draw.lower(jax.random.PRNGKey(0)).compile().as_text()
    assert "while" not in program
