"""Chunks: draws by what serves for a density in a part of its space, and by itself."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.infer.hmc import hmc

from inference import chunks

pytestmark = pytest.mark.usefixtures("engine")

RADIUS = 2.0
"""Of a ball about the middle of a density in four dimensions: half of it is in."""
WARMUP = 100


def whole(z):
    # Not quite normal: where a trajectory goes shows what it went by.
    return 0.5 * z @ z + 0.05 * (z**4).sum()


def within(z):
    return jnp.where(z @ z < RADIUS**2, whole(z), jnp.inf)


@pytest.fixture(scope="module")
def draw(engine):
    """Draw by the ball first, or by the density alone, from a start."""
    first, step = hmc(potential_fn_gen=lambda: whole, algo="NUTS")
    other_first, quick_step = hmc(potential_fn_gen=lambda: within, algo="NUTS")
    quick = chunks.Quick(
        lambda state, _: quick_step(state), lambda z, _: jnp.isfinite(within(z))
    )

    def put(index, state, rows):
        return rows.at[index].set(state.z)

    @partial(jax.jit, static_argnames=("warmup", "length", "quickly"))
    def run(start, key, warmup, length, quickly):
        known = {
            "num_warmup": warmup,
            "step_size": 0.7,
            "adapt_mass_matrix": False,
            "trajectory_length": None,
            "rng_key": key,
        }
        state, _ = first(start, **known), other_first(start, **known)
        rows = jnp.zeros((length, 4))
        if not quickly:
            return chunks._plain_loop(step, put, state, rows, length)[1]
        tried = partial(chunks._quick_step, warmup, quick, ())
        return chunks._quick_loop(step, tried, put, state, rows, jnp.int32(length))[1]

    def drawn(start, *, warmup=0, length=WARMUP, quickly=True, seed=0):
        start, key = jnp.full(4, start), jax.random.PRNGKey(seed)
        return np.asarray(run(start, key, warmup, length, quickly))

    return drawn


def inside(draws):
    return (draws**2).sum(axis=1) < RADIUS**2


def test_draws_are_those_of_the_density_alone(draw):
    drawn = draw(0.1, length=300)
    assert 0.3 < inside(drawn).mean() < 0.9
    np.testing.assert_allclose(drawn, draw(0.1, length=300, quickly=False), rtol=1e-9)


def test_fewer_draws_are_the_first_of_more(draw):
    more = draw(0.1, length=300)
    # Whether the last of them was made quickly or not.
    ends = {bool(inside(more)[n - 1]): n for n in range(5, 40)}
    assert set(ends) == {True, False}
    for length in ends.values():
        np.testing.assert_array_equal(draw(0.1, length=length), more[:length])


@pytest.mark.parametrize("seed", range(3))
def test_a_warm_up_turns_back_where_what_serves_ends(draw, seed):
    assert inside(draw(0.1, warmup=WARMUP, seed=seed)).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_warm_up_goes_on_from_where_nothing_serves(draw, seed):
    drawn = draw(3.0, warmup=WARMUP, seed=seed)
    within_at = inside(drawn)
    first = int(np.argmax(within_at))
    assert 0 < first < 30
    assert within_at[first:].all()
