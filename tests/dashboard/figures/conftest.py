"""What the tests of the figures share."""

import holoviews as hv
import numpy as np
import pytest

hv.extension("bokeh")

LABELS = {
    "log_L": "log L",
    "dist_clust": "cluster distance [pc]",
    "frac_clust": "cluster fraction",
}


@pytest.fixture
def labels():
    return LABELS


@pytest.fixture
def draws():
    rng = np.random.default_rng(3)
    return {
        "log_L": rng.normal(6.0, 0.02, (4, 250)),
        "dist_clust": rng.normal(865.8, 1.1, (4, 250)),
        "frac_clust": rng.normal(0.43, 0.01, (4, 250)),
    }


@pytest.fixture
def no_draws(draws):
    return {name: values[:, :0] for name, values in draws.items()}
