"""NUTS in chunks: pure functions from a state to the next state and its draws.

NumPyro's HMC state carries its own key, counter and adaptation, so warm-up and sampling
are one compiled program, any chunking gives the same draws to the bit, and the state is
a complete checkpoint. What is fixed when a program is compiled is in its `Shape`; data,
hyper-parameters and seed are arguments.

NumPyro's stack of effect handlers is one unlocked global list (numpyro/primitives.py):
whatever traces a model here holds `TRACING`. Compiled programs run side by side.
"""

import threading
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from numpyro.infer.hmc import hmc
from numpyro.infer.hmc_util import build_adaptation_schedule
from numpyro.infer.util import ParamInfo

from inference import chunks, densities, devices
from inference.densities import Shape

TRACING = threading.RLock()


class LastPace:
    """How fast a program was when it last ran, so that the next run begins in step."""

    seconds_a_draw: float | None = None


class Later:
    """A function that is compiled when it is first called, or before, beside the rest.

    Parameters
    ----------
    compile : callable
        Called once, whichever chain calls this first.
    """

    def __init__(self, compile: Callable[[], Callable]):
        self._lock, self._once = threading.Lock(), cache(compile)

    def __call__(self, *arguments):
        """Call it."""
        return self.compiled()(*arguments)

    def compiled(self) -> Callable:
        """Return it compiled."""
        with self._lock:
            return self._once()


class Program(NamedTuple):
    """The compiled functions of one shape."""

    initial: Callable
    """``(position, inverse_metric, key, -ln posterior, its gradient) -> state leaves``,
    the gradient by the position as one vector."""
    chunk: Callable
    """``(state leaves, arguments, length) -> (state leaves, draws, stats)``."""
    capacity: int
    """Longest chunk."""
    structure: Any
    """Tree structure of the state, whose leaves alone travel and are stored."""
    pace: LastPace
    later: Later
    """Of its functions that which few runs need, where an emulator serves."""


def step_size(dimensions: int) -> float:
    """Return about how long a leapfrog step may be in coordinates of unit scale.

    It shortens with the fourth root of their number (Beskos et al. 2013,
    arXiv:1001.4460).
    """
    return min(1.0, 1.5 * dimensions**-0.25)


KEPT_PROGRAMS, CLEARED_EVERY = 12, 4
"""Programs that are kept, and after how many new ones JAX forgets what else it compiled
for their shapes: with that, each is some 25 MiB."""


@lru_cache(maxsize=KEPT_PROGRAMS)
def program(shape: Shape, example: "Example") -> Program:
    """Compile the program of a shape; the least recently used are dropped.

    Parameters
    ----------
    shape : Shape
    example : Example
        A position, metric and arguments of the types that will come.
    """
    if program.cache_info().misses % CLEARED_EVERY == 0:
        # JAX keeps what jitted and single operations compiled for every shape they
        # ever met; what is still needed comes back from the compilation cache.
        with TRACING:
            jax.clear_caches()
        devices.trim_memory()
    position, inverse_metric, key, arguments = example.taken()
    potential = densities.log_density(shape)
    # One vector instead of a dictionary: a step of a small model is mostly the
    # bookkeeping of its trajectory, array by array.
    unravel = ravel_pytree(position)[1]

    def density(arguments):
        return lambda z: potential(unravel(z), arguments)

    init, kernel = hmc(potential_fn_gen=density, algo="NUTS")
    initial = partial(_initial, shape, init)
    slope = jax.eval_shape(lambda p: ravel_pytree(p)[0], position)
    value = jax.ShapeDtypeStruct((), slope.dtype)
    start = (*_types((position, inverse_metric, key)), value, slope)
    with TRACING:
        # It sets what the kernel closes over, too.
        state = jax.eval_shape(initial, *start)
    capacity = 50 if shape.method == "hierarchical" else 1000
    capacity = min(capacity, MOST_ROWS // shape.chains)
    parts = _Parts(shape, density, kernel, unravel, capacity)
    steps, later = _steps(parts, state, _types(arguments))
    return Program(
        _compiled(initial, start, shape.chains),
        partial(chunks.advance, steps),
        capacity,
        jax.tree.structure(state),
        LastPace(),
        later,
    )


def _initial(shape: Shape, init, position, inverse_metric, key, value, gradient):
    flat = ravel_pytree(position)[0]
    state = init(
        # Where value and gradient are known, the density is not asked.
        ParamInfo(flat, value, gradient),
        step_size=step_size(flat.size),
        num_warmup=shape.warmup,
        inverse_mass_matrix=inverse_metric,
        adapt_mass_matrix=shape.adapt_metric,
        dense_mass=shape.dense_metric,
        target_accept_prob=shape.target_accept,
        trajectory_length=None,
        max_tree_depth=shape.max_tree_depth,
        model_args=(None,),
        rng_key=key,
    )
    return state if shape.adapt_metric else _adapting_steps_alone(state, shape)


class _Parts(NamedTuple):
    """What the steps of a chunk are made of."""

    shape: Shape
    density: Callable
    """``arguments -> (position as one vector -> -ln posterior)``."""
    kernel: Callable
    unravel: Callable
    capacity: int


def _steps(parts: _Parts, state, arguments) -> tuple[chunks.Steps, Later]:
    """Compile the steps of a chunk, of arguments of such types, and one of them later.

    Where an emulator serves, few runs need the density itself.
    """
    shape, density, kernel, unravel, capacity = parts

    def covers(z, arguments):
        return jnp.isfinite(density(arguments)(z))

    rows = jax.tree.map(
        lambda a: jax.ShapeDtypeStruct((capacity, *a.shape), a.dtype),
        jax.eval_shape(chunks.kept_of, state),
    )
    few = densities.without_table(arguments)
    count = jax.ShapeDtypeStruct((), jnp.int32)
    drawn, chains = (state, rows, count, count), shape.chains

    def plainly():
        draw = partial(chunks.plainly, kernel)
        return _compiled(draw, (*drawn, arguments), chains, 2)

    def quickly():
        draw = partial(chunks.quickly, kernel, covers, shape.warmup)
        return _compiled(draw, (*drawn, few), chains, 2)

    finished = partial(chunks.finished, shape, unravel)
    emulated, later = densities.may_be_emulated(shape), Later(plainly)
    if not emulated:
        later.compiled()
    steps = chunks.Steps(
        plainly=later,
        quickly=quickly() if emulated else None,
        finished=_compiled(finished, (rows, count, few), chains, 1),
        rows=jax.tree.map(lambda a: np.zeros(a.shape, a.dtype), _each(rows, chains)),
    )
    return steps, later


def _types(tree):
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), tree)


def _each(types, chains: int):
    """Return types with an axis of chains, where there are several."""
    if chains == 1:
        return types
    return jax.tree.map(
        lambda a: jax.ShapeDtypeStruct((chains, *a.shape), a.dtype), types
    )


def _compiled(function: Callable, types: tuple, chains: int, own: int | None = None):
    """Compile a function of one chain for so many.

    Each chain has its own of the first ``own`` arguments, by default of all.
    """
    own = len(types) if own is None else own
    if chains > 1:
        function = jax.vmap(
            function, in_axes=(*[0] * own, *[None] * (len(types) - own))
        )
    with TRACING:
        lowered = jax.jit(function).lower(*_each(types[:own], chains), *types[own:])
    return lowered.compile()


MOST_ROWS = 2**14
"""Draws of all chains for which a program has room: empty rows take time too."""


class Example:
    """Arguments to compile for, which do not decide which program it is.

    They are made, once, only where a program is to be compiled.
    """

    def __init__(self, make: Callable[[], tuple]):
        self._make = make

    def taken(self) -> tuple:
        """Return the arguments as arrays, and let go of what makes them."""
        make, self._make = self._make, tuple
        return jax.tree.map(jnp.asarray, make())

    def __eq__(self, other):
        return isinstance(other, Example)

    def __hash__(self):
        return 0


def traced_once(function: Callable) -> Callable:
    """Jit a function of a model, tracing under the lock."""
    compiled = jax.jit(function)

    def call(*arguments):
        with TRACING:
            return compiled(*arguments)

    return call


def _adapting_steps_alone(state, shape: Shape):
    """Return a first state of which the metric is known, and about the step size.

    NumPyro seeks the step size anew after each window in which a metric is learnt, from
    ten times the last one: that ends in the noise of its last few draws, and its first
    leave for where no draw is. A warm-up without a metric to learn is one window, and
    the search begins where it is expected to end.
    """
    adapted = state.adapt_state
    *averages, _ = adapted.ss_state
    last = len(build_adaptation_schedule(shape.warmup)) - 1
    return state._replace(
        adapt_state=adapted._replace(
            ss_state=(*averages, jnp.log(adapted.step_size)),
            window_idx=jnp.full_like(adapted.window_idx, last),
        )
    )
