import gzip
import json

import numpy as np
import pytest

from data import load_simulated, simulated_truth
from data.population import simulate
from data.simulate import TABLE, TRUTH, write


@pytest.fixture(scope="module")
def stars():
    return load_simulated()


@pytest.fixture(scope="module")
def member():
    return simulated_truth().member


def test_the_script_writes_the_files_that_are_shipped(tmp_path):
    table, truth = write(tmp_path)
    shipped = gzip.decompress(TABLE.read_bytes())
    assert gzip.decompress(table.read_bytes()) == shipped
    assert json.loads(truth.read_text()) == json.loads(TRUTH.read_text())


def test_the_script_writes_the_same_bytes_twice(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    content = write(first)[0].read_bytes()
    assert content == write(second)[0].read_bytes()
    # Bytes 4 to 7 of gzip are the time of day.
    assert content[4:8] == bytes(4)


def test_the_shipped_table_is_small_and_named_as_what_it_is(stars):
    assert TABLE.stat().st_size < 700_000
    assert stars.simulated
    assert stars.name == "Simulated M67 field"
    assert load_simulated() is stars


def test_the_counts_of_the_truth_are_those_of_the_table(stars, member):
    counts = simulated_truth().counts
    kept = (stars.parallax > 0.2) & (stars.parallax < 3)
    assert counts == {
        "rows": len(stars),
        "members": member.sum(),
        "negative_parallaxes": (stars.parallax < 0).sum(),
        "rows_in_default_cut": kept.sum(),
        "members_in_default_cut": (kept & member).sum(),
    }
    assert (counts["rows"], counts["members"]) == (5300, 1790)
    assert stars.left_out == 0


def test_members_stand_at_the_distance_of_the_truth(stars, member):
    parallax, error = stars.parallax[member], stars.parallax_error[member]
    distance = simulated_truth().population["dist_clust"]
    relative = simulated_truth().population["approx_size_clust"] / distance
    # 1000/r of a log-normal r is log-normal, with mean e^(s²/2) and relative scatter s.
    expected = 1000 / distance * np.exp(relative**2 / 2)
    weight = 1 / (error**2 + (expected * relative) ** 2)
    mean = (weight * parallax).sum() / weight.sum()
    assert abs(mean - expected) < 2.5 / np.sqrt(weight.sum())
    assert 1 / np.sqrt(weight.sum()) < 0.003
    pull = (parallax - expected) * np.sqrt(weight)
    assert pull.std() == pytest.approx(1, abs=0.06)


def test_the_field_has_the_parallaxes_of_its_prior(stars, member):
    # The mean of 1/r under r² e^(-r/L) / 2L³ is 1 / 2L; noise does not move a mean.
    inverse = 1000 / (2 * simulated_truth().population["L"])
    field = stars.parallax[~member]
    assert abs(field.mean() - inverse) < 3 * field.std() / np.sqrt(field.size)
    assert field.std() / np.sqrt(field.size) < 0.03


@pytest.mark.parametrize("seed", [67, 1])
def test_errors_tell_nothing_of_distance_or_membership(seed):
    drawn = simulate(seed)
    error, member = drawn["parallax_error"], drawn["member"]
    bright = error < np.median(error)
    # Membership among the well and the badly measured: a binomial difference.
    share, rows = member.mean(), len(member)
    difference = member[bright].mean() - member[~bright].mean()
    assert abs(difference) < 3 * np.sqrt(share * (1 - share) * 4 / rows)
    field = drawn["parallax"][~member & bright], drawn["parallax"][~member & ~bright]
    spread = np.hypot(*(part.std() / np.sqrt(part.size) for part in field))
    assert abs(field[0].mean() - field[1].mean()) < 3 * spread


def test_members_are_on_the_sequence_of_an_old_cluster(stars, member):
    seen = member & np.isfinite(stars.bp_rp)
    colour, magnitude = stars.bp_rp[seen], stars.g_mag[seen]
    turn_off = (magnitude > 13.2) & (magnitude < 13.8)
    giants = magnitude < 12.3
    dwarfs = (magnitude > 17) & (magnitude < 17.5)
    assert np.median(colour[turn_off]) == pytest.approx(0.73, abs=0.08)
    assert np.median(colour[giants]) > 1.1
    assert 10 < giants.sum() < 100
    assert np.median(colour[dwarfs]) == pytest.approx(1.7, abs=0.2)
    clump = (np.abs(magnitude - 10.5) < 0.25) & (np.abs(colour - 1.2) < 0.06)
    assert clump.sum() >= 5


def test_members_gather_at_the_centre_and_move_together(stars, member):
    cosine = np.cos(np.radians(stars.dec))
    radius = np.hypot((stars.ra - 132.846) * cosine, stars.dec - 11.814)
    assert radius.max() < 0.501
    assert np.median(radius[member]) < 0.15
    # Half of a uniform disc is within 1/√2 of its radius.
    assert np.median(radius[~member]) == pytest.approx(0.5 / np.sqrt(2), abs=0.012)
    bright = member & (stars.g_mag < 16)
    for motion, centre in ((stars.pmra, -10.97), (stars.pmdec, -2.91)):
        assert motion[bright].mean() == pytest.approx(centre, abs=0.03)
        assert motion[bright].std() == pytest.approx(0.2, abs=0.03)
        assert motion[~member].std() > 2


def test_errors_grow_with_magnitude_as_the_real_ones_do(stars, real_m67):
    for low, high in zip(range(12, 20), range(13, 21), strict=True):
        ours, theirs = (
            np.median(t.parallax_error[(t.g_mag >= low) & (t.g_mag < high)])
            for t in (stars, real_m67)
        )
        assert ours / theirs == pytest.approx(1, abs=0.15), f"G = {low} to {high}"
    ours, theirs = np.median(stars.parallax_error), np.median(real_m67.parallax_error)
    assert ours / theirs == pytest.approx(1, abs=0.1)


def test_zero_point_inputs_are_those_of_the_real_table(stars, real_m67):
    five = stars.solution == 31
    assert np.isin(stars.solution, (31, 95)).all()
    assert five.mean() == pytest.approx((real_m67.solution == 31).mean(), abs=0.05)
    assert np.isfinite(stars.nu_eff[five]).all()
    assert np.isfinite(stars.pseudocolour[~five]).all()
    for ours, theirs in (
        (stars.nu_eff, real_m67.nu_eff),
        (stars.pseudocolour, real_m67.pseudocolour),
        (stars.ecl_lat, real_m67.ecl_lat),
    ):
        assert np.nanmedian(ours) == pytest.approx(np.nanmedian(theirs), abs=0.08)
