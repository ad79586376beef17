"""Prior families: their names, hyper-parameters and supports, and densities by SciPy.

Names and arguments are NumPyro's. This module needs no JAX, so that a page can draw a
prior, and what it predicts, while the slider moves; the same prior as a NumPyro
distribution is built where models run (`inference.models.numpyro_priors`).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy import stats


class SpecError(ValueError):
    """A run cannot be what was asked for; the message is one sentence for a person."""


class Argument(NamedTuple):
    """One hyper-parameter of a family."""

    name: str
    """NumPyro's name."""
    positive: bool
    """Whether it must be larger than zero."""


class Family(NamedTuple):
    """A family of prior distributions."""

    name: str
    """NumPyro's name."""
    arguments: tuple[Argument, ...]
    support: tuple[float, float] | None
    """Open interval of possible values; None where the arguments say it."""
    frozen: Callable[..., Any]
    """Return SciPy's frozen distribution for the family's arguments, in order."""


def _real(name: str) -> Argument:
    return Argument(name, positive=False)


def _positive(name: str) -> Argument:
    return Argument(name, positive=True)


REAL = (-math.inf, math.inf)
POSITIVE = (0.0, math.inf)
UNIT = (0.0, 1.0)

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("Normal", (_real("loc"), _positive("scale")), REAL, stats.norm),
        Family(
            "StudentT",
            (_positive("df"), _real("loc"), _positive("scale")),
            REAL,
            stats.t,
        ),
        Family(
            "Uniform",
            (_real("low"), _real("high")),
            None,
            lambda low, high: stats.uniform(low, high - low),
        ),
        Family(
            "HalfNormal",
            (_positive("scale"),),
            POSITIVE,
            lambda scale: stats.halfnorm(0, scale),
        ),
        Family(
            "HalfCauchy",
            (_positive("scale"),),
            POSITIVE,
            lambda scale: stats.halfcauchy(0, scale),
        ),
        Family(
            "Exponential",
            (_positive("rate"),),
            POSITIVE,
            lambda rate: stats.expon(0, 1 / rate),
        ),
        Family(
            "LogNormal",
            (_real("loc"), _positive("scale")),
            POSITIVE,
            lambda loc, scale: stats.lognorm(scale, 0, np.exp(loc)),
        ),
        Family(
            "Gamma",
            (_positive("concentration"), _positive("rate")),
            POSITIVE,
            lambda concentration, rate: stats.gamma(concentration, 0, 1 / rate),
        ),
        Family("Chi2", (_positive("df"),), POSITIVE, stats.chi2),
        Family("Delta", (_positive("v"),), POSITIVE, lambda v: stats.uniform(v, 0)),
        Family(
            "Beta",
            (_positive("concentration1"), _positive("concentration0")),
            UNIT,
            stats.beta,
        ),
    )
}


@dataclass(frozen=True)
class Prior:
    """One parameter's prior: a family and the values of its hyper-parameters.

    Parameters
    ----------
    family : str
        A key of `FAMILIES`.
    arguments : tuple of (str, float)
        Every argument of the family, in the family's order.

    Raises
    ------
    SpecError
        If the family is unknown, an argument is missing, unknown, not finite or
        outside its range.
    """

    family: str
    arguments: tuple[tuple[str, float], ...]

    def __post_init__(self):
        names = tuple(a.name for a in _family(self.family).arguments)
        given = tuple(name for name, _ in self.arguments)
        if given != names:
            raise SpecError(
                f"{self.family} came with arguments {_listed(given)} and needs "
                f"exactly {_listed(names)}: give each of them once."
            )
        for argument, (name, value) in zip(
            FAMILIES[self.family].arguments, self.arguments, strict=True
        ):
            _check_argument(self.family, argument, name, value)
        if self.family == "Uniform" and self["low"] >= self["high"]:
            raise SpecError(
                f"Uniform came with low {self['low']:g} and high {self['high']:g}: "
                "make low smaller than high."
            )

    @classmethod
    def of(cls, family: str, **arguments: float) -> "Prior":
        """Build a prior from its family's name and arguments by name."""
        order = [a.name for a in _family(family).arguments]
        known = [name for name in order if name in arguments]
        unknown = [name for name in arguments if name not in order]
        return cls(family, tuple((n, arguments[n]) for n in known + unknown))

    @classmethod
    def from_json(cls, parameter: str, content: Any) -> "Prior":
        """Read ``{"family": ..., argument: value, ...}``."""
        if not isinstance(content, Mapping) or "family" not in content:
            raise SpecError(
                f"The prior of {parameter} came as {str(content)[:60]!r}: write "
                '{"family": "Normal", "loc": 0, "scale": 1}, for example.'
            )
        arguments = {str(k): v for k, v in content.items() if k != "family"}
        try:
            return cls.of(content["family"], **arguments)
        except SpecError as error:
            raise SpecError(
                f"The prior of {parameter} is not usable: {error}"
            ) from None

    def to_json(self) -> dict[str, Any]:
        """Return the record that `from_json` reads."""
        return {"family": self.family, **dict(self.arguments)}

    def __getitem__(self, name: str) -> float:
        return dict(self.arguments)[name]

    @property
    def values(self) -> tuple[float, ...]:
        """The arguments' values, in the family's order."""
        return tuple(value for _, value in self.arguments)

    @property
    def support(self) -> tuple[float, float]:
        """The open interval of values that the prior allows."""
        return FAMILIES[self.family].support or (self["low"], self["high"])

    @property
    def scipy(self) -> Any:
        """SciPy's frozen distribution."""
        return _frozen(self.family, self.values)

    @property
    def median(self) -> float:
        """Return the value that half of the draws are below."""
        return _median(self.family, self.values)

    def log_density(self, values) -> np.ndarray:
        """Return ln of the density at each value."""
        return self.scipy.logpdf(values)

    def sample(self, rng: np.random.Generator, size) -> np.ndarray:
        """Draw values, of the shape asked for."""
        return self.scipy.rvs(size=size, random_state=rng)

    def __str__(self) -> str:
        return f"{self.family}({', '.join(f'{v:.4g}' for v in self.values)})"


@lru_cache(maxsize=256)
def _frozen(family: str, values: tuple[float, ...]) -> Any:
    # SciPy takes half a millisecond to build one, and a moved slider asks for many.
    return FAMILIES[family].frozen(*values)


@lru_cache(maxsize=256)
def _median(family: str, values: tuple[float, ...]) -> float:
    return float(_frozen(family, values).median())


def _family(name: Any) -> Family:
    if not isinstance(name, str) or name not in FAMILIES:
        raise SpecError(
            f"The family {str(name)[:40]!r} is unknown: choose one of "
            f"{', '.join(FAMILIES)}."
        )
    return FAMILIES[name]


def _check_argument(family: str, argument: Argument, name: str, value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value):
        raise SpecError(
            f"{family}'s {name} came as {str(value)[:40]!r}: give a finite number."
        )
    if argument.positive and value <= 0:
        raise SpecError(
            f"{family}'s {name} came as {value:g}: give a number above zero."
        )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(str(n)[:40] for n in names) or "none"
