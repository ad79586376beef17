"""Long runs to compare short ones with: ``make reference``.

Made to posteriordb's standard (Magnusson et al. 2024, arXiv:2407.04967): ten chains of
10,000 draws, thinned to 1,000, kept only if R-hat is below 1.01 and hardly a transition
diverged. What is stored is small: means, standard deviations and quantiles, each with
its Monte-Carlo error, the hash of the data, and how they were made.
"""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from arviz_stats.base import array_stats

from data import observe
from inference import engines
from inference.provenance import data_hash
from inference.runner import Phase, Run, RunRecord
from inference.spec import RunSpec

FOLDER = Path(__file__).parents[1] / "tests" / "reference"
SAMPLER = {"chains": 5, "warmup": 2000, "draws": 10_000, "target_accept": 0.9}
SEEDS = (101, 202)
"""A run has eight chains at most: two runs of five."""
THIN = 10
RHAT, DIVERGENT, LEAST_ESS = 1.01, 1e-4, 8000
"""What a reference must keep: R-hat, share of divergent transitions, and effective
draws in the bulk and in the tails of every quantity, about as many as there are."""
QUANTILES = (0.05, 0.5, 0.95)

STRONG = {"log_dist_clust": {"family": "Normal", "loc": 6.5, "scale": 0.0005}}
"""A cluster at 665 pc, sure to a third of a parsec: wrong, and strong."""
SPECS: dict[str, dict[str, Any]] = {
    "line": {"model": "line"},
    "line_outliers": {"model": "line_outliers"},
    "star": {"model": "star"},
    "cluster": {"model": "cluster"},
    "cluster_wrong_prior": {"model": "cluster", "priors": STRONG},
    "cluster_small": {"model": "cluster"},
}
"""By the name of their file; data are those a model opens with, or `small_table`."""
SMALL_STARS, SMALL_SEED = 80, 20240704


def main(wanted: list[str]) -> None:
    """Make references and write them, all or those named."""
    FOLDER.mkdir(exist_ok=True)
    with engines.in_process() as executor:
        for name in wanted or SPECS:
            observed = small_table() if name == "cluster_small" else None
            content = make(SPECS[name], executor, observed)
            path = FOLDER / f"{name}.json"
            path.write_text(json.dumps(content, indent=1) + "\n")
            print(f"{name}: {content['made']['checks']}")


def small_table() -> dict[str, np.ndarray]:
    """Simulate parallaxes [mas] of so few stars that every method is quick, (star,).

    Half are a cluster at 800 pc with a relative depth of 0.05, the rest a field with a
    scale of 400 pc. Values are rounded, and stored beside their reference.
    """
    generator = np.random.default_rng(SMALL_SEED)
    half = SMALL_STARS // 2
    near = 800.0 * np.exp(0.05 * generator.standard_normal(half))
    far = 400.0 * generator.standard_gamma(3.0, SMALL_STARS - half)
    error = np.exp(generator.uniform(np.log(0.02), np.log(0.3), SMALL_STARS))
    parallax = generator.normal(1000.0 / np.concatenate([near, far]), error)
    return {
        "parallax": parallax.round(4),
        "parallax_error": error.round(4),
        "zero_point": np.zeros(SMALL_STARS),
    }


def make(
    content: Mapping[str, Any],
    executor,
    observed: dict[str, np.ndarray] | None = None,
) -> dict[str, Any]:
    """Run one spec at length, check it, and return what is stored.

    Parameters
    ----------
    content : mapping
        A spec without its sampler.
    executor : concurrent.futures.Executor
    observed : dict of arrays, optional
        Data other than the spec's own; they are stored too.

    Raises
    ------
    RuntimeError
        If the draws are not good enough to be a reference.
    """
    runs = []
    for seed in SEEDS:
        spec = RunSpec.from_json({**content, "sampler": SAMPLER | {"seed": seed}})
        record = Run(spec, observed or observe(spec.data), executor).wait()
        if record.phase is not Phase.DONE:
            raise RuntimeError(record.sentence)
        runs.append(record)
    names = runs[0].spec.problem.names
    draws = {
        name: np.concatenate([run.draws[name] for run in runs])[:, ::THIN]
        for name in names
    }
    divergent = sum(run.divergences for run in runs) / (
        len(SEEDS) * SAMPLER["chains"] * SAMPLER["draws"]
    )
    quantities = {name: _summary(values) for name, values in draws.items()}
    checks = {
        "largest_rhat": round(max(q["rhat"] for q in quantities.values()), 5),
        "least_ess_bulk": round(min(q["ess_bulk"] for q in quantities.values())),
        "least_ess_tail": round(min(q["ess_tail"] for q in quantities.values())),
        "divergent_share": divergent,
    }
    least = min(checks["least_ess_bulk"], checks["least_ess_tail"])
    good = checks["largest_rhat"] < RHAT and divergent <= DIVERGENT
    if not good or least < LEAST_ESS:
        raise RuntimeError(f"{content} is not a reference: {checks}.")
    made = _made(runs[0], checks)
    if observed is not None:
        made["observed"] = {name: value.tolist() for name, value in observed.items()}
    return {"made": made, "quantities": quantities}


def _made(record: RunRecord, checks: dict[str, Any]) -> dict[str, Any]:
    spec = record.spec
    note = (
        "One posterior for both methods of the cluster: the hierarchical one mixes too "
        "slowly for a run this long, and is compared with this marginal one."
    )
    made = {
        "how": f"NUTS, {len(SEEDS)} runs of {SAMPLER['chains']} chains, seeds {SEEDS}, "
        f"every {THIN}th of {SAMPLER['draws']} draws",
        "method": spec.method,
        "spec": spec.to_json(),
        "data_sha256": data_hash(record.observed),
        "checks": checks,
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {n: version(n) for n in ("jax", "numpyro", "numpy", "scipy")},
    }
    return made | ({"note": note} if spec.model == "cluster" else {})


def _summary(values: np.ndarray) -> dict[str, float]:
    """Summarise draws (chain, draw) with Monte-Carlo errors."""
    stats: Any = array_stats
    axes = {"chain_axis": 0, "draw_axis": 1}
    found = {
        "mean": values.mean(),
        "mean_error": stats.mcse(values, method="mean", **axes),
        "sd": values.std(ddof=1),
        "sd_error": stats.mcse(values, method="sd", **axes),
    }
    for level in QUANTILES:
        key = f"q{100 * level:g}"
        found[key] = np.quantile(values, level)
        error = stats.mcse(values, method="quantile", prob=level, **axes)
        found[f"{key}_error"] = error
    found["rhat"] = stats.rhat(values, **axes)
    for method, extra in (("bulk", {}), ("tail", {"prob": 0.9})):
        found[f"ess_{method}"] = stats.ess(values, method=method, **extra, **axes)
    return {key: float(f"{float(value):.7g}") for key, value in found.items()}


if __name__ == "__main__":
    main(sys.argv[1:])
