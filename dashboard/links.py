"""What a page's address says of it, and the address that says it.

Whatever comes in a link may have been written by anybody: it is compared with what
there is, and the rest is answered in one sentence.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from inference.problems import PROBLEMS

SHOWN = 40
"""Characters of a wrong value that are repeated to the reader."""


class Link(NamedTuple):
    """The page that an address asks for; empty fields are the defaults."""

    problem: str = ""
    panels: tuple[str, ...] = ()
    """Keys of those on the page; empty for all."""
    run: str = ""
    """Name of a run in the library."""


def read(
    search: str, panels: Sequence[str], views: Mapping[str, tuple[str, ...]]
) -> tuple[Link, str]:
    """Read the query of an address.

    Parameters
    ----------
    search : str
        As the browser has it, with its question mark.
    panels : sequence of str
        Keys that there are.
    views : mapping of str to tuple of str
        Named sets of them.

    Returns
    -------
    link : Link
    complaint : str
        A sentence for each thing that was not understood.
    """
    try:
        said = dict(parse_qsl(search.removeprefix("?"), max_num_fields=20))
    except ValueError:
        return Link(), "The link has too many parts: none of them was followed."
    wrong = []

    def known(field: str, value: str, allowed: Sequence[str]) -> bool:
        if value not in allowed:
            wrong.append(
                f"{field} came as {value[:SHOWN]!r}: choose of {', '.join(allowed)}."
            )
        return value in allowed

    problem, view = said.get("problem", ""), said.get("view", "")
    if problem and not known("problem", problem, list(PROBLEMS)):
        problem = ""
    chosen = views[view] if view and known("view", view, list(views)) else ()
    if "panels" in said:
        asked = said["panels"].split(",")[:20]
        chosen = tuple(key for key in asked if known("panels", key, panels))
    return Link(problem, in_order(chosen, panels), said.get("run", "")), " ".join(wrong)


def in_order(chosen: Sequence[str], panels: Sequence[str]) -> tuple[str, ...]:
    """Return panels in the order of their tabs; empty where it is all of them."""
    kept = tuple(key for key in panels if key in chosen)
    return () if kept == tuple(panels) else kept


def write(link: Link, views: Mapping[str, tuple[str, ...]]) -> str:
    """Return the query that `read` reads."""
    said = {"problem": link.problem} if link.problem else {}
    if link.panels:
        view = next((name for name, keys in views.items() if keys == link.panels), "")
        said |= {"view": view} if view else {"panels": ",".join(link.panels)}
    if link.run:
        said["run"] = link.run
    return f"?{urlencode(said, safe=',')}" if said else ""
