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
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree
from numpyro.infer.hmc import hmc
from numpyro.infer.hmc_util import build_adaptation_schedule

from inference import chunks, densities, devices
from inference.densities import Shape

TRACING = threading.RLock()


class LastPace:
    """How fast a program was when it last ran, so that the next run begins in step."""

    seconds_a_draw: float | None = None


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

    def emulated(arguments):
        return density(densities.emulated(arguments))

    kernel = _kernel(density)
    quick = _kernel(emulated) if densities.may_be_emulated(shape) else None
    # What sets the first state up asks for value and slope where they are known: of a
    # straight line, which takes no time to compile.
    first = _kernel(
        lambda value, gradient: lambda z: value + gradient @ (z - lax.stop_gradient(z))
    )

    def prepared(init, position, inverse_metric, key, *model_args):
        flat = ravel_pytree(position)[0]
        state = init(
            flat,
            step_size=step_size(flat.size),
            num_warmup=shape.warmup,
            inverse_mass_matrix=inverse_metric,
            adapt_mass_matrix=shape.adapt_metric,
            dense_mass=shape.dense_metric,
            target_accept_prob=shape.target_accept,
            trajectory_length=None,
            max_tree_depth=shape.max_tree_depth,
            model_args=model_args,
            rng_key=key,
        )
        return state if shape.adapt_metric else _adapting_steps_alone(state, shape)

    capacity = 50 if shape.method == "hierarchical" else 1000
    capacity = min(capacity, MOST_ROWS // shape.chains)
    initial = partial(prepared, first.init)
    start = (position, inverse_metric, key)
    with TRACING:
        # Of every kernel: it sets what the draws close over.
        structure = jax.eval_shape(partial(prepared, kernel.init), *start, arguments)
        if quick is not None:
            jax.eval_shape(partial(prepared, quick.init), *start, arguments)
            quick = chunks.Quick(
                quick.draw, lambda z, arguments: jnp.isfinite(emulated(arguments)(z))
            )
        slope = jax.eval_shape(lambda p: ravel_pytree(p)[0], position)
        start = (*start, jax.ShapeDtypeStruct((), slope.dtype), slope)
        chunk = partial(chunks.advance, shape, kernel.draw, quick, unravel, capacity)
        if shape.chains > 1:
            initial = jax.vmap(initial)
            chunk = jax.vmap(chunk, in_axes=(0, None, None))
            *start, structure = jax.tree.map(
                lambda a: jax.ShapeDtypeStruct((shape.chains, *a.shape), a.dtype),
                (*start, structure),
            )
        lowered = jax.jit(initial).lower(*start)
        length = jax.ShapeDtypeStruct((), jnp.int32)
        lowered_chunk = jax.jit(chunk).lower(structure, arguments, length)
    return Program(
        lowered.compile(),
        lowered_chunk.compile(),
        capacity,
        jax.tree.structure(structure),
        LastPace(),
    )


class _Kernel(NamedTuple):
    """NumPyro's NUTS of one density: what sets a state up, and what draws the next."""

    init: Any
    draw: Any


def _kernel(potential_of: Callable) -> _Kernel:
    """Return the kernel of ``potential_of(*arguments)``, a -ln density."""
    return _Kernel(*hmc(potential_fn_gen=potential_of, algo="NUTS"))


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
