"""Simulation-based calibration in small, and the proof that it can fail.

`make calibrate` is the same at length, for every family of priors. Chance alone takes a
right analysis out of one of these limits once in a thousand runs of the file; with the
seeds fixed it either does or does not.
"""

import numpy as np
import pytest

from benchmarks.bands import GRID, band, p_value
from benchmarks.cases import CASES, cluster, line, outliers, star
from benchmarks.simulations import calibrate
from inference.problems import PROBLEMS

# Fifty clusters are two to five minutes, as busy as the machine is.
pytestmark = pytest.mark.timeout(900)

SIMULATIONS = 50
LENGTH = {"warmup": 300, "draws": 315}
SHORT = {
    case.name: case
    for case in (
        line("line", SIMULATIONS).short(**LENGTH),
        outliers("outliers", SIMULATIONS).short(**LENGTH),
        star("star", SIMULATIONS).short(**LENGTH),
        cluster("cluster", SIMULATIONS, 30).short(chains=2, warmup=150, draws=252),
    )
}
LIMIT = 1e-3 / 20
"""Some twenty quantities are ranked."""


@pytest.fixture(scope="module")
def ranks(engine):
    """Calibrate a case, right or changed; the right one once for the whole file."""
    done = {}

    def run(name, **wrong):
        if wrong:
            return calibrate(SHORT[name], engine, SIMULATIONS, 7, **wrong)
        if name not in done:
            done[name] = calibrate(SHORT[name], engine, SIMULATIONS, 7)
        return done[name]

    return run


def least_p(result):
    p = {name: p_value(places) for name, places in result.positions.items()}
    return min(p.values()), p


def test_a_p_value_is_as_rare_as_it_says():
    generator = np.random.default_rng(5)
    p = np.array([p_value(generator.random(60)) for _ in range(2000)])
    for level in (0.01, 0.05, 0.3, 0.7):
        # Counts are whole, so p takes steps, and is never too small.
        rarity = (p <= level).mean()
        assert rarity <= level + 4 * np.sqrt(level / p.size)
        assert rarity > 0.5 * level


def test_a_band_is_left_by_those_whose_p_value_is_below_its_level():
    generator = np.random.default_rng(6)
    low, high = band(60, 0.1)
    for _ in range(300):
        places = generator.random(60)
        share = (places[:, None] < GRID).mean(axis=0)
        within = bool(np.all((share >= low - 1e-9) & (share <= high + 1e-9)))
        assert within == (p_value(places) > 0.1)


def test_every_family_that_a_prior_may_have_is_calibrated():
    tried = {
        (case.spec.model, name, prior.family)
        for case in CASES
        for name, prior in case.spec.priors.items()
    }
    allowed = {
        (problem.name, parameter.name, family)
        for problem in PROBLEMS.values()
        for parameter in (*problem.parameters, *problem.constants)
        for family in parameter.families
    }
    assert allowed == tried
    methods = {(case.spec.model, case.spec.method) for case in CASES}
    assert methods == {(p.name, m) for p in PROBLEMS.values() for m in p.methods}


@pytest.mark.parametrize("name", SHORT)
def test_true_values_have_every_rank_equally_often(ranks, name):
    least, p = least_p(ranks(name))
    assert least > LIMIT, p


def shrunk(draws):
    """Draws with the right means and standard deviations that are too small."""
    return {name: v.mean() + 0.5 * (v - v.mean()) for name, v in draws.items()}


def doubled_errors(observed):
    return observed | {"yerr": 2 * observed["yerr"]}


NARROW = {"normed": {"family": "Gamma", "concentration": 64.0, "rate": 10.7}}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("line", {"change_draws": shrunk}),
        ("line", {"change_data": doubled_errors}),
        ("star", {"believed": NARROW}),
    ],
    ids=["narrow draws", "doubled errors", "narrow prior"],
)
def test_a_wrong_analysis_is_found_out(ranks, name, wrong):
    least, p = least_p(ranks(name, **wrong))
    assert least < LIMIT / 10, p
