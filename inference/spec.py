"""What a run is asked to do: one frozen, validated record, the same for every door.

The dashboard freezes its controls into a `RunSpec`; the headless program reads one from
JSON; both hand it to the runner. Whatever is wrong with it is refused here, in one
sentence that names the field, what came and what is allowed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from inference.fields import as_record, check_choice, check_fields, check_number
from inference.priors import Prior, SpecError
from inference.problems import PROBLEMS, Parameter, Problem
from inference.sources import DEFAULT_DATA, check_data, normal_form

VERSION = 1
MOST_WARMUP, MOST_DRAWS = 10_000, 20_000
"""Of each chain."""
MOST_CHAINS, MOST_KEPT = 4096, 5_000_000
"""Chains, and draws of all chains together: 0.6 GB of a model with 15 quantities."""
PLACES = 16
"""Different places at which chains start; more chains than that share them."""


@dataclass(frozen=True)
class Sampler:
    """How NUTS runs.

    Raises
    ------
    SpecError
        If a setting is outside its range.
    """

    chains: int = 4
    warmup: int = 500
    """Warm-up draws of each chain, in which step size and metric adapt."""
    draws: int = 1000
    """Draws kept of each chain."""
    seed: int = 42
    target_accept: float = 0.8
    max_tree_depth: int = 10

    def __post_init__(self):
        for name, low, high in (
            ("chains", 1, MOST_CHAINS),
            ("warmup", 1, MOST_WARMUP),
            ("draws", 1, MOST_DRAWS),
            ("seed", 0, 2**32 - 1),
            ("max_tree_depth", 1, 12),
        ):
            check_number(f"sampler.{name}", getattr(self, name), low, high, whole=True)
        check_number("sampler.target_accept", self.target_accept, 0.5, 0.99)
        if self.chains % self.places:
            raise SpecError(
                f"sampler.chains came as {self.chains}: above {PLACES} give a multiple "
                f"of {PLACES}, so that as many chains start at one place as at another."
            )
        if self.chains * self.draws > MOST_KEPT:
            raise SpecError(
                f"sampler.draws came as {self.draws:,} of {self.chains:,} chains each: "
                f"a run keeps {MOST_KEPT:,} draws in all, ask for fewer."
            )

    @property
    def places(self) -> int:
        """At how many different places the chains start, in groups of equal size."""
        return min(self.chains, PLACES)

    @property
    def together(self) -> int:
        """How many chains start at each place, next to each other."""
        return self.chains // self.places


@dataclass(frozen=True)
class RunSpec:
    """Everything that decides a run's draws.

    Raises
    ------
    SpecError
        If the parts do not belong together.
    """

    model: str
    method: str
    data: Mapping[str, Any]
    priors: Mapping[str, Prior]
    """A prior for every parameter and constant of the model."""
    sampler: Sampler
    strength: float = 1.0
    """Power of the likelihood: 0 is the prior, 1 the posterior."""

    def __post_init__(self):
        problem = self.problem
        check_number("strength", self.strength, 0.0, 1.0)
        if self.strength < 1 and self.method == "hierarchical":
            raise SpecError(
                f"strength came as {self.strength:g} with the method hierarchical, "
                "where a star's distance is data and parameter at once: choose "
                "marginal, or 1."
            )
        check_choice("method", self.method, problem.methods)
        check_data(problem, self.data)
        for name, prior in self.priors.items():
            _check_prior(problem.parameter(name), prior)
        if self.sampler.chains > PLACES and self.method == "hierarchical":
            raise SpecError(
                f"sampler.chains came as {self.sampler.chains} with the method "
                f"hierarchical, whose chains are large: give {PLACES} at most, or "
                "choose marginal."
            )
        missing = problem.default_priors.keys() - self.priors.keys()
        if missing:
            raise SpecError(f"priors lacks {', '.join(sorted(missing))}: add it.")
        # Freeze what the caller could still change.
        object.__setattr__(self, "data", MappingProxyType(normal_form(self.data)))
        ordered = {name: self.priors[name] for name in problem.default_priors}
        object.__setattr__(self, "priors", MappingProxyType(ordered))

    def __reduce__(self):
        # A mapping proxy cannot be pickled; a worker builds its own.
        parts = dict(self.data), dict(self.priors)
        return RunSpec, (self.model, self.method, *parts, self.sampler, self.strength)

    @property
    def problem(self) -> Problem:
        """The problem that the model's name stands for."""
        return PROBLEMS[check_choice("model", self.model, tuple(PROBLEMS))]

    @classmethod
    def from_json(cls, content: Any) -> "RunSpec":
        """Read a spec from parsed JSON, filling what is left out with defaults."""
        content = as_record("spec", content)
        known = ("version", "model", "method", "data", "priors", "sampler", "strength")
        check_fields("spec", content, known)
        if content.get("version", VERSION) != VERSION:
            raise SpecError(
                f"version came as {str(content['version'])[:40]!r}: "
                f"this program reads version {VERSION}."
            )
        model = check_choice("model", content.get("model"), tuple(PROBLEMS))
        problem = PROBLEMS[model]
        given = as_record("priors", content.get("priors", {}))
        for name in given:
            problem.parameter(name)
        priors = problem.default_priors | {
            name: Prior.from_json(name, value) for name, value in given.items()
        }
        sampler = as_record("sampler", content.get("sampler", {}))
        check_fields("sampler", sampler, tuple(Sampler.__dataclass_fields__))
        return cls(
            model=model,
            method=content.get("method", problem.methods[0]),
            data=as_record(
                "data", content.get("data", DEFAULT_DATA[problem.sources[0]])
            ),
            priors=priors,
            sampler=Sampler(**sampler),
            strength=content.get("strength", 1.0),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the record that `from_json` reads."""
        return {
            "version": VERSION,
            "model": self.model,
            "method": self.method,
            "data": dict(self.data),
            "priors": {name: prior.to_json() for name, prior in self.priors.items()},
            "sampler": {
                name: getattr(self.sampler, name)
                for name in Sampler.__dataclass_fields__
            },
            "strength": self.strength,
        }

    def __str__(self) -> str:
        return json.dumps(self.to_json())


def _check_prior(parameter: Parameter, prior: Prior) -> None:
    if prior.family not in parameter.families:
        raise SpecError(
            f"The prior of {parameter.name} came as {prior.family}: choose one of "
            f"{', '.join(parameter.families)}."
        )
    low, high = prior.support
    # A half-turn written with a few digits is still a half-turn.
    slack = 1e-6
    if low < parameter.domain[0] - slack or high > parameter.domain[1] + slack:
        raise SpecError(
            f"The prior of {parameter.name}, {prior}, allows values from {low:.4g} to "
            f"{high:.4g}: keep it between {parameter.domain[0]:.4g} and "
            f"{parameter.domain[1]:.4g}."
        )
