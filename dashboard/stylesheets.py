"""The style sheets that components bring are looked for once, not at every opening.

Panel asks the disk for those of each of its component classes, some hundreds of times,
in the one thread that serves all pages: a tenth of a second in which nobody else is
answered.
"""

from functools import lru_cache

import panel as pn
from panel.io.resources import Resources

KIND = "_bundle_css"
"""Those that come with a class, whatever is on the page."""
_look = Resources.extra_resources


def remember() -> None:
    """Have every page of this process use what was found for the first."""
    Resources.extra_resources = extra_resources


def extra_resources(self: Resources, resources: list[str], kind: str) -> None:
    """Do what Panel's method does: append what components need and is not yet there.

    Parameters
    ----------
    resources : list of str
        Addresses that a page asks for.
    kind : str
        Attribute of the components' classes that holds theirs.
    """
    if kind == KIND:
        found = _found(self.mode, self.notebook, pn.state.rel_path)
        resources += [address for address in found if address not in resources]
    else:
        _look(self, resources, kind)


@lru_cache(maxsize=8)
def _found(mode: str, notebook: bool, path: str | None) -> tuple[str, ...]:
    """Return all that components need, however the page is reached."""
    found: list[str] = []
    _look(Resources(mode=mode, notebook=notebook), found, KIND)
    return tuple(found)
