"""A density a few lines high: drawn as SVG, for a canvas would cost fifty times it."""

from functools import lru_cache
from html import escape

import numpy as np

from dashboard.figures.style import palette
from inference.priors import Prior

WIDTH, HEIGHT = 200, 40
POINTS, BINS = 80, 40


def sparkline(
    prior: Prior,
    limits: tuple[float, float],
    draws: np.ndarray,
    words: tuple[str, ...],
    *,
    dark: bool = False,
) -> str:
    """Return HTML of a prior's density over a histogram of draws, each to its height.

    Parameters
    ----------
    prior : Prior
    limits : tuple of float
        Ends of the axis.
    draws : array
        Of the posterior; empty for none.
    words : tuple of str
        Of the ticks, evenly spaced.
    dark : bool
        Whether the page is dark.
    """
    shapes = _bars(draws, limits, palette(dark).posterior)
    shapes += _area(prior, limits, palette(dark).prior)
    ticks = "".join(f"<span>{escape(word)}</span>" for word in words)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" '
        f'style="width:100%;height:{HEIGHT}px;display:block" aria-hidden="true">'
        f"{shapes}</svg>"
        '<div style="display:flex;justify-content:space-between;font-size:10px;'
        f'line-height:1.2;opacity:.75">{ticks}</div>'
    )


@lru_cache(maxsize=256)
def _area(prior: Prior, limits: tuple[float, float], colour: str) -> str:
    values = np.linspace(*limits, POINTS)
    density = np.nan_to_num(np.asarray(prior.scipy.pdf(values)), posinf=0.0)
    # A density that is infinite at an edge is drawn to where it is finite.
    top = np.quantile(density, 0.98) or density.max() or 1.0
    height = HEIGHT - 1 - (HEIGHT - 4) * np.minimum(density / top, 1.0)
    across = np.linspace(0, WIDTH, POINTS)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, height, strict=True))
    return (
        f'<polygon points="0,{HEIGHT} {points} {WIDTH},{HEIGHT}" fill="{colour}" '
        f'fill-opacity=".18"/><polyline points="{points}" fill="none" '
        f'stroke="{colour}" stroke-width="1.6" stroke-dasharray="5 3" '
        'vector-effect="non-scaling-stroke"/>'
    )


def _bars(draws: np.ndarray, limits: tuple[float, float], colour: str) -> str:
    counts = np.histogram(draws[np.isfinite(draws)], BINS, limits)[0]
    if not counts.any():
        return ""
    step = WIDTH / BINS
    path = "".join(
        f"M{k * step:.1f} {HEIGHT}v{-(HEIGHT - 4) * count / counts.max():.1f}"
        f"h{step:.1f}V{HEIGHT}z"
        for k, count in enumerate(counts)
        if count
    )
    return f'<path d="{path}" fill="{colour}" fill-opacity=".75"/>'
