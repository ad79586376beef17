"""What is calibrated: every model and method, and every family that a prior may have.

Data are as a user's are: the points that the line opens with, one star, and tables of a
few stars whose errors span a factor of ten, with a zero-point. Priors are about as wide
as those that somebody who knows the sky would choose; nobody's posterior is in doubt
where the prior says that clusters may be at a parsec or a gigaparsec.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from data import observe
from inference.problems import PROBLEMS
from inference.spec import RunSpec

Priors = Mapping[str, Mapping[str, Any]]


class Case(NamedTuple):
    """A model with its priors and everything of its data but the measured values."""

    name: str
    content: dict[str, Any]
    """A spec as JSON."""
    given: dict[str, np.ndarray]
    """x and errors, or parallax errors and zero-points."""
    count: int
    """Simulations of it in `make calibrate`."""

    @property
    def spec(self) -> RunSpec:
        """The validated spec."""
        return RunSpec.from_json(self.content)

    @property
    def measured(self) -> str:
        """Name of the data."""
        return "y" if self.spec.model.startswith("line") else "parallax"

    def short(self, **sampler: int) -> "Case":
        """Return it with other settings of the sampler."""
        settings = self.content["sampler"] | sampler
        return self._replace(content=self.content | {"sampler": settings})


def prior(family: str, **arguments: float) -> dict[str, Any]:
    """Write a prior as JSON."""
    return {"family": family, **arguments}


def _case(name, model, given, count, priors=None, method=None, **sampler) -> Case:
    settings = {"chains": 4, "warmup": 500, "draws": 1000} | sampler
    content = {
        "model": model,
        "method": method or PROBLEMS[model].methods[0],
        "priors": dict(priors or {}),
        "sampler": settings,
    }
    return Case(name, content, given, count)


def _points() -> dict[str, np.ndarray]:
    data = observe({"source": "line"})
    return {name: data[name] for name in ("x", "yerr")}


def line(name: str, count: int, priors: Priors | None = None) -> Case:
    """Return a case of the line."""
    return _case(name, "line", _points(), count, priors)


NOT_STEEP: Priors = {"theta": prior("Uniform", low=-1.0, high=1.0)}


def outliers(name: str, count: int, priors: Priors | None = None) -> Case:
    """Return a case of the line with outliers, of slopes up to 1.6 unless said."""
    wanted = {**NOT_STEEP, **(priors or {})}
    return _case(name, "line_outliers", _points(), count, wanted)


def star(name: str, count: int, priors: Priors | None = None) -> Case:
    """Return a case of one star, half of whose parallax is error."""
    given = {"parallax_error": np.array([0.6]), "zero_point": np.array([-0.03])}
    return _case(name, "star", given, count, priors, target_accept=0.9)


POPULATION: Priors = {
    "log_L": prior("Normal", loc=np.log(400.0), scale=0.5),
    "log_dist_clust": prior("Normal", loc=np.log(800.0), scale=0.3),
    "log_sigma": prior("Normal", loc=np.log(0.08), scale=0.6),
    "frac_clust": prior("Beta", concentration1=2.0, concentration0=2.0),
}


def cluster(
    name: str,
    count: int,
    stars: int,
    priors: Priors | None = None,
    method: str = "marginal",
    **sampler,
) -> Case:
    """Return a case of the cluster with so many stars."""
    generator = np.random.default_rng(31)
    error = generator.permutation(np.geomspace(0.03, 0.3, stars))
    given = {"parallax_error": error, "zero_point": np.full(stars, -0.03)}
    settings = {"warmup": 200, "draws": 500} | sampler
    wanted = {**POPULATION, **(priors or {})}
    return _case(name, "cluster", given, count, wanted, method, **settings)


def _student(loc: float, scale: float) -> dict[str, Any]:
    return prior("StudentT", df=4.0, loc=loc, scale=scale)


CASES: tuple[Case, ...] = (
    line("line", 300),
    line("line, StudentT", 120, {"b_perp": _student(0.0, 1.0)}),
    line("line, Uniform", 120, {"b_perp": prior("Uniform", low=-2.0, high=3.0)}),
    outliers("outliers", 300),
    # Where outliers surround a steep line its mode in theta is narrow: chains begun at
    # prior draws all missed it at times, and agreed about another.
    outliers(
        "outliers, any angle",
        120,
        {"theta": prior("Uniform", low=-np.pi / 2, high=np.pi / 2)},
    ),
    outliers(
        "outliers, StudentT, HalfCauchy, Beta",
        100,
        {
            "b_perp": _student(0.0, 1.0),
            "bg_mean": _student(0.5, 1.0),
            "bg_sigma": prior("HalfCauchy", scale=1.0),
            "Q": prior("Beta", concentration1=4.0, concentration0=2.0),
        },
    ),
    outliers(
        "outliers, Uniform",
        100,
        {
            "b_perp": prior("Uniform", low=-2.0, high=2.0),
            "bg_mean": prior("Uniform", low=-2.0, high=2.0),
            "bg_sigma": prior("Uniform", low=0.1, high=4.0),
        },
    ),
    outliers("outliers, Exponential", 100, {"bg_sigma": prior("Exponential", rate=1)}),
    outliers(
        "outliers, LogNormal", 100, {"bg_sigma": prior("LogNormal", loc=0, scale=0.7)}
    ),
    outliers(
        "outliers, Gamma",
        100,
        {"bg_sigma": prior("Gamma", concentration=3.0, rate=2.0)},
    ),
    star("star", 300),
    star("star, Gamma", 120, {"normed": prior("Gamma", concentration=4.0, rate=0.8)}),
    star("star, LogNormal", 120, {"normed": prior("LogNormal", loc=1.5, scale=0.5)}),
    star("star, Uniform", 120, {"normed": prior("Uniform", low=0.5, high=12.0)}),
    cluster("cluster", 200, 40),
    cluster(
        "cluster, StudentT",
        100,
        40,
        {
            "log_L": _student(6.0, 0.4),
            "log_dist_clust": _student(6.7, 0.25),
            "log_sigma": _student(-2.5, 0.5),
        },
    ),
    cluster(
        "cluster, Uniform",
        100,
        40,
        {
            "log_L": prior("Uniform", low=5.0, high=7.0),
            "log_dist_clust": prior("Uniform", low=6.0, high=7.3),
            "log_sigma": prior("Uniform", low=-4.0, high=-1.0),
            "frac_clust": prior("Uniform", low=0.0, high=1.0),
        },
    ),
    cluster("cluster, hierarchical", 100, 30, method="hierarchical", draws=1000),
    cluster("cluster, emulator", 100, 250),
)
