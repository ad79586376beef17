"""The posterior of a cluster's population, with its curvatures, compiling little."""

from collections.abc import Callable
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import biject_to

from inference import densities, emulator, locate, nuts, tables
from inference.models import cluster, numpyro_priors

ROWS = 128
"""Populations whose prior is computed at a time."""


def posterior(
    families: tuple[tuple[str, str], ...], arguments: densities.Arguments
) -> locate.Population:
    """Return the posterior of a cluster's population.

    Prior and likelihood are computed apart: compiled as one with the model, the
    likelihood would be compiled once more.
    """
    compiled = _prior_part(families)
    nodes = arguments.observed["nodes"]
    strength = arguments.strength
    exact = partial(tables.likelihoods, nodes)

    def of_prior(positions):
        # Always as many rows: another number would be another program.
        pad = ((0, -len(positions) % ROWS), (0, 0))
        blocks = np.pad(positions, pad, mode="edge").reshape(-1, ROWS, len(_NAMES))
        done = zip(
            *(compiled(block, arguments.priors) for block in blocks), strict=True
        )
        return (np.concatenate(part)[: len(positions)] for part in done)

    def potential(positions, serves):
        prior, slope, bend, theta, stretch, stretching = of_prior(positions)
        value, gradient, hessian = emulator.at(serves, theta[:, _ORDER], exact)
        gradient, hessian = gradient[:, _BACK], hessian[:, _BACK][:, :, _BACK]
        pull = stretch * gradient
        own = bend + strength * stretching * gradient
        both = strength * stretch[:, :, None] * hessian * stretch[:, None]
        return (
            -(prior + strength * value),
            -(slope + strength * pull),
            -(both + own[:, :, None] * np.eye(len(_NAMES))),
        )

    def values(positions, serves):
        prior, *_, theta, _, _ = of_prior(positions)
        likely = emulator.values_at(serves, theta[:, _ORDER], exact)
        return -(prior + strength * likely)

    def coordinates(position):
        *_, theta, stretch, _ = of_prior(position[None])
        return theta[0, _ORDER], stretch[0, _ORDER]

    return locate.Population(potential, values, coordinates)


_NAMES = sorted(locate.PARAMETERS)
_ORDER = [_NAMES.index(name) for name in locate.PARAMETERS]
_BACK = [locate.PARAMETERS.index(name) for name in _NAMES]
"""From a position's order of parameters to the likelihood's, and back."""


@lru_cache(maxsize=32)
def _prior_part(families: tuple[tuple[str, str], ...]) -> Callable:
    """Return what priors say of positions, and where those are for the likelihood.

    ln prior and its first and second derivatives, coordinates and theirs: each depends
    on one parameter alone, so that one tangent gives the derivatives by all.
    """

    def by_one(function, position):
        ones = jnp.ones_like(position)
        return jax.jvp(lambda z: jax.jvp(function, (z,), (ones,)), (position,), (ones,))

    def part(position, hyperparameters):
        priors = numpyro_priors(dict(families), hyperparameters)

        def log_priors(position):
            each = []
            for z, name in zip(position, _NAMES, strict=True):
                transform = biject_to(priors[name].support)
                value = transform(z)
                each.append(
                    priors[name].log_prob(value)
                    + transform.log_abs_det_jacobian(z, value)
                )
            return jnp.stack(each)

        def coordinates(position):
            named = {
                name: biject_to(priors[name].support)(z)
                for z, name in zip(position, _NAMES, strict=True)
            }
            theta = cluster.theta_of(*(named[name] for name in locate.PARAMETERS))
            return theta[np.array(_BACK)]

        (prior, slope), (_, bend) = by_one(log_priors, position)
        (theta, stretch), (_, stretching) = by_one(coordinates, position)
        return prior.sum(), slope, bend, theta, stretch, stretching

    return nuts.traced_once(jax.vmap(part, in_axes=(0, None)))
