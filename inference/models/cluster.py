"""The distance of a cluster from the parallaxes of its stars and of the field.

Each star is in the cluster with probability ``frac_clust``, at a LogNormal distance, or
in the field, at a distance with the volume prior of Bailer-Jones (2015,
arXiv:1507.02105). Two methods have one posterior: `hierarchical` samples every star's
distance, `marginal` integrates them out (`inference.quadrature`).
"""

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from numpyro_ext.distributions import MixtureGeneral

from inference import quadrature


def marginal(observed, priors):
    """Distances integrated out: four parameters whatever the number of stars.

    Parameters
    ----------
    observed : dict
        ``nodes``: the `quadrature.StarNodes` of the table.
    priors : dict of distributions
        For ``log_L``, ``log_dist_clust``, ``log_sigma``, ``frac_clust``.
    """
    population = _population(priors)
    numpyro.factor("parallax", log_likelihood(observed["nodes"], *population).sum())


def hierarchical(observed, priors):
    """Every star's distance is a parameter: the model as first published.

    Parameters
    ----------
    observed : dict
        ``parallax``, ``parallax_error``, ``zero_point`` [mas], each (star,).
    priors : dict of distributions
        For ``log_L``, ``log_dist_clust``, ``log_sigma``, ``frac_clust``.
    """
    log_l, log_dist, sigma, fraction = (jnp.asarray(v) for v in _population(priors))
    weights = dist.Categorical(probs=jnp.stack([fraction, 1.0 - fraction]))
    components = [
        dist.LogNormal(log_dist, sigma),
        dist.Gamma(3.0, jnp.exp(-log_l)),
    ]
    stars = observed["parallax"].shape[0]
    with numpyro.plate("star", stars):
        distance = numpyro.sample("distance", MixtureGeneral(weights, components))
        numpyro.sample(
            "parallax",
            dist.Normal(
                1000.0 / distance + observed["zero_point"], observed["parallax_error"]
            ),
            obs=observed["parallax"],
        )


def _population(priors):
    log_l = numpyro.sample("log_L", priors["log_L"])
    log_dist = numpyro.sample("log_dist_clust", priors["log_dist_clust"])
    log_sigma = numpyro.sample("log_sigma", priors["log_sigma"])
    fraction = numpyro.sample("frac_clust", priors["frac_clust"])
    numpyro.deterministic("L", jnp.exp(log_l))
    numpyro.deterministic("dist_clust", jnp.exp(log_dist))
    numpyro.deterministic("approx_size_clust", jnp.exp(log_sigma + log_dist))
    return log_l, log_dist, jnp.exp(log_sigma), fraction


def log_likelihood(nodes, log_l, log_dist, sigma, fraction):
    """Return ln of each parallax's density, distances integrated out, (star,)."""
    cluster, field = _components(nodes, log_l, log_dist, sigma, fraction)
    return jnp.logaddexp(cluster, field)


def membership(nodes, log_l, log_dist, sigma, fraction):
    """Return each star's probability to be in the cluster, (star,)."""
    cluster, field = _components(nodes, log_l, log_dist, sigma, fraction)
    return jnp.exp(cluster - jnp.logaddexp(cluster, field))


def _components(nodes, log_l, log_dist, sigma, fraction):
    cluster = jnp.log(fraction) + quadrature.log_cluster(nodes, log_dist, sigma)
    field = jnp.log1p(-fraction) + quadrature.log_field(nodes, log_l)
    return cluster, field
