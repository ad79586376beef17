"""The density of a parallax for a star of the cluster.

ln r is Normal(ln D, s) there. Where that is narrow, Gauss-Hermite nodes about each
star's own mode; where it is wide, or a star's density may have two modes, the windows
of `inference.quadrature.windows`.
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from inference.quadrature import hermite, means, windows
from inference.quadrature.priors import HALF_LOG_TWO_PI, LogNormal

WIDE = 0.25
"""Relative width beyond which every star is integrated over its windows."""

THIN = 0.04
"""Relative width below which the integrand is so nearly Gaussian that fewer do."""
THIN_NODES, THIN_STEPS = 7, 4

REACH = 8.5
"""Widths of a cluster beyond which nothing of it is felt."""

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
    return _integrated(means.SLOPES, nodes, mu, s)


def cluster_expansion(nodes, mu, s):
    """Return what `cluster_and_slopes` does, and the three second derivatives.

    By distance twice, by distance and width, and by width twice.
    """
    return _integrated(means.CURVATURES, nodes, mu, s)


def cluster_moments(nodes, mu, s):
    """Return what `log_cluster` does, and of the distance mean and mean square.

    [pc] and [pc²], (star,).
    """
    return _integrated(means.DISTANCES, nodes, mu, s)


def _integrated(wanted, nodes, mu, s):
    """Return ln of stars' densities, and means over their distances."""
    y, e = nodes.parallax, nodes.error
    branch = (s >= THIN).astype(int) + (s >= WIDE).astype(int)
    rules = [partial(rule, wanted) for rule in (_thin, _narrow, _nothing)]
    *found, missed = lax.switch(branch, rules, y, e, mu, s)
    mended = missed | _double(y, e, mu, s)
    return _mended(partial(_wide, wanted), y, e, mu, s, tuple(found), mended)


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


def _nothing(wanted, y, e, mu, s):
    zero = jnp.zeros_like(y + e + mu + s)
    return *[zero] * (1 + wanted.count), zero == 0


def _double(y, e, mu, s):
    """Whether the density of a star may have a second mode, or nearly.

    The likelihood's tail at w < y / 2 meets a cluster beyond it where y > 4 w_D and
    s y > sqrt(8) e. (Among 400,000 stars of narrow clusters whose modes were found, all
    errors above 1e-7 had s y > 1.6 e and y > 3 w_D.)
    """
    return (y > 3 * 1000 * jnp.exp(-mu)) & (s * y > 1.5 * e)


def _mended(exactly, y, e, mu, s, found, wanted):
    """Put the densities right of those stars that Hermite's nodes do not serve.

    A block at a time, as many as there are: one program for none, a few and all. Where
    there are none, which is nearly always, their places are not looked for either.
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


def _wide(wanted, y, e, mu, s):
    nodes = windows.nodes(y, e, LogNormal(mu, s))
    total = nodes.mass.sum(axis=0)

    def mean(values):
        return (nodes.mass * values).sum(axis=0) / total

    norm = jnp.log(s) + jnp.log(e) + 2 * HALF_LOG_TWO_PI
    value = nodes.top + jnp.log(total) - norm
    return value, *wanted.over_windows(mean, nodes.x, mu, s)


def _thin(wanted, y, e, mu, s):
    return hermite.about_modes(wanted, y, e, mu, s, THIN_NODES, THIN_STEPS)


def _narrow(wanted, y, e, mu, s):
    return hermite.about_modes(wanted, y, e, mu, s, hermite.NODES, hermite.STEPS)
