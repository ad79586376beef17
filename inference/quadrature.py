"""The likelihood of one parallax, with the star's distance integrated out.

A star's parallax ``y`` (zero-point subtracted, mas) is Normal about ``1000 / r`` with
error ``e``. Two integrals over the distance ``r`` [pc] make the mixture of a cluster:

* field, with the volume prior r² e^(-r/L) / 2L³ of Bailer-Jones (2015,
  arXiv:1507.02105): nodes in ln r that the data alone fix, so that every term but
  e^(-r/L) is computed once, and what is left is a smooth function of ln L for each
  star: a short Chebyshev series, evaluated for all stars by one product;
* cluster, with a LogNormal(ln D, s): Gauss-Hermite nodes about each star's own mode
  where the cluster is narrow, the field's nodes where it is wide.

The integrals do not depend on where their nodes are, so neither do the derivatives.

Arrays of nodes are ``(node, star)``: the long axis is contiguous and vectorises.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import logsumexp
from scipy.fft import dct

HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)

FIELD_NODES = 64
"""Gauss-Legendre nodes a star for the field term."""

REACH = 8.0
"""How many errors on either side of the parallax the field's nodes span."""

FARTHEST = 3.0e5
"""Largest distance of a node [pc]; L beyond a tenth of it is not resolved."""

LOG_L_RANGE = (np.log(20.0), np.log(10_000.0))
"""Where the Chebyshev series of the field term holds, in ln(L / pc)."""

SERIES_TERMS = 40

WIDE = 0.25
"""Relative cluster width beyond which the field's nodes serve the cluster too."""


class StarNodes(NamedTuple):
    """Everything about the stars that no parameter changes."""

    parallax: Any
    """Parallax with its zero-point subtracted [mas], (star,)."""
    error: Any
    """Its standard error [mas], (star,)."""
    log_distance: Any
    """ln r of the fixed nodes, (node, star)."""
    log_weight: Any
    """ln of quadrature weight times likelihood at the fixed nodes, (node, star)."""
    series: Any
    """Chebyshev coefficients in ln L of ln f_field + 3 ln L, (term, star)."""


def star_nodes(parallax, error):
    """Prepare the nodes of every star, once for a table.

    Parameters
    ----------
    parallax, error : array_like (star,)
        Parallax with its zero-point subtracted, and its standard error [mas].

    Returns
    -------
    StarNodes
        NumPy arrays in float64.
    """
    y, e = (np.asarray(a, dtype=np.float64) for a in (parallax, error))
    # e^x with x = ln r runs over the distances whose parallax lies within REACH errors.
    # Where that window reaches zero parallax the upper end is FARTHEST; a parallax far
    # below zero leaves none, and its likelihood falls from w = 0 on like e^(y w/e²).
    largest = np.maximum(y + REACH * e, 4 * e**2 / (np.abs(y) + e))
    low = np.log(1000.0 / largest)
    high = np.log(np.minimum(1000.0 / np.maximum(y - REACH * e, 1e-9), FARTHEST))
    high = np.maximum(high, low + 1e-3)
    t, weight = np.polynomial.legendre.leggauss(FIELD_NODES)
    half = 0.5 * (high - low)
    x = 0.5 * (high + low) + half * t[:, None]
    z = (1000.0 * np.exp(-x) - y) / e
    log_weight = (
        np.log(weight)[:, None]
        + np.log(half)
        - 0.5 * z**2
        - np.log(e)
        - HALF_LOG_TWO_PI
    )
    return StarNodes(y, e, x, log_weight, _field_series(x, log_weight))


def _field_series(x, log_weight):
    """Chebyshev coefficients, in ln L, of ln(f_field) + 3 ln L for each star."""
    angle = np.pi * (np.arange(SERIES_TERMS) + 0.5) / SERIES_TERMS
    low, high = LOG_L_RANGE
    log_l = 0.5 * (low + high) + 0.5 * (high - low) * np.cos(angle)
    # One power of r more than the prior's: dr = r dx.
    distance, base = np.exp(x), log_weight + 3 * x
    values = np.stack([_field_sum(base - distance / np.exp(v)) for v in log_l])
    series = np.asarray(dct(values, type=2, axis=0)) / SERIES_TERMS
    series[0] /= 2
    return series


def _field_sum(terms):
    """Return ln of half the sum over nodes of e^terms, (star,)."""
    top = terms.max(axis=0)
    return top + np.log(np.exp(terms - top).sum(axis=0)) - np.log(2.0)


# Both terms carry their own derivatives: those are averages over the same nodes, so
# that one pass gives value and slopes. (Reverse mode through a `switch` would
# write the larger branch's nodes to memory whichever is taken: three times slower.)


@jax.custom_jvp
def log_field(nodes, log_l):
    """Return ln of a parallax's density for a star of the field.

    Parameters
    ----------
    nodes : StarNodes
    log_l : scalar
        ln of the field's length scale L [pc].

    Returns
    -------
    array (star,)
        ln of density per mas.
    """
    return _field_and_slope(nodes, log_l)[0]


@log_field.defjvp
def _log_field_jvp(primals, tangents):
    value, slope = _field_and_slope(*primals)
    return value, slope * tangents[1]


def _field_and_slope(nodes, log_l):
    low, high = LOG_L_RANGE
    inside = (log_l > low) & (log_l < high)
    value, slope = lax.cond(inside, _series_at, _sum_at, nodes, log_l)
    return value - 3 * log_l, slope - 3


def _series_at(nodes, log_l):
    low, high = LOG_L_RANGE
    # Outside the range this branch is not the one taken, but under vmap it is computed.
    t = jnp.clip((2 * log_l - low - high) / (high - low), -1.0, 1.0)

    # T_k = cos kθ and its slope k sin kθ / sin θ, at t = cos θ.
    order, angle = jnp.arange(SERIES_TERMS), jnp.arccos(t)
    value = jnp.cos(order * angle)
    derivative = order * jnp.sin(order * angle) / jnp.sin(angle) * 2 / (high - low)
    return value @ nodes.series, derivative @ nodes.series


def field_moments(nodes, log_l):
    """Return mean and mean square of the distance of a star of the field, (star,).

    With b = 1/L and ln f = ln g(b) + 3 ln b, the mean is -(ln g)' and the variance
    (ln g)''. In ln L, primes by that: the mean is L g', the variance L² (g' + g'').

    Parameters
    ----------
    nodes : StarNodes
    log_l : scalar
        ln of the field's length scale L [pc].

    Returns
    -------
    mean, square : array (star,)
        [pc], [pc²]
    """
    low, high = LOG_L_RANGE
    inside = (log_l > low) & (log_l < high)
    return lax.cond(inside, _series_moments, _sum_moments, nodes, log_l)


def _sum_moments(nodes, log_l):
    x = nodes.log_distance
    weight = jax.nn.softmax(nodes.log_weight + 3 * x - jnp.exp(x - log_l), axis=0)
    distance = jnp.exp(x)
    return (weight * distance).sum(axis=0), (weight * distance**2).sum(axis=0)


def _series_moments(nodes, log_l):
    (_, slope), (_, curvature) = jax.jvp(
        lambda at: _series_at(nodes, at), (log_l,), (jnp.ones_like(log_l),)
    )
    scale = jnp.exp(log_l)
    mean = scale * slope
    return mean, mean**2 + scale**2 * (slope + curvature)


def _sum_at(nodes, log_l):
    x = nodes.log_distance
    ratio = jnp.exp(x - log_l)
    terms = nodes.log_weight + 3 * x - ratio
    slope = (jax.nn.softmax(terms, axis=0) * ratio).sum(axis=0)
    return logsumexp(terms, axis=0) - np.log(2.0), slope


HERMITE_NODES = 15
NEWTON_STEPS = 6
THIN = 0.04
"""Relative width below which the integrand is so nearly Gaussian that fewer do."""
THIN_NODES, THIN_STEPS = 7, 3


@jax.custom_jvp
def log_cluster(nodes, log_distance, width):
    """Return ln of a parallax's density for a star of the cluster.

    Parameters
    ----------
    nodes : StarNodes
    log_distance : scalar
        ln of the cluster's distance [pc].
    width : scalar
        Standard deviation of ln r in the cluster (its relative depth).

    Returns
    -------
    array (star,)
        ln of density per mas.
    """
    return _cluster_and_slopes(nodes, log_distance, width)[0]


@log_cluster.defjvp
def _log_cluster_jvp(primals, tangents):
    value, by_distance, by_width = _cluster_and_slopes(*primals)
    return value, by_distance * tangents[1] + by_width * tangents[2]


def _cluster_and_slopes(nodes, mu, s):
    branch = (s >= THIN).astype(int) + (s >= WIDE).astype(int)
    return lax.switch(branch, (_thin, _narrow, _wide), nodes, mu, s)


def _wide(nodes, mu, s):
    z = (nodes.log_distance - mu) / s
    terms = nodes.log_weight - 0.5 * z**2
    share = jax.nn.softmax(terms, axis=0)
    value = logsumexp(terms, axis=0) - jnp.log(s) - HALF_LOG_TWO_PI
    return value, (share * z).sum(axis=0) / s, ((share * z**2).sum(axis=0) - 1) / s


def _thin(nodes, mu, s):
    return _about_modes(nodes, mu, s, THIN_NODES, THIN_STEPS)


def _narrow(nodes, mu, s):
    return _about_modes(nodes, mu, s, HERMITE_NODES, NEWTON_STEPS)


def _about_modes(nodes, mu, s, count, steps):
    # One node at a time, all stars at once: every step stays in registers, four times
    # as fast as arrays (node, star).
    mode, scale = conditional_mode(nodes.parallax, nodes.error, mu, s, steps)
    top, _ = log_joint(nodes, mu, s, mode)
    total = by_distance = by_width = jnp.zeros_like(mode)
    for t, weight in zip(*np.polynomial.hermite.hermgauss(count), strict=True):
        u = mode + np.sqrt(2.0) * t * scale
        joint, pull = log_joint(nodes, mu, s, u)
        # Bounded where no mode was found, for proposals that are absurd.
        mass = weight * jnp.exp(jnp.minimum(joint - top + t**2, 300.0))
        total += mass
        by_distance += mass * pull
        by_width += mass * pull * u
    norm = 0.5 * np.log(2.0) - 2 * HALF_LOG_TWO_PI
    value = top + jnp.log(total * scale / nodes.error) + norm
    return value, by_distance / total, by_width / total


def log_joint(nodes, mu, s, u):
    """Ln N(y | w, e) N(u | 0, 1) without constants at ln r = mu + s u, and its slope.

    The slope is by mu; by s it is u times that.
    """
    w = 1000.0 * jnp.exp(-mu - s * u)
    z = (w - nodes.parallax) / nodes.error
    return -0.5 * z**2 - 0.5 * u**2, z * w / nodes.error


def conditional_mode(parallax, error, mu, s, steps=NEWTON_STEPS):
    """Return mode and width of ln r given the cluster, in units of its own width.

    Parameters
    ----------
    parallax, error : array (star,)
        [mas].
    mu, s : scalar
        Mean and standard deviation of ln r in the cluster.
    steps : int
        Newton's.

    Returns
    -------
    mode, scale : array (star,)
        Of u = (ln r - mu) / s.
    """
    y, e = parallax, error
    nearest = 1000.0 * jnp.exp(-mu)
    positive = y > 0
    # The mode lies between the cluster's centre, u = 0, and the likelihood's own mode;
    # where y <= 0 has none, w (w - y) <= w_D (w_D - y) bounds it for all r > D.
    peak = (jnp.log(1000.0 / jnp.where(positive, y, nearest)) - mu) / s
    bound = jnp.maximum(s * nearest * (nearest - y) / e**2, 0.0)
    far = jnp.where(
        positive, jnp.where(peak > 0, jnp.minimum(peak, bound), peak), bound
    )
    low, high = jnp.minimum(far, 0.0), jnp.maximum(far, 0.0)
    # Nearer than the likelihood's mode, start from the precision-weighted mean of the
    # two, as if both were Gaussian. Beyond the cluster, neglecting y against w, it
    # solves v e^(2v) = s² w_D (w_D - y) / e² for v = s u: half of Lambert's W, here by
    # its usual approximation for positive arguments.
    precision = (s * y / e) ** 2
    log_term = jnp.log1p(2 * s * bound)
    lambert = log_term * (1 - jnp.log1p(log_term) / (2 + log_term))
    start = jnp.where(
        far < 0,
        far * precision / (1.0 + precision),
        jnp.minimum(lambert / (2 * s), far),
    )

    def newton(_, bracket):
        u, low, high = bracket
        w = 1000.0 * jnp.exp(-mu - s * u)
        slope = s * w * (w - y) / e**2 - u
        low, high = jnp.where(slope > 0, u, low), jnp.where(slope > 0, high, u)
        curvature = s**2 * w * (2 * w - y) / e**2 + 1.0
        fisher = (s * w / e) ** 2 + 1.0
        step = u + slope / jnp.where(curvature > 0.1 * fisher, curvature, fisher)
        inside = (step >= low) & (step <= high)
        return jnp.where(inside, step, 0.5 * (low + high)), low, high

    u, _, _ = lax.fori_loop(0, steps, newton, (start, low, high), unroll=True)
    w = 1000.0 * jnp.exp(-mu - s * u)
    exact = s**2 * w * (2 * w - y) / e**2 + 1.0
    return u, 1 / jnp.sqrt(jnp.maximum(exact, 0.25))
