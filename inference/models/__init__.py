"""The models in plain NumPyro, one file a problem.

A model is called with the observed arrays and one NumPyro distribution for each prior:
``model(observed, priors)``. Families are fixed when a program is compiled; every number
is traced, so that moving a slider compiles nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpyro.distributions as dist

from inference.models import cluster, line, star
from inference.priors import FAMILIES

MODELS: dict[tuple[str, str], Callable] = {
    ("line", "nuts"): line.line,
    ("line_outliers", "nuts"): line.line_outliers,
    ("star", "nuts"): star.star,
    ("cluster", "marginal"): cluster.marginal,
    ("cluster", "hierarchical"): cluster.hierarchical,
}
"""NumPyro models by model and method."""


def numpyro_priors(
    families: Mapping[str, str], values: Mapping[str, Any]
) -> dict[str, dist.Distribution]:
    """Build each parameter's prior as a NumPyro distribution.

    Parameters
    ----------
    families : mapping of parameter to family name
    values : mapping of parameter to the family's arguments, in order
        Numbers, or traced scalars.

    Returns
    -------
    dict of parameter to distribution
    """
    built = {}
    for parameter, family in families.items():
        names = (argument.name for argument in FAMILIES[family].arguments)
        arguments = dict(zip(names, values[parameter], strict=True))
        # Checked when the spec was made; NumPyro cannot check traced numbers.
        built[parameter] = getattr(dist, family)(**arguments, validate_args=False)
    return built
