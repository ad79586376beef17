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
        observed_data and constant_data.
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
        "sample_stats": dict(record.stats),
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
    return arviz_base.from_dict(groups, dims=dims, attrs={"/": _attributes(record)})


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
