"""What a population says of every star: its membership and its distance.

Given the population, a distance has a one-dimensional density, known on the nodes
of `inference.quadrature`. Averaged over draws of the population it is the star's exact
posterior, without its distance ever having been sampled.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from inference import quadrature


class StarMoments(NamedTuple):
    """What one population says of every star."""

    membership: jax.Array
    """Probability to be in the cluster, (star,)."""
    mean: jax.Array
    """Mean of the distance [pc], (star,)."""
    square: jax.Array
    """Mean of its square [pc²], (star,)."""


def star_moments(nodes, log_l, log_distance, width, fraction):
    """Membership and moments of each star's distance, given the population.

    Parameters
    ----------
    nodes : StarNodes
    log_l, log_distance, width, fraction : scalar
        ln L [pc], ln of the cluster's distance [pc], its relative width, its share.

    Returns
    -------
    StarMoments
    """
    field, far, far_square = quadrature.field_moments(nodes, log_l)
    cluster, near, near_square = quadrature.cluster_moments(nodes, log_distance, width)
    field += jnp.log1p(-fraction)
    cluster += jnp.log(fraction)
    share = jnp.exp(cluster - jnp.logaddexp(cluster, field))
    return StarMoments(
        share,
        share * near + (1 - share) * far,
        share * near_square + (1 - share) * far_square,
    )


def field_guide(nodes, log_l):
    """Mean and spread of ln r of every star, were it of the field.

    Parameters
    ----------
    nodes : StarNodes
    log_l : scalar
        ln of the field's length scale L [pc].

    Returns
    -------
    mean, slope, sd : array (star,)
        Mean of ln r, its derivative by ln L, and standard deviation.
    """
    x, weight = quadrature.field_nodes(nodes, log_l)
    ratio = jnp.exp(x - log_l)
    mean = (weight * x).sum(axis=0)
    away = x - mean
    slope = (weight * away * ratio).sum(axis=0)
    return mean, slope, jnp.sqrt((weight * away**2).sum(axis=0))
