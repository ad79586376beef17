"""Two-dimensional densities as levels of one image."""

import numpy as np
from scipy.ndimage import binary_erosion, gaussian_filter

from dashboard.figures.summary import Limits

CONTOURS = (0.39, 0.86)
FAINTEST = 0.985
SHADES = 120
EDGE = SHADES + 1
GHOST = SHADES + 2
LEVELS = SHADES + 3


def bin_numbers(values: np.ndarray, limits: Limits, bins: int) -> np.ndarray:
    """
    Which bin each draw falls in; -1 outside.

    Parameters
    ----------
    values
        (draw,)
    limits
        Lower and upper edge.
    bins
        How many bins.
    """
    place = (values - limits[0]) / (limits[1] - limits[0]) * bins
    inside = np.isfinite(place) & (place >= 0) & (place <= bins)
    safe = np.where(inside, place, 0.0)
    return np.where(inside, np.minimum(safe.astype(int), bins - 1), -1)


def counts(columns: np.ndarray, rows: np.ndarray, bins: int) -> np.ndarray:
    """Count (row, column) the draws whose bins (draw,) are given."""
    kept = (columns >= 0) & (rows >= 0)
    flat = rows[kept] * bins + columns[kept]
    return np.bincount(flat, minlength=bins * bins).reshape(bins, bins)


def enclosed(counted: np.ndarray, blur: float) -> np.ndarray:
    """
    Probability inside the contour through each pixel.

    Parameters
    ----------
    counted
        (row, column) counts of draws.
    blur
        Width of the smoothing kernel, in pixels.

    Returns
    -------
    ndarray
        (row, column): 0 at the mode, 1 where there are no draws.
    """
    total = counted.sum()
    if not total:
        return np.ones(counted.shape)
    smooth = gaussian_filter(counted.astype(np.float32), blur, mode="nearest").ravel()
    order = np.argsort(smooth)[::-1]
    mass = np.empty(smooth.size, dtype=np.float32)
    mass[order] = np.cumsum(smooth[order])
    inside = np.minimum(mass / mass[order[-1]], 1.0)
    inside[smooth <= 0] = 1.0
    return inside.reshape(counted.shape)


def _rim(inside: np.ndarray) -> np.ndarray:
    return inside & ~binary_erosion(inside, border_value=1)


def levels(mass: np.ndarray, ghost: np.ndarray) -> np.ndarray:
    """
    Shades of a cell: 0 empty, 1 to 120 ever darker, then contours, then the ghost.

    Parameters
    ----------
    mass
        (row, column) as ``enclosed`` returns it.
    ghost
        The same of an older run, of which the 86 % contour is drawn.
    """
    depth = np.clip((FAINTEST - mass) / FAINTEST, 0.0, 1.0)
    shade = np.ceil(depth * SHADES).astype(np.uint8)
    for level in CONTOURS:
        shade[_rim(mass < level)] = EDGE
    shade[_rim(ghost < CONTOURS[1])] = GHOST
    return shade


def ramp(colour: str, ghost: str) -> list[str]:
    """
    Colours of the levels, as a transparent ramp of one colour in three bands.

    Parameters
    ----------
    colour
        Of the posterior, as #rrggbb.
    ghost
        Of the older run's contour, as #rrggbb.
    """
    mass = FAINTEST * (1 - np.arange(1, SHADES + 1) / SHADES)
    band = np.select([mass < CONTOURS[0], mass < CONTOURS[1]], [0.6, 0.3], 0.04)
    alpha = np.clip(band + 0.22 * (FAINTEST - mass), 0, 1)
    shades = [f"{colour}{int(255 * part):02x}" for part in alpha]
    return [f"{colour}00", *shades, f"{colour}d0", f"{ghost}cc"]
