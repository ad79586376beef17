"""NUTS in chunks: pure functions from a state to the next state and its draws.

NumPyro's HMC state carries its own key, counter and adaptation, so warm-up and sampling
are one compiled program, any chunking gives the same draws to the bit, and the state is
a complete checkpoint. What is fixed when a program is compiled is in its `Shape`; data,
hyper-parameters and seed are arguments.

NumPyro's stack of effect handlers is one unlocked global list (numpyro/primitives.py):
whatever traces a model here holds `TRACING`. Compiled programs run side by side.
"""

import threading
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree
from numpyro import handlers
from numpyro.distributions import biject_to
from numpyro.infer.hmc import hmc
from numpyro.infer.util import constrain_fn, potential_energy

from inference.models import MODELS, numpyro_priors

TRACING = threading.RLock()

STATS = {
    "diverging": "diverging",
    "energy": "energy",
    "num_steps": "n_steps",
    "accept_prob": "acceptance_rate",
}
"""NumPyro's fields of a state, under the names that ArviZ gives them."""


OFFSETS = ("as_member", "as_field")
"""Coordinates of the hierarchical model that mean nothing by themselves."""


class Shape(NamedTuple):
    """What is fixed when a program is compiled."""

    model: str
    method: str
    families: tuple[tuple[str, str], ...]
    """(parameter, family) of every prior."""
    observed: tuple[tuple[int, ...], ...]
    """Shapes of the observed arrays, in the order of their names."""
    warmup: int
    target_accept: float
    max_tree_depth: int
    adapt_metric: bool
    dense_metric: bool
    latent: bool
    """Whether draws of per-star quantities are returned."""
    chains: int
    """Chains in one vectorised program; 1 where chains run in threads."""


class Arguments(NamedTuple):
    """What a compiled program is called with, besides its state."""

    observed: Mapping[str, Any]
    """Observed arrays, or a pytree of them."""
    priors: Mapping[str, tuple]
    """Hyper-parameters of every prior, in the family's order."""
    strength: Any = 1.0
    """Power of the likelihood."""


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


def log_density(shape: Shape) -> Callable:
    """Return ``(unconstrained position, arguments) -> -ln posterior`` (a potential).

    What is not prior counts by its power ``arguments.strength``.
    """
    model = MODELS[shape.model, shape.method]
    families = dict(shape.families)

    def potential(position, arguments):
        inputs = (arguments.observed, numpyro_priors(families, arguments.priors))
        whole = -potential_energy(model, inputs, {}, position)
        prior = sum(log_prior(shape, position, arguments))
        return -prior - arguments.strength * (whole - prior)

    return potential


def step_size(dimensions: int) -> float:
    """Return about how long a leapfrog step may be in coordinates of unit scale.

    It shortens with the fourth root of their number (Beskos et al. 2013,
    arXiv:1001.4460).
    """
    return min(1.0, 1.5 * dimensions**-0.25)


def log_prior(shape: Shape, position, arguments: Arguments):
    """Return ln density of the parameters' priors, and ln of the Jacobian there.

    The first is a density of the parameters, the sum of both one of the unconstrained
    position.
    """
    density = jacobian = 0.0
    for name, prior in numpyro_priors(dict(shape.families), arguments.priors).items():
        if name in position:
            transform = biject_to(prior.support)
            value = transform(position[name])
            density += prior.log_prob(value)
            jacobian += transform.log_abs_det_jacobian(position[name], value)
    return density, jacobian


def constrained(shape: Shape, position, arguments: Arguments, key=None) -> dict:
    """Return parameters and derived quantities at an unconstrained position.

    Parameters
    ----------
    shape, position, arguments
        As `log_density` takes them.
    key : optional
        For what a model draws at random besides its parameters; without a key it is
        left out.
    """
    model = MODELS[shape.model, shape.method]
    if key is not None:
        model = handlers.seed(model, key)
    inputs = (
        arguments.observed,
        numpyro_priors(dict(shape.families), arguments.priors),
    )
    with_derived = constrain_fn(model, inputs, {}, position, return_deterministic=True)
    return {name: v for name, v in with_derived.items() if name not in OFFSETS}


KEPT_PROGRAMS = 32


@lru_cache(maxsize=KEPT_PROGRAMS)
def program(shape: Shape, example: "Example") -> Program:
    """Compile the program of a shape; the least recently used are dropped.

    Parameters
    ----------
    shape : Shape
    example : Example
        A position, metric and arguments of the types that will come.
    """
    if program.cache_info().misses % KEPT_PROGRAMS == 0:
        # JAX keeps what jitted and single operations compiled for every shape they
        # ever met; what is still needed comes back from the compilation cache.
        with TRACING:
            jax.clear_caches()
    position, inverse_metric, key, arguments = example.value
    potential = log_density(shape)
    # One vector instead of a dictionary: a step of a small model is mostly the
    # bookkeeping of its trajectory, array by array.
    unravel = ravel_pytree(position)[1]
    init_kernel: Any
    init_kernel, sample_kernel = hmc(
        potential_fn_gen=lambda arguments: lambda z: potential(unravel(z), arguments),
        algo="NUTS",
    )
    # What sets the first state up asks for value and slope where they are known: of a
    # straight line, which takes no time to compile.
    first_kernel: Any
    first_kernel, _ = hmc(
        potential_fn_gen=lambda value, gradient: (
            lambda z: value + gradient @ (z - lax.stop_gradient(z))
        ),
        algo="NUTS",
    )

    def prepared(kernel, position, inverse_metric, key, *model_args):
        flat = ravel_pytree(position)[0]
        return kernel(
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

    capacity = 50 if shape.method == "hierarchical" else 1000
    initial = partial(prepared, first_kernel)
    start = (position, inverse_metric, key)
    with TRACING:
        # `init_kernel` is traced too: it sets what `sample_kernel` closes over.
        whole = partial(prepared, init_kernel)
        structure = jax.eval_shape(whole, *start, arguments)
        slope = jax.eval_shape(lambda p: ravel_pytree(p)[0], position)
        start = (*start, jax.ShapeDtypeStruct((), slope.dtype), slope)
        chunk = partial(_chunk, shape, sample_kernel, unravel, capacity)
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


class Example:
    """Arguments to compile for, which do not decide which program it is."""

    def __init__(self, *value):
        self.value = jax.tree.map(jnp.asarray, value)

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


def _chunk(shape, sample_kernel, unravel, capacity, state, arguments, length):
    """Advance one chain by ``length`` draws; rows beyond them are zero."""

    def row(state):
        return _row(shape, unravel(state.z), state, arguments)

    rows = jax.tree.map(
        lambda a: jnp.zeros((capacity, *a.shape), a.dtype),
        jax.eval_shape(row, state),
    )

    def draw(index, carry):
        state, rows = carry
        state = sample_kernel(state, (arguments,))
        rows = jax.tree.map(lambda a, new: a.at[index].set(new), rows, row(state))
        return state, rows

    state, (draws, stats) = lax.fori_loop(0, length, draw, (state, rows))
    return state, draws, stats


def _row(shape, position, state, arguments):
    """Return one draw and its statistics."""
    stats = {ours: getattr(state, its) for its, ours in STATS.items()}
    total = -state.potential_energy
    prior, jacobian = log_prior(shape, position, arguments)
    # Without data a draw does not say how likely they are.
    strength = jnp.where(arguments.strength > 0, arguments.strength, jnp.nan)
    stats |= {"lp": total, "log_prior": prior}
    stats["log_likelihood"] = (total - prior - jacobian) / strength
    stats["step_size"] = state.adapt_state.step_size
    key = state.rng_key if shape.latent else None
    return constrained(shape, position, arguments, key), stats
