"""Short runs against the long ones in ``tests/reference`` (`make reference`).

Means, standard deviations and quantiles are compared in Monte-Carlo standard errors,
those of both runs. Some sixty comparisons, many of them correlated: 4.5 errors are
passed by chance in fewer than one of two thousand such files.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from arviz_stats.base import array_stats

LIMIT = 4.5
FOLDER = Path(__file__).parents[1] / "reference"
SHORT = {"chains": 4, "warmup": 500, "draws": 1000, "seed": 5, "target_accept": 0.9}
AXES = {"chain_axis": 0, "draw_axis": 1}


def reference(name):
    content = json.loads((FOLDER / f"{name}.json").read_text())
    return content["made"], content["quantities"]


def short(sample, name, **changes):
    spec, sampler = reference(name)[0]["spec"], SHORT | changes.pop("sampler", {})
    return sample(spec | changes | {"sampler": sampler})


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


def compared(record, name, quantities=None):
    expected = reference(name)[1]
    return {
        f"{quantity} {key}": z
        for quantity in quantities or expected
        for key, z in errors_off(record.draws[quantity], expected[quantity]).items()
    }


def agrees(record, name):
    off = compared(record, name)
    worst = max(off, key=lambda key: abs(off[key]))
    assert abs(off[worst]) < LIMIT, f"{worst} is {off[worst]:.1f} errors off"


@pytest.mark.parametrize("name", [path.stem for path in FOLDER.glob("*.json")])
def test_a_reference_keeps_its_own_standard(name):
    made, quantities = reference(name)
    assert made["checks"]["divergent_share"] <= 1e-4
    for summary in quantities.values():
        assert summary["rhat"] < 1.01
        assert min(summary["ess_bulk"], summary["ess_tail"]) > 4000
        assert summary["q5"] < summary["q50"] < summary["q95"]


@pytest.mark.parametrize(
    "name", ["line", "line_outliers", "star", "cluster", "cluster_wrong_prior"]
)
def test_a_short_run_agrees_with_the_long_one(sample, name):
    agrees(short(sample, name), name)


def test_the_wrong_prior_pulls_the_cluster_off_and_this_is_seen(sample):
    # The published priors' run is no short run of the wrong prior's posterior.
    off = compared(short(sample, "cluster"), "cluster_wrong_prior", ["dist_clust"])
    assert max(abs(z) for z in off.values()) > 20 * LIMIT


def test_every_distance_sampled_agrees_with_the_marginal_reference(sample):
    # Few effective draws, whose errors the comparison knows; tails are left out.
    record = short(
        sample,
        "cluster",
        method="hierarchical",
        sampler={"chains": 2, "warmup": 150, "draws": 250, "max_tree_depth": 8},
    )
    off = {k: z for k, z in compared(record, "cluster").items() if k.endswith("mean")}
    worst = max(off, key=lambda key: abs(off[key]))
    assert abs(off[worst]) < LIMIT, f"{worst} is {off[worst]:.1f} errors off"
