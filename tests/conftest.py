"""What several tests need: the real tables, an engine in this process, short runs."""

import os
from pathlib import Path

import numpy as np
import numpyro
import pytest
from hypothesis import HealthCheck, settings

# Before ArviZ: see `inference.engines`.
assert numpyro.__version__

# The machines that run this are shared: how long an example takes says nothing.
settings.register_profile(
    "shared", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared")

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_m67() -> Path:
    path = SHARED / "m67_gaia_dr3.fits.gz"
    if not path.exists():
        pytest.skip("the real M67 table is not on this machine")
    return path


@pytest.fixture(scope="session")
def real_ngc2516() -> Path:
    path = SHARED / "ngc2516_vizier.csv"
    if not path.exists():
        pytest.skip("the real NGC 2516 table is not on this machine")
    return path


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """One cache for every process of this test run, and for none but this one."""
    own = tmp_path_factory.mktemp("own")
    # The processes that share the tests have folders side by side: what one compiled
    # the other need not, and compiling is most of what the tests take.
    shared = own.parents[1] if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = shared / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUTSHELL_CACHE", str(folder))
        patch.setenv("NUTSHELL_RUNS", str(own / "runs"))
        yield folder


@pytest.fixture(scope="session")
def engine(cache):
    """An executor in this process."""
    from concurrent.futures import ThreadPoolExecutor

    from inference import devices

    devices.configure(str(cache / "jax"))
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture(scope="session")
def sample(engine):
    """Run a spec written as JSON to its end and return the record."""
    from data import observe
    from inference.runner import Phase, Run
    from inference.spec import RunSpec

    def run(content: dict, observed: dict | None = None, **options):
        spec = RunSpec.from_json(content)
        arrays = observe(spec.data) if observed is None else observed
        record = Run(spec, arrays, engine, **options).wait(500)
        assert record.phase is Phase.DONE, record.sentence
        return record

    return run


def monte_carlo_z(values: np.ndarray, expected: float, extra: float = 0.0) -> float:
    """How many standard errors the mean of draws (chain, draw) is off."""
    from arviz_stats.base import array_stats

    error = array_stats.mcse(values, method="mean", chain_axis=0, draw_axis=1)
    return float((values.mean() - expected) / np.hypot(error, extra))
