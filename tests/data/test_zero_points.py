from dataclasses import replace

import numpy as np
import pytest

from data import DataError, load_simulated, parallax_cut, zero_points


@pytest.fixture(scope="module")
def kept(real_m67):
    return real_m67.where(parallax_cut(real_m67, 0.2, 3.0))


def test_the_recipe_gives_the_published_zero_points_of_m67(kept):
    found = zero_points(kept, "lindegren2021")
    assert found.values.shape == (4300,)
    assert found.missing == 1
    assert found.values.min() == pytest.approx(-0.063, abs=5e-4)
    assert found.values.max() == pytest.approx(0.017, abs=5e-4)
    assert np.median(found.values) == pytest.approx(-0.027, abs=5e-4)
    assert found.values[3229] == pytest.approx(0.009, abs=5e-4)


def test_a_star_without_a_zero_point_gets_none_and_is_counted(kept):
    nameless = np.isnan(kept.g_mag)
    assert nameless.sum() == 1
    assert zero_points(kept, "lindegren2021").values[nameless] == 0
    blind = replace(kept, ecl_lat=np.where(np.arange(4300) < 10, np.nan, kept.ecl_lat))
    assert zero_points(blind, "lindegren2021").missing == 10 + (nameless.argmax() >= 10)
    odd = replace(kept, solution=np.where(np.arange(4300) < 7, 3, kept.solution))
    assert zero_points(odd, "lindegren2021").missing == 7 + (nameless.argmax() >= 7)


def test_stars_outside_the_recipe_are_counted_as_extrapolated(kept):
    six = kept.solution == 95
    outside = six & ((kept.pseudocolour <= 1.24) | (kept.pseudocolour >= 1.72))
    outside &= np.isfinite(kept.g_mag)
    found = zero_points(kept, "lindegren2021")
    assert found.extrapolated == outside.sum() > 100
    # The recipe is constant beyond its colours, so that this is no wild guess.
    edge = np.clip(kept.pseudocolour, 1.24, 1.72)
    clipped = zero_points(replace(kept, pseudocolour=edge), "lindegren2021").values
    np.testing.assert_allclose(found.values[outside], clipped[outside], atol=1e-6)


def test_a_star_has_the_same_zero_point_alone_and_in_company():
    stars = load_simulated()
    together = zero_points(stars, "lindegren2021").values
    for index in (0, 17, 5299):
        alone = zero_points(stars.where(np.arange(5300) == index), "lindegren2021")
        assert alone.values == together[index] != 0


def test_a_constant_is_the_same_for_every_star():
    stars = load_simulated()
    assert (zero_points(stars, "none").values == np.zeros(5300)).all()
    assert (zero_points(stars, -0.017).values == np.full(5300, -0.017)).all()
    assert zero_points(stars, -1).values[0] == -1
    assert zero_points(stars, -0.017).missing == 0


@pytest.mark.parametrize(
    "choice", [1.01, -2, np.nan, np.inf, "parallax", "", None, True, "0.1", [0.1]]
)
def test_another_choice_is_refused(choice):
    with pytest.raises(DataError, match=r"zero_point came as .*: give none, a number"):
        zero_points(load_simulated(), choice)


def test_a_table_without_the_columns_is_told_what_it_needs(real_ngc2516):
    with pytest.raises(DataError, match=r"ngc2516.* needs \(phot_g_mean_mag, nu_eff"):
        zero_points(real_ngc2516, "lindegren2021")


def test_a_table_without_latitudes_is_told_what_it_needs():
    stars = load_simulated()
    blind = replace(stars, ecl_lat=np.full(len(stars), np.nan))
    with pytest.raises(DataError, match="ecl_lat"):
        zero_points(blind, "lindegren2021")
