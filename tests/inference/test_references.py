"""Short runs against the long ones in ``tests/reference`` (`make reference`).

Means, standard deviations and quantiles are compared in Monte-Carlo standard errors,
those of both runs. Some two hundred comparisons, many of them correlated: chance alone
takes one of them beyond 4.5 errors in fewer than one of seven hundred such files.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from arviz_stats.base import array_stats

from data import observe
from inference.provenance import data_hash

LIMIT = 4.5
FOLDER = Path(__file__).parents[1] / "reference"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
SHORT = {"chains": 4, "warmup": 150, "draws": 500, "seed": 5}
AXES = {"chain_axis": 0, "draw_axis": 1}


def reference(name):
    content = json.loads((FOLDER / f"{name}.json").read_text())
    return content["made"], content["quantities"]


def data_of(name):
    made, _ = reference(name)
    if "observed" not in made:
        return observe(made["spec"]["data"])
    return {key: np.array(value) for key, value in made["observed"].items()}


@pytest.fixture(scope="module")
def short(sample):
    """Run a reference's spec for a short time, once for the whole file."""
    done = {}

    def run(name, method=None, **sampler):
        if (name, method) not in done:
            spec = reference(name)[0]["spec"]
            spec |= {"method": method or spec["method"], "sampler": SHORT | sampler}
            done[name, method] = sample(spec, data_of(name))
        return done[name, method]

    return run


def errors_off(values, expected):
    """How many standard errors each summary of draws (chain, draw) is off."""
    found = {
        "mean": (values.mean(), {"method": "mean"}),
        "sd": (values.std(ddof=1), {"method": "sd"}),
    } | {
        f"q{level}": (
            np.quantile(values, level / 100),
            {"method": "quantile", "prob": level / 100},
        )
        for level in (5, 50, 95)
    }
    return {
        key: (value - expected[key])
        / np.hypot(array_stats.mcse(values, **how, **AXES), expected[f"{key}_error"])
        for key, (value, how) in found.items()
    }


def largest(record, name):
    """The comparison that is most errors off, and by how many."""
    off = {
        f"{quantity} {key}": abs(z)
        for quantity, expected in reference(name)[1].items()
        for key, z in errors_off(record.draws[quantity], expected).items()
    }
    worst = max(off, key=off.__getitem__)
    return worst, off[worst]


@pytest.mark.parametrize("name", NAMES)
def test_a_reference_keeps_its_standard_and_its_data(name):
    made, quantities = reference(name)
    assert made["data_sha256"] == data_hash(data_of(name))
    assert made["checks"]["divergent_share"] <= 1e-4
    for summary in quantities.values():
        assert summary["rhat"] < 1.01
        assert min(summary["ess_bulk"], summary["ess_tail"]) > 8000
        assert summary["q5"] < summary["q50"] < summary["q95"]


@pytest.mark.parametrize("name", NAMES)
def test_a_short_run_agrees_with_the_long_one(short, name):
    worst, errors = largest(short(name), name)
    assert errors < LIMIT, f"{worst} is {errors:.1f} errors off"


def test_every_distance_sampled_agrees_with_the_marginal_reference(short):
    worst, errors = largest(short("cluster_small", "hierarchical"), "cluster_small")
    assert errors < LIMIT, f"{worst} is {errors:.1f} errors off"


def test_a_run_with_another_prior_is_found_out(short):
    worst, errors = largest(short("cluster"), "cluster_wrong_prior")
    assert errors > 20 * LIMIT, f"{worst} is only {errors:.1f} errors off"
