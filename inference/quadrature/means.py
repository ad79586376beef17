"""What is averaged over the distance of a cluster's star, by either kind of nodes.

In units u of the cluster's own width, ln r = mu + s u. A star's density f is e^h
integrated over u, with h(u) = ln N(y | w, e) + ln N(u | 0, 1), w = 1000 e^-(mu + s u).
Derivatives of ln f by mu and s are means, with e^h for weight, of those of h: at given
u where nodes are placed about each star's mode, at given r where they are placed in
windows of ln r.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax.numpy as jnp


class Means(NamedTuple):
    """Quantities of a star that are means over its distance."""

    count: int
    about_mode: Callable
    """``(r, u, pull, bend)``, the last two h's derivatives by mu at given u, to what
    is averaged."""
    of_averages: Callable
    """Averages of those to the quantities."""
    over_windows: Callable
    """``(mean, ln r, mu, s)``, with ``mean`` an average over nodes, to the
    quantities."""


def _central(by_mu, by_s, *second):
    """Turn means of h's derivatives into the derivatives of ln f.

    f' / f is the mean of h', and f'' / f that of h'' + h'²; the curvature of ln f is
    the latter less the square of the former.
    """
    if not second:
        return by_mu, by_s
    twice, both, s_twice = second
    return (
        by_mu,
        by_s,
        twice - by_mu**2,
        both - by_mu * by_s,
        s_twice - by_s**2,
    )


def _terms(count, distance, u, pull, bend):
    del distance
    # At a given u derivatives by s are those by mu, times u for each.
    second = pull**2 + bend
    return (pull, pull * u, second, second * u, second * u**2)[:count]


def _moments_of_u(count, mean, x, mu, s):
    # At a given r only N(u | 0, 1) / s depends on mu and s.
    u = (x - mu) / s
    m1, m2 = mean(u), mean(u**2)
    first = m1 / s, (m2 - 1) / s
    if count == len(first):
        return first
    m3, m4 = mean(u**3), mean(u**4)
    second = (m2 - 1, m3 - 3 * m1, m4 - 5 * m2 + 2)
    return _central(*first, *(a / s**2 for a in second))


def _derivatives(count: int) -> Means:
    return Means(count, partial(_terms, count), _central, partial(_moments_of_u, count))


SLOPES = _derivatives(2)
"""Derivatives of ln f by mu and s."""

CURVATURES = _derivatives(5)
"""Those, and the second ones: by mu twice, by mu and s, by s twice."""

DISTANCES = Means(
    2,
    lambda distance, *_: (distance, distance**2),
    lambda *averages: averages,
    lambda mean, x, *_: (mean(jnp.exp(x)), mean(jnp.exp(2 * x))),
)
"""Mean and mean square of the distance [pc]."""
