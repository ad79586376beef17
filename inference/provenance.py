"""What a run's numbers came from: data, library versions and platform."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import numpy as np

from inference.spec import RunSpec

LIBRARIES = ("jax", "jaxlib", "numpyro", "numpyro-ext", "numpy", "arviz-base")
DECISIVE = ("jax", "jaxlib", "numpyro", "numpyro-ext")
"""Libraries another version of which may give other draws, to the bit."""


# Read from files, and the same as long as the process lives.
_version = cache(version)


def data_hash(observed: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 of the observed arrays, in the order of their names."""
    digest = sha256()
    for name in sorted(observed):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(observed[name], dtype=float).tobytes())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of the libraries that decide a run's numbers."""
    return {name: _version(name) for name in LIBRARIES}


def this_platform() -> str:
    """Name the operating system and the processor's family."""
    return f"{platform.system()} {platform.machine()}"


class StoreError(ValueError):
    """A store cannot be used; the message is one sentence for a person."""


@dataclass(frozen=True)
class Header:
    """What a stored run is: everything but its data and draws."""

    spec: RunSpec
    latent: bool
    data_sha256: str
    versions: Mapping[str, str]
    platform: str

    @classmethod
    def of(cls, spec: RunSpec, observed: Mapping[str, np.ndarray], latent: bool):
        """Describe a run that begins here and now."""
        return cls(
            spec=spec,
            latent=latent,
            data_sha256=data_hash(observed),
            versions=versions(),
            platform=this_platform(),
        )

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Header":
        """Read what `to_json` returned.

        Raises
        ------
        KeyError, SpecError
            If something is missing or wrong.
        """
        named = ("latent", "data_sha256", "versions", "platform")
        spec = RunSpec.from_json(content["spec"])
        return cls(spec=spec, **{name: content[name] for name in named})

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return {
            "spec": self.spec.to_json(),
            "seed": self.spec.sampler.seed,
            "latent": self.latent,
            "data_sha256": self.data_sha256,
            "versions": dict(self.versions),
            "platform": self.platform,
        }

    def check_reproducible(self) -> None:
        """Refuse to continue where the next draws could be others.

        Raises
        ------
        StoreError
            If a decisive library or the platform is not that of the run.
        """
        here = versions() | {"platform": this_platform()}
        there = dict(self.versions) | {"platform": self.platform}
        for name in (*DECISIVE, "platform"):
            if here[name] != there.get(name):
                raise StoreError(
                    f"The run was made with {name} {there.get(name)} and here is "
                    f"{here[name]}, which may give other draws: continue it where it "
                    "was made, or save the draws it has."
                )
