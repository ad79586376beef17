"""Gauss-Hermite nodes about each star's own mode, for a narrow cluster.

In units u of the cluster's own width, ln r = mu + s u, a star's density is
N(y | w, e) N(u | 0, 1) integrated over u, with w = 1000 e^-(mu + s u).
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from inference.quadrature.means import Means
from inference.quadrature.priors import HALF_LOG_TWO_PI

NODES, STEPS = 15, 6
"""Hermite's nodes, and Newton's steps to a mode."""

OFF = 0.1
"""Widths by which the nodes may miss a mode before they do not serve."""


def about_modes(wanted: Means, y, e, mu, s, count, steps):
    """Return ln of stars' densities, and means over their distances.

    One node at a time, all stars at once: four times as fast as arrays (node, star). On
    a processor the loop is as fast as its steps written out, and compiles in a third of
    the time.

    Parameters
    ----------
    wanted : Means
    y, e : array (star,)
        Parallax with its zero-point subtracted, and its error [mas].
    mu, s : scalar
        Mean and standard deviation of ln r in the cluster.
    count, steps : int
        Hermite's nodes and Newton's steps.

    Returns
    -------
    tuple of arrays (star,)
        The last of them says which stars' modes were missed.
    """
    mode, scale = conditional_mode(y, e, mu, s, steps)
    top, pull, _ = log_joint(y, e, mu, s, mode)
    found = jnp.abs(s * pull - mode) * scale < OFF
    rule = np.polynomial.hermite.hermgauss(count)
    t, weight = (jnp.asarray(a, y.dtype) for a in rule)
    most = 0.4 * math.log(jnp.finfo(y.dtype).max)

    def add(k, sums):
        u = mode + math.sqrt(2.0) * t[k] * scale
        joint, pull, bend = log_joint(y, e, mu, s, u)
        # Bounded where no mode was found, for proposals that are absurd.
        mass = weight[k] * jnp.exp(jnp.minimum(joint - top + t[k] ** 2, most))
        # Its exponential is that of the parallax.
        distance = 1 / jnp.exp(-mu - s * u)
        terms = 1.0, *wanted.about_mode(distance, u, pull, bend)
        return tuple(a + mass * b for a, b in zip(sums, terms, strict=True))

    zeros = tuple([jnp.zeros_like(mode)] * (1 + wanted.count))
    unrolled = jax.default_backend() != "cpu"
    total, *sums = lax.fori_loop(0, count, add, zeros, unroll=unrolled)
    norm = 0.5 * math.log(2.0) - 2 * HALF_LOG_TWO_PI
    value = top + jnp.log(total * scale / e) + norm
    return value, *wanted.of_averages(*(a / total for a in sums)), ~found


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


def conditional_mode(parallax, error, mu, s, steps=STEPS):
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
