"""Named sets of priors for each problem, from those published to strong and wrong."""

import math
from collections.abc import Mapping

from inference.priors import Prior
from inference.problems import PROBLEMS

PUBLISHED = "Published"

_flat_fraction = Prior.of("Uniform", low=0.0, high=1.0)


def _normal(loc: float, scale: float) -> Prior:
    return Prior.of("Normal", loc=loc, scale=scale)


def _uniform(low: float, high: float) -> Prior:
    return Prior.of("Uniform", low=low, high=high)


def _beta(ones: float, zeros: float) -> Prior:
    return Prior.of("Beta", concentration1=ones, concentration0=zeros)


def _parsecs(parsecs: float) -> Prior:
    return Prior.of("Delta", v=parsecs)


# What each set changes of the published one.
_CHANGES: dict[str, dict[str, dict[str, Prior]]] = {
    "line": {
        "Flat": {"b_perp": _uniform(-10.0, 10.0)},
        "Weakly informative": {"b_perp": _normal(0.0, 3.0)},
        "Sceptical: through the origin": {"b_perp": _normal(0.0, 0.05)},
        "Strong and wrong": {"b_perp": _normal(1.0, 0.05)},
    },
    "line_outliers": {
        "Flat": {
            "b_perp": _uniform(-10.0, 10.0),
            "bg_mean": _uniform(-10.0, 10.0),
            "bg_sigma": _uniform(0.0, 20.0),
        },
        "Weakly informative": {
            "b_perp": _normal(0.0, 3.0),
            "bg_mean": _normal(0.0, 3.0),
            "Q": _beta(2.0, 2.0),
        },
        "Sceptical: few outliers": {"Q": _beta(40.0, 2.0)},
        "Strong and wrong": {"b_perp": _normal(1.0, 0.05), "Q": _beta(30.0, 10.0)},
    },
    "star": {
        "Flat": {"normed": _uniform(0.0, 60.0)},
        # The field's scale in which Bailer-Jones et al. set their catalogue of Gaia's
        # first release (Astraatmadja & Bailer-Jones 2016, arXiv:1609.07369).
        "Weakly informative": {"L": _parsecs(1350.0)},
        "Sceptical: nearby": {"L": _parsecs(100.0)},
        "Strong and wrong": {
            "normed": Prior.of("LogNormal", loc=math.log(2 * 4000 / 370), scale=0.1)
        },
    },
    "cluster": {
        "Flat": {
            "log_L": _uniform(2.0, 10.0),
            "log_dist_clust": _uniform(3.0, 9.0),
            "log_sigma": _uniform(-8.0, 1.0),
        },
        "Weakly informative": {
            "log_L": _normal(math.log(500.0), 1.0),
            "log_dist_clust": _normal(math.log(900.0), 0.5),
            "log_sigma": _normal(-4.0, 1.0),
            "frac_clust": _beta(2.0, 2.0),
        },
        "Sceptical: hardly a cluster": {"frac_clust": _beta(2.0, 60.0)},
        "Strong and wrong": {"log_dist_clust": _normal(math.log(840.0), 0.001)},
    },
}

PRESETS: dict[str, dict[str, dict[str, Prior]]] = {
    problem: {PUBLISHED: PROBLEMS[problem].default_priors}
    | {
        name: PROBLEMS[problem].default_priors | changes
        for name, changes in sets.items()
    }
    for problem, sets in _CHANGES.items()
}
"""Problem to name to a prior for every parameter and constant; published ones first."""


def name_of(problem: str, priors: Mapping[str, Prior]) -> str | None:
    """Return the name of a set of priors; None where it has none."""
    sets = PRESETS[problem].items()
    return next((name for name, known in sets if dict(known) == dict(priors)), None)
