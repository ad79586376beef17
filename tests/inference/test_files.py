"""The headless program and the run file."""

import json
import warnings
from dataclasses import replace

import arviz_base
import arviz_stats
import numpy as np
import pytest
import scipy.stats
import xarray

from inference import predictive
from inference.__main__ import main
from inference.record import save
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
    assert {"device", "versions", "data_sha256", "seed", "platform"} <= set(tree.attrs)
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


def with_totals(record):
    """Add the totals that a sampler may give, as numbers that are known."""
    shape = next(iter(record.stats.values())).shape
    totals = np.arange(np.prod(shape), dtype=float).reshape(shape)
    added = {"log_prior": totals, "log_likelihood": -totals}
    return replace(record, stats={**record.stats, **added})


def written(record, path) -> xarray.DataTree:
    save(record, path)
    return xarray.open_datatree(path, engine="h5netcdf")


@pytest.mark.parametrize("model", ["star", "cluster"])
def test_totals_of_a_draw_have_groups_of_their_own(tmp_path, sample, model):
    record = with_totals(sample({"model": model, "sampler": SAMPLER}))
    tree = written(record, tmp_path / "run.nc")
    likelihood, prior = tree.log_likelihood["parallax"], tree.log_prior["prior"]
    assert prior.dims == likelihood.dims == ("chain", "draw")
    np.testing.assert_array_equal(prior, record.stats["log_prior"])
    np.testing.assert_array_equal(likelihood, record.stats["log_likelihood"])
    assert not {"log_prior", "log_likelihood"} & set(tree.sample_stats.data_vars)
    assert tree.sample_stats["lp"].shape == prior.shape


def test_what_a_sampler_does_not_give_is_not_written(tmp_path, sample):
    record = sample({"model": "star", "sampler": SAMPLER})
    stats = {
        name: value
        for name, value in record.stats.items()
        if name not in ("log_prior", "log_likelihood")
    }
    tree = written(replace(record, stats=stats), tmp_path / "run.nc")
    assert not {"log_prior", "log_likelihood"} & set(tree.children)


@pytest.mark.parametrize("model", ["line", "line_outliers"])
def test_every_point_has_its_likelihood(tmp_path, sample, model):
    record = sample({"model": model, "sampler": SAMPLER})
    tree = written(record, tmp_path / "run.nc")
    group = tree.log_likelihood["y"]
    assert group.dims == ("chain", "draw", "point")
    data, draws = record.observed, record.draws
    for chain, draw in ((0, 0), (1, 31), (0, 59)):
        q = {name: value[chain, draw] for name, value in draws.items()}
        density = scipy.stats.norm.pdf(
            data["y"], q["m"] * data["x"] + q["b"], data["yerr"]
        )
        if model == "line_outliers":
            width = np.sqrt(q["bg_sigma"] ** 2 + data["yerr"] ** 2)
            background = scipy.stats.norm.pdf(data["y"], q["bg_mean"], width)
            density = q["Q"] * density + (1 - q["Q"]) * background
        np.testing.assert_allclose(group[chain, draw], np.log(density), rtol=1e-12)
    total = group.sum("point").to_numpy()
    if "log_likelihood" in record.stats:
        np.testing.assert_allclose(total, record.stats["log_likelihood"], rtol=1e-9)
    if model == "line":
        # With the priors' densities it is the density that NUTS walked on, which is
        # kept with either sign; theta is sampled as a logistic stretched over pi.
        theta, priors = draws["theta"], record.spec.priors
        share = theta / np.pi + 0.5
        total += np.log(np.pi * share * (1 - share))
        total += priors["theta"].log_density(theta)
        total += priors["b_perp"].log_density(draws["b_perp"])
        np.testing.assert_allclose(np.abs(total), np.abs(record.stats["lp"]), rtol=1e-9)


def test_a_share_of_nothing_leaves_the_other_component():
    data = {"x": np.zeros(1), "y": np.ones(1), "yerr": np.ones(1)}
    names = ("m", "b", "bg_mean", "bg_sigma")
    draws = {name: np.ones((1, 2)) for name in names} | {"Q": np.array([[0.0, 1.0]])}
    both = predictive.log_likelihood("line_outliers", draws, data)[0, :, 0]
    np.testing.assert_allclose(both, scipy.stats.norm.logpdf(0, 0, [2**0.5, 1]))


def test_lines_can_be_compared_by_leaving_one_out(tmp_path, sample):
    settings = SAMPLER | {"chains": 4, "draws": 400}
    elpd = {}
    for model in ("line", "line_outliers"):
        record = sample({"model": model, "sampler": settings})
        tree = written(record, tmp_path / f"{model}.nc")
        with warnings.catch_warnings():
            # One outlier decides the plain line, and ArviZ says so.
            warnings.filterwarnings("ignore", "Estimated shape parameter of Pareto")
            elpd[model] = arviz_stats.loo(tree).elpd
    assert elpd["line_outliers"] > elpd["line"] + 3
