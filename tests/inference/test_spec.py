import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.priors import Prior, SpecError
from inference.problems import PROBLEMS
from inference.spec import RunSpec


def spec(**changes) -> dict:
    return {"model": "cluster", **changes}


@pytest.mark.parametrize("model", PROBLEMS)
def test_a_spec_survives_json_and_pickle(model):
    before = RunSpec.from_json({"model": model})
    assert RunSpec.from_json(json.loads(str(before))) == before
    assert pickle.loads(pickle.dumps(before)) == before


def test_what_is_left_out_is_the_default_of_the_design():
    cluster = RunSpec.from_json(spec())
    assert cluster.method == "marginal"
    assert cluster.priors["log_sigma"] == Prior.of("Normal", loc=0.0, scale=2.0)
    assert cluster.data["parallax_min"] == 0.2
    assert (cluster.sampler.chains, cluster.sampler.seed) == (4, 42)


def test_a_spec_cannot_be_edited():
    frozen = RunSpec.from_json(spec())
    with pytest.raises(TypeError):
        frozen.data["parallax_min"] = 0.0
    with pytest.raises(TypeError):
        frozen.priors["log_L"] = Prior.of("Normal", loc=0.0, scale=1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "galaxy"}, ["model", "galaxy", "line_outliers"]),
        ({"method": "guess"}, ["method", "guess", "hierarchical"]),
        ({"priors": {"log_L": {"family": "Wishart"}}}, ["log_L", "Wishart", "Normal"]),
        (
            {"priors": {"log_L": {"family": "Normal", "loc": 0, "scale": -1}}},
            ["log_L", "scale", "-1", "above zero"],
        ),
        (
            {
                "priors": {
                    "log_L": {"family": "Normal", "loc": float("nan"), "scale": 1}
                }
            },
            ["log_L", "loc", "nan", "finite"],
        ),
        (
            {"priors": {"log_L": {"family": "Normal", "loc": 0}}},
            ["log_L", "loc", "scale"],
        ),
        (
            {"priors": {"frac_clust": {"family": "Uniform", "low": 0, "high": 2}}},
            ["frac_clust", "2", "between 0 and 1"],
        ),
        (
            {"priors": {"frac_clust": {"family": "Normal", "loc": 0, "scale": 1}}},
            ["frac_clust", "Normal", "Uniform, Beta"],
        ),
        (
            {"priors": {"log_L": {"family": "Uniform", "low": 2, "high": 1}}},
            ["low 2", "high 1"],
        ),
        ({"priors": {"mass": {}}}, ["mass", "log_dist_clust"]),
        ({"sampler": {"chains": 4097}}, ["sampler.chains", "4097", "1 to 4,096"]),
        ({"sampler": {"chains": 24}}, ["sampler.chains", "24", "multiple of 16"]),
        (
            {"sampler": {"chains": 4096, "draws": 2000}},
            ["sampler.draws", "2,000", "4,096 chains", "5,000,000 draws in all"],
        ),
        (
            {"method": "hierarchical", "sampler": {"chains": 32}},
            ["sampler.chains", "32", "hierarchical", "16 at most"],
        ),
        ({"sampler": {"chains": 2.5}}, ["sampler.chains", "2.5", "whole"]),
        ({"sampler": {"draws": 10**9}}, ["sampler.draws", "20,000"]),
        ({"sampler": {"speed": 1}}, ["sampler", "speed", "target_accept"]),
        ({"data": {"source": "line"}}, ["data.source", "line", "simulated_m67"]),
        ({"data": {"source": "file", "colour": 1}}, ["colour", "parallax_min"]),
        ({"data": {"source": "file", "path": 3}}, ["data.path", "3", "text"]),
        ({"version": 2}, ["version", "2", "1"]),
        ({"moon": 1}, ["moon"]),
    ],
)
def test_a_wrong_spec_is_refused_in_one_sentence(changes, words):
    with pytest.raises(SpecError) as refusal:
        RunSpec.from_json(spec(**changes))
    sentence = str(refusal.value)
    assert all(word in sentence for word in words), sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["model", "method", "data", "priors", "sampler", "version"]),
        json_values,
    )
)
def test_whatever_json_holds_is_read_or_refused(content):
    content.setdefault("model", "cluster")
    try:
        RunSpec.from_json(content)
    except SpecError as refusal:
        assert len(str(refusal)) < 400


def test_what_is_left_out_is_one_record_however_it_is_written():
    def of(rows):
        return RunSpec.from_json(
            {"model": "line", "data": {"source": "line", "left_out": rows}}
        )

    assert of([3, 1, 3]) == of((1, 3))
    assert of([]) == RunSpec.from_json({"model": "line"})
    assert RunSpec.from_json(json.loads(str(of([3, 1])))) == of([1, 3])


@pytest.mark.parametrize("rows", [[-1], [1.5], [True], ["1"], 3, "12", {"1": 2}])
def test_rows_that_are_no_numbers_are_refused(rows):
    with pytest.raises(SpecError, match=r"data\.left_out came"):
        RunSpec.from_json(
            {"model": "line", "data": {"source": "line", "left_out": rows}}
        )
