"""The distance of one star from its parallax.

The prior r² e^(-r/L) / 2L³ (Bailer-Jones 2015, arXiv:1507.02105) is a Gamma with
concentration 3 and scale L, so 2 r / L is Chi-squared with 6 degrees of freedom.
"""

import numpyro
import numpyro.distributions as dist


def star(observed, priors):
    """Plx ~ Normal(1000 / distance + zero-point, error).

    Parameters
    ----------
    observed : dict
        ``parallax``, ``parallax_error``, ``zero_point`` [mas], each (1,).
    priors : dict of distributions
        For ``normed`` = 2 distance / L; ``L`` [pc] is a point.
    """
    normed = numpyro.sample("normed", priors["normed"])
    distance = numpyro.deterministic("distance", priors["L"].v * normed / 2)
    numpyro.sample(
        "parallax",
        dist.Normal(
            1000.0 / distance + observed["zero_point"], observed["parallax_error"]
        ),
        obs=observed["parallax"],
    )
