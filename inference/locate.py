"""Where a cluster's posterior lies, before any chain starts.

The table alone is looked at first, under priors so weak that they only keep a search
from running away: its modes, and an emulator of its likelihood about the best. That is
kept with the table. The priors of a run then move the mode, and where they move it out
of the emulator's ball, another is fitted there.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpyro.distributions import biject_to, constraints
from scipy.special import expit, log_expit, logit

from inference import emulator, guesses, laplace
from inference.emulator import Emulator
from inference.laplace import Laplace
from inference.priors import Prior

PARAMETERS = ("log_L", "log_dist_clust", "log_sigma", "frac_clust")
"""In the order of the likelihood's coordinates, the last by its logit."""

BOX = {
    "log_L": (0.0, 14.0),
    "log_dist_clust": (0.0, 14.0),
    "log_sigma": (-10.0, 3.0),
    "frac_clust": (-12.0, 12.0),
}
"""Where a mode is looked for: distances from 1 pc to 1 Mpc, and the share's logit."""

WIDTHS = np.array([0.05, 0.01, 0.2, 0.1])
"""About how far thousands of stars leave the parameters open: a search in such steps
takes half as many as one in steps of one."""

ENOUGH_STARS = 200
"""Fewer than these cost no more than an emulator does."""


AGAINST = 3.0
"""How much likelier its prior, in ln density, must find its own median than what the
table says of a parameter, to be taken at its word."""


class Table(NamedTuple):
    """What a table of parallaxes says by itself."""

    modes: tuple[Laplace, ...]
    """Modes of its likelihood under weak priors, that with the most mass first."""
    emulator: Emulator


class Population(NamedTuple):
    """The posterior of a population in unconstrained coordinates, by their names."""

    potential: Callable
    """``(positions (point, parameter), emulator) -> values (point,), gradients (point,
    parameter), Hessians (point, parameter, parameter)`` of -ln posterior."""
    values: Callable
    """The first of them alone."""
    coordinates: Callable
    """``position (parameter,) -> theta (parameter,)``, the likelihood's coordinates in
    their own order, and the derivative of each by that of the position."""


class Located(NamedTuple):
    """Modes of a posterior, and what serves in place of its likelihood there."""

    modes: tuple[Laplace, ...]
    """In unconstrained coordinates, that with the most mass first."""
    emulator: Emulator
    in_step: bool
    """Whether that serves, wherever one does of the table."""


def table(exact: Callable, parallax: np.ndarray, error: np.ndarray) -> Table:
    """Look at a table under weak priors.

    Parameters
    ----------
    exact : callable
        ``theta (point, parameter) -> values, gradients, Hessians`` of the log
        likelihood.
    parallax, error : array (star,)
        Parallax with its zero-point subtracted, and its error [mas].
    """

    def weakly_bound(thetas):
        likely, priors = exact(thetas), _weak_prior(thetas)
        return tuple(-a - b for a, b in zip(likely, priors, strict=True))

    def about(mode: Laplace) -> Emulator:
        if parallax.size < ENOUGH_STARS or not mode.proper:
            return emulator.never()
        return emulator.fit(exact, mode.mode, mode.covariance).emulator

    box = np.array([BOX[name] for name in PARAMETERS])
    begin = guesses.populations(parallax, error)
    widths = [WIDTHS] * len(begin)
    return Table(*_best(laplace.searches(weakly_bound, begin, box, widths), about))


def _best(ends: Iterator[Laplace], about: Callable):
    """Return the modes among ends of searches, and what is known about the best.

    That of the first is sought while other searches go on: nearly always it is the
    best.
    """
    first = next(ends)
    known = about(first)
    modes = laplace.distinct([first, *ends])
    return modes, known if modes[0] is first else about(modes[0])


def _weak_prior(thetas):
    """Return ln densities of priors that only bound a search, and their derivatives.

    Normal in the logarithms, flat in the share of the cluster.
    """
    away = (thetas[:, :3] - np.log([370.0, 920.0, 1.0])) / 2.0
    odds = thetas[:, 3]
    value = -0.5 * (away**2).sum(axis=1) + log_expit(odds) + log_expit(-odds)
    slope = np.column_stack([-away / 2.0, 1 - 2 * expit(odds)])
    bend = np.column_stack([np.full_like(away, -0.25), -2 * expit(odds) * expit(-odds)])
    return value, slope, bend[:, :, None] * np.eye(len(PARAMETERS))


def posterior(
    population: Population,
    exact: Callable,
    of_table: Table,
    distributions: dict,
    priors: Mapping[str, Prior],
    strength: float = 1.0,
) -> Located:
    """Find the modes of a posterior, starting from those of its table.

    At strength 0 no likelihood is asked: nothing serves for it.

    Where priors say something else than the table does of some parameters, a search
    starts from what they say of these too: a strong one may hold a mode of its own.

    Parameters
    ----------
    population : Population
    exact : callable
        ``theta (point, parameter) -> values, gradients, Hessians`` of the log
        likelihood.
    of_table : Table
    distributions : dict
        The priors, as NumPyro distributions.
    priors : mapping of Prior
        The same.
    strength : float
        Power of the likelihood in the posterior.
    """
    if strength == 0:
        of_table = of_table._replace(emulator=emulator.nothing())
    found = [mode.mode for mode in of_table.modes]
    widths = [np.sqrt(np.diag(mode.covariance)) for mode in of_table.modes]
    believed = _believed(found[0], priors)
    if np.any(believed != found[0]):
        found.append(believed)
        widths.append(WIDTHS)
    names = sorted(PARAMETERS)
    begin = _unconstrained(np.stack(found), distributions)
    box = np.array([_bounds(name, distributions) for name in names])
    order = [PARAMETERS.index(name) for name in names]

    def about(mode: Laplace) -> Emulator:
        serves = of_table.emulator
        # One of a part of the posterior is worse than none: warm-up, which turns back
        # where it leaves that, would find ever shorter steps.
        if serves.radius == 0 or not mode.proper:
            return emulator.never()
        centre, covariance = _natural(mode, population, order)
        if emulator.reaches(serves, centre, covariance):
            return serves
        tolerance = emulator.TOLERANCE / max(strength, 1e-3)
        return emulator.fit(exact, centre, covariance, tolerance).emulator

    ends = laplace.searches(
        lambda positions: population.potential(positions, of_table.emulator),
        list(begin),
        box,
        [width[order] for width in widths],
    )
    modes, serves = _best(ends, about)
    return Located(modes, serves, bool(serves.radius or not of_table.emulator.radius))


def _believed(theta: np.ndarray, priors: Mapping[str, Prior]) -> np.ndarray:
    """Return a population with the parameters that priors contradict at their medians.

    The others stay, so that a search starts from a narrow cluster where the table has
    one, of which the likelihood costs a tenth of a wide one's.
    """
    values = (*theta[:3], expit(theta[3]))
    medians = np.array([priors[name].median for name in PARAMETERS])
    pairs = zip(PARAMETERS, np.transpose([medians, values]), strict=True)
    log_densities = [priors[name].log_density(pair) for name, pair in pairs]
    against = [there > here + AGAINST for there, here in log_densities]
    medians[-1] = logit(np.clip(medians[-1], 1e-3, 1 - 1e-3))
    return np.where(against, medians, theta)


def _bounds(name: str, distributions) -> tuple[float, float]:
    real = distributions[name].support is constraints.real
    return BOX[name] if real else BOX["frac_clust"]


def _unconstrained(thetas: np.ndarray, distributions) -> np.ndarray:
    """Map to unconstrained coordinates, the nearest where a prior forbids.

    (point, parameter) both, of the latter in the order of the parameters' names.
    """
    values = dict(zip(PARAMETERS, thetas.T, strict=True))
    values["frac_clust"] = expit(values["frac_clust"])
    positions = []
    for name in sorted(PARAMETERS):
        support = distributions[name].support
        if support is not constraints.real:
            low, high = float(support.lower_bound), float(support.upper_bound)
            margin = 0.01 * min(high - low, 1.0)
            values[name] = np.clip(values[name], low + margin, high - margin)
        positions.append(np.asarray(biject_to(support).inv(values[name])))
    return np.stack(positions, axis=1)


def _natural(fit: Laplace, population: Population, order: list[int]):
    """Return mode and covariance in the likelihood's coordinates."""
    centre, stretch = population.coordinates(fit.mode)
    back = np.argsort(order)
    return centre, fit.covariance[np.ix_(back, back)] * np.outer(stretch, stretch)
