"""Where in a table a cluster may be: guesses, for a search to begin from."""

import numpy as np

SCANNED, MOST_PEAKS = 32, 3
"""Distances at which a cluster is looked for, and how many places are looked into."""
CLOSE = 50.0
"""In ln likelihood: a place as good as that, or as a quarter of what distances differ
by, is worth a look."""
SMALLEST_PARALLAX = 0.05
"""Smallest parallax [mas] that a guess takes for a distance."""
MOST_STARS = 10_000
"""Stars that are looked at: of a larger table every second, third..."""

SCALE, WIDTH, SHARE = 400.0, 0.05, 0.27
"""L [pc], and relative width and share of the clusters that are looked for."""


def populations(parallax: np.ndarray, error: np.ndarray) -> list[np.ndarray]:
    """Guess populations: clusters where a table shows any, and a wide one.

    A narrow cluster is moved through the table: where the likelihood peaks there may
    be one. The wide one is where most precise stars are.

    Parameters
    ----------
    parallax, error : array (star,)
        Parallax with its zero-point subtracted, and its error [mas].

    Returns
    -------
    list of arrays (parameter,)
        ln L [pc], ln of the cluster's distance [pc], ln of its relative width, and the
        logit of its share.
    """
    near, far = np.maximum(np.quantile(parallax, [0.99, 0.01]), SMALLEST_PARALLAX)
    scanned = np.unique(np.linspace(np.log(1e3 / near), np.log(1e3 / far), SCANNED))
    value = _likelihoods(parallax, error, scanned)
    beside = np.pad(value, 1, constant_values=-np.inf)
    peaks = np.flatnonzero((value >= beside[:-2]) & (value >= beside[2:]))
    peaks = peaks[value[peaks] > value.max() - max(CLOSE, np.ptp(value) / 4)]
    best = peaks[np.argsort(-value[peaks])][:MOST_PEAKS]
    mean = np.average(parallax, weights=1 / error**2)
    middle = np.log(1000.0 / max(float(mean), SMALLEST_PARALLAX))
    log_l = np.log(SCALE)
    narrow = [np.array([log_l, at, np.log(WIDTH), -1.0]) for at in scanned[best]]
    return [*narrow, np.array([log_l, middle, np.log(0.2), 0.0])]


def _likelihoods(y, e, log_distances):
    """Return ln likelihoods of narrow clusters, about, (distance,).

    With a Normal for the parallaxes of a cluster's stars, and for those of the field
    the density of true parallaxes, averaged about each.
    """
    every = -(-y.size // MOST_STARS)
    y, e = y[::every], e[::every]
    t, weight = np.polynomial.hermite.hermgauss(7)
    w = np.maximum(y + np.sqrt(2) * e * t[:, None], 1e-3)
    # The volume prior r^2 e^(-r / L) / 2 L^3 in w = 1000 / r.
    log_prior = 3 * np.log(1000 / (w * SCALE)) - np.log(2 * w) - 1000 / (w * SCALE)
    top = log_prior.max(axis=0)
    field = top + np.log(weight @ np.exp(log_prior - top))
    field += np.log((1 - SHARE) / np.sqrt(np.pi))

    def of_cluster(centre):
        # NumPy's hypot and log1p would take two thirds of the time, for digits that
        # no guess needs; one distance at a time stays in the processor's cache.
        variance = e**2 + (WIDTH * centre) ** 2
        cluster = -0.5 * (np.log(variance) + (y - centre) ** 2 / variance)
        odds = np.exp(np.minimum(cluster + share - field, 700.0))
        return np.log(1 + odds).sum()

    share = np.log(SHARE / np.sqrt(2 * np.pi))
    added = np.array([of_cluster(1000 * np.exp(-at)) for at in log_distances])
    return every * (field.sum() + added)
