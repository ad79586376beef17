"""Chunks: draws by what serves for a density in a part of its space, and by itself."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.infer.hmc import hmc

from inference import chunks, densities, emulator, nuts, worker

pytestmark = pytest.mark.usefixtures("engine")

RADIUS = 2.0
"""Of a ball about the middle of a density in four dimensions: half of it is in."""
WARMUP = 100


def whole(z):
    # Not quite normal: where a trajectory goes shows what it went by.
    return 0.5 * z @ z + 0.05 * (z**4).sum()


def within(z):
    return jnp.where(z @ z < RADIUS**2, whole(z), jnp.inf)


def covered(z, _):
    return jnp.isfinite(within(z))


@pytest.fixture(scope="module")
def draw(engine):
    """Draw by the ball first, or by the density alone, from a start."""
    # Which of the two is an argument, as without a table it is.
    init, kernel = hmc(
        potential_fn_gen=lambda arguments: whole if arguments.strength else within,
        algo="NUTS",
    )

    def steps(warmup, length, quickly, state):
        def plainly(state, rows, begin, end, _):
            density = densities.Arguments({}, {}, strength=1)
            return chunks.plainly(kernel, state, rows, begin, end, density)

        def first(*drawn):
            ball = densities.Arguments({}, {}, strength=0)
            return chunks.quickly(kernel, covered, warmup, *drawn[:-1], ball)

        return chunks.Steps(
            plainly=jax.jit(plainly),
            quickly=jax.jit(first) if quickly else None,
            finished=lambda rows, *_: (rows["z"], {}),
            rows=jax.tree.map(
                lambda a: np.zeros((length, *a.shape), a.dtype), chunks.kept_of(state)
            ),
        )

    def drawn(start, *, warmup=0, length=WARMUP, quickly=True, seed=0, radius=RADIUS):
        state = init(
            jnp.full(4, start),
            num_warmup=warmup,
            step_size=0.7,
            adapt_mass_matrix=False,
            trajectory_length=None,
            model_args=(densities.Arguments({}, {}),),
            rng_key=jax.random.PRNGKey(seed),
        )
        serves = emulator.never()._replace(radius=np.array(radius))
        arguments = densities.Arguments({"emulator": serves}, {})
        done = chunks.advance(
            steps(warmup, length, quickly, state), state, arguments, length
        )
        return np.asarray(done[1])

    return drawn


def inside(draws):
    return (draws**2).sum(axis=1) < RADIUS**2


def test_draws_are_those_of_the_density_alone(draw):
    drawn = draw(0.1, length=300)
    assert 0.3 < inside(drawn).mean() < 0.9
    np.testing.assert_allclose(drawn, draw(0.1, length=300, quickly=False), rtol=1e-9)


def test_what_serves_nowhere_is_not_tried(draw, monkeypatch):
    tried = []
    monkeypatch.setattr(chunks, "quickly", lambda *_: tried.append(1))
    drawn = draw(0.1, length=30, radius=0.0)
    np.testing.assert_array_equal(drawn, draw(0.1, length=30, quickly=False))
    assert not tried


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


def test_what_few_runs_need_is_compiled_once_whoever_calls_first():
    compiled, begin = [], threading.Barrier(4)

    def compile():
        compiled.append(1)
        time.sleep(0.2)
        return lambda x: 2 * x

    later = nuts.Later(compile)
    assert not compiled
    with ThreadPoolExecutor(4) as chains:
        done = list(chains.map(lambda x: begin.wait() < 0 or later(x), range(4)))
    assert done == [0, 2, 4, 6]
    assert compiled == [1]


@pytest.mark.parametrize("of_a_worker", [True, False])
def test_a_workers_idle_time_is_used_for_it(sample, monkeypatch, of_a_worker):
    whose = object() if of_a_worker else None
    monkeypatch.setattr(worker.multiprocessing, "parent_process", lambda: whose)
    compiled, programs_of = threading.Event(), worker.programs.program_of
    later = nuts.Later(compiled.set)
    monkeypatch.setattr(
        worker.programs,
        "program_of",
        lambda *task: programs_of(*task)._replace(later=later),
    )
    sample({"model": "line", "sampler": {"warmup": 50, "draws": 50}})
    assert compiled.wait(20 if of_a_worker else 1) is of_a_worker
