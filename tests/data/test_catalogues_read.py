import gzip

import numpy as np
import pytest

from data import DataError, load_simulated, parse_catalogue, read_catalogue
from data.catalogue import clean

TEXT = """\
# a comment
source_id,RA,Dec,parallax,PARALLAX_ERROR,phot_g_mean_mag
604911307728632320,132.8,11.8,1.25,0.05,12.5
604911307728632321,132.9,11.9,-0.5,0.40,
"""


def test_the_real_m67_table_has_the_counts_that_were_published(real_m67):
    kept = (real_m67.parallax > 0.2) & (real_m67.parallax < 3)
    assert len(real_m67) == 5331
    assert real_m67.left_out == 0
    assert (real_m67.parallax < 0).sum() == 542
    assert kept.sum() == 4300
    assert np.isnan(real_m67.bp_rp[kept]).sum() == 37
    assert (real_m67.solution[kept] == 31).sum() == 2797
    assert (real_m67.solution[kept] == 95).sum() == 1503
    assert np.isnan(real_m67.pmra).all()
    assert np.hypot(real_m67.ra - 132.846, real_m67.dec - 11.814).max() < 0.52
    assert not real_m67.simulated


def test_published_star_3229_is_where_it_was_published(real_m67):
    kept = (real_m67.parallax > 0.2) & (real_m67.parallax < 3)
    star = real_m67.where(kept).where(np.arange(4300) == 3229)
    assert star.parallax[0] == pytest.approx(0.434, abs=5e-4)
    assert star.parallax_error[0] == pytest.approx(0.837, abs=5e-4)


def test_a_table_with_vizier_names_has_its_proper_motions(real_ngc2516):
    assert len(real_ngc2516) == 1428
    assert np.isfinite(real_ngc2516.pmra).all()
    assert np.isfinite(real_ngc2516.pmdec).all()
    # Hunt & Reffert (2023, A&A 673, A114) have NGC 2516 at 407.1 pc and (-4.6, 11.2).
    assert np.median(1000 / real_ngc2516.parallax) == pytest.approx(407, rel=0.02)
    assert np.median(real_ngc2516.pmdec) == pytest.approx(11.2, abs=0.3)
    assert np.nanmedian(real_ngc2516.bp_rp) > 0.5
    assert (real_ngc2516.solution == 0).all()


def test_csv_keeps_every_digit_of_an_identifier_and_leaves_blanks_nan():
    stars = parse_catalogue(TEXT.encode(), "mine.csv")
    assert stars.source_id.tolist() == [604911307728632320, 604911307728632321]
    assert stars.parallax.tolist() == [1.25, -0.5]
    assert stars.parallax_error.tolist() == [0.05, 0.40]
    assert stars.g_mag[0] == 12.5
    assert np.isnan(stars.g_mag[1])
    assert np.isnan(stars.bp_rp).all()
    assert stars.name == "mine.csv"


@pytest.mark.parametrize("zipped", [False, True])
def test_csv_and_fits_of_the_same_stars_give_the_same_catalogue(fits_of, zipped):
    pack = gzip.compress if zipped else bytes
    content = fits_of(Plx=[1.25, -0.5], e_Plx=[0.05, 0.4], Gmag=[12.5, np.nan])
    ours = parse_catalogue(pack(content), "a.fits.gz" if zipped else "a.fits")
    text = parse_catalogue(pack(TEXT.encode()), "a.csv.gz" if zipped else "a.csv")
    for name in ("parallax", "parallax_error", "g_mag"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(text, name))


def test_fits_keeps_every_digit_of_an_identifier(fits_of):
    large = np.array([604911307728632321, 604911307728632323])
    columns = {"source_id": large, "parallax": [1.0, 2.0], "parallax_error": [0.1, 0.2]}
    stars = parse_catalogue(fits_of(**columns), "a.fits")
    assert stars.source_id.tolist() == large.tolist()


def test_a_table_without_identifiers_numbers_its_rows():
    text = b"plx,e_plx\n1,0.1\n2,0\n3,0.3\n"
    assert parse_catalogue(text, "a.csv").source_id.tolist() == [0, 2]
    named = b"source,plx,e_plx\nGaia 1,1,0.1\nGaia 2,2,0.2\n"
    assert parse_catalogue(named, "a.csv").source_id.tolist() == [0, 1]


def test_rows_that_say_nothing_are_left_out_and_counted(fits_of):
    parallax = [1.0, np.nan, 2.0, 3.0, 4.0, np.inf, 5.0]
    error = [0.1, 0.1, np.nan, -0.3, 0.0, 0.1, np.inf]
    stars = parse_catalogue(fits_of(parallax=parallax, parallax_error=error), "a.fits")
    assert stars.parallax.tolist() == [1.0]
    assert stars.left_out == 6
    text = b"parallax,parallax_error,ra\n1,0.1,5\n--,0.1,5\n2,null,5\n3,-1,5\ninf,1,5\n"
    stars = parse_catalogue(text, "a.csv")
    assert (len(stars), stars.left_out) == (1, 4)


def test_a_masked_integer_is_not_taken_for_its_fill_value():
    import io

    from astropy.table import MaskedColumn, Table

    table = Table({"parallax": [1.0, 2.0], "parallax_error": [0.1, 0.2]})
    table["astrometric_params_solved"] = MaskedColumn([31, 95], mask=[False, True])
    written = io.BytesIO()
    table.write(written, format="fits")
    assert parse_catalogue(written.getvalue(), "a.fits").solution.tolist() == [31, 0]


@pytest.mark.parametrize("solution", [1e300, -1e300, np.inf, np.nan])
def test_a_solution_that_is_no_whole_number_is_unknown(fits_of, solution):
    columns = {"parallax": [1.0], "parallax_error": [0.1]}
    columns["astrometric_params_solved"] = [solution]
    assert parse_catalogue(fits_of(**columns), "a.fits").solution.tolist() == [0]


def test_a_table_of_one_row_is_a_catalogue(fits_of):
    one = parse_catalogue(fits_of(parallax=[1.0], parallax_error=[0.1]), "a.fits")
    assert len(one) == 1
    assert len(parse_catalogue(b"plx,e_plx\n1,0.1\n", "a.csv")) == 1


def test_an_endless_value_never_reaches_an_axis(fits_of):
    content = fits_of(parallax=[1.0], parallax_error=[0.1], bp_rp=[np.inf])
    assert np.isnan(parse_catalogue(content, "a.fits").bp_rp[0])


def test_where_keeps_every_column_in_step():
    stars = load_simulated()
    mask = stars.g_mag < 15
    bright = stars.where(mask)
    assert 0 < len(bright) == mask.sum() < len(stars)
    np.testing.assert_array_equal(bright.source_id, stars.source_id[mask])
    np.testing.assert_array_equal(bright.pmdec, stars.pmdec[mask])
    assert bright.name == stars.name
    assert bright.simulated


def test_a_shared_catalogue_cannot_be_written_to():
    stars = load_simulated()
    for table in (stars, stars.where(stars.g_mag < 15)):
        with pytest.raises(ValueError, match="read-only"):
            table.parallax[0] = 1.0


def test_reading_starts_from_a_path_and_names_the_table_after_it(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(TEXT)
    assert read_catalogue(path).name == "mine.csv"
    with pytest.raises(DataError, match=r"'none\.csv' could not be read .*check"):
        read_catalogue(tmp_path / "none.csv")
    with pytest.raises(DataError, match="is not a file"):
        read_catalogue(tmp_path)


def test_cleaning_needs_both_columns():
    with pytest.raises(DataError, match="give both columns"):
        clean("mine", {"parallax": np.ones(2)})
