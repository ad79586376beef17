"""Parallaxes with their errors against the magnitude that decides them."""

from functools import cache
from typing import Any

import holoviews as hv
import numpy as np

from dashboard.figures.stars import scatter, star_looks
from dashboard.figures.style import PLAIN, filled, palette, template

MOST_BARS = 300
"""Stars whose errors are drawn: more would hide each other."""


def parallax_errors(
    parallax: np.ndarray,
    g_mag: np.ndarray,
    membership: np.ndarray | None,
    selected: np.ndarray | None,
    *,
    parallax_error: np.ndarray,
    dark: bool = False,
) -> hv.Overlay:
    """
    Draw parallaxes with bars of one standard error, bright stars at the top.

    Parameters
    ----------
    parallax, parallax_error
        (star,) [mas].
    g_mag
        (star,) G magnitude [mag]; stars with NaN are left out.
    membership, selected, dark
        As of ``colour_magnitude``. The selected stars have bars, or else all; of more
        than ``MOST_BARS`` so many, evenly spaced in the table.

    Returns
    -------
    hv.Overlay
        The elements of ``colour_magnitude``, and the bars before the selected.
    """
    looks = _looks(dark)
    overlay = scatter(looks, parallax, g_mag, membership, selected)
    box, stars, chosen = overlay
    bars = filled(looks["bars"], _bars(parallax, g_mag, parallax_error, selected))
    return overlay.clone([box, stars, bars, chosen])


def _bars(x, y, error, selected) -> dict[str, np.ndarray]:
    x, y, error = (np.asarray(part, dtype=float) for part in (x, y, error))
    good = np.isfinite(x) & np.isfinite(y) & np.isfinite(error)
    rows = np.flatnonzero(good if selected is None else good & np.asarray(selected))
    shown = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_BARS)).astype(int)]
    x, y, error = x[shown], y[shown], error[shown]
    return {"x0": x - error, "y0": y, "x1": x + error, "y1": y}


@cache
def _looks(dark: bool) -> dict[str, Any]:
    none = np.empty(0)
    empty = hv.Segments(_bars(none, none, none, None), label="errors", **PLAIN)
    looks = star_looks(
        dark,
        "Parallaxes with errors, by membership",
        ("parallax", "G"),
        xlabel="parallax [mas]",
        ylabel="G [mag]",
        invert_yaxis=True,
    )
    bars = template(
        empty, color=palette(dark).ink, alpha=0.4, line_width=1, apply_ranges=False
    )
    return looks | {"bars": bars}
