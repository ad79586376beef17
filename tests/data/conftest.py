"""Tables that the tests of `data` share."""

import io
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from data import read_catalogue

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def _real(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the real table {name} is not on this machine")
    return read_catalogue(path)


@pytest.fixture(autouse=True)
def no_cache_of_the_user(tmp_path_factory, monkeypatch):
    # A broken cache folder must not leave a test's stars where a person's are kept, nor
    # inside the folder in which the tests look for them.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("user-cache")))


@pytest.fixture(scope="session")
def real_m67():
    return _real("m67_gaia_dr3.fits.gz")


@pytest.fixture(scope="session")
def real_ngc2516():
    return _real("ngc2516_vizier.csv")


@pytest.fixture
def fits_of():
    """Turn arrays into the bytes of a FITS table."""

    def build(**columns):
        forms = {"f8": "D", "f4": "E", "i8": "K", "i2": "I"}
        kept = [
            fits.Column(n, forms[np.asarray(v).dtype.str[1:]], array=np.asarray(v))
            for n, v in columns.items()
        ]
        written = io.BytesIO()
        table = fits.BinTableHDU.from_columns(kept)
        fits.HDUList([fits.PrimaryHDU(), table]).writeto(written)
        return written.getvalue()

    return build
