"""Draws the simulated M67 field: who is there, and what Gaia would measure of it.

Distances are drawn from the two populations of the cluster model. Magnitudes, and with
them the errors, are drawn without regard to distance or membership: the model takes the
errors as given, and would be biased if they told anything of the distance. Colours then
follow from the absolute magnitude that a star's distance gives it.
"""

from typing import NamedTuple

import numpy as np

SEED = 67
MEMBERS, FIELD = 1790, 3510
CENTRE = (132.846, 11.814)
"""Right ascension and declination of the cone [deg]."""
RADIUS = 0.5
"""Of the cone [deg]."""
CORE = 0.13
"""Plummer radius of the cluster on the sky [deg]."""
LENGTH_SCALE, DISTANCE, DEPTH = 480.0, 860.0, 15.0
"""L of the field, distance and depth of the cluster [pc]."""
PROPER_MOTION, DISPERSION = (-10.97, -2.91), 0.2
"""Of the cluster [mas/yr]."""
EXTINCTION, REDDENING = 0.09, 0.05
"""In G and in BP - RP [mag], of A_V = 0.1."""

# Share of stars fainter than a magnitude, after the real cone.
MAGNITUDES = np.array(
    [
        (0.0, 7.6), (0.002, 9.6), (0.005, 10.5), (0.01, 11.3), (0.025, 12.5),
        (0.05, 13.1), (0.1, 14.1), (0.15, 15.0), (0.2, 15.6), (0.3, 16.8),
        (0.4, 17.8), (0.5, 18.55), (0.6, 19.15), (0.7, 19.65), (0.8, 20.1),
        (0.9, 20.5), (0.95, 20.7), (0.99, 20.85), (1.0, 21.0),
    ]
)  # fmt: skip

# G, the median parallax error [mas] and its scatter (natural log), after the real cone.
ERRORS = np.array(
    [
        (7.0, 0.0223, 0.35), (9.0, 0.0223, 0.35), (10.5, 0.0205, 0.32),
        (11.5, 0.0235, 0.27), (12.5, 0.0174, 0.22), (13.0, 0.0175, 0.15),
        (13.5, 0.0180, 0.12), (14.05, 0.0215, 0.13), (14.7, 0.0278, 0.13),
        (15.3, 0.0352, 0.13), (15.9, 0.0459, 0.12), (16.5, 0.0619, 0.12),
        (17.1, 0.0849, 0.13), (17.7, 0.119, 0.13), (18.3, 0.1686, 0.13),
        (18.9, 0.250, 0.13), (19.5, 0.376, 0.13), (19.9, 0.510, 0.14),
        (20.1, 0.607, 0.15), (20.4, 0.772, 0.16), (20.6, 1.10, 0.18),
        (20.8, 1.60, 0.19), (21.0, 2.10, 0.19),
    ]
)  # fmt: skip
LEAST_ERROR, LARGEST_ERROR = 0.0125, 3.6
POOR = 0.04
"""Share of stars measured worse than their magnitude says: close pairs and the like."""
FIVE_PARAMETERS = np.array([(17.5, 0.96), (18.4, 0.83), (19.1, 0.43), (20.0, 0.15)])
"""Share of five-parameter solutions against G."""
NO_COLOUR = 0.008
"""Share of stars without BP - RP."""

# The cluster's sequence in absolute G and BP - RP at 4 Gyr: main sequence, turn-off,
# subgiant branch and giant branch; by hand, after M67's own diagram.
SEQUENCE = np.array(
    [
        (-0.6, 1.52), (0.4, 1.30), (1.0, 1.20), (1.8, 1.12), (2.6, 1.05),
        (2.95, 0.95), (3.0, 0.80), (3.2, 0.70), (3.55, 0.66), (4.0, 0.68),
        (4.6, 0.75), (5.4, 0.88), (6.2, 1.05), (7.0, 1.30), (7.8, 1.65),
        (8.6, 2.00), (9.5, 2.30), (10.5, 2.55), (11.3, 2.75),
    ]
)  # fmt: skip
TURN_OFF = 3.5
"""Absolute G below which single stars have left the main sequence [mag]."""
CLUMP = (0.75, 1.15)
"""Absolute G and BP - RP of giants that burn helium [mag]."""
BINARIES = 0.3
"""Share of unresolved pairs among the cluster's dwarfs."""

# Dwarfs of the field, young ones included, down to the reddest.
DWARFS = np.array(
    [
        (-4.0, -0.25), (-1.0, -0.05), (1.0, 0.20), (2.5, 0.45), (3.5, 0.62),
        (4.6, 0.78), *SEQUENCE[-8:], (13.0, 3.30), (15.0, 4.00),
    ]
)  # fmt: skip


class Stars(NamedTuple):
    """Stars as they are, before anybody measures them."""

    distance: np.ndarray
    """[pc], (star,)"""
    g_mag: np.ndarray
    """Apparent G [mag], (star,)"""
    colour: np.ndarray
    """BP - RP without reddening [mag], (star,)"""
    radius: np.ndarray
    """From the centre of the cone [deg], (star,)"""
    pmra: np.ndarray
    """[mas/yr], (star,)"""
    pmdec: np.ndarray
    """[mas/yr], (star,)"""
    member: np.ndarray
    """Whether the star is in the cluster, bool (star,)"""


def simulate(seed: int = SEED) -> dict[str, np.ndarray]:
    """Draw the cluster and the field, and measure them.

    Returns
    -------
    dict of arrays (star,)
        Under the column names of Gaia's archive, in its units, and ``member``.
    """
    generator = np.random.default_rng(seed)
    parts = zip(_cluster(generator), _field(generator), strict=True)
    stars = Stars(*(np.concatenate(part) for part in parts))
    columns = _measured(stars, generator)
    order = generator.permutation(len(stars.distance))
    numbers = np.arange(1, len(order) + 1, dtype=np.int64)
    return {"source_id": numbers} | {
        name: values[order] for name, values in columns.items()
    }


def _cluster(generator: np.random.Generator) -> Stars:
    depth = DEPTH / DISTANCE * generator.standard_normal(MEMBERS)
    distance = DISTANCE * np.exp(depth)
    g_mag = _magnitudes(generator, MEMBERS)
    absolute = g_mag - _modulus(distance)
    # A third of the giants, and whatever would outshine the tip, are in the clump. The
    # errors are alike for all giants, so that they still tell nothing of the distance.
    giant = absolute < 2.8
    clump = giant & (generator.random(MEMBERS) < 0.35) | (absolute < SEQUENCE[0, 0])
    absolute = np.where(clump, generator.normal(CLUMP[0], 0.07, MEMBERS), absolute)
    # Plummer's surface density: the share within r is r² / (r² + a²), cut at the cone.
    share = generator.random(MEMBERS) * RADIUS**2 / (RADIUS**2 + CORE**2)
    return Stars(
        distance=distance,
        g_mag=absolute + _modulus(distance),
        colour=_cluster_colours(generator, absolute, clump),
        radius=CORE * np.sqrt(share / (1 - share)),
        pmra=generator.normal(PROPER_MOTION[0], DISPERSION, MEMBERS),
        pmdec=generator.normal(PROPER_MOTION[1], DISPERSION, MEMBERS),
        member=np.ones(MEMBERS, dtype=bool),
    )


def _cluster_colours(generator, absolute, clump) -> np.ndarray:
    # A pair is up to 0.75 mag brighter than its primary, at nearly the same colour.
    pair = generator.random(MEMBERS) < BINARIES
    excess = np.where(pair, generator.uniform(0.3, 0.75, MEMBERS), 0.0)
    primary = np.where(absolute + excess > TURN_OFF, absolute + excess, absolute)
    colour = np.interp(primary, *SEQUENCE.T)
    colour = np.where(clump, CLUMP[1], colour)
    return colour + generator.normal(0, 0.012, MEMBERS)


def _field(generator: np.random.Generator) -> Stars:
    # r² e^(-r/L) is a Gamma of concentration 3 (Bailer-Jones 2015, arXiv:1507.02105).
    distance = LENGTH_SCALE * generator.standard_gamma(3.0, FIELD)
    g_mag = _magnitudes(generator, FIELD)
    absolute = g_mag - _modulus(distance)
    giant = (absolute < 3.0) & (generator.random(FIELD) < 0.75)
    giants = 1.30 - 0.10 * absolute.clip(-4)
    colour = np.where(giant, giants, np.interp(absolute, *DWARFS.T))
    # A peculiar velocity of some 40 km/s; 4.74 turns AU/yr into km/s.
    speed = generator.normal(0, 40.0, (2, FIELD)) / (4.74 * distance / 1000)
    return Stars(
        distance=distance,
        g_mag=g_mag,
        # Ages and metals spread the field's sequence.
        colour=colour + generator.normal(0, 0.10, FIELD),
        radius=RADIUS * np.sqrt(generator.random(FIELD)),
        pmra=speed[0] - 1.5,
        pmdec=speed[1] - 3.5,
        member=np.zeros(FIELD, dtype=bool),
    )


def _magnitudes(generator: np.random.Generator, count: int) -> np.ndarray:
    return np.interp(generator.random(count), *MAGNITUDES.T)


def _modulus(distance: np.ndarray) -> np.ndarray:
    return 5 * np.log10(distance / 10) + EXTINCTION


def _measured(stars: Stars, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Measure stars with Gaia's errors."""
    rows = len(stars.distance)
    error = _errors(stars.g_mag, generator)
    angle = generator.uniform(0, 2 * np.pi, rows)
    dec = CENTRE[1] + stars.radius * np.sin(angle)
    ra = CENTRE[0] + stars.radius * np.cos(angle) / np.cos(np.radians(dec))
    colour = stars.colour + REDDENING
    # Gaia's colour to wavenumber (Lindegren et al. 2021, A&A 649, A2), as a cubic.
    wavenumber = np.polyval([0.0043, 0.0139, -0.2458, 1.7396], colour)
    pseudocolour = wavenumber + generator.normal(0, 0.04, rows)
    # BP fluxes near the limit are too large (Riello et al. 2021, A&A 649, A3).
    faint = (0.25 * colour * (stars.g_mag - 19.5)).clip(0)
    bp_rp = colour - faint + generator.normal(0, 0.004 + 0.25 * error)
    five = generator.random(rows) < np.interp(stars.g_mag, *FIVE_PARAMETERS.T)
    lost = generator.random(rows) < NO_COLOUR
    return {
        # To 1e-8 deg: what is below is not the same on every processor.
        "ra": ra.round(8),
        "dec": dec.round(8),
        "parallax": generator.normal(1000.0 / stars.distance, error),
        "parallax_error": error,
        "pmra": generator.normal(stars.pmra, 1.05 * error),
        "pmdec": generator.normal(stars.pmdec, 0.85 * error),
        "phot_g_mean_mag": stars.g_mag,
        "bp_rp": np.where(lost, np.nan, bp_rp),
        "nu_eff_used_in_astrometry": np.where(five, wavenumber, np.nan),
        "pseudocolour": np.where(five, np.nan, pseudocolour),
        "ecl_lat": -5.6 + (dec - CENTRE[1]),
        "astrometric_params_solved": np.where(five, 31, 95).astype(np.int16),
        "member": stars.member,
    }


def _errors(g_mag: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw parallax errors [mas], (star,): they know the magnitude and nothing else."""
    rows = len(g_mag)
    magnitudes, medians, scatters = ERRORS.T
    median = np.exp(np.interp(g_mag, magnitudes, np.log(medians)))
    scatter = np.interp(g_mag, magnitudes, scatters) * generator.standard_normal(rows)
    poor = generator.random(rows) < POOR
    worse = np.where(poor, np.abs(generator.normal(0, 0.8, rows)), 0.0)
    return (median * np.exp(scatter + worse)).clip(LEAST_ERROR, LARGEST_ERROR)
