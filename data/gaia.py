"""The real M67 table, from the Gaia archive by TAP, once: then from a cache on disk."""

import os
import tempfile
import warnings
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from data.errors import DataError

ENDPOINTS = (
    "https://gea.esac.esa.int/tap-server/tap",
    "https://gaia.ari.uni-heidelberg.de/tap",
)
"""ESA's archive, and a mirror."""
MOST_ROWS = 200_000

M67_QUERY = """\
SELECT source_id, ra, dec, parallax, parallax_error, pmra, pmdec,
  phot_g_mean_mag, bp_rp, nu_eff_used_in_astrometry, pseudocolour, ecl_lat,
  astrometric_params_solved
FROM gaiadr3.gaia_source
WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 132.846, 11.814, 0.5))"""
"""Gaia DR3 within half a degree of M67, every star with or without a parallax."""


def fetch_m67(
    endpoints: Sequence[str] = ENDPOINTS,
    timeout: float = 60.0,
    cache_dir: Path | None = None,
) -> Path:
    """Return the path of the real M67 table, asking the archive if it is not cached.

    Raises
    ------
    DataError
        If no archive answers with a whole table.
    """
    return fetch(M67_QUERY, "m67_gaia_dr3", endpoints, timeout, cache_dir)


def fetch(
    query: str,
    name: str,
    endpoints: Sequence[str] = ENDPOINTS,
    timeout: float = 60.0,
    cache_dir: Path | None = None,
) -> Path:
    """Ask for a table in ADQL, and keep the answer on disk.

    Parameters
    ----------
    query : str
        ADQL.
    name : str
        Begins the file's name; the query's hash ends it.
    endpoints : sequence of str
        TAP services, asked in turn.
    timeout : float
        Seconds that any one request may take.
    cache_dir : Path, optional
        A private folder; by default ``$NUTSHELL_CACHE`` or the user's cache folder.

    Returns
    -------
    Path
        Of a gzipped FITS table.

    Raises
    ------
    DataError
        If no archive answers with a whole table.
    """
    folder = cache_dir or cache_folder()
    path = folder / f"{name}_{sha256(query.encode()).hexdigest()[:12]}.fits.gz"
    if path.exists():
        return path
    reasons = []
    for endpoint in endpoints:
        try:
            table = _ask(endpoint, query, timeout)
        except DataError as error:
            reasons.append(str(error))
            continue
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(table, path)
        return path
    raise DataError(
        f"The Gaia archive did not answer ({'; '.join(reasons)}): check the network and "
        "try again, or upload a table."
    )


def cache_folder() -> Path:
    """Return the user's private folder for tables."""
    given = os.environ.get("NUTSHELL_CACHE")
    root = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(given) / "gaia" if given else Path(root) / "nutshell" / "gaia"


def _ask(endpoint: str, query: str, timeout: float):
    """Return the answer of one archive as an astropy table."""
    import pyvo
    import requests

    host = endpoint.split("/")[2]
    with requests.Session() as session:
        # pyvo passes no time-out of its own to its session.
        session.request = _with_timeout(session.request, timeout)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pyvo.dal.DALOverflowWarning)
                service = pyvo.dal.TAPService(endpoint, session=session)
                answer = service.run_sync(query, maxrec=MOST_ROWS)
        except pyvo.dal.DALOverflowWarning:
            raise DataError(f"{host} cut the table short") from None
        except pyvo.dal.DALQueryError:
            raise DataError(f"{host} refused the query") from None
        except (pyvo.dal.DALAccessError, requests.RequestException, OSError):
            raise DataError(f"{host} could not be reached") from None
        except ValueError:
            raise DataError(
                f"{host} answered with something else than a table"
            ) from None
    table = answer.to_table()
    if len(table) == 0:
        raise DataError(f"{host} answered with an empty table")
    if len(table) >= MOST_ROWS:
        raise DataError(f"{host} cut the table short at {len(table):,} rows")
    return table


def _with_timeout(request, timeout: float):
    def bounded(method, url, **options):
        return request(method, url, **{**options, "timeout": timeout})

    return bounded


def _write(table, path: Path) -> None:
    """Write a table to a cache file: all of it, or nothing."""
    for name in table.colnames:
        # Gaia calls text columns objects, which FITS cannot hold; we need none.
        if table[name].dtype.kind == "O":
            del table[name]
    table.meta.clear()
    handle, temporary = tempfile.mkstemp(suffix=".fits.gz", dir=path.parent)
    os.close(handle)
    try:
        table.write(temporary, format="fits", overwrite=True)
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
