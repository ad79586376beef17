"""The problems Nutshell solves: parameters, default priors, data fields, methods.

What a model *is* for a person and for a spec, without JAX; how it is written for
NumPyro is in `inference.models`.
"""

import math
from typing import NamedTuple

from inference.priors import POSITIVE, REAL, UNIT, Prior, SpecError

HALF_TURN = (-math.pi / 2, math.pi / 2)


class Parameter(NamedTuple):
    """A parameter with a prior."""

    name: str
    symbol: str
    """How plots write it, with its unit in brackets."""
    meaning: str
    """One phrase for a person."""
    domain: tuple[float, float]
    """Values that make sense; a prior's support must lie within."""
    families: tuple[str, ...]
    """The families that may be chosen, the default's first."""
    default: Prior


class Derived(NamedTuple):
    """A quantity computed from parameters."""

    name: str
    symbol: str
    meaning: str


class Problem(NamedTuple):
    """One model with everything about it that needs no JAX."""

    name: str
    title: str
    parameters: tuple[Parameter, ...]
    """What is sampled."""
    constants: tuple[Parameter, ...]
    """What a person sets and nobody samples; their priors are points (Delta)."""
    derived: tuple[Derived, ...]
    headline: tuple[str, ...]
    """The quantities that answer the question: what the first plots show."""
    sources: tuple[str, ...]
    """Data sources that can feed it."""
    observed: tuple[str, ...]
    """Names of the arrays that its model takes."""
    methods: tuple[str, ...]
    """Ways of inference; the first is the default."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every scalar quantity of a posterior draw."""
        return tuple(p.name for p in self.parameters) + tuple(
            d.name for d in self.derived
        )

    @property
    def symbols(self) -> dict[str, str]:
        """Name to plot label, for parameters and derived quantities."""
        return {item.name: item.symbol for item in (*self.parameters, *self.derived)}

    @property
    def default_priors(self) -> dict[str, Prior]:
        """The default prior of each parameter and constant."""
        return {p.name: p.default for p in (*self.parameters, *self.constants)}

    def parameter(self, name: str) -> Parameter:
        """Return the parameter of that name, or raise SpecError."""
        for parameter in (*self.parameters, *self.constants):
            if parameter.name == name:
                return parameter
        raise SpecError(
            f"{str(name)[:40]!r} is not a parameter of {self.name}: "
            f"its parameters are {', '.join(self.default_priors)}."
        )


POINTS = ("x", "y", "yerr")
PARALLAXES = ("parallax", "parallax_error", "zero_point")
LOCATION = ("Normal", "StudentT", "Uniform")
SCALE = ("HalfNormal", "HalfCauchy", "Exponential", "LogNormal", "Gamma", "Uniform")
FRACTION = ("Uniform", "Beta")

_theta = Parameter(
    "theta",
    "θ [rad]",
    "angle of the line",
    HALF_TURN,
    ("Uniform",),
    Prior.of("Uniform", low=HALF_TURN[0], high=HALF_TURN[1]),
)
_b_perp = Parameter(
    "b_perp",
    "b⊥",
    "distance of the line from the origin",
    REAL,
    LOCATION,
    Prior.of("Normal", loc=0.0, scale=1.0),
)
_slope = Derived("m", "m", "slope, tan θ")
_intercept = Derived("b", "b", "intercept, b⊥ / cos θ")

LINE = Problem(
    name="line",
    title="A line",
    parameters=(_theta, _b_perp),
    constants=(),
    derived=(_slope, _intercept),
    headline=("m", "b"),
    sources=("line",),
    observed=POINTS,
    methods=("nuts",),
)

LINE_OUTLIERS = LINE._replace(
    name="line_outliers",
    title="A line with outliers",
    parameters=(
        _theta,
        _b_perp,
        Parameter(
            "bg_mean",
            "outlier mean",
            "mean of the outliers",
            REAL,
            LOCATION,
            Prior.of("Normal", loc=0.0, scale=1.0),
        ),
        Parameter(
            "bg_sigma",
            "outlier σ",
            "spread of the outliers",
            POSITIVE,
            SCALE,
            Prior.of("HalfNormal", scale=3.0),
        ),
        Parameter(
            "Q",
            "inlier fraction Q",
            "fraction of points on the line",
            UNIT,
            FRACTION,
            Prior.of("Uniform", low=0.0, high=1.0),
        ),
    ),
    headline=("m", "b", "Q"),
)

STAR = Problem(
    name="star",
    title="Distance of one star",
    parameters=(
        Parameter(
            "normed",
            "2r/L",
            "distance r, in halves of the length L",
            POSITIVE,
            ("Chi2", "Gamma", "LogNormal", "Uniform"),
            Prior.of("Chi2", df=6.0),
        ),
    ),
    constants=(
        Parameter(
            "L",
            "L [pc]",
            "length scale of the distance prior",
            POSITIVE,
            ("Delta",),
            Prior.of("Delta", v=370.0),
        ),
    ),
    derived=(Derived("distance", "distance [pc]", "distance of the star"),),
    headline=("distance",),
    sources=("star",),
    observed=PARALLAXES,
    methods=("nuts",),
)

CLUSTER = Problem(
    name="cluster",
    title="Distance of a cluster",
    parameters=(
        Parameter(
            "log_L",
            "ln L",
            "ln of the field's length scale [pc]",
            REAL,
            LOCATION,
            Prior.of("Normal", loc=math.log(370.0), scale=2.0),
        ),
        Parameter(
            "log_dist_clust",
            "ln D",
            "ln of the cluster's distance [pc]",
            REAL,
            LOCATION,
            Prior.of("Normal", loc=math.log(920.0), scale=2.0),
        ),
        Parameter(
            "log_sigma",
            "ln σ",
            "ln of the cluster's relative depth",
            REAL,
            LOCATION,
            Prior.of("Normal", loc=0.0, scale=2.0),
        ),
        Parameter(
            "frac_clust",
            "cluster fraction",
            "fraction of the stars in the cluster",
            UNIT,
            FRACTION,
            Prior.of("Uniform", low=0.0, high=1.0),
        ),
    ),
    constants=(),
    derived=(
        Derived("L", "L [pc]", "length scale of the field"),
        Derived("dist_clust", "distance [pc]", "distance of the cluster"),
        Derived("approx_size_clust", "size [pc]", "depth of the cluster"),
    ),
    headline=("dist_clust", "approx_size_clust", "L", "frac_clust"),
    sources=("simulated_m67", "file"),
    observed=PARALLAXES,
    methods=("marginal", "hierarchical"),
)

PROBLEMS: dict[str, Problem] = {
    problem.name: problem for problem in (LINE, LINE_OUTLIERS, STAR, CLUSTER)
}
