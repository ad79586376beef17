"""What a prior is said to imply, against closed forms."""

import math

import numpy as np
import pytest
from scipy import stats

from dashboard import implied
from dashboard.prior_moves import axis
from dashboard.views.sparkline import sparkline
from inference.priors import FAMILIES, Prior
from inference.problems import PROBLEMS

WIDE = {"Delta": Prior.of("Delta", v=1e5), "Chi2": Prior.of("Chi2", df=6.0)}


def normal(loc, scale):
    return Prior.of("Normal", loc=loc, scale=scale)


def test_distances_are_in_parsecs_with_the_share_beyond_the_galaxy():
    said = implied.sentence("log_dist_clust", normal(math.log(920), 2.0), 4300)
    low, high = 920 * np.exp(2.0 * stats.norm.ppf([0.05, 0.95]))
    assert said.startswith(f"90 %: {low:.3g} to {high:,.0f} pc, median 920.")
    beyond = stats.norm.sf(math.log(30_000 / 920) / 2)
    assert f"{beyond:.0%} beyond the Galaxy" in said
    sure = implied.sentence("log_dist_clust", normal(math.log(900), 0.01), 4300)
    assert "beyond" not in sure


def test_fractions_are_numbers_of_what_there_is():
    flat = Prior.of("Uniform", low=0.0, high=1.0)
    said = implied.sentence("Q", flat, 20)
    assert said == "90 %: 1 to 19 outliers of 20, median 10."
    assert "of 4,300" in implied.sentence("frac_clust", flat, 4300)


def test_a_length_scale_says_where_its_prior_peaks():
    said = implied.sentence("L", Prior.of("Delta", v=370.0), 1)
    assert said == "r² e^(-r/L) peaks at 740 pc."
    far = implied.sentence("L", Prior.of("Delta", v=10_000.0), 1)
    # A Gamma with shape 3 beyond three times its scale: e^-3 (1 + 3 + 9/2).
    assert f"{math.exp(-3) * 8.5:.0%} beyond the Galaxy" in far
    near = implied.sentence("normed", Prior.of("Chi2", df=6.0), 1, 370.0)
    assert f"{370 * stats.chi2.median(6) / 2:,.0f}" in near


def test_there_is_room_for_a_warning_where_one_may_come():
    for problem in PROBLEMS.values():
        for parameter in (*problem.parameters, *problem.constants):
            wide = WIDE.get(parameter.default.family, normal(0, 50.0))
            said = implied.sentence(parameter.name, wide, 10, 1e5)
            warned = any(word in said for word in ("beyond", "nearer", "deeper"))
            assert implied.warns(parameter.name) == warned, said


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_an_axis_and_a_sentence(family):
    arguments = {a.name: 2.0 for a in FAMILIES[family].arguments}
    prior = Prior.of(
        family, **(arguments | ({"low": 1.0} if "low" in arguments else {}))
    )
    for problem in PROBLEMS.values():
        for parameter in problem.parameters:
            if family in parameter.families:
                assert implied.sentence(parameter.name, prior, 10).endswith(".")
    if family == "Delta":
        return
    low, high = axis(prior)
    inside = prior.scipy.cdf(high) - prior.scipy.cdf(low)
    assert low < high
    assert inside >= 0.99 - 1e-9
    drawn = sparkline(prior, (low, high), np.empty(0), ("a", "<b>", "c"))
    assert "nan" not in drawn
    assert "<b>" not in drawn, "ticks are escaped"
    assert drawn.count("<path") == 0


def test_a_sparkline_shows_draws_where_they_are():
    prior = Prior.of("Uniform", low=0.0, high=1.0)
    drawn = sparkline(prior, (0.0, 1.0), np.full(10, 0.51), ("0", "1"))
    # One bar, the 21st of 40, of five units' width.
    assert "M100.0 40v-36.0h5.0V40z" in drawn
