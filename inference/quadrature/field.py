"""The density of a parallax for a star of the field.

The volume prior r² e^(-r/L) / 2L³ of Bailer-Jones (2015, arXiv:1507.02105) has one
parameter, and ln of the density is a smooth function of ln L for each star: Chebyshev
series over a few panels of ln L, fitted once for a table, are evaluated for all stars
by one product. Outside of them the integral is done anew.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from scipy.fft import dct

from inference.chains import in_threads
from inference.quadrature import windows
from inference.quadrature.priors import HALF_LOG_TWO_PI, Volume

LOG_L_RANGE = (math.log(20.0), math.log(10_000.0))
"""Where the Chebyshev series hold, in ln(L / pc)."""

PANELS, TERMS = 4, 16
"""Panels of that range, and terms in each.

Where a density passes from one mode to another, ln f has branch points at ln L ± iπ/3
or farther: on a panel of half width 0.78 the terms fall by 3 each.
"""

BLOCK = 1024
"""Stars fitted at a time."""


def field_series(parallax, error):
    """Fit ln of the field's density, plus 3 ln L, as a series in ln L for each star.

    Parameters
    ----------
    parallax, error : array (star,)
        Parallax with its zero-point subtracted, and its standard error [mas].

    Returns
    -------
    array (panel, term, star)
    """
    angle = np.pi * (np.arange(TERMS) + 0.5) / TERMS
    at = _edges()[:-1, None] + 0.5 * _width() * (1 + np.cos(angle))
    stars = len(parallax)
    # Blocks of one size are one compiled program.
    pad = -stars % BLOCK
    y, e = (np.pad(a, (0, pad), mode="edge") for a in (parallax, error))

    def block(k):
        rows = slice(k * BLOCK, (k + 1) * BLOCK)
        return np.asarray(_values(y[rows], e[rows], at.ravel()))

    values = np.concatenate(in_threads(block, len(y) // BLOCK), axis=-1)[:, :stars]
    values = values.reshape(PANELS, TERMS, stars)
    series = np.asarray(dct(values, type=2, axis=1)) / TERMS
    series[:, 0] /= 2
    return series


def _edges():
    return np.linspace(*LOG_L_RANGE, PANELS + 1)


def _width():
    return (LOG_L_RANGE[1] - LOG_L_RANGE[0]) / PANELS


@jax.jit
def _values(y, e, log_l):
    return lax.map(lambda at: _integral(y, e, at)[0], log_l)


def _integral(y, e, log_l):
    """Return ln of the density plus 3 ln L, and its slope and curvature by ln L."""
    nodes = windows.nodes(y, e, Volume(log_l))
    total = nodes.mass.sum(axis=0)
    far = jnp.exp(nodes.x - log_l)
    slope, square = ((nodes.mass * far**k).sum(axis=0) / total for k in (1, 2))
    norm = jnp.log(e) + HALF_LOG_TWO_PI + math.log(2.0)
    return nodes.top + jnp.log(total) - norm, slope, square - slope**2 - slope


# The terms carry their own derivatives: those are averages over the same nodes, so that
# one pass gives value and slopes. (Reverse mode through a `switch` would write the
# larger branch's nodes to memory whichever is taken: three times slower.)


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
    return field_and_slope(nodes, log_l)[0]


@log_field.defjvp
def _log_field_jvp(primals, tangents):
    value, slope = field_and_slope(*primals)
    return value, slope * tangents[1]


def field_and_slope(nodes, log_l):
    """Return what `log_field` does, and its slope by ln L."""
    value, slope = _either(_series_at, _sum_at, nodes, log_l)
    return value - 3 * log_l, slope - 3


def field_expansion(nodes, log_l):
    """Return what `field_and_slope` does, and its curvature by ln L."""
    value, slope, curvature = _either(_series_to_second, _sum_to_second, nodes, log_l)
    return value - 3 * log_l, slope - 3, curvature


def _either(by_series, by_sum, nodes, log_l):
    """Do one or the other, as ln L is where the series hold or not."""
    if nodes.series is None:
        return by_sum(None, nodes, log_l)
    low, high = LOG_L_RANGE
    inside = (log_l > low) & (log_l < high)
    # Before the choice, so that no more than this panel is copied.
    panel = lax.dynamic_index_in_dim(
        nodes.series, _panel(log_l).astype(int), axis=0, keepdims=False
    )
    return lax.cond(inside, by_series, by_sum, panel, nodes, log_l)


def _panel(log_l):
    return jnp.clip(jnp.floor((log_l - LOG_L_RANGE[0]) / _width()), 0, PANELS - 1)


def _series_at(series, nodes, log_l):
    del nodes
    # T_k = cos kθ and its slope k sin kθ / sin θ, at t = cos θ, not quite 1. Outside
    # the range this branch is not the one taken, but under vmap it is computed.
    t = 2 * ((log_l - LOG_L_RANGE[0]) / _width() - _panel(log_l)) - 1
    edge = 1 - 16 * jnp.finfo(t.dtype).eps
    angle = jnp.arccos(jnp.clip(t, -edge, edge))
    order = jnp.arange(TERMS, dtype=t.dtype)
    value = jnp.cos(order * angle)
    derivative = order * jnp.sin(order * angle) / jnp.sin(angle) * 2 / _width()
    # One term after the other stays in registers: half the time of a product of arrays.
    return tuple(
        sum(one[k] * series[k] for k in range(TERMS)) for one in (value, derivative)
    )


def _sum_at(_, nodes, log_l):
    return _integral(nodes.parallax, nodes.error, log_l)[:2]


def _series_to_second(series, nodes, log_l):
    (value, slope), (_, curvature) = jax.jvp(
        lambda at: _series_at(series, nodes, at), (log_l,), (jnp.ones_like(log_l),)
    )
    return value, slope, curvature


def _sum_to_second(_, nodes, log_l):
    return _integral(nodes.parallax, nodes.error, log_l)


def field_moments(nodes, log_l):
    """Return what `log_field` does, and of the distance mean and mean square, (star,).

    With b = 1/L and ln f = ln g(b) + 3 ln b, the mean is -(ln g)' and the variance
    (ln g)''. In ln L, primes by that: the mean is L g', the variance L² (g' + g'').

    Parameters
    ----------
    nodes : StarNodes
    log_l : scalar
        ln of the field's length scale L [pc].

    Returns
    -------
    value, mean, square : array (star,)
        ln of density per mas, [pc], [pc²].
    """
    value, slope, curvature = _either(_series_to_second, _sum_to_second, nodes, log_l)
    scale = jnp.exp(log_l)
    mean = scale * slope
    return value - 3 * log_l, mean, mean**2 + scale**2 * (slope + curvature)


def field_nodes(nodes, log_l):
    """Return nodes in ln r of every star of the field, and weights that sum to one.

    Parameters
    ----------
    nodes : StarNodes
    log_l : scalar
        ln of the field's length scale L [pc].

    Returns
    -------
    x, weight : array (node, star)
    """
    x, mass, _ = windows.nodes(nodes.parallax, nodes.error, Volume(log_l))
    return x, mass / mass.sum(axis=0)
