import numpy as np
import pytest

from data import DataError, parallax_cut
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
