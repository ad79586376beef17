import subprocess
import sys

import numpy as np
import pytest

from data import (
    DataError,
    catalogue_of,
    load_simulated,
    observe,
    simulate_line,
    zero_points,
)
from data.catalogue import clean


@pytest.fixture
def stars():
    return clean(
        "mine", {"parallax": [-1.0, 0.5, 1.0, 4.0], "parallax_error": [0.1] * 4}
    )


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("plx,e_plx\n-1,0.1\n0.5,0.2\n1,0.3\n")
    return str(path)


def test_a_table_is_cut_and_gets_its_zero_points():
    data = {"source": "simulated_m67", "parallax_min": 0.2, "parallax_max": 3.0}
    found = observe(data | {"zero_point": "lindegren2021"})
    stars = load_simulated()
    kept = (stars.parallax > 0.2) & (stars.parallax < 3)
    assert list(found) == ["parallax", "parallax_error", "zero_point"]
    assert (found["parallax"] == stars.parallax[kept]).all()
    assert (found["parallax_error"] == stars.parallax_error[kept]).all()
    expected = zero_points(stars, "lindegren2021").values[kept]
    assert (found["zero_point"] == expected).all()
    assert (observe(data)["zero_point"] == 0).all()
    assert (observe(data | {"zero_point": 0.02})["zero_point"] == 0.02).all()


def test_without_limits_every_star_is_observed(path):
    assert observe({"source": "simulated_m67"})["parallax"].shape == (5300,)
    data = {"source": "file", "path": path}
    assert observe(data)["parallax"].tolist() == [-1, 0.5, 1]
    assert observe(data | {"parallax_min": 0})["parallax"].tolist() == [0.5, 1]
    data |= {"parallax_min": None, "parallax_max": 0.7}
    assert observe(data)["parallax"].tolist() == [-1, 0.5]


def test_a_catalogue_at_hand_is_used_in_place_of_the_one_named(stars):
    data = {"source": "file", "path": "uploaded.csv", "parallax_min": 0.7}
    assert observe(data, stars)["parallax"].tolist() == [1.0, 4.0]


def test_a_line_is_observed_as_it_is_simulated():
    found = observe({"source": "line", "points": 20, "seed": 5})
    assert list(found) == ["x", "y", "yerr", "inlier"]
    for name, values in simulate_line(20, seed=5)._asdict().items():
        assert (found[name] == values).all()
    with pytest.raises(
        DataError, match="no setting 'colour': choose of points, inlier"
    ):
        observe({"source": "line", "colour": "red"})


def test_a_star_is_a_parallax_and_its_error():
    found = observe({"source": "star", "parallax": 0.434, "parallax_error": 0.837})
    values = {name: value.tolist() for name, value in found.items()}
    assert values == {
        "parallax": [0.434], "parallax_error": [0.837], "zero_point": [0.0],
    }  # fmt: skip
    data = {"source": "star", "parallax": -1, "parallax_error": 2, "zero_point": -0.02}
    assert observe(data)["zero_point"].tolist() == [-0.02]


def test_a_star_of_a_table_is_counted_before_any_cut(path):
    table = load_simulated()
    index = int(np.argmin(table.parallax))
    data = {"source": "star", "catalogue": "simulated_m67", "index": index}
    found = observe(data | {"zero_point": "lindegren2021"})
    assert found["parallax"].tolist() == [table.parallax.min()]
    assert found["parallax_error"].tolist() == [table.parallax_error[index]]
    expected = zero_points(table, "lindegren2021").values[index]
    assert found["zero_point"].tolist() == [expected]
    file = {"source": "star", "catalogue": "file", "path": path, "index": 1}
    assert observe(file)["parallax"].tolist() == [0.5]


@pytest.mark.parametrize("index", [-1, 4, None, 1.0, "1", True])
def test_an_index_outside_the_table_is_refused(stars, index):
    data = {"source": "star", "catalogue": "file", "path": "x", "index": index}
    with pytest.raises(DataError, match=r"index came as .*whole number from 0 to 3"):
        observe(data, stars)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "source came as 'None'"),
        ({"source": "hubble"}, "source came as 'hubble': choose simulated_m67, file"),
        ({"source": "star", "catalogue": "star"}, "source came as 'star'"),
        ({"source": ["file"]}, "source came as"),
    ],
)
def test_an_unknown_source_is_refused_even_with_a_table_at_hand(data, said, stars):
    for table in (None, stars):
        with pytest.raises(DataError, match=said):
            observe(data, table)
    with pytest.raises(DataError, match="data source came as"):
        catalogue_of(data)


@pytest.mark.parametrize(
    "data",
    [
        {"source": "file"},
        {"source": "file", "path": 7},
        {"source": "file", "path": ""},
        {"source": "file", "path": "a\0b"},
        {"source": "file", "path": "/nowhere/at/all.csv"},
        {"source": "simulated_m67", "parallax_min": "0.2"},
        {"source": "simulated_m67", "parallax_max": True},
        {"source": "simulated_m67", "parallax_min": 2.0, "parallax_max": 1.0},
        {"source": "star", "parallax": 1.0},
        {"source": "star", "parallax": 1.0, "parallax_error": 0.0},
        {"source": "star", "parallax": np.nan, "parallax_error": 1.0},
        {"source": "star", "parallax": 1.0, "parallax_error": np.inf},
        {"source": "star", "parallax": "1", "parallax_error": 1.0},
        {"source": "star", "parallax": 1, "parallax_error": 1, "zero_point": 7},
        {
            "source": "star", "parallax": 1, "parallax_error": 1,
            "zero_point": "lindegren2021",
        },
    ],
)  # fmt: skip
def test_data_that_cannot_be_had_are_refused_in_a_sentence(data):
    with pytest.raises(DataError) as caught:
        observe(data)
    assert str(caught.value).endswith(".")
    assert ": " in str(caught.value)


def test_importing_data_loads_nothing_heavy():
    heavy = "astropy", "pyvo", "zero_point", "jax", "panel", "numpyro", "inference"
    code = f"import sys, data; print([m for m in {heavy} if m in sys.modules])"
    seen = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert seen.stdout.strip() == "[]"
