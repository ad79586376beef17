"""Priors of one star's distance, as densities of x = ln r.

Both are log-concave: each has one peak, and the integrand at most two modes.
"""

import math
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


class LogNormal(NamedTuple):
    """A cluster's prior in x = ln r, without its norm."""

    mean: Any
    sd: Any

    top = 0.0

    @property
    def peak(self):
        """Where it is highest, [ln pc]."""
        return self.mean

    def log_density(self, x):
        """Return ln p at x."""
        return -0.5 * ((x - self.mean) / self.sd) ** 2

    def slope(self, x):
        """Return its first derivative."""
        return (self.mean - x) / self.sd**2

    def curvature(self, x):
        """Return its second derivative."""
        return jnp.full_like(x, -1.0) / self.sd**2

    def beyond(self, y, e):
        """Return an upper bound of the mode, but where y says a farther one.

        With v = x - mean, v = s² w (w - y) / e² <= C e^-v, C being its value at v = 0;
        so v <= W(C) <= ln(1 + C), W being Lambert's.
        """
        w = 1000 * jnp.exp(-self.mean)
        return self.mean + jnp.log1p(self.sd**2 * w * (w + jnp.abs(y)) / e**2)

    def inflections(self, y, e):
        """Return the two w where h has no curvature, w (2w - y) = -e² / s²."""
        root = jnp.sqrt(jnp.maximum(y**2 - 8 * (e / self.sd) ** 2, 0.0))
        # The smaller by the product of the two, without cancellation.
        larger = (jnp.abs(y) + root) / 4
        return larger, 0.5 * (e / self.sd) ** 2 / larger

    def reach(self, fall):
        """Return the x between which ln p is within ``fall`` of its top."""
        half = self.sd * jnp.sqrt(2 * fall)
        return self.mean - half, self.mean + half


class Volume(NamedTuple):
    """The field's prior r³ e^(-r/L) in x = ln r, without its norm."""

    log_l: Any

    @property
    def top(self):
        """Return ln p where it is highest."""
        return 3 * self.peak - 3

    @property
    def peak(self):
        """Where it is highest, [ln pc]."""
        return self.log_l + math.log(3.0)

    def log_density(self, x):
        """Return ln p at x."""
        return 3 * x - jnp.exp(x - self.log_l)

    def slope(self, x):
        """Return its first derivative."""
        return 3 - jnp.exp(x - self.log_l)

    def curvature(self, x):
        """Return its second derivative."""
        return -jnp.exp(x - self.log_l)

    def beyond(self, y, e):
        """Return an upper bound of the mode, but where y says a farther one.

        There r/L = 3 + w² / e² + w |y| / e²; the r at which the three terms are half,
        a quarter and a quarter of r/L, or less, is beyond it.
        """
        square = (math.log(4e6) + self.log_l - 2 * jnp.log(e)) / 3
        linear = (jnp.log(4000 * jnp.abs(y) + 1e-300) + self.log_l) / 2 - jnp.log(e)
        return jnp.maximum(self.log_l + math.log(6.0), jnp.maximum(square, linear))

    def inflections(self, y, e):
        """Return the two w where h has no curvature, w (2w - y) / e² + r / L = 0.

        In q = 1000 / (y r) = w / y that is q² (2q - 1) + k = 0, k = 1000 e² / (L y³);
        in t = 1 / q the cubic k t³ - t + 2, convex for t > 0: Newton's method from
        outside its two roots goes to them without passing them.
        """
        limits = jnp.finfo(y.dtype)
        y = jnp.abs(y) + limits.tiny
        k = jnp.exp(math.log(1000.0) + 2 * jnp.log(e) - self.log_l - 3 * jnp.log(y))
        # More than 1/108 and there are none; much less and t³ would overflow.
        k = jnp.clip(k, float(limits.max) ** -0.6, 1 / 108)

        def newton(_, roots):
            return tuple(
                t - (k * t**3 - t + 2) / jnp.where(d == 0, 1.0, d)
                for t in roots
                for d in (3 * k * t**2 - 1,)
            )

        starts = (jnp.full_like(k, 2.0), 1 / jnp.sqrt(k))
        near, far = lax.fori_loop(0, 12, newton, starts)
        return y / near, y / far

    def reach(self, fall):
        """Return the x between which ln p is within ``fall`` of its top.

        With z = r / L, z - 3 ln z <= K = fall + 3 - 3 ln 3: z <= 1.5 K + 6 and
        3 ln z >= -K.
        """
        bound = fall + 3 - 3 * math.log(3.0)
        return self.log_l - bound / 3, self.log_l + jnp.log(1.5 * bound + 6)
