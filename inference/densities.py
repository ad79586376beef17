"""The density that a program samples, and what a draw of it means.

What is fixed when a program is compiled is in its `Shape`; data, hyper-parameters and
the power of the likelihood are `Arguments`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from numpyro import handlers
from numpyro.distributions import biject_to
from numpyro.infer.util import constrain_fn, potential_energy

from inference.models import MODELS, numpyro_priors

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


def may_be_emulated(shape: Shape) -> bool:
    """Whether an emulator may serve for a whole draw.

    Not in chains side by side, nor where a metric is learnt: NumPyro then seeks a step
    size by densities alone, and would take the emulator's end for the density's.
    """
    integrated = (shape.model, shape.method) == ("cluster", "marginal")
    return integrated and shape.chains == 1 and not shape.adapt_metric


def served(arguments: Arguments) -> bool:
    """Whether there is anywhere that an emulator serves."""
    return bool(arguments.observed["emulator"].radius > 0)


def without_table(arguments: Arguments) -> Arguments:
    """Return arguments without the table of stars that an emulator may serve for.

    By the emulator alone nothing is likely beyond its ball. No derived quantity needs
    the table either.
    """
    if "nodes" not in arguments.observed:
        return arguments
    return arguments._replace(observed={**arguments.observed, "nodes": None})


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
