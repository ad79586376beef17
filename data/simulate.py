"""The simulated M67 field that Nutshell opens with, and its truth.

``python -m data simulate`` writes both files, the same bytes every time. The stars have
the columns of the real Gaia table, with proper motions, and errors that grow with
magnitude as Gaia DR3's do; the distances are drawn from the very populations that the
cluster model assumes, so that its truth is known.
"""

import gzip
import io
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from data.catalogue import Catalogue, clean
from data.readers import columns_of

FOLDER = Path(__file__).parent
TABLE = FOLDER / "simulated_m67.fits.gz"
TRUTH = FOLDER / "simulated_m67_truth.json"
NAME = "Simulated M67 field"

SEED = 67
MEMBERS, FIELD = 1800, 3500
CENTRE = (132.846, 11.814)
RADIUS = 0.5
"""Of the cone [deg]."""
LENGTH_SCALE, DISTANCE, DEPTH = 480.0, 860.0, 15.0
"""L of the field, distance and depth of the cluster [pc]."""
PROPER_MOTION = (-10.97, -2.91)
"""Of the cluster [mas/yr]."""
DISPERSION = 0.2
CORE = 0.13
"""Plummer radius of the cluster on the sky [deg]."""
EXTINCTION = 0.1
FAINTEST = 21.0

# The cluster's sequence in absolute G and BP - RP at 4 Gyr: main sequence, turn-off,
# subgiant branch, giant branch with its clump; by hand, after M67's own diagram.
SEQUENCE = np.array(
    [
        (11.3, 2.75), (10.5, 2.55), (9.5, 2.30), (8.6, 2.00), (7.8, 1.65),
        (7.0, 1.30), (6.2, 1.05), (5.4, 0.88), (4.6, 0.75), (4.0, 0.68),
        (3.55, 0.66), (3.2, 0.70), (3.0, 0.80), (2.95, 0.95), (2.6, 1.05),
        (1.8, 1.12), (1.0, 1.20), (0.4, 1.30), (-0.6, 1.52),
    ]
)  # fmt: skip
GIANTS_FROM = 3.2

# Median parallax error against G, read off the real table [mag], [mas].
ERROR_CURVE = np.array(
    [
        (7.0, 0.018), (9.4, 0.0175), (10.9, 0.021), (12.4, 0.0170), (13.1, 0.0175),
        (13.9, 0.0200), (14.6, 0.0270), (15.4, 0.0360), (16.1, 0.0509),
        (16.9, 0.0758), (17.6, 0.1145), (18.4, 0.1809), (19.1, 0.2942),
        (19.9, 0.5055), (20.6, 1.05), (21.0, 1.45),
    ]
)  # fmt: skip
ERROR_SCATTER = 0.23
FIVE_PARAMETERS = np.array([(17.5, 0.96), (18.4, 0.83), (19.1, 0.51), (20.0, 0.18)])
"""Share of five-parameter solutions against G."""


class SimulatedTruth(NamedTuple):
    """What the simulated field was made from."""

    population: dict[str, float]
    """The model's parameters, under its names: L, dist_clust, approx_size_clust [pc]."""
    member: np.ndarray
    """Whether a row is in the cluster, bool (star,)."""
    counts: dict[str, int]
    """Rows and members, in all and within the default cut."""


@lru_cache(maxsize=1)
def load_simulated() -> Catalogue:
    """Return the simulated field, as it is shipped."""
    columns = columns_of(TABLE.read_bytes(), TABLE.name)
    return clean(NAME, columns, simulated=True)


@lru_cache(maxsize=1)
def simulated_truth() -> SimulatedTruth:
    """Return what the simulated field was made from."""
    content = json.loads(TRUTH.read_text())
    member = columns_of(TABLE.read_bytes(), TABLE.name)["member"]
    return SimulatedTruth(content["population"], member, content["counts"])


def write() -> tuple[Path, Path]:
    """Write the table and its truth; return their paths."""
    columns = simulate()
    TABLE.write_bytes(table_bytes(columns))
    TRUTH.write_text(json.dumps(truth(columns), indent=2) + "\n")
    return TABLE, TRUTH


def simulate() -> dict[str, np.ndarray]:
    """Draw the field and the cluster, (star,) each, under Gaia's column names."""
    generator = np.random.default_rng(SEED)
    parts = (_cluster(generator), _field(generator))
    drawn = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    columns = _measured(drawn, generator)
    order = generator.permutation(len(columns["parallax"]))
    columns = {name: value[order] for name, value in columns.items()}
    rows = len(order)
    return {"source_id": np.arange(1, rows + 1, dtype=np.int64), **columns}


def _cluster(generator) -> dict[str, np.ndarray]:
    log_distance = np.log(DISTANCE) + DEPTH / DISTANCE * generator.standard_normal(
        MEMBERS
    )
    magnitude, colour = _sequence(generator, MEMBERS)
    # Plummer's surface density: the share within r is r² / (r² + a²), cut at the cone.
    share = generator.random(MEMBERS) * RADIUS**2 / (RADIUS**2 + CORE**2)
    return {
        "distance": np.exp(log_distance),
        "absolute": magnitude,
        "colour": colour,
        "radius": CORE * np.sqrt(share / (1 - share)),
        "pmra": generator.normal(PROPER_MOTION[0], DISPERSION, MEMBERS),
        "pmdec": generator.normal(PROPER_MOTION[1], DISPERSION, MEMBERS),
        "member": np.ones(MEMBERS, dtype=bool),
    }


def _sequence(generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw absolute magnitudes and colours on the cluster's sequence."""
    # Stars become fewer towards the bright end, and giants are few.
    brightest = SEQUENCE[:, 0].min()
    faint = generator.beta(1.7, 1.25, count) * (11.3 - GIANTS_FROM) + GIANTS_FROM
    giant = generator.random(count) < 0.045
    bright = generator.uniform(brightest, GIANTS_FROM, count)
    clump = generator.random(count) < 0.3
    bright = np.where(clump, generator.normal(0.75, 0.07, count), bright)
    magnitude = np.where(giant, bright, faint)
    ordered = SEQUENCE[::-1]
    colour = np.interp(magnitude, ordered[:, 0], ordered[:, 1])
    colour = np.where(giant & clump, generator.normal(1.2, 0.02, count), colour)
    # Unresolved binaries: up to 0.75 mag brighter at nearly the same colour.
    binary = (generator.random(count) < 0.3) & ~giant
    magnitude = magnitude - np.where(binary, generator.uniform(0.3, 0.75, count), 0.0)
    return magnitude, colour + generator.normal(0, 0.015, count)


def _field(generator) -> dict[str, np.ndarray]:
    # r² e^(-r/L) is a Gamma of concentration 3 (Bailer-Jones 2015, arXiv:1507.02105).
    distance = LENGTH_SCALE * generator.standard_gamma(3.0, FIELD)
    faintest = FAINTEST - 5 * np.log10(distance / 10) - EXTINCTION
    # What is seen of a luminosity function that rises to the survey's limit.
    brightest = np.minimum(-0.5, faintest - 0.5)
    depth = generator.beta(3.2, 1.1, FIELD)
    magnitude = brightest + (faintest - brightest) * depth
    giant = (magnitude < 3.0) & (generator.random(FIELD) < 0.75)
    dwarfs = np.array(
        [(-1.0, -0.05), (1.0, 0.15), (2.5, 0.40), (3.5, 0.60), (4.6, 0.78)]
    )
    faint = SEQUENCE[::-1][SEQUENCE[::-1][:, 0] > 5.0]
    sequence = np.concatenate([dwarfs, faint])
    colour = np.interp(magnitude, sequence[:, 0], sequence[:, 1])
    colour = np.where(giant, 1.35 - 0.12 * magnitude, colour)
    colour = colour + generator.normal(0, 0.10, FIELD) + 0.02 * magnitude.clip(0, 5)
    # A peculiar velocity of some 40 km/s; 4.74 turns AU/yr into km/s.
    speed = generator.normal(0, 40.0, (2, FIELD)) / (4.74 * distance / 1000)
    return {
        "distance": distance,
        "absolute": magnitude,
        "colour": colour,
        "radius": RADIUS * np.sqrt(generator.random(FIELD)),
        "pmra": speed[0] - 1.5,
        "pmdec": speed[1] - 3.5,
        "member": np.zeros(FIELD, dtype=bool),
    }


def _measured(drawn, generator) -> dict[str, np.ndarray]:
    """Place stars on the sky and measure them with Gaia's errors."""
    rows = len(drawn["distance"])
    g_mag = drawn["absolute"] + 5 * np.log10(drawn["distance"] / 10) + EXTINCTION
    g_mag = np.minimum(g_mag, FAINTEST - 0.3 * generator.random(rows))
    scatter = np.exp(generator.normal(0, ERROR_SCATTER, rows))
    poor = np.exp(np.abs(generator.normal(0, 0.8, rows)))
    scatter *= np.where(generator.random(rows) < 0.04, poor, 1.0)
    error = (np.interp(g_mag, *ERROR_CURVE.T) * scatter).clip(0.0105, 2.9)
    angle = generator.uniform(0, 2 * np.pi, rows)
    dec = CENTRE[1] + drawn["radius"] * np.sin(angle)
    ra = CENTRE[0] + drawn["radius"] * np.cos(angle) / np.cos(np.radians(dec))
    bp_rp = drawn["colour"] + 0.05 + generator.normal(0, 0.004 + 0.25 * error, rows)
    five = generator.random(rows) < np.interp(g_mag, *FIVE_PARAMETERS.T)
    wavenumber = np.polyval([0.0043, 0.0139, -0.2458, 1.7396], bp_rp)
    lost = generator.random(rows) < 0.008
    return {
        "ra": ra,
        "dec": dec,
        "parallax": generator.normal(1000.0 / drawn["distance"], error),
        "parallax_error": error,
        "pmra": generator.normal(drawn["pmra"], 1.05 * error),
        "pmdec": generator.normal(drawn["pmdec"], 0.85 * error),
        "phot_g_mean_mag": g_mag,
        "bp_rp": np.where(lost, np.nan, bp_rp),
        "nu_eff_used_in_astrometry": np.where(five, wavenumber, np.nan),
        "pseudocolour": np.where(
            five, np.nan, wavenumber + generator.normal(0, 0.04, rows)
        ),
        "ecl_lat": -5.6 + (dec - CENTRE[1]),
        "astrometric_params_solved": np.where(five, 31, 95).astype(np.int16),
        "member": drawn["member"],
    }


def table_bytes(columns: dict[str, np.ndarray]) -> bytes:
    """Write columns as a gzipped FITS table, the same bytes every time."""
    from astropy.io import fits

    double = ("ra", "dec")
    formats = {"i": "K", "b": "L"}
    kept = []
    for name, values in columns.items():
        form = "I" if values.dtype == np.int16 else formats.get(values.dtype.kind)
        form = form or ("D" if name in double else "E")
        kept.append(fits.Column(name=name, format=form, array=values))
    table = fits.BinTableHDU.from_columns(kept)
    table.header["COMMENT"] = (
        "Simulated: not observations. Made by python -m data simulate"
    )
    plain = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(plain)
    return gzip.compress(plain.getvalue(), 9, mtime=0)


def truth(columns: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return what the field was made from, and what came of it."""
    kept = (columns["parallax"] > 0.2) & (columns["parallax"] < 3.0)
    member = columns["member"]
    return {
        "name": NAME,
        "seed": SEED,
        "population": {
            "L": LENGTH_SCALE,
            "dist_clust": DISTANCE,
            "approx_size_clust": DEPTH,
            "frac_clust": MEMBERS / (MEMBERS + FIELD),
            "zero_point": 0.0,
        },
        "note": "Of all rows. A parallax cut keeps another share of members, and other "
        "field stars, than the model assumes: L and frac_clust shift, dist_clust does not.",
        "counts": {
            "rows": len(member),
            "members": int(member.sum()),
            "negative_parallaxes": int((columns["parallax"] < 0).sum()),
            "rows_in_default_cut": int(kept.sum()),
            "members_in_default_cut": int((member & kept).sum()),
        },
    }
