"""The density of a parallax for a star of the cluster.

ln r is Normal(ln D, s) there. Where that is narrow, Gauss-Hermite nodes about each
star's own mode; where it is wide, or a star's density may have two modes, the windows
of `inference.quadrature.windows`.
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from inference.quadrature import windows
from inference.quadrature.priors import HALF_LOG_TWO_PI, LogNormal

WIDE = 0.25
"""Relative width beyond which every star is integrated over its windows."""

HERMITE_NODES = 15
NEWTON_STEPS = 6
THIN = 0.04
"""Relative width below which the integrand is so nearly Gaussian that fewer do."""
THIN_NODES, THIN_STEPS = 7, 4

OFF = 0.1
"""Widths by which Hermite's nodes may miss a mode; stars of which they miss it by more
are integrated over their windows."""

REACH = 8.5
"""Widths of a cluster beyond which nothing of it is felt."""

DERIVATIVES = {1: 3, 2: 6}
"""How many a value and its derivatives by two parameters are, up to an order."""

BLOCK = 512
"""Stars integrated over their windows at a time."""


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
    return cluster_and_slopes(nodes, log_distance, width)[0]


@log_cluster.defjvp
def _log_cluster_jvp(primals, tangents):
    value, by_distance, by_width = cluster_and_slopes(*primals)
    return value, by_distance * tangents[1] + by_width * tangents[2]


def cluster_and_slopes(nodes, mu, s):
    """Return what `log_cluster` does, and its slopes by distance and width."""
    return _derivatives(nodes, mu, s, 1)


def cluster_expansion(nodes, mu, s):
    """Return what `cluster_and_slopes` does, and the three second derivatives.

    By distance twice, by distance and width, and by width twice.
    """
    return _derivatives(nodes, mu, s, 2)


def _derivatives(nodes, mu, s, order):
    """Return value, and derivatives up to an order, 1 or 2."""
    y, e = nodes.parallax, nodes.error
    branch = (s >= THIN).astype(int) + (s >= WIDE).astype(int)
    rules = [partial(rule, order) for rule in (_thin, _narrow, _nothing)]
    *found, missed = lax.switch(branch, rules, y, e, mu, s)
    wanted = missed | _double(y, e, mu, s)
    return _mended(partial(_wide, order), y, e, mu, s, tuple(found), wanted)


def _central(by_distance, by_width, *second):
    """Turn means of a joint density's derivatives into those of ln of its integral.

    With ln f = ln of the integral of e^h, f' / f is the mean of h', and f'' / f that
    of h'' + h'²; the curvature of ln f is the latter less the square of the former.
    """
    if not second:
        return by_distance, by_width
    twice, both, width_twice = second
    return (
        by_distance,
        by_width,
        twice - by_distance**2,
        both - by_distance * by_width,
        width_twice - by_width**2,
    )


def cluster_bound(nodes, mu, s):
    """Return an upper bound of `log_cluster`, at little cost.

    All but e^(-REACH² / 2) of the cluster is within `REACH` widths of its middle, and
    gives a parallax no more density than the nearest of it does.
    """
    near, far = (1000.0 * jnp.exp(-mu + side * REACH * s) for side in (1, -1))
    y, e = nodes.parallax, nodes.error
    away = jnp.maximum(jnp.maximum(y - near, far - y), 0.0) / e
    highest = jnp.maximum(-0.5 * away**2, -0.5 * REACH**2)
    return highest + math.log(2.0) - jnp.log(e) - HALF_LOG_TWO_PI


def _nothing(order, y, e, mu, s):
    zero = jnp.zeros_like(y + e + mu + s)
    return *[zero] * DERIVATIVES[order], zero == 0


def _double(y, e, mu, s):
    """Whether the density of a star may have a second mode, or nearly.

    The likelihood's tail at w < y / 2 meets a cluster beyond it where y > 4 w_D and
    s y > sqrt(8) e. (Among 400,000 stars of narrow clusters whose modes were found, all
    errors above 1e-7 had s y > 1.6 e and y > 3 w_D.)
    """
    return (y > 3 * 1000 * jnp.exp(-mu)) & (s * y > 1.5 * e)


def _mended(exactly, y, e, mu, s, found, wanted):
    """Put the densities right of those stars that Hermite's nodes do not serve.

    A block at a time, as many as there are: one program for none, a few and all.
    """
    size = min(BLOCK, y.size)

    def some():
        # Those wanted come first, in their order; past the last, rows are dropped.
        place = jnp.where(wanted, jnp.cumsum(wanted) - 1, y.size)
        rows = jnp.full(y.size + size, y.size)
        rows = rows.at[place].set(jnp.arange(y.size), mode="drop")

        def mend(block, found):
            chosen = lax.dynamic_slice(rows, (block * size,), (size,))
            exact = exactly(
                y.at[chosen].get(mode="clip"), e.at[chosen].get(mode="clip"), mu, s
            )
            return tuple(
                a.at[chosen].set(b, mode="drop")
                for a, b in zip(found, exact, strict=True)
            )

        return lax.fori_loop(0, (wanted.sum() + size - 1) // size, mend, found)

    return lax.cond(wanted.any(), some, lambda: found)


def _wide(order, y, e, mu, s):
    nodes = windows.nodes(y, e, LogNormal(mu, s))
    z = (nodes.x - mu) / s
    total = nodes.mass.sum(axis=0)
    m1, m2, *higher = (
        (nodes.mass * z**power).sum(axis=0) / total for power in range(1, 2 * order + 1)
    )
    norm = jnp.log(s) + jnp.log(e) + 2 * HALF_LOG_TWO_PI
    means = [m1 / s, (m2 - 1) / s]
    if order == 2:
        m3, m4 = higher
        means += [(m2 - 1) / s**2, (m3 - 3 * m1) / s**2, (m4 - 5 * m2 + 2) / s**2]
    return nodes.top + jnp.log(total) - norm, *_central(*means)


def _thin(order, y, e, mu, s):
    return _about_modes(order, y, e, mu, s, THIN_NODES, THIN_STEPS)


def _narrow(order, y, e, mu, s):
    return _about_modes(order, y, e, mu, s, HERMITE_NODES, NEWTON_STEPS)


def _about_modes(order, y, e, mu, s, count, steps):
    # One node at a time, all stars at once: every step stays in registers, four times
    # as fast as arrays (node, star).
    mode, scale = conditional_mode(y, e, mu, s, steps)
    top, pull, _ = log_joint(y, e, mu, s, mode)
    found = jnp.abs(s * pull - mode) * scale < OFF
    sums = [jnp.zeros_like(mode)] * DERIVATIVES[order]
    most = 0.4 * math.log(jnp.finfo(y.dtype).max)
    rule = (a.tolist() for a in np.polynomial.hermite.hermgauss(count))
    for t, weight in zip(*rule, strict=True):
        u = mode + math.sqrt(2.0) * t * scale
        joint, pull, bend = log_joint(y, e, mu, s, u)
        # Bounded where no mode was found, for proposals that are absurd.
        mass = weight * jnp.exp(jnp.minimum(joint - top + t**2, most))
        # At a given u derivatives by s are those by mu, times u for each.
        second = pull**2 + bend
        terms = (1.0, pull, pull * u, second, second * u, second * u**2)
        sums = [a + mass * b for a, b in zip(sums, terms, strict=False)]
    total, *sums = sums
    norm = 0.5 * math.log(2.0) - 2 * HALF_LOG_TWO_PI
    value = top + jnp.log(total * scale / e) + norm
    return value, *_central(*(a / total for a in sums)), ~found


def log_joint(y, e, mu, s, u):
    """Ln N(y | w, e) N(u | 0, 1) without constants at ln r = mu + s u.

    With its first and second derivative by mu.
    """
    w = 1000.0 * jnp.exp(-mu - s * u)
    # By its inverse: a division takes as long as ten multiplications.
    precise = 1 / e
    z, steep = (w - y) * precise, w * precise
    pull = z * steep
    return -0.5 * z**2 - 0.5 * u**2, pull, -pull - steep**2


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
    precise = 1 / e**2
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
    precision = (s * y) ** 2 * precise
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
        slope = s * w * (w - y) * precise - u
        low, high = jnp.where(slope > 0, u, low), jnp.where(slope > 0, high, u)
        curvature = s**2 * w * (2 * w - y) * precise + 1.0
        fisher = (s * w) ** 2 * precise + 1.0
        step = u + slope / jnp.where(curvature > 0.1 * fisher, curvature, fisher)
        inside = (step >= low) & (step <= high)
        return jnp.where(inside, step, 0.5 * (low + high)), low, high

    u, _, _ = lax.fori_loop(0, steps, newton, (start, low, high), unroll=True)
    w = 1000.0 * jnp.exp(-mu - s * u)
    exact = s**2 * w * (2 * w - y) / e**2 + 1.0
    return u, 1 / jnp.sqrt(jnp.maximum(exact, 0.25))


def hermite_nodes(nodes, mu, s):
    """Return nodes in ln r of a narrow cluster's stars, and weights that sum to one.

    Parameters
    ----------
    nodes : StarNodes
    mu, s : scalar
        Mean and standard deviation of ln r in the cluster.

    Returns
    -------
    x, weight : array (node, star)
    """
    t, weight = np.polynomial.hermite.hermgauss(HERMITE_NODES)
    t, weight = t[:, None], weight[:, None]
    y, e = nodes.parallax, nodes.error
    mode, scale = conditional_mode(y, e, mu, s)
    u = mode + np.sqrt(2.0) * scale * t
    terms = np.log(weight) + t**2 + log_joint(y, e, mu, s, u)[0]
    return mu + s * u, jax.nn.softmax(terms, axis=0)


def window_nodes(nodes, mu, s):
    """Return what `hermite_nodes` does, of a cluster however wide."""
    prior = LogNormal(mu, s)
    x, mass, _ = windows.nodes(nodes.parallax, nodes.error, prior)
    return x, mass / mass.sum(axis=0)
