"""Catalogues in, arrays out.

A `Catalogue` is a table whose every row has a parallax and its error; it comes from a
file or an upload (`read_catalogue`, `parse_catalogue`), from the Gaia archive
(`fetch_m67`) or from the shipped simulation (`load_simulated`). `observe` applies cuts
and zero-points and returns the arrays that a model observes, which is all that the
inference package ever sees. Units stand in every docstring: mas, mag, deg, pc.
"""

from data.catalogue import Catalogue
from data.cuts import fitted_stars, parallax_cut
from data.errors import DataError
from data.gaia import M67_QUERY, fetch, fetch_m67
from data.line import LineData, simulate_line
from data.observe import catalogue_of, observe
from data.readers import parse_catalogue, read_catalogue
from data.simulate import SimulatedTruth, load_simulated, simulated_truth
from data.zero_point import ZeroPoints, zero_points

__all__ = [
    "M67_QUERY",
    "Catalogue",
    "DataError",
    "LineData",
    "SimulatedTruth",
    "ZeroPoints",
    "catalogue_of",
    "fetch",
    "fetch_m67",
    "fitted_stars",
    "load_simulated",
    "observe",
    "parallax_cut",
    "parse_catalogue",
    "read_catalogue",
    "simulate_line",
    "simulated_truth",
    "zero_points",
]
