"""The records that pass between a run and its workers; they need no JAX."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from inference.spec import RunSpec


@dataclass(frozen=True)
class Task:
    """A run, and where it stands."""

    spec: RunSpec
    observed: Mapping[str, np.ndarray]
    """The observed arrays that the model takes."""
    latent: bool = False
    """Whether per-star draws are returned."""
    adapt_metric: bool = True
    """Whether warm-up replaces the metric, as `Prepared` decided."""
    guide: tuple[np.ndarray, ...] = ()
    """Arrays that were found with the start and that the model uses, if any."""
    state: tuple[np.ndarray, ...] = ()
    """Leaves of the sampler's state, the first axis is chain."""
    length: int = 0
    """Draws to add to each chain."""
    drawn: int = 0
    """Draws of each chain that were kept before."""
    sampling: bool = False
    """Whether the draws are kept, being past warm-up."""
    limit: float = 300.0
    """Seconds after which the worker is taken to hang."""

    @property
    def chains(self) -> int:
        """Number of chains."""
        return self.spec.sampler.chains

    @property
    def left_out(self) -> int:
        """Number of rows of the table that are not fitted."""
        return len(self.spec.data.get("left_out", ()))

    @property
    def hyperparameters(self) -> dict[str, tuple[float, ...]]:
        """Arguments of every prior, in its family's order."""
        return {
            name: tuple(float(v) for v in prior.values)
            for name, prior in self.spec.priors.items()
        }


class Prepared(NamedTuple):
    """A run that is compiled and ready for its first chunk."""

    state: tuple[np.ndarray, ...]
    adapt_metric: bool
    guide: tuple[np.ndarray, ...]
    capacity: int
    """Longest chunk of this program."""
    device: str
    seconds: float
    seconds_a_draw: float | None = None
    """What a draw of every chain took in this program's last chunk [s], if it had one
    here, and this run's may be taken to be as quick."""


class Chunk(NamedTuple):
    """Some draws, and the state after them."""

    state: tuple[np.ndarray, ...]
    draws: dict[str, np.ndarray]
    """(chain, draw, ...) each."""
    stats: dict[str, np.ndarray]
    """(chain, draw) each, under ArviZ's names."""
    stars: tuple[int, tuple[np.ndarray, ...]] | None
    """Number of draws and sums over them of membership, distance [pc] and its square
    [pc²], (star,) each."""
    seconds: float
    device: str = ""
    """What computed it."""
