"""What a model predicts, from its prior or from posterior draws, in NumPy.

No JAX here: a prior predictive check has to follow a slider within the page's process.
The formulas are those of `inference.models`, written a second time on purpose; the
tests hold the two against each other.
"""

from collections.abc import Callable, Mapping

import numpy as np

from inference.priors import Prior, SpecError
from inference.spec import RunSpec

Draws = Mapping[str, np.ndarray]


def derive(model: str, parameters: Draws) -> dict[str, np.ndarray]:
    """Add the derived quantities to draws of the parameters, shape by shape.

    Parameters
    ----------
    model : str
    parameters : mapping of arrays
        One shape for all.

    Returns
    -------
    dict of arrays
    """
    values = {name: np.asarray(value) for name, value in parameters.items()}
    with np.errstate(over="ignore"):
        if model in ("line", "line_outliers"):
            values["m"] = np.tan(values["theta"])
            values["b"] = values["b_perp"] / np.cos(values["theta"])
        elif model == "star":
            values["distance"] = values["L"] * values["normed"] / 2
        elif model == "cluster":
            values["L"] = np.exp(values["log_L"])
            values["dist_clust"] = np.exp(values["log_dist_clust"])
            size = values["log_sigma"] + values["log_dist_clust"]
            values["approx_size_clust"] = np.exp(size)
    return values


def prior_draws(spec: RunSpec, count: int, seed: int | None = None) -> dict:
    """Draw parameters and derived quantities from the prior, (draw,) each."""
    generator = np.random.default_rng(spec.sampler.seed if seed is None else seed)
    parameters = {
        name: np.asarray(prior.sample(generator, count))
        for name, prior in spec.priors.items()
    }
    return derive(spec.model, parameters)


def prior_density(spec: RunSpec, name: str, values: np.ndarray) -> np.ndarray:
    """Return the prior's density of a parameter or derived quantity.

    Parameters
    ----------
    spec : RunSpec
    name : str
        Of a parameter or derived quantity.
    values : array
        In the quantity's own unit.

    Returns
    -------
    array
        Density, of the shape of ``values``.
    """
    priors, values = spec.priors, np.asarray(values, dtype=float)
    if name in priors:
        return np.exp(priors[name].log_density(values))
    # A density of g(q) is that of q divided by |dg/dq|.
    if name == "m":
        return np.exp(priors["theta"].log_density(np.arctan(values))) / (1 + values**2)
    if name == "distance":
        scale = priors["L"]["v"] / 2
        return np.exp(priors["normed"].log_density(values / scale)) / scale
    if name == "b":
        return _intercept_density(priors, values)
    if name == "approx_size_clust":
        # ln size is a sum: the mean of one density over the other's quantiles.
        log_distance = priors["log_dist_clust"].scipy.ppf(MIDPOINTS)[:, None]
        return _density_of_exponential(
            lambda x: priors["log_sigma"].scipy.pdf(x - log_distance).mean(axis=0),
            values,
        )
    logs = {"L": "log_L", "dist_clust": "log_dist_clust"}
    if name in logs:
        return _density_of_exponential(priors[logs[name]].scipy.pdf, values)
    raise SpecError(f"{name!r} is not a quantity of {spec.model}.")


MIDPOINTS = (np.arange(400) + 0.5) / 400


def _intercept_density(priors: Mapping[str, Prior], values: np.ndarray) -> np.ndarray:
    # b = b_perp / cos theta, so its density given theta is that of b cos theta, times
    # cos theta; the mean over theta's quantiles is the rest.
    cosine = np.cos(priors["theta"].scipy.ppf(MIDPOINTS))[:, None]
    return (priors["b_perp"].scipy.pdf(values * cosine) * cosine).mean(axis=0)


def _density_of_exponential(density: Callable, values: np.ndarray) -> np.ndarray:
    """Density of e^q [1/unit], from the density of q."""
    positive = np.where(values > 0, values, 1.0)
    return np.where(values > 0, density(np.log(positive)) / positive, 0.0)


def thin(draws: Draws, names: tuple[str, ...], count: int) -> dict[str, np.ndarray]:
    """Pick draws evenly over chains and time, (draw,) each."""
    flat = {name: np.asarray(draws[name]).reshape(-1) for name in names}
    index = evenly(len(flat[names[0]]), count)
    return {name: value[index] for name, value in flat.items()}


def evenly(size: int, count: int) -> np.ndarray:
    """Return at most so many numbers below ``size``, evenly spread."""
    return np.linspace(0, size - 1, min(count, size)).astype(int)


def replicate(
    model: str, draws: Draws, observed: Draws, generator: np.random.Generator
) -> np.ndarray:
    """Simulate data that the model would predict for each draw.

    Parameters
    ----------
    model : str
    draws : mapping of arrays (draw,)
        Parameters and derived quantities.
    observed : mapping of arrays (datum,)
        Everything about the data but the data: ``x``, errors, zero-points.
    generator : numpy.random.Generator

    Returns
    -------
    array (draw, datum)
        y of the points, or parallaxes [mas].
    """
    column = {name: np.asarray(value)[:, None] for name, value in draws.items()}
    if model in ("line", "line_outliers"):
        return _replicate_points(model, column, observed, generator)
    if model == "star":
        distance = column["distance"]
    else:
        distance = _distances(column, len(observed["parallax_error"]), generator)
    true = 1000.0 / np.maximum(distance, 1e-9) + observed["zero_point"]
    return generator.normal(true, observed["parallax_error"])


def _replicate_points(model, column, observed, generator):
    y = column["m"] * observed["x"] + column["b"]
    sigma = np.broadcast_to(observed["yerr"], y.shape)
    if model == "line_outliers":
        inlier = generator.random(y.shape) < column["Q"]
        y = np.where(inlier, y, column["bg_mean"])
        sigma = np.where(inlier, sigma, np.hypot(column["bg_sigma"], sigma))
    return generator.normal(y, sigma)


def log_likelihood(model: str, draws: Draws, observed: Draws) -> np.ndarray:
    """Return what each point of a line adds to the ln likelihood.

    Parameters
    ----------
    model : {"line", "line_outliers"}
    draws : mapping of arrays (chain, draw)
        Parameters and derived quantities.
    observed : mapping of arrays (point,)
        ``x``, ``y`` and ``yerr``.

    Returns
    -------
    array (chain, draw, point)
        ln density of y; summed over points it is the likelihood's logarithm.
    """
    column = {n: v[..., None] for n, v in draws.items() if np.ndim(v) == 2}
    line = column["m"] * observed["x"] + column["b"]
    inlier = _log_normal(observed["y"], line, observed["yerr"])
    if model == "line":
        return inlier
    sigma = np.hypot(column["bg_sigma"], observed["yerr"])
    outlier = _log_normal(observed["y"], column["bg_mean"], sigma)
    # A share of 0 leaves the other component alone.
    with np.errstate(divide="ignore"):
        share, rest = np.log(column["Q"]), np.log1p(-column["Q"])
    return np.logaddexp(share + inlier, rest + outlier)


def _log_normal(y, mean, sigma) -> np.ndarray:
    return -0.5 * ((y - mean) / sigma) ** 2 - np.log(sigma) - 0.5 * np.log(2 * np.pi)


def _distances(column, stars: int, generator) -> np.ndarray:
    """Distances [pc] of as many stars as observed, for each draw, (draw, star)."""
    names = ("L", "log_dist_clust", "log_sigma", "frac_clust")
    population = np.concatenate([column[name] for name in names], axis=1)
    distances = np.empty((len(population), stars))
    # A draw at a time stays in the processor's cache, and of each star no more than
    # its own component is drawn. A prior may propose widths whose exponential
    # overflows: such stars are at infinity, with a parallax of zero.
    with np.errstate(over="ignore"):
        for of_draw, one in zip(distances, population, strict=True):
            length, middle, log_width, share = one
            member = generator.random(stars) < share
            near = generator.standard_normal(int(member.sum()))
            near = middle + np.exp(log_width) * near
            of_draw[member] = np.exp(np.clip(near, -700, 700))
            far = generator.standard_gamma(3.0, stars - near.size)
            of_draw[~member] = length * far
    return distances


def star_in_cluster(
    draws: Draws, parallax: float, error: float, distances: np.ndarray
) -> np.ndarray:
    """Return the density of one star's distance under the cluster model.

    Parameters
    ----------
    draws : mapping of arrays (draw,)
        ``log_L``, ``log_dist_clust``, ``log_sigma``, ``frac_clust``.
    parallax, error : float
        Parallax with its zero-point subtracted, and its error [mas].
    distances : array (distance,)
        Increasing [pc].

    Returns
    -------
    array (distance,)
        Density per pc, averaged over the draws.
    """
    column = {name: np.asarray(value)[:, None] for name, value in draws.items()}
    x, length = np.log(distances), np.exp(column["log_L"])
    sigma, share = np.exp(column["log_sigma"]), column["frac_clust"]
    z = (x - column["log_dist_clust"]) / sigma
    near = np.exp(-0.5 * z**2) / (np.sqrt(2 * np.pi) * sigma * distances)
    far = distances**2 * np.exp(-distances / length) / (2 * length**3)
    likelihood = np.exp(-0.5 * ((1000.0 / distances - parallax) / error) ** 2)
    density = (share * near + (1 - share) * far) * likelihood
    area = np.trapezoid(density, distances, axis=1)[:, None]
    return (density / np.where(area > 0, area, 1.0)).mean(axis=0)
