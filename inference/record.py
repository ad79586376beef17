"""A run as a file: an ArviZ DataTree in NetCDF."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import arviz_base
import numpy as np
import xarray

from inference import predictive, provenance
from inference.runner import RunRecord

PREDICTIVE_DRAWS = 200
PER_DATUM = ("p", "distance")
TOTALS = ("log_prior", "log_likelihood")
"""Statistics of a draw that ArviZ has groups for."""


def to_datatree(record: RunRecord) -> xarray.DataTree:
    """Build the DataTree of a run, with prior and predictive groups.

    Parameters
    ----------
    record : RunRecord
        With at least one draw.

    Returns
    -------
    xarray.DataTree
        Groups posterior, sample_stats, prior, prior_predictive, posterior_predictive,
        observed_data and constant_data; log_prior where the run has it (one variable,
        ``prior``: the total of a draw, with the Jacobian of the unconstrained
        coordinates), and log_likelihood, named as the data: each point of a line, or
        where the run has it the total of a draw; warmup_posterior, the scalar
        quantities along warm-up, every so many steps of a long one.
    """
    spec, observed = record.spec, record.observed
    data_name = "y" if "y" in observed else "parallax"
    datum = "point" if "y" in observed else "star"
    scalars = tuple(n for n in record.draws if record.draws[n].ndim == 2)
    prior = predictive.prior_draws(spec, PREDICTIVE_DRAWS)
    thinned = predictive.thin(record.draws, scalars, PREDICTIVE_DRAWS)
    if spec.model == "star":
        thinned["L"] = np.full_like(thinned["normed"], spec.priors["L"]["v"])
    generator = np.random.default_rng([spec.sampler.seed, 1])
    groups: dict[str, Any] = {
        "posterior": dict(record.draws),
        "sample_stats": {n: v for n, v in record.stats.items() if n not in TOTALS},
        "prior": _one_chain(prior),
        "prior_predictive": {
            data_name: _replicates(spec.model, prior, observed, generator)
        },
        "posterior_predictive": {
            data_name: _replicates(spec.model, thinned, observed, generator)
        },
        "observed_data": {data_name: observed[data_name]},
        "constant_data": {n: v for n, v in observed.items() if n != data_name},
    }
    dims = {name: [datum] for name in (*PER_DATUM, *observed)}
    if spec.model == "star":
        dims.pop("distance")
    tree = arviz_base.from_dict(groups, dims=dims, attrs={"/": _attributes(record)})
    return tree.assign(_log_densities(record, data_name) | _warmup(record))


def _log_densities(record: RunRecord, data_name: str) -> dict[str, xarray.DataTree]:
    groups = {}
    if "log_prior" in record.stats:
        groups["log_prior"] = _group("prior", record.stats["log_prior"])
    model = record.spec.model
    if model in ("line", "line_outliers"):
        points = predictive.log_likelihood(model, record.draws, record.observed)
        groups["log_likelihood"] = _group(data_name, points, "point")
    elif "log_likelihood" in record.stats:
        total = record.stats["log_likelihood"]
        groups["log_likelihood"] = _group(data_name, total)
    return groups


def _warmup(record: RunRecord) -> dict[str, xarray.DataTree]:
    """Return the steps of warm-up that were kept, numbered as they were."""
    if not record.warmup:
        return {}
    steps = next(iter(record.warmup.values())).shape[1]
    numbers = record.warmup_stride * np.arange(steps)
    dataset = arviz_base.dict_to_dataset(
        dict(record.warmup), coords={"draw": numbers}, dims={}
    )
    return {"warmup_posterior": xarray.DataTree(dataset)}


def _group(name: str, values: np.ndarray, *dims: str) -> xarray.DataTree:
    """Return a group of one variable, (chain, draw) and then ``dims``."""
    dataset = arviz_base.dict_to_dataset({name: values}, dims={name: list(dims)})
    return xarray.DataTree(dataset)


def save(record: RunRecord, path: Path) -> None:
    """Write a run as NetCDF: all of it, or nothing."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        to_datatree(record).to_netcdf(temporary, engine="h5netcdf")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _one_chain(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value[None] for name, value in values.items()}


def _replicates(model, draws, observed, generator) -> np.ndarray:
    return predictive.replicate(model, draws, observed, generator)[None]


def _attributes(record: RunRecord) -> dict[str, Any]:
    return {
        "spec": json.dumps(record.spec.to_json()),
        "seed": record.spec.sampler.seed,
        "device": record.device,
        "data_sha256": provenance.data_hash(record.observed),
        "versions": json.dumps(provenance.versions()),
        "platform": provenance.this_platform(),
        "phase": record.phase.value,
        "compile_seconds": record.compile_seconds,
        "sample_seconds": record.sample_seconds,
    }
