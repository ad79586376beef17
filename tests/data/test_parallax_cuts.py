import numpy as np
import pytest

from data import DataError, fitted_stars, observe, parallax_cut
from data.catalogue import clean


@pytest.fixture
def stars():
    return clean(
        "mine", {"parallax": [-1.0, 0.2, 1.0, 3.0], "parallax_error": [0.1] * 4}
    )


def test_the_ends_of_a_cut_are_outside(stars):
    assert parallax_cut(stars, 0.2, 3.0).tolist() == [False, False, True, False]
    assert parallax_cut(stars, 0.19, 3.01).tolist() == [False, True, True, True]
    assert parallax_cut(stars, -np.inf, np.inf).all()


def test_a_cut_that_leaves_nothing_says_what_there_is(stars):
    with pytest.raises(DataError, match=r"5 to 6 mas leaves no star.*-1\.00 to 3\.00"):
        parallax_cut(stars, 5, 6)


@pytest.mark.parametrize(("low", "high"), [(3, 0.2), (1, 1), (np.nan, 1), (0, np.nan)])
def test_a_cut_that_is_no_interval_is_refused(stars, low, high):
    with pytest.raises(DataError, match="make the lower end smaller"):
        parallax_cut(stars, low, high)


def test_rows_that_are_left_out_are_counted_in_the_whole_table(stars):
    cut = {"parallax_min": -0.5, "parallax_max": 4.0}
    assert fitted_stars(stars, cut).tolist() == [False, True, True, True]
    without = fitted_stars(stars, cut | {"left_out": [0, 2]})
    assert without.tolist() == [False, True, False, True]
    observed = observe({"source": "file", "path": "-", "left_out": [0]}, stars)
    assert observed["parallax"].tolist() == [0.2, 1.0, 3.0]


def test_points_of_a_line_are_left_out():
    whole = observe({"source": "line"})
    part = observe({"source": "line", "left_out": [0, 14]})
    for name, values in whole.items():
        np.testing.assert_array_equal(part[name], values[1:14])


@pytest.mark.parametrize("row", [4, -1, True, 1.0, "0"])
def test_a_row_that_is_not_there_is_refused(stars, row):
    with pytest.raises(DataError, match="whole numbers from 0 to 3"):
        fitted_stars(stars, {"left_out": [row]})


def test_leaving_everything_out_is_refused(stars):
    cut = {"parallax_min": 0.5, "parallax_max": 2.0}
    with pytest.raises(DataError, match="take something back"):
        fitted_stars(stars, cut | {"left_out": [2]})
    with pytest.raises(DataError, match="take something back"):
        observe({"source": "line", "points": 3, "left_out": [0, 1, 2]})
