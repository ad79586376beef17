import numpy as np
import numpyro.distributions as dist
import pytest
from scipy import stats

from inference.models import numpyro_priors
from inference.predictive import derive, prior_density, prior_draws
from inference.priors import FAMILIES, Prior
from inference.problems import PROBLEMS
from inference.spec import RunSpec

EXAMPLES = {
    "Normal": (1.0, 2.0),
    "StudentT": (4.0, 1.0, 2.0),
    "Uniform": (-1.0, 3.0),
    "HalfNormal": (2.0,),
    "HalfCauchy": (2.0,),
    "Exponential": (3.0,),
    "LogNormal": (0.5, 0.7),
    "Gamma": (2.0, 3.0),
    "Chi2": (6.0,),
    "Beta": (2.0, 5.0),
}


def example(family: str) -> Prior:
    names = [a.name for a in FAMILIES[family].arguments]
    return Prior.of(family, **dict(zip(names, EXAMPLES[family], strict=True)))


@pytest.mark.parametrize("family", EXAMPLES)
def test_scipy_and_numpyro_mean_the_same_prior(family, engine):
    prior = example(family)
    theirs = numpyro_priors({"q": family}, {"q": prior.values})["q"]
    values = prior.scipy.ppf([0.03, 0.3, 0.6, 0.97])
    np.testing.assert_allclose(
        prior.log_density(values), np.asarray(theirs.log_prob(values)), rtol=1e-6
    )


@pytest.mark.parametrize("family", EXAMPLES)
def test_draws_follow_the_prior(family):
    prior = example(family)
    draws = prior.sample(np.random.default_rng(1), 4000)
    assert stats.kstest(draws, prior.scipy.cdf).pvalue > 1e-3


def test_every_family_is_tested_or_a_point():
    assert set(FAMILIES) - set(EXAMPLES) == {"Delta"}


@pytest.mark.parametrize("model", PROBLEMS)
def test_derived_priors_agree_with_prior_draws(model):
    spec = RunSpec.from_json({"model": model})
    draws = prior_draws(spec, 40_000, seed=3)
    for derived in PROBLEMS[model].derived:
        # The share of draws in the middle half, against the density's integral.
        low, high = np.quantile(draws[derived.name], [0.2, 0.7])
        grid = (
            np.geomspace(low, high, 20_001)
            if low > 0
            else np.linspace(low, high, 20_001)
        )
        share = np.trapezoid(prior_density(spec, derived.name, grid), grid)
        assert share == pytest.approx(0.5, abs=0.015), derived.name


def test_the_volume_prior_is_the_one_of_bailer_jones():
    spec = RunSpec.from_json({"model": "star"})
    r, scale = np.linspace(10, 4000, 50), 370.0
    expected = r**2 * np.exp(-r / scale) / (2 * scale**3)
    np.testing.assert_allclose(prior_density(spec, "distance", r), expected, rtol=1e-12)


def test_the_page_and_the_models_derive_the_same(engine, sample):
    for model in ("line_outliers", "star"):
        record = sample({"model": model, "sampler": {"warmup": 50, "draws": 20}})
        parameters = {p.name: record.draws[p.name] for p in PROBLEMS[model].parameters}
        constants = {
            c.name: np.full(record.draws[p.name].shape, c.default["v"])
            for c in PROBLEMS[model].constants
            for p in PROBLEMS[model].parameters[:1]
        }
        ours = derive(model, parameters | constants)
        for derived in PROBLEMS[model].derived:
            np.testing.assert_allclose(
                ours[derived.name], record.draws[derived.name], rtol=1e-12
            )


def test_numpyro_knows_every_family():
    assert all(hasattr(dist, family) for family in FAMILIES)
