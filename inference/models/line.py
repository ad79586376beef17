"""A line through points with errors in y, without and with outliers.

The line is written by its angle and its distance from the origin, whose flat and Normal
priors treat every direction alike (VanderPlas 2014, arXiv:1411.5018); the mixture with
outliers follows Hogg, Bovy & Lang (2010, arXiv:1008.4686).
"""

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from numpyro_ext.distributions import MixtureGeneral


def line(observed, priors):
    """Put every point on the line: y ~ Normal(m x + b, yerr).

    Parameters
    ----------
    observed : dict
        ``x``, ``y``, ``yerr``, each (point,).
    priors : dict of distributions
        For ``theta`` [rad] and ``b_perp``.
    """
    mean = _line(observed, priors)
    numpyro.sample("y", dist.Normal(mean, observed["yerr"]), obs=observed["y"])


def line_outliers(observed, priors):
    """Put a fraction Q of the points on the line, the rest about ``bg_mean``.

    Parameters
    ----------
    observed : dict
        ``x``, ``y``, ``yerr``, each (point,).
    priors : dict of distributions
        For ``theta`` [rad], ``b_perp``, ``bg_mean``, ``bg_sigma`` and ``Q``.
    """
    mean = _line(observed, priors)
    bg_mean = numpyro.sample("bg_mean", priors["bg_mean"])
    bg_sigma = numpyro.sample("bg_sigma", priors["bg_sigma"])
    fraction = numpyro.sample("Q", priors["Q"])
    yerr = observed["yerr"]
    inlier = dist.Normal(mean, yerr)
    outlier = dist.Normal(bg_mean, jnp.sqrt(bg_sigma**2 + yerr**2))
    weights = dist.Categorical(probs=jnp.stack([fraction, 1 - fraction]))
    mixture = MixtureGeneral(weights, [inlier, outlier])
    numpyro.sample("y", mixture, obs=observed["y"])
    # Bayes for one point: its component's share of the mixture's density.
    log_share = mixture.component_log_probs(observed["y"])
    numpyro.deterministic("p", jnp.exp(log_share[..., 0] - _log_sum(log_share)))


def _line(observed, priors):
    theta = numpyro.sample("theta", priors["theta"])
    b_perp = numpyro.sample("b_perp", priors["b_perp"])
    slope = numpyro.deterministic("m", jnp.tan(theta))
    intercept = numpyro.deterministic("b", b_perp / jnp.cos(theta))
    return slope * observed["x"] + intercept


def _log_sum(terms):
    return jnp.logaddexp(terms[..., 0], terms[..., 1])
