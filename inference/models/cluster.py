"""The distance of a cluster from the parallaxes of its stars and of the field.

Each star is in the cluster with probability ``frac_clust``, at a LogNormal distance, or
in the field, at a distance with the volume prior of Bailer-Jones (2015,
arXiv:1507.02105). Two methods have one posterior: `hierarchical` samples every star's
distance, `marginal` integrates them out (`inference.quadrature`).
"""

import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from numpyro_ext.distributions import MixtureGeneral

from inference import emulator, quadrature


def marginal(observed, priors):
    """Distances integrated out: four parameters whatever the number of stars.

    Parameters
    ----------
    observed : dict
        ``nodes``: the `quadrature.StarNodes` of the table; ``emulator``: an
        `emulator.Emulator` of their total.
    priors : dict of distributions
        For ``log_L``, ``log_dist_clust``, ``log_sigma``, ``frac_clust``.
    """
    *logs, fraction = _population(priors)
    # Nearer to 0 or 1 no table can tell.
    fraction = jnp.clip(fraction, 1e-15, 1 - 1e-15)
    theta = jnp.stack([*logs, jnp.log(fraction) - jnp.log1p(-fraction)])
    total = total_log_likelihood(observed["nodes"], observed["emulator"], theta)
    numpyro.factor("parallax", total)


def hierarchical(observed, priors):
    """Every star's distance is a parameter: the model as first published.

    Parameters
    ----------
    observed : dict
        ``parallax``, ``parallax_error``, ``zero_point`` [mas], each (star,).
    priors : dict of distributions
        For ``log_L``, ``log_dist_clust``, ``log_sigma``, ``frac_clust``.
    """
    log_l, log_dist, log_sigma, fraction = (jnp.asarray(v) for v in _population(priors))
    weights = dist.Categorical(probs=jnp.stack([fraction, 1.0 - fraction]))
    components = [
        dist.LogNormal(log_dist, jnp.exp(log_sigma)),
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
    return log_l, log_dist, log_sigma, fraction


# Value and gradient in one pass: reverse mode through a choice of branches would write
# the larger branch's nodes to memory whichever is taken.
@jax.custom_jvp
def total_log_likelihood(nodes, polynomial, theta):
    """Return ln of the density of all parallaxes, distances integrated out.

    Parameters
    ----------
    nodes : StarNodes
    polynomial : Emulator
        Of this sum, for where it serves.
    theta : array (parameter,)
        ln L [pc], ln of the cluster's distance [pc], ln of its relative width, and the
        logit of its share.
    """
    return _total_and_gradient(nodes, polynomial, theta)[0]


@total_log_likelihood.defjvp
def _total_jvp(primals, tangents):
    value, gradient = _total_and_gradient(*primals)
    return value, gradient @ tangents[2]


def _total_and_gradient(nodes, polynomial, theta):
    def exact(theta):
        return jax.value_and_grad(lambda t: log_likelihood(nodes, t).sum())(theta)

    return emulator.value_and_gradient(polynomial, theta, exact)


def log_likelihood(nodes, theta):
    """Return ln of each parallax's density, distances integrated out, (star,).

    Parameters
    ----------
    nodes : StarNodes
    theta : array (parameter,)
        As `total_log_likelihood` takes it.
    """
    log_l, log_dist, log_sigma, logit = theta
    cluster = quadrature.log_cluster(nodes, log_dist, jnp.exp(log_sigma))
    field = quadrature.log_field(nodes, log_l)
    return jnp.logaddexp(
        cluster + jax.nn.log_sigmoid(logit), field + jax.nn.log_sigmoid(-logit)
    )
