"""How much a prior mattered, against posteriors in closed form."""

import numpy as np
import pytest

from inference.influence import influence


def run(sample, prior: dict, **content):
    spec = {"model": "line", "priors": {"b_perp": prior}, "sampler": {"draws": 2000}}
    return influence(sample(spec | content))


def normal(loc: float, scale: float) -> dict:
    return {"family": "Normal", "loc": loc, "scale": scale}


def test_data_decide_where_the_prior_is_wide(sample):
    found = run(sample, normal(0.0, 10.0))
    assert found["b_perp"].sentence.startswith("the data decide")
    # The line's intercept is known to some 0.04, the prior's sd is 10.
    assert 1 - found["b_perp"].contraction < 1e-4
    assert found["theta"].prior < 0.01, "a flat prior has no power"


def test_a_prior_much_narrower_than_the_data_decides(sample):
    found = run(sample, normal(0.05, 0.002))["b_perp"]
    assert found.sentence.startswith("the prior decides")
    assert "as wide as the prior" in found.sentence
    assert abs(found.contraction) < 0.1


def test_a_strong_and_wrong_prior_and_the_data_pull(sample):
    found = run(sample, normal(1.0, 0.05))["b_perp"]
    assert found.sentence.startswith("prior and data pull")
    assert found.shift < -5
    assert "prior's sd away" in found.sentence


def test_more_power_moves_a_gaussian_as_its_algebra_says(sample):
    # A prior N(0, 1) far from the data's N(1, 1) moves towards either by its power;
    # one that agrees with the data moves the mean by nothing.
    pulled, agreed = (
        run(sample, normal(loc, 0.05))["b_perp"].prior for loc in (0.4, 0.087)
    )
    assert pulled > 3 * agreed
    assert np.isfinite([pulled, agreed]).all()


@pytest.mark.parametrize("model", ["star", "line_outliers"])
def test_every_parameter_has_a_sentence(sample, model):
    record = sample({"model": model})
    found = influence(record)
    assert list(found) == [p.name for p in record.spec.problem.parameters]
    assert all(len(one.sentence) > 20 for one in found.values())
