"""The real M67 table, from the Gaia archive by TAP, once: then from a cache on disk."""

import os
import tempfile
import warnings
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
        If no archive answers with a whole table, or it cannot be written.
    """
    return fetch(M67_QUERY, endpoints, timeout, cache_dir, name="m67_gaia_dr3")


def fetch(
    query: str,
    endpoints: Sequence[str] = ENDPOINTS,
    timeout: float = 60.0,
    cache_dir: Path | None = None,
    name: str = "gaia",
) -> Path:
    """Ask for a table in ADQL, and keep the answer on disk.

    Parameters
    ----------
    query : str
        ADQL.
    endpoints : sequence of str
        TAP services, asked in turn.
    timeout : float
        Seconds that any one request may wait for the next bytes.
    cache_dir : Path, optional
        A folder that is made private; by default in ``$NUTSHELL_CACHE`` or the user's
        cache folder.
    name : str
        Begins the file's name; the query's hash ends it.

    Returns
    -------
    Path
        Of a gzipped FITS table, which `data.read_catalogue` reads.

    Raises
    ------
    DataError
        If no archive answers with a whole table, or it cannot be written.
    """
    folder = cache_dir or cache_folder()
    path = folder / f"{name}_{sha256(query.encode()).hexdigest()[:12]}.fits.gz"
    if path.exists():
        return path
    table = _first_answer(query, endpoints, timeout)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        _write(table, path)
    except OSError as error:
        reason = (error.strerror or "not writable").lower()
        raise DataError(
            f"The table from the Gaia archive could not be kept ({reason}): set "
            "NUTSHELL_CACHE to a folder that can be written to."
        ) from None
    return path


def cache_folder() -> Path:
    """Return the user's private folder for tables."""
    given = os.environ.get("NUTSHELL_CACHE")
    root = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(given) / "gaia" if given else Path(root) / "nutshell" / "gaia"


def _first_answer(query: str, endpoints: Sequence[str], timeout: float) -> Any:
    reasons = []
    for endpoint in endpoints:
        try:
            return _ask(endpoint, query, timeout)
        except DataError as error:
            reasons.append(str(error))
    raise DataError(
        f"The Gaia archive gave no table ({'; '.join(reasons)}): check the network and "
        "try again, or upload a table."
    )


def _ask(endpoint: str, query: str, timeout: float) -> Any:
    """Return the answer of one archive as an astropy table."""
    from pyvo import dal
    from requests import RequestException, Timeout

    host = urlsplit(endpoint).hostname
    with warnings.catch_warnings(), _session(timeout) as session:
        # Archives stray from the standard; what matters is checked below.
        warnings.simplefilter("ignore")
        try:
            service = dal.TAPService(endpoint, session=session)
            answer = service.run_sync(query, maxrec=MOST_ROWS)
            table = answer.to_table()
        except dal.DALQueryError:
            raise DataError(f"{host} refused the query") from None
        except (dal.DALAccessError, RequestException, OSError, ValueError) as error:
            late = isinstance(error.__cause__, Timeout) or "timed out" in str(error)
            reason = f"did not answer within {timeout:g} s" if late else "gave no table"
            raise DataError(f"{host} {reason}") from None
    if answer.query_status == "OVERFLOW" or len(table) >= MOST_ROWS:
        raise DataError(f"{host} cut the table short at {len(table):,} rows")
    if len(table) == 0:
        raise DataError(f"{host} answered with an empty table")
    return table


def _session(timeout: float):
    """Return a session of requests that wait no longer than ``timeout`` [s]."""
    from requests import Session

    class Bounded(Session):
        # pyvo passes no time-out of its own.
        def request(self, *given, **options):
            return super().request(*given, **{**options, "timeout": timeout})

    return Bounded()


def _write(table: Any, path: Path) -> None:
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
