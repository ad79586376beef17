"""The headless program and the run file."""

import json

import arviz_base
import arviz_stats
import numpy as np
import pytest
import xarray

from inference.__main__ import main
from inference.spec import RunSpec

pytestmark = pytest.mark.usefixtures("engine")
SAMPLER = {"chains": 2, "warmup": 80, "draws": 60, "seed": 9}


def run(tmp_path, content: dict) -> tuple[int, xarray.DataTree | None]:
    spec, out = tmp_path / "spec.json", tmp_path / "run.nc"
    spec.write_text(json.dumps(content))
    status = main(["run", str(spec), "--out", str(out)])
    tree = xarray.open_datatree(out, engine="h5netcdf") if out.exists() else None
    return status, tree


@pytest.mark.parametrize("model", ["line", "line_outliers", "star", "cluster"])
def test_a_spec_becomes_a_file_that_arviz_reads(tmp_path, model, capsys):
    content = {"model": model, "sampler": SAMPLER}
    status, tree = run(tmp_path, content)
    assert status == 0
    assert tree is not None
    names = set(RunSpec.from_json(content).problem.names)
    assert names <= set(tree.posterior.data_vars)
    assert dict(tree.posterior.sizes)["draw"] == 60
    assert {"diverging", "energy", "n_steps", "step_size"} <= set(tree.sample_stats)
    for group in ("prior", "prior_predictive", "posterior_predictive", "observed_data",
                  "constant_data"):  # fmt: skip
        assert group in tree.children, group
    assert RunSpec.from_json(json.loads(tree.attrs["spec"])) == RunSpec.from_json(
        content
    )
    assert {"device", "versions", "data_sha256", "seed"} <= set(tree.attrs)
    table = arviz_stats.summary(tree, var_names=sorted(names), round_to=6)
    assert np.isfinite(table["mean"]).all()
    assert "Done" in capsys.readouterr().out


def test_every_star_has_a_distance_where_they_are_sampled(tmp_path, real_ngc2516):
    data = {"source": "file", "path": str(real_ngc2516)}
    content = {"model": "cluster", "method": "hierarchical", "data": data,
               "sampler": SAMPLER | {"max_tree_depth": 4}}  # fmt: skip
    status, tree = run(tmp_path, content)
    assert status == 0
    assert tree is not None
    assert dict(tree.posterior["distance"].sizes) == {
        "chain": 2,
        "draw": 60,
        "star": 1428,
    }


def test_live_and_headless_draws_are_the_same(tmp_path, sample):
    content = {"model": "line", "sampler": SAMPLER}
    _, tree = run(tmp_path, content)
    assert tree is not None
    np.testing.assert_array_equal(tree.posterior["m"], sample(content).draws["m"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", "not JSON"),
        ('{"model": "galaxy"}', "galaxy"),
        (
            '{"model": "cluster", "data": {"source": "simulated_m67", '
            '"parallax_min": 900, "parallax_max": 901}}',
            "no star",
        ),
        (
            '{"model": "cluster", "data": {"source": "file", "path": "nowhere.csv"}}',
            "nowhere.csv",
        ),
    ],
)
def test_a_wrong_spec_is_one_sentence_and_no_file(tmp_path, capsys, content, words):
    spec, out = tmp_path / "spec.json", tmp_path / "run.nc"
    spec.write_text(content)
    assert main(["run", str(spec), "--out", str(out)]) == 1
    sentence = capsys.readouterr().err.strip().splitlines()[-1]
    assert words in sentence
    assert not out.exists()


def test_the_file_converts_with_arviz_base(tmp_path):
    _, tree = run(tmp_path, {"model": "line", "sampler": SAMPLER})
    data = arviz_base.convert_to_dataset(tree)
    assert "m" in data
