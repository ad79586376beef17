"""Posteriors against published numbers, quadrature, the other method and the truth.

Means are compared in Monte-Carlo standard errors: five of them, for about twenty
comparisons that must all hold.
"""

import numpy as np
import pytest

from inference import worker
from inference.predictive import star_in_cluster
from tests.conftest import monte_carlo_z

LIMIT = 5.0
NO_ZERO_POINT = {
    "L": (490.6, 7.6),
    "dist_clust": (865.76, 1.13),
    "approx_size_clust": (17.70, 1.40),
    "frac_clust": (0.4284, 0.0109),
}
LINDEGREN = {
    "L": (469.58, 7.08),
    "dist_clust": (836.91, 0.99),
    "approx_size_clust": (14.58, 1.25),
    "frac_clust": (0.424, 0.011),
}


def cluster_spec(path, method="marginal", zero_point="none", **sampler):
    settings = {"chains": 4, "warmup": 150, "draws": 400, "seed": 1} | sampler
    return {
        "model": "cluster",
        "method": method,
        "data": {
            "source": "file",
            "path": str(path),
            "parallax_min": 0.2,
            "parallax_max": 3.0,
            "zero_point": zero_point,
        },
        "sampler": settings,
    }


@pytest.fixture(scope="module")
def many_for_each_star():
    """Average each star's numbers over hundreds of draws.

    Over the usual 32 all stars near the cluster's edge sway with its width, by 0.03.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "STAR_DRAWS", (4, 400))
        yield


@pytest.fixture(scope="module")
def marginal(sample, real_m67, many_for_each_star):
    return sample(cluster_spec(real_m67))


@pytest.fixture(scope="module")
def hierarchical(sample, real_m67, many_for_each_star):
    spec = cluster_spec(real_m67, "hierarchical", chains=2, warmup=150, draws=400)
    return sample(spec, latent=True)


def agrees_with(record, table):
    for name, (mean, sd) in table.items():
        draws = record.draws[name]
        # The table is itself Monte Carlo, and rounded: a twentieth of an sd.
        z = monte_carlo_z(draws, mean, extra=sd / 20)
        assert abs(z) < LIMIT, (
            f"{name}: {draws.mean():.5g}, expected {mean}, z = {z:.1f}"
        )
        assert draws.std() == pytest.approx(sd, rel=0.2), name


def test_the_line_without_outliers_is_the_published_one(sample):
    record = sample({"model": "line"})
    # Published to three decimals: half a unit of the last one is rounding.
    for name, mean, sd in (("m", 0.758, 0.035), ("b", 0.123, 0.052)):
        assert abs(monte_carlo_z(record.draws[name], mean, extra=1e-3)) < LIMIT
        assert record.draws[name].std() == pytest.approx(sd, rel=0.1)


def test_the_line_with_outliers_is_the_published_one(sample):
    record = sample({"model": "line_outliers"})
    published = {"m": (1.007, 0.056), "b": (0.051, 0.078), "Q": (0.666, 0.127),
                 "bg_mean": (-0.425, 0.409), "bg_sigma": (0.779, 0.539)}  # fmt: skip
    for name, (mean, sd) in published.items():
        # The published run has an error too: some 3000 effective draws.
        z = monte_carlo_z(record.draws[name], mean, extra=sd / np.sqrt(2400))
        assert abs(z) < LIMIT, f"{name}: z = {z:.1f}"
        spread = record.draws[name].std()
        if name in ("m", "b"):
            # A minor mode, of other points on the line, holds a per cent of the mass,
            # and a short run visits it or not (the reference's sd is 0.063).
            low, high = np.quantile(record.draws[name], [0.16, 0.84])
            spread = (high - low) / 2
        assert spread == pytest.approx(sd, rel=0.15), name


def test_outlier_probabilities_follow_bayes_rule(sample):
    from data import observe

    record = sample({"model": "line_outliers"})
    data = observe({"source": "line"})
    draws = {n: record.draws[n].reshape(-1, 1) for n in ("m", "b", "Q", "bg_mean",
                                                         "bg_sigma")}  # fmt: skip

    def normal(y, mean, sd):
        return np.exp(-0.5 * ((y - mean) / sd) ** 2) / sd

    inlier = draws["Q"] * normal(
        data["y"], draws["m"] * data["x"] + draws["b"], data["yerr"]
    )
    spread = np.hypot(draws["bg_sigma"], data["yerr"])
    outlier = (1 - draws["Q"]) * normal(data["y"], draws["bg_mean"], spread)
    np.testing.assert_allclose(
        record.draws["p"].reshape(-1, 15), inlier / (inlier + outlier), rtol=1e-9
    )


@pytest.mark.parametrize(("parallax", "error"), [(0.434, 0.837), (-0.3, 0.4), (5, 0.1)])
def test_a_star_agrees_with_one_dimensional_quadrature(sample, parallax, error):
    data = {"source": "star", "parallax": parallax, "parallax_error": error}
    record = sample({"model": "star", "data": data, "sampler": {"target_accept": 0.9}})
    r = np.linspace(1, 12_000, 400_001)
    density = (
        r**2 * np.exp(-r / 370) * np.exp(-0.5 * ((1000 / r - parallax) / error) ** 2)
    )
    density /= np.trapezoid(density, r)
    mean = np.trapezoid(r * density, r)
    sd = np.sqrt(np.trapezoid((r - mean) ** 2 * density, r))
    draws = record.draws["distance"]
    assert abs(monte_carlo_z(draws, mean)) < LIMIT
    assert draws.std() == pytest.approx(sd, rel=0.1)


def test_m67_without_zero_point(marginal):
    agrees_with(marginal, NO_ZERO_POINT)


def test_m67_with_the_zero_point_is_the_published_run(sample, real_m67):
    agrees_with(sample(cluster_spec(real_m67, zero_point="lindegren2021")), LINDEGREN)


def test_m67_with_every_distance_sampled(hierarchical):
    agrees_with(hierarchical, NO_ZERO_POINT)


def test_both_methods_say_the_same_of_every_star(marginal, hierarchical):
    # The marginal run's distances come from conditionals; the other's were sampled.
    sampled = hierarchical.draws["distance"]
    mean, sd = sampled.mean(axis=(0, 1)), sampled.std(axis=(0, 1))
    off = (mean - marginal.stars.mean) / (sd / np.sqrt(sampled[..., 0].size))
    # Draws of a star's distance are nearly independent; some are far from Normal.
    assert np.abs(np.median(off)) < 0.2
    assert np.quantile(np.abs(off), 0.99) < 5.0
    spread = np.quantile(sd / marginal.stars.sd, [0.01, 0.5, 0.99])
    np.testing.assert_allclose(spread, 1.0, atol=0.2)
    np.testing.assert_allclose(
        marginal.stars.membership, hierarchical.stars.membership, atol=0.03
    )


def test_one_star_in_the_cluster_agrees_with_the_sum_over_stars(marginal):
    names = ("log_L", "log_dist_clust", "log_sigma", "frac_clust")
    chosen = {name: marginal.draws[name].ravel()[::8] for name in names}
    for star in (0, 7, 100):
        y, e = (marginal.observed[n][star] for n in ("parallax", "parallax_error"))
        r = np.concatenate([np.geomspace(20, 700, 1500), np.linspace(701, 1100, 6000),
                            np.geomspace(1101, 30_000, 3000)])  # fmt: skip
        density = star_in_cluster(chosen, y, e, r)
        mean = np.trapezoid(r * density, r)
        assert mean == pytest.approx(marginal.stars.mean[star], rel=0.02)


def test_the_simulated_truth_is_recovered(sample):
    from data import simulated_truth

    record = sample(
        {"model": "cluster", "sampler": {"warmup": 150, "draws": 300, "seed": 3}}
    )
    truth = simulated_truth()
    for name in ("dist_clust", "approx_size_clust"):
        draws = record.draws[name]
        assert abs(draws.mean() - truth.population[name]) < 4 * draws.std(), name
    # Memberships are probabilities: among stars of probability p, a share p is members.
    from data import load_simulated, parallax_cut

    kept = parallax_cut(load_simulated(), 0.2, 3.0)
    member, p = truth.member[kept], record.stars.membership
    for low, high in ((0.05, 0.3), (0.3, 0.6), (0.6, 0.9), (0.9, 1.0)):
        inside = (p >= low) & (p < high)
        expected, spread = p[inside].sum(), np.sqrt((p * (1 - p))[inside].sum())
        assert abs(member[inside].sum() - expected) < 5 * spread + 0.03 * inside.sum()


def test_a_wrong_prior_moves_the_posterior_where_algebra_says(sample):
    # A Gaussian prior times a nearly Gaussian likelihood: means weigh by precision.
    from data import observe

    data = observe({"source": "line", "inlier_fraction": 1.0})
    prior = {"family": "Normal", "loc": 0.6, "scale": 0.05}
    content = {"model": "line", "data": {"source": "line", "inlier_fraction": 1.0}}
    free = sample(content, data)
    bound = sample(content | {"priors": {"b_perp": prior}}, data)
    mean, sd = free.draws["b_perp"].mean(), free.draws["b_perp"].std()
    weights = np.array([1 / sd**2, 1 / 0.05**2])
    expected = (weights * [mean, 0.6]).sum() / weights.sum()
    assert bound.draws["b_perp"].mean() == pytest.approx(expected, abs=0.01)
    assert bound.draws["b_perp"].mean() > mean + 3 * sd
