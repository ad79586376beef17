"""The distance of a cluster from the parallaxes of its stars and of the field.

Each star is in the cluster with probability ``frac_clust``, at a LogNormal distance, or
in the field, at a distance with the volume prior of Bailer-Jones (2015,
arXiv:1507.02105). Two methods have one posterior: `hierarchical` samples every star's
distance, `marginal` integrates them out (`inference.quadrature`). Neither knows of what
the other does, so that each is a check of the other.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from jax import lax

from inference import emulator, quadrature

NOTHING = -25.0
"""ln of odds that change no sum: those of a million stars add up to 1e-5."""


def marginal(observed, priors):
    """Distances integrated out: four parameters whatever the number of stars.

    Parameters
    ----------
    observed : dict
        ``nodes``: the `quadrature.StarNodes` of the table, or None; ``emulator``: an
        `emulator.Emulator` of their total.
    priors : dict of distributions
        For ``log_L``, ``log_dist_clust``, ``log_sigma``, ``frac_clust``.
    """
    theta = theta_of(*_population(priors))
    total = total_log_likelihood(observed["nodes"], observed["emulator"], theta)
    numpyro.factor("parallax", total)


def theta_of(log_l, log_dist, log_sigma, fraction):
    """Return a population in the likelihood's coordinates, (parameter,)."""
    # Nearer to 0 or 1 no table can tell.
    fraction = jnp.clip(fraction, 1e-15, 1 - 1e-15)
    logit = jnp.log(fraction) - jnp.log1p(-fraction)
    return jnp.stack([log_l, log_dist, log_sigma, logit])


class FieldGuide(NamedTuple):
    """About where each star would be, were it of the field with L near a reference."""

    log_l: Any
    """The reference, ln L [pc]."""
    centre: Any
    """Mean of ln r there, (star,)."""
    slope: Any
    """Its derivative by ln L, (star,)."""
    scale: Any
    """Standard deviation of ln r, (star,)."""


def hierarchical(observed, priors):
    """Sample every star's distance, as a member and as a star of the field.

    With the indicator of membership summed out, a star's density is
    Q p(y, a | cluster) + (1 - Q) p(y, b | field), a and b being ln r either way. Each
    is multiplied by a density of the distance that it lacks, which changes no
    posterior (Carlin & Chib 1995, doi:10.1111/j.2517-6161.1995.tb02042.x). With Normal
    densities about where such a star would be, offsets from there in their units are
    nearly standard normal, and nearly independent of everything else: no funnel.

    Parameters
    ----------
    observed : dict
        ``parallax``, ``parallax_error``, ``zero_point`` [mas], each (star,); ``field``:
        a `FieldGuide`.
    priors : dict of distributions
        For ``log_L``, ``log_dist_clust``, ``log_sigma``, ``frac_clust``.
    """
    population = _population(priors)
    log_l, log_dist, log_sigma, fraction = (jnp.asarray(v) for v in population)
    y = observed["parallax"] - observed["zero_point"]
    error, field = observed["parallax_error"], observed["field"]
    with numpyro.plate("star", y.shape[0]):
        as_member = numpyro.sample("as_member", dist.Normal(0.0, 1.0))
        as_field = numpyro.sample("as_field", dist.Normal(0.0, 1.0))

    centre, scale = _member_guide(y, error, log_dist, jnp.exp(log_sigma))
    a = centre + scale * as_member
    of_member = (
        _log_normal(a, log_dist, jnp.exp(log_sigma))
        + _log_normal(y, 1000.0 * jnp.exp(-a), error)
        - _log_normal(a, centre, scale)
    )
    away = jnp.clip(log_l - field.log_l, -1.0, 1.0)
    b = field.centre + field.slope * away + field.scale * as_field
    # The volume prior in ln r: one power of r more.
    of_field = (
        3 * (b - log_l)
        - jnp.exp(b - log_l)
        - jnp.log(2.0)
        + _log_normal(y, 1000.0 * jnp.exp(-b), error)
        - _log_normal(as_field, 0.0, 1.0)
        + jnp.log(field.scale)
    )
    of_member += jnp.log(fraction)
    of_field += jnp.log1p(-fraction)
    numpyro.factor("parallax", jnp.logaddexp(of_member, of_field).sum())

    key = numpyro.prng_key()
    if key is not None:
        # A draw of the distance: whichever of the two, by its share.
        share = jax.nn.sigmoid(of_member - of_field)
        member = jax.random.uniform(key, share.shape) < share
        numpyro.deterministic("distance", jnp.exp(jnp.where(member, a, b)))


def _member_guide(y, error, log_dist, width):
    """About where a star would be in ln r, and how sure, were it of the cluster.

    The parallax, linear in ln r about the cluster's distance, is combined with the
    cluster's own distribution.
    """
    w = 1000.0 * jnp.exp(-log_dist)
    precision = error**2 + (width * w) ** 2
    shift = width**2 * w * (w - y) / precision
    # Never beyond the distance that the parallax itself says.
    farthest = jnp.log(w / jnp.where(y > 0, y, w * jnp.exp(-1.0)))
    shift = jnp.clip(shift, jnp.minimum(farthest, 0.0), jnp.maximum(farthest, 0.0))
    return log_dist + shift, width * error / jnp.sqrt(precision)


def _log_normal(value, mean, scale):
    z = (value - mean) / scale
    return -0.5 * z**2 - jnp.log(scale) - quadrature.HALF_LOG_TWO_PI


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
    nodes : StarNodes or None
        Without a table the polynomial is all there is: beyond it this is -inf.
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
        return sum_and_gradient(nodes, theta)

    known = None if nodes is None else exact
    return emulator.value_and_gradient(polynomial, theta, known)


def sum_and_gradient(nodes, theta):
    """Return the sum of `log_likelihood`, each star by its weight, and its gradient.

    Blocks are summed one after the other: what is computed of one fits into a cache.
    Where no star of a block can be of the cluster, only the field's part is computed.
    """
    return _sum(nodes, theta, SLOPES)


def sum_expansion(nodes, theta):
    """Return what `sum_and_gradient` does, and the Hessian."""
    return _sum(nodes, theta, CURVATURES)


class _Terms(NamedTuple):
    """What is computed of every star, with how many derivatives."""

    field: Callable
    cluster: Callable


SLOPES = _Terms(quadrature.field_and_slope, quadrature.cluster_and_slopes)
CURVATURES = _Terms(quadrature.field_expansion, quadrature.cluster_expansion)


def _sum(nodes, theta, terms):
    log_l, log_dist, log_sigma, logit = theta
    both = partial(_of_both, terms.cluster, theta)

    def of_block(block):
        field = terms.field(block, log_l)
        bound = quadrature.cluster_bound(block, log_dist, jnp.exp(log_sigma))
        felt = (bound - field[0] + logit).max() > NOTHING
        return lax.cond(felt, both, partial(_of_field, theta), block, field)

    if nodes.parallax.ndim == 1:
        return both(nodes, terms.field(nodes, log_l))
    return tuple(part.sum(axis=0) for part in lax.map(of_block, nodes))


def _of_field(theta, block, field):
    """Sum over stars that can be of the field alone."""
    weight, logit = block.weight, theta[3]
    zero, share = jnp.zeros_like(logit), jax.nn.sigmoid(logit)
    value, *by_l = (weight @ part for part in field)
    # ln (1 - Q), and its derivatives by the logit of Q.
    count = weight.sum()
    value += count * jax.nn.log_sigmoid(-logit)
    by_logit = [-count * share, -count * share * (1 - share)]
    gradient, *hessian = (
        jnp.stack([of_l, zero, zero, of_logit])
        for of_l, of_logit in zip(by_l, by_logit, strict=False)
    )
    return value, gradient, *(jnp.diag(diagonal) for diagonal in hessian)


def _of_both(of_cluster, theta, block, field):
    """Sum ln [(1 - Q) f + Q c], which is ln (1 - Q) + ln f + ln (1 + e^o).

    There o = ln c - ln f + logit. With p = e^o / (1 + e^o), a star's membership, the
    last term has the gradient p o' and the Hessian p o'' + p (1 - p) o' o'.
    """
    _, log_dist, log_sigma, logit = theta
    width = jnp.exp(log_sigma)
    cluster, by_dist, by_width, *bends = of_cluster(block, log_dist, width)
    odds = cluster - field[0] + logit
    rest = jnp.exp(-jnp.abs(odds))
    total = jnp.maximum(odds, 0.0) + jnp.log1p(rest)
    member = jnp.where(odds > 0, 1.0, rest) / (1.0 + rest)
    share = block.weight * member
    by_sigma = width * by_width
    slopes = [-field[1], by_dist, by_sigma, jnp.ones_like(odds)]
    value, gradient, *hessian = _of_field(theta, block, field)
    value += block.weight @ total
    gradient += jnp.stack([share @ slope for slope in slopes])
    if not bends:
        return value, gradient
    twice, mixed, width_twice = bends
    at = share * (1 - member) * jnp.stack(slopes)
    added = at @ jnp.stack(slopes).T + jnp.diag(
        jnp.stack(
            [
                -share @ field[2],
                share @ twice,
                share @ (width**2 * width_twice + by_sigma),
                jnp.zeros_like(logit),
            ]
        )
    )
    off = width * (share @ mixed)
    return value, gradient, hessian[0] + added.at[1, 2].add(off).at[2, 1].add(off)


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
