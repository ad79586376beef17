"""Sets of rows with a history in words and names: they follow the algebra of sets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.selections import (
    LONGEST,
    MOST,
    WAYS,
    SelectionError,
    Selections,
    between,
    rows,
    tidy,
)

TABLE = 12
SETS = {
    "selects": lambda a, b: b,
    "adds": lambda a, b: a | b,
    "removes": lambda a, b: a - b,
    "keeps": lambda a, b: a & b,
}


def of(numbers, words="a box"):
    return rows(np.isin(np.arange(TABLE), list(numbers)), words)


def numbers(these: Selections) -> set[int]:
    return set() if these.now is None else set(np.flatnonzero(these.now.mask).tolist())


@given(
    st.lists(
        st.tuples(st.sampled_from(list(WAYS)), st.sets(st.integers(0, TABLE - 1))),
        max_size=8,
    )
)
def test_boxes_are_combined_as_sets_are(boxes):
    these, expected = Selections(), set()
    for way, inside in boxes:
        # Where nothing is chosen there is nothing to combine with.
        expected = SETS[way](expected, inside) if expected else inside
        these = these.take(of(inside), way)
        assert numbers(these) == expected


@given(st.sets(st.integers(0, 11), min_size=1), st.sets(st.integers(0, 11), min_size=1))
def test_saved_selections_are_combined_with_each_other(a, b):
    these = Selections().take(of(a)).save("a").take(of(b)).save("b")
    for way, expected in (("adds", a | b), ("keeps", a & b), ("removes", a - b)):
        assert numbers(these.recall("a").recall("b", way)) == expected
    # What is chosen later does not change what was saved.
    assert set(np.flatnonzero(these.saved["a"].mask)) == a


def test_a_selection_says_how_it_came_about():
    these = Selections().take(of([1, 2, 3], "parallax 1.1 to 1.2 mas"))
    these = these.take(of([2, 3, 4], "G 12 to 14 mag"), "keeps")
    these = these.take(of([7], "RA 132 to 133 deg"), "adds")
    these = these.take(of([3], "BP - RP 1 to 2 mag"), "removes")
    assert these.now.words == (
        "parallax 1.1 to 1.2 mas; of these G 12 to 14 mag; and also RA 132 to 133 deg; "
        "without BP - RP 1 to 2 mag"
    )
    named = these.save("mine").recall("mine")
    assert named.now.words == "\u201cmine\u201d"
    assert named.saved["mine"].words == these.now.words


def test_names_are_given_changed_and_forgotten():
    one = Selections().take(of([1])).save("  a\tname \n").take(of([2])).save("b")
    assert list(one.saved) == ["a name", "b"]
    renamed = one.rename("a name", "c")
    assert list(renamed.saved) == ["c", "b"]
    assert list(one.saved) == ["a name", "b"], "a record stays what it was"
    assert list(renamed.delete("c").saved) == ["b"]
    assert renamed.rename("b", " b ") is renamed
    assert renamed.clear().saved == renamed.saved


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "needs a name"),
        (" \u200b\x00", "needs a name"),
        ("b", "already"),
        ("x" * (LONGEST + 1), f"at most {LONGEST}"),
    ],
)
def test_a_name_that_cannot_be_given_is_a_sentence(name, words):
    these = Selections().take(of([1])).save("a").save("b")
    for change in (these.save, lambda n: these.rename("a", n)):
        with pytest.raises(SelectionError, match=words) as caught:
            change(name)
        assert str(caught.value).count(".") == 1


def test_nothing_is_saved_of_nothing_and_not_without_end():
    with pytest.raises(SelectionError, match="draw a box first"):
        Selections().save("a")
    these = Selections().take(of([1]))
    for number in range(MOST):
        these = these.save(f"s{number}")
    with pytest.raises(SelectionError, match="delete one"):
        these.save("one more")


def test_rows_of_another_table_are_not_combined():
    these = Selections().take(of([1, 2]))
    other = rows(np.array([True, False]), "another table")
    after = these.take(other, "adds")
    np.testing.assert_array_equal(after.now.mask, other.mask)
    assert after.now.words == "another table"


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((1.13254, 1.18771), "1.1325 to 1.1877"),
        ((1.2, 1.0), "1.000 to 1.200"),
        ((-0.53, 12.6), "\u22120.5 to 12.6"),
        ((130, 5310), "130 to 5310"),
        ((2.0, 2.0), "2.000 to 2.000"),
    ],
)
def test_a_range_is_written_as_finely_as_it_is_wide(ends, text):
    # Three digits of the width.
    assert between(*ends) == text


def test_what_cannot_be_seen_is_no_part_of_a_name():
    assert tidy("a\u202eb\x07  c") == "a b c"
