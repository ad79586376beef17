"""Simulation-based calibration (Talts et al. 2018, arXiv:1804.06788).

A truth is drawn from the prior, data are simulated from it, and the product's own run
makes draws of the posterior: the rank of the truth among them is uniform if the prior,
the likelihood and the sampler belong together, and only by chance otherwise. Besides
parameters the likelihood itself is ranked, which sees errors that every parameter's
own distribution hides (Modrák et al. 2023, doi:10.1214/23-BA1404).
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from benchmarks.cases import Case
from inference import diagnosis, predictive, summaries
from inference.runner import Phase, Run, RunRecord
from inference.spec import RunSpec

RANKED = 63
"""Draws that a truth is ranked among, thinned until they are nearly independent."""
DERIVED = {
    "line": ("b",),
    "line_outliers": ("b",),
    "star": (),
    "cluster": ("approx_size_clust",),
}
"""Derived quantities that are no function of one parameter."""
LIKELIHOOD = "log likelihood"

Change = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]


class Calibration(NamedTuple):
    """Where truths were among the draws of their posteriors."""

    positions: dict[str, np.ndarray]
    """By quantity, (simulation,): rank over number of ranks, made continuous."""
    flagged: np.ndarray
    """(simulation,): whether the product says that its chains disagree. Such runs are
    ranked too."""


def calibrate(
    case: Case,
    executor,
    count: int,
    seed: int,
    *,
    believed: Mapping[str, Any] | None = None,
    change_data: Change | None = None,
    change_draws: Change | None = None,
) -> Calibration:
    """Simulate, sample and rank.

    Parameters
    ----------
    case : Case
    executor : concurrent.futures.Executor
    count : int
        Number of simulations.
    seed : int
        Of truths, data and ranks; run k has seed ``seed * 100_000 + k``.
    believed : mapping, optional
        Priors, as JSON, that the analysis takes in place of those simulated from.
    change_data, change_draws : callable, optional
        Change what the analysis is given, or its draws. All three make an analysis
        wrong on purpose.

    Raises
    ------
    RuntimeError
        If a run fails.
    """
    generator = np.random.default_rng([seed, 1])
    truths = predictive.prior_draws(case.spec, count, seed)
    data = predictive.replicate(case.spec.model, truths, case.given, generator)
    content = case.content | (
        {"priors": case.content["priors"] | believed} if believed else {}
    )
    positions: dict[str, list[float]] = {}
    flagged = []
    for k in range(count):
        sampler = content["sampler"] | {"seed": seed * 100_000 + k}
        spec = RunSpec.from_json(content | {"sampler": sampler})
        observed = case.given | {case.measured: data[k]}
        given = change_data(observed) if change_data else observed
        record = Run(spec, given, executor).wait()
        if record.phase is not Phase.DONE:
            raise RuntimeError(f"{case.name}: {record.sentence}")
        truth = {name: float(value[k]) for name, value in truths.items()}
        draws = _thinned(record)
        draws = change_draws(draws) if change_draws else draws
        for name, (value, among) in _ranked(spec, truth, draws, observed).items():
            rank = np.sum(among < value)
            place = (rank + generator.random()) / (among.size + 1)
            positions.setdefault(name, []).append(place)
        flagged.append(says_disagree(record))
    return Calibration(
        {name: np.array(places) for name, places in positions.items()},
        np.array(flagged),
    )


def says_disagree(record: RunRecord) -> bool:
    """Whether the product's verdict is that the chains disagree."""
    rows = summaries.summarise(record.draws)
    return bool(diagnosis.diagnose(record, rows).disagreeing)


def _thinned(record: RunRecord) -> dict[str, np.ndarray]:
    """Pick draws evenly over chains and time, (draw,) each."""
    names = record.spec.problem.names
    return predictive.thin(record.draws, names, RANKED)


def _ranked(spec: RunSpec, truth, draws, observed):
    """Return each quantity's true value and its draws."""
    names = [p.name for p in spec.problem.parameters] + list(DERIVED[spec.model])
    found = {name: (truth[name], draws[name]) for name in names}
    if spec.model != "cluster":
        single = {name: np.array([value]) for name, value in truth.items()}
        found[LIKELIHOOD] = (
            _log_likelihood(spec.model, single, observed)[0],
            _log_likelihood(spec.model, draws, observed),
        )
    return found


def _log_likelihood(model: str, draws, observed) -> np.ndarray:
    """Return ln of the data's density for each draw, (draw,), but for a constant."""
    if model == "star":
        expected = 1000.0 / draws["distance"] + observed["zero_point"]
        return (
            -0.5 * ((observed["parallax"] - expected) / observed["parallax_error"]) ** 2
        )
    stacked = {name: value[None] for name, value in draws.items() if value.ndim == 1}
    return predictive.log_likelihood(model, stacked, observed).sum(axis=-1)[0]
