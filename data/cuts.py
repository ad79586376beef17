"""Which stars of a catalogue enter a fit."""

import numpy as np

from data.catalogue import Catalogue
from data.errors import DataError


def parallax_cut(catalogue: Catalogue, low: float, high: float) -> np.ndarray:
    """Return which stars have low < parallax < high [mas], bool (star,).

    Raises
    ------
    DataError
        If that is none of them, or ``low`` is not below ``high``.
    """
    if not low < high:
        raise DataError(
            f"The parallax cut came as {low:g} to {high:g} mas: "
            "make the lower end smaller than the upper."
        )
    kept = (catalogue.parallax > low) & (catalogue.parallax < high)
    if not kept.any():
        least, most = catalogue.parallax.min(), catalogue.parallax.max()
        raise DataError(
            f"The parallax cut from {low:g} to {high:g} mas leaves no star: the "
            f"parallaxes run from {least:.2f} to {most:.2f} mas, so widen the cut."
        )
    return kept
