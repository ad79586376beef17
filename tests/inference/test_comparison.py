"""Leave-one-out against the points really left out, on a grid."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from data import observe
from inference import comparison

SAMPLER = {"warmup": 300, "draws": 2000, "seed": 4}


@pytest.fixture(scope="module")
def points():
    return observe({"source": "line"})


def test_a_line_s_points_are_foreseen_as_a_grid_says(sample, points):
    record = sample({"model": "line", "sampler": SAMPLER}, points)
    found = comparison.leave_one_out(record)
    theta = np.linspace(-np.pi / 2, np.pi / 2, 4001)[:, None]
    b_perp = np.linspace(-1, 1, 801)[None]
    prior = stats.norm.logpdf(b_perp) + 0 * theta
    slope, intercept = np.tan(theta), b_perp / np.cos(theta)
    terms = np.stack(
        [
            stats.norm.logpdf(y, slope * x + intercept, e)
            for x, y, e in zip(points["x"], points["y"], points["yerr"], strict=True)
        ]
    )
    whole = prior + terms.sum(axis=0)
    exact = np.array([logsumexp(whole) - logsumexp(whole - term) for term in terms])
    np.testing.assert_allclose(found.pointwise, exact, rtol=0.02, atol=0.1)
    assert found.total == pytest.approx(exact.sum(), abs=1.5)
    assert found.error == pytest.approx(np.sqrt(15 * exact.var(ddof=1)), rel=0.1)


def test_outliers_are_foreseen_better_by_the_model_that_has_them(sample, points):
    plain, mixture = (
        comparison.leave_one_out(sample({"model": m, "sampler": SAMPLER}, points))
        for m in comparison.MODELS
    )
    gain, error = mixture.better_than(plain)
    assert gain > 1.5 * error > 0
    assert plain.better_than(mixture) == (pytest.approx(-gain), pytest.approx(error))
    said = comparison.sentence(mixture, plain, "A line")
    assert f"{gain:.1f} ± {error:.1f} better than A line" in said
    itself = comparison.sentence(plain, plain, "A line")
    assert "0.0 ± 0.0 worse than A line in its last run, which is too little" in itself
    # The best line takes its outliers for points of its own.
    assert "too much to be left out by weights" in itself
    terms = np.array([2.0, -1.0, 8.0, 1.0])
    less = comparison.LeaveOneOut(np.zeros(4), 2.0, np.zeros(4))
    more = comparison.LeaveOneOut(terms, 2.0, np.array([0.1, 0.9, 0.2, 0.3]))
    said = comparison.sentence(more, less, "B")
    assert "10.0 ± 7.7 better than B in its last run, within twice its error" in said
    assert "One point decides too much" in said


def test_what_is_no_line_is_not_compared(sample):
    assert comparison.leave_one_out(sample({"model": "star"})) is None
    tempered = sample({"model": "line", "strength": 0.5})
    assert comparison.leave_one_out(tempered) is None
