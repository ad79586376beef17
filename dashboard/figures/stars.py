"""Catalogue figures: colour and magnitude, sky, parallaxes."""

from functools import cache
from typing import Any

import holoviews as hv
import numpy as np

from dashboard.figures.parallaxes import parallax_histogram
from dashboard.figures.style import (
    PLAIN,
    axes_options,
    filled,
    home,
    home_template,
    palette,
    template,
)

__all__ = ["colour_magnitude", "parallax_histogram", "proper_motion", "sky"]

STAR_SIZE = 4
FADED = 0.15


def colour_magnitude(
    bp_rp: np.ndarray,
    g_mag: np.ndarray,
    membership: np.ndarray | None,
    selected: np.ndarray | None,
    *,
    dark: bool = False,
) -> hv.Overlay:
    """
    Draw the colour-magnitude diagram, bright stars at the top.

    Parameters
    ----------
    bp_rp
        (star,) colour BP - RP [mag]; stars whose colour is NaN are left out.
    g_mag
        (star,) G magnitude [mag].
    membership
        (star,) probability to belong to the cluster, or None before a run.
    selected
        (star,) bool: the brushed stars, or None when there is no selection.
    dark
        Whether the page is dark.

    Returns
    -------
    hv.Overlay
        Its Points labelled "stars" are the ones to attach streams to; their column
        ``star`` is the row in the catalogue.
    """
    return scatter(_magnitude_looks(dark), bp_rp, g_mag, membership, selected)


def sky(
    ra: np.ndarray,
    dec: np.ndarray,
    membership: np.ndarray | None,
    selected: np.ndarray | None,
    *,
    dark: bool = False,
) -> hv.Overlay:
    """
    Draw the sky, east to the left.

    Parameters
    ----------
    ra, dec
        (star,) right ascension and declination [deg].
    membership, selected, dark
        As of ``colour_magnitude``.

    Returns
    -------
    hv.Overlay
        The same elements. The range of right ascension is widened by 1/cos(dec),
        so that a square frame shows true shapes.
    """
    overlay = scatter(_sky_looks(dark), ra, dec, membership, selected)
    box = _square(np.asarray(ra, dtype=float), np.asarray(dec, dtype=float))
    before, *stars = overlay
    return overlay.clone([home(before, box), *stars])


def proper_motion(
    pmra: np.ndarray,
    pmdec: np.ndarray,
    membership: np.ndarray | None,
    selected: np.ndarray | None,
    *,
    dark: bool = False,
) -> hv.Overlay:
    """
    Draw proper motions, that towards the east to the left.

    Parameters
    ----------
    pmra, pmdec
        (star,) proper motion in right ascension, times cos(dec), and in declination
        [mas/yr]; stars with NaN are left out.
    membership, selected, dark
        As of ``colour_magnitude``.

    Returns
    -------
    hv.Overlay
        The same elements. The axes show nine stars of ten: a few run far ahead.
    """
    overlay = scatter(_motion_looks(dark), pmra, pmdec, membership, selected)
    good = np.isfinite(pmra) & np.isfinite(pmdec)
    if not good.any():
        return overlay
    low, high = np.quantile([pmra[good], pmdec[good]], [0.025, 0.975], axis=1)
    before, *stars = overlay
    box = _box(*np.stack([low, high], axis=1))
    return overlay.clone([home(before, box), *stars])


def scatter(looks, x, y, membership, selected) -> hv.Overlay:
    x, y = np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)
    good = np.isfinite(x) & np.isfinite(y)
    brushed = None if selected is None else np.asarray(selected, dtype=bool)
    chosen = good & (np.zeros(x.size, bool) if brushed is None else brushed)
    rank = _probability(x.size, membership)
    stars = "stars" if brushed is None else "faded"
    return looks["figure"].clone(
        [
            home(looks["home"], _box(x[good], y[good])),
            filled(looks[stars], _columns(x, y, rank, good)),
            filled(looks["selected"], _columns(x, y, rank, chosen)),
        ]
    )


def _probability(count: int, membership: np.ndarray | None) -> np.ndarray:
    # NaN has a colour of its own: before a run nothing is known.
    if membership is None:
        return np.full(count, np.nan, dtype=np.float32)
    return np.asarray(membership, dtype=np.float32)


def _columns(x, y, membership, kept) -> dict[str, np.ndarray]:
    star = np.flatnonzero(kept).astype(np.int32)
    return {"x": x[kept], "y": y[kept], "membership": membership[kept], "star": star}


def _box(x: np.ndarray, y: np.ndarray) -> tuple[float, ...] | None:
    if not x.size:
        return None
    low, high = np.array([x.min(), y.min()]), np.array([x.max(), y.max()])
    pad = 0.04 * (high - low) + 1e-6
    return (*map(float, low - pad), *map(float, high + pad))


def _square(ra: np.ndarray, dec: np.ndarray) -> tuple[float, ...] | None:
    good = np.isfinite(ra) & np.isfinite(dec)
    if not good.any():
        return None
    ra, dec = ra[good], dec[good]
    across, up = (ra.max() + ra.min()) / 2, (dec.max() + dec.min()) / 2
    shrink = np.cos(np.deg2rad(up))
    half = 0.52 * max(np.ptp(dec), np.ptp(ra) * shrink) + 1e-6
    wide = half / shrink
    box = (across - wide, up - half, across + wide, up + half)
    return tuple(float(edge) for edge in box)


def _points(dark: bool, label: str, names: tuple[str, str], **options: Any):
    c = palette(dark)
    none = np.zeros(0, np.float32)
    columns = _columns(none, none, none, np.zeros(0, bool))
    dimensions = ["x", "y"], ["membership", "star"]
    hover = [
        ("star", "@star"),
        (names[0], "@x{0.000}"),
        (names[1], "@y{0.000}"),
        ("membership", "@membership{0.00}"),
    ]
    look: dict[str, Any] = {
        "color": "membership",
        "cmap": c.probability,
        "clim": (0, 1),
        "clipping_colors": {"NaN": c.muted},
        "size": STAR_SIZE,
        "line_alpha": 0,
        "apply_ranges": False,
        "clabel": "",
        "colorbar_opts": {"width": 8, "padding": 2},
        # Dragging draws a box of stars; without this it would move the axes.
        "default_tools": [],
        "active_tools": ["box_select"],
        "hover_tooltips": hover,
        **options,
    }
    empty = hv.Points(columns, *dimensions, label=label, **PLAIN)
    return template(empty, **look)


def star_looks(dark: bool, title: str, names, **axes: Any) -> dict[str, Any]:
    c = palette(dark)
    tools = ["hover", "box_select", "tap", "wheel_zoom"]

    # Bokeh's own selection would fade stars a second time, on top of ours.
    def stars(alpha: float) -> hv.Points:
        same = {"nonselection_alpha": alpha, "selection_alpha": alpha}
        return _points(
            dark, "stars", names, alpha=alpha, tools=tools, colorbar=True, **same
        )

    options = axes_options(dark, title, 400) | {"active_tools": ["box_select"]}
    return {
        "figure": template(hv.Overlay([]), show_legend=False, **options, **axes),
        "home": home_template(),
        "stars": stars(0.8),
        "faded": stars(FADED),
        "selected": _points(
            dark,
            "selected",
            names,
            size=STAR_SIZE + 2,
            line_alpha=0.9,
            line_color=c.ink,
            line_width=0.8,
        ),
    }


@cache
def _magnitude_looks(dark: bool) -> dict[str, Any]:
    return star_looks(
        dark,
        "Colour and magnitude",
        ("BP - RP", "G"),
        xlabel="BP \N{MINUS SIGN} RP [mag]",
        ylabel="G [mag]",
        invert_yaxis=True,
    )


@cache
def _motion_looks(dark: bool) -> dict[str, Any]:
    return star_looks(
        dark,
        "Motion by membership",
        ("pm RA", "pm Dec"),
        xlabel="pm in RA [mas/yr]",
        ylabel="pm in Dec [mas/yr]",
        invert_xaxis=True,
    )


@cache
def _sky_looks(dark: bool) -> dict[str, Any]:
    return star_looks(
        dark,
        "Sky by membership",
        ("RA", "Dec"),
        xlabel="right ascension [deg]",
        ylabel="declination [deg]",
        invert_xaxis=True,
        xticks=3,
    )
