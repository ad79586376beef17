"""The cluster's posterior on a grid of its four parameters, in plain NumPy.

Nothing of `inference` is used: distances are summed over one fine grid of ln r for all
stars, parameters over a product of four axes. Steps are uniform in coordinates in which
densities fall to zero on both sides, where the trapezoidal sum is most accurate.
"""

from typing import NamedTuple

import numpy as np

NORMAL = {
    "log_L": (np.log(400.0), 0.7),
    "log_dist_clust": (np.log(750.0), 0.4),
    "log_sigma": (-3.0, 0.8),
}
"""Mean and standard deviation of the Normal priors; frac_clust is Uniform(0, 1)."""
NAMES = (*NORMAL, "frac_clust")
PRIORS = {
    name: {"family": "Normal", "loc": loc, "scale": scale}
    for name, (loc, scale) in NORMAL.items()
} | {"frac_clust": {"family": "Uniform", "low": 0.0, "high": 1.0}}

WIDTHS = 4.5
"""How many standard deviations of its prior an axis reaches to either side."""
NOTHING = 1e-200
"""Smaller densities are zero: arithmetic slows down where numbers underflow."""


class Marginal(NamedTuple):
    """One parameter's posterior."""

    axis: np.ndarray
    mass: np.ndarray
    """Probability of each point of the axis; they sum to one."""

    @property
    def mean(self) -> float:
        """Posterior mean."""
        return float(self.mass @ self.axis)

    @property
    def sd(self) -> float:
        """Posterior standard deviation."""
        return float(np.sqrt(self.mass @ (self.axis - self.mean) ** 2))


class Window(NamedTuple):
    """Where the axis of the cluster's distance is fine."""

    distance: float
    """[pc]"""
    reach: float
    """To either side, in ln of the distance."""
    points: int


def posterior(
    observed: dict[str, np.ndarray],
    windows: tuple[Window, ...],
    counts: tuple[int, int, int, int] = (36, 40, 32, 24),
) -> dict[str, Marginal]:
    """Return every parameter's posterior.

    Parameters
    ----------
    observed : dict of arrays (star,)
        ``parallax``, ``parallax_error`` and ``zero_point`` [mas].
    windows : tuple of Window
    counts : tuple of int
        Points of the axes, in the order of `NAMES`, besides those of windows.
    """
    axes, weights = _axes(windows, counts)
    member, field = _likelihoods(observed, axes)
    share = axes["frac_clust"]
    shape = (field.shape[1], *member.shape[1:], share.size)
    mass = np.empty(shape)
    for k in range(shape[0]):
        density = np.ones(shape[1:])
        # A product, not a sum of logarithms: five times as fast, and densities are
        # scaled, so that only what is improbable underflows.
        for i, (as_member, of_field) in enumerate(
            zip(member, field[:, k], strict=True)
        ):
            density *= as_member[..., None] * share + of_field * (1 - share)
            if i % 10 == 0:
                density[density < NOTHING] = 0.0
        mass[k] = density
    for k, name in enumerate(NAMES):
        mass *= weights[name].reshape([-1 if i == k else 1 for i in range(4)])
    mass /= mass.sum()
    return {
        name: Marginal(axes[name], mass.sum(axis=tuple({0, 1, 2, 3} - {k})))
        for k, name in enumerate(NAMES)
    }


def _axes(windows, counts):
    """Return each parameter's axis, and the prior's mass about its points."""
    axes, weights = {}, {}
    for name, count in zip(NORMAL, counts, strict=False):
        loc, scale = NORMAL[name]
        axis = loc + scale * np.linspace(-WIDTHS, WIDTHS, count)
        if name == "log_dist_clust":
            fine = [
                np.log(w.distance) + np.linspace(-w.reach, w.reach, w.points)
                for w in windows
            ]
            axis = np.unique(np.concatenate([axis, *fine]))
        axes[name] = axis
        weights[name] = np.gradient(axis) * np.exp(-0.5 * ((axis - loc) / scale) ** 2)
    # sin² of an angle is fine at both ends, where a share may pile up.
    angle = np.pi / 2 * (np.arange(counts[3]) + 0.5) / counts[3]
    axes["frac_clust"] = np.sin(angle) ** 2
    weights["frac_clust"] = np.sin(2 * angle)
    return axes, weights


def _likelihoods(observed, axes):
    """Return densities of the parallaxes as members and of the field.

    Returns
    -------
    member : array (star, distance, width)
    field : array (star, scale)
        Both in units of the star's largest.
    """
    step = 0.4 * np.exp(axes["log_sigma"].min())
    x = np.arange(np.log(20.0), np.log(60_000.0), step)
    y, error = (observed[n][:, None] for n in ("parallax", "parallax_error"))
    zero_point = observed["zero_point"][:, None]
    of_data = _normal(y, 1000.0 * np.exp(-x) + zero_point, error)
    centres = axes["log_dist_clust"][:, None]
    widths = np.exp(axes["log_sigma"])
    member = np.stack([of_data @ _normal(x, centres, s).T for s in widths], axis=-1)
    r = np.exp(x - axes["log_L"][:, None])
    field = of_data @ (0.5 * r**3 * np.exp(-r)).T
    largest = np.maximum(member.max(axis=(1, 2)), field.max(axis=1))
    member /= largest[:, None, None]
    member[member < NOTHING] = 0.0
    return member, field / largest[:, None]


def _normal(value, mean, sd):
    z = np.minimum(np.abs(value - mean) / sd, 30.0)
    return np.exp(-0.5 * z**2) / (np.sqrt(2 * np.pi) * sd)
