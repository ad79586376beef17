"""Test statistics against SciPy, and where there is little to take one of."""

import numpy as np
import pytest
from scipy import stats

from inference.problems import PROBLEMS
from inference.spec import RunSpec
from inference.statistics import STATISTICS, Sample, peak, statistic

RNG = np.random.default_rng(0)
POINTS = {
    "x": RNG.uniform(-1, 3, 9),
    "yerr": RNG.uniform(0.1, 0.6, 9),
    "y": RNG.normal(size=9),
}


def line_sample(values, points=POINTS) -> Sample:
    return Sample(values, points, RunSpec.from_json({"model": "line"}))


def of(model: str, name: str, sample: Sample) -> np.ndarray:
    found = statistic(model, name)
    assert found is not None
    return found.of(sample)


def test_points_are_measured_from_the_best_line_through_themselves():
    values = RNG.normal(0, 1, (5, 9))
    values[2, 4] += 6
    sample = line_sample(values)
    for i, y in enumerate(values):
        fit = np.polyfit(POINTS["x"], y, 1, w=1 / POINTS["yerr"])
        z = (y - np.polyval(fit, POINTS["x"])) / POINTS["yerr"]
        expected = {
            "chi_squared": (z**2).sum(),
            "largest_residual": np.abs(z).max(),
            "far_points": (np.abs(z) > 3).sum(),
            "residual_skewness": stats.skew(z),
            "best_slope": fit[0],
        }
        found = {name: of("line", name, sample)[i] for name in expected}
        assert found == pytest.approx(expected)


@pytest.mark.parametrize("count", [1, 2])
def test_so_few_points_are_on_their_line(count):
    few = {name: values[:count] for name, values in POINTS.items()}
    sample = line_sample(RNG.normal(0, 1, (3, count)), few)
    for name in ("chi_squared", "largest_residual", "far_points"):
        np.testing.assert_allclose(of("line", name, sample), 0, atol=1e-9)
    for one in STATISTICS["line"]:
        assert np.isfinite(one.of(sample)).all()


def test_parallaxes_are_cut_as_the_data_were():
    low, high = -0.5, 2.0
    values = RNG.normal(0.8, 0.9, (6, 401))
    values[3] = 5.0
    spec = RunSpec.from_json(
        {
            "model": "cluster",
            "data": {
                "source": "simulated_m67",
                "parallax_min": low,
                "parallax_max": high,
            },
        }
    )
    observed = {"parallax": RNG.normal(0.9, 0.5, 401)}
    sample = Sample(values, observed, spec)
    ends = peak(sample)
    inside = (observed["parallax"] >= ends[0]) & (observed["parallax"] <= ends[1])
    assert inside.sum() == 101
    for i, row in enumerate(values):
        kept = row[(row >= low) & (row <= high)]
        found = {one.name: one.of(sample)[i] for one in STATISTICS["cluster"]}
        if not len(kept):
            # No star is within the cut: there is no median, and no warning.
            assert found["kept"] == 0 and np.isnan(found["median_parallax"])
            continue
        median = np.median(kept)
        assert found == pytest.approx(
            {
                "in_peak": np.mean((kept >= ends[0]) & (kept <= ends[1])),
                "median_parallax": median,
                "parallax_spread": 1.4826 * np.median(np.abs(kept - median)),
                "parallax_skewness": stats.skew(kept),
                "negative": (kept < 0).sum() / 401,
                "kept": len(kept) / 401,
            }
        )


def test_statistics_and_quantities_have_names_of_their_own():
    quantities = {name for problem in PROBLEMS.values() for name in problem.names}
    stars = [one.name for one in STATISTICS["cluster"] + STATISTICS["star"]]
    points = [one.name for one in STATISTICS["line"]]
    names = stars + points
    assert len(set(names)) == len(names)
    assert not quantities & set(names)
    assert STATISTICS.keys() == PROBLEMS.keys()
    assert statistic("star", "chi_squared") is None
