import numpy as np
import pytest

from data import DataError, simulate_line


def test_the_defaults_are_the_points_of_the_published_lessons_to_the_bit():
    # As published; numpy.random.seed(12) seeds this same generator.
    random = np.random.RandomState(12)
    x = np.sort(random.uniform(-2, 2, 15))
    yerr = 0.2 * np.ones_like(x)
    y = 1.0 * x + 0.0 + yerr * random.randn(15)
    bad = random.rand(15) > 0.8
    y[bad] = 0.0
    y[bad] += np.sqrt(1.0 + yerr[bad] ** 2) * random.randn(bad.sum())
    found = simulate_line()
    assert (found.x == x).all()
    assert (found.y == y).all()
    assert (found.yerr == yerr).all()
    assert (found.inlier == ~bad).all()
    assert found.inlier.sum() == 10


def test_a_weighted_line_through_them_is_the_published_fit():
    found = simulate_line()
    slopes = np.vander(found.x, 2) / found.yerr[:, None]
    covariance = np.linalg.inv(slopes.T @ slopes)
    m, b = covariance @ slopes.T @ (found.y / found.yerr)
    assert m == pytest.approx(0.758, abs=0.004)
    assert b == pytest.approx(0.123, abs=0.004)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), [0.035, 0.052], atol=0.001)


def test_the_settings_are_what_the_points_are_made_from():
    found = simulate_line(1000, 0.7, slope=-2.0, intercept=3.0, yerr=0.1, seed=3)
    pull = (found.y - (-2.0 * found.x + 3.0)) / found.yerr
    assert found.inlier.mean() == pytest.approx(0.7, abs=0.05)
    assert pull[found.inlier].mean() == pytest.approx(0, abs=0.12)
    assert pull[found.inlier].std() == pytest.approx(1, abs=0.1)
    assert found.y[~found.inlier].std() == pytest.approx(np.sqrt(1.01), abs=0.15)
    assert (simulate_line(seed=3).x != simulate_line(seed=4).x).all()
    assert simulate_line(20, 1.0).inlier.all()
    assert not simulate_line(20, 0.0).inlier.any()


@pytest.mark.parametrize(
    "setting",
    [
        {"points": 2}, {"points": 1001}, {"points": 15.0}, {"points": "15"},
        {"points": True}, {"inlier_fraction": 1.01}, {"inlier_fraction": np.nan},
        {"inlier_fraction": None}, {"slope": np.inf}, {"intercept": "x" * 500},
        {"yerr": 0}, {"yerr": -1.0}, {"yerr": np.inf}, {"seed": -1}, {"seed": 2**32},
        {"seed": 1.5},
        {"seed": True}, {"slope": False},
    ],
)  # fmt: skip
def test_a_setting_outside_its_range_is_named(setting):
    (name,) = setting
    with pytest.raises(DataError, match=f"^{name} came as .*: give a .*number") as said:
        simulate_line(**setting)
    assert len(str(said.value)) < 200


def test_the_ends_of_the_ranges_are_allowed():
    assert len(simulate_line(3, seed=0).x) == 3
    assert len(simulate_line(1000, seed=2**32 - 1).x) == 1000
