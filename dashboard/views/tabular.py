"""Numbers as a table of HTML: of a posterior, and of a figure for who cannot see it."""

from collections.abc import Iterable
from html import escape

Row = tuple[str, ...]
"""The cells of a line, or of the headings; the first names it."""
CELL = "padding:3px 4px;text-align:right;border-bottom:1px solid rgba(128,128,128,.3)"


def table(rows: Iterable[Row], tips: Iterable[str] = ()) -> str:
    """Return HTML of some rows, of which the first has the headings.

    Parameters
    ----------
    rows : iterable of tuple of str
        Plain text; it is escaped here.
    tips : iterable of str
        What each heading means, shown to a pointer that rests on it.
    """
    heads, *lines = rows
    titles = [f' title="{escape(tip)}"' for tip in tips] or [""] * len(heads)
    top = "".join(
        f'<th scope="col"{title} style="{CELL}">{escape(head)}</th>'
        for head, title in zip(heads, titles, strict=True)
    )
    body = "".join(
        f'<tr><th scope="row" style="{CELL}">{escape(name)}</th>'
        + "".join(f'<td style="{CELL}">{escape(cell)}</td>' for cell in cells)
        + "</tr>"
        for name, *cells in lines
    )
    return (
        '<table style="border-collapse:collapse;font-size:11px;width:100%">'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    )
