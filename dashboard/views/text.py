"""Text on the page. Whatever it says may come from a file or an exception: escaped."""

from html import escape
from typing import Any

import panel as pn
from bokeh.document import Document
from panel.viewable import Viewer

LINE = 1.35
"""Height of a line, in heights of its letters."""


class Leaving:
    """A pane that may leave the page between a change and the turn that draws it."""

    _models: dict

    def _update_object(self, ref: str, *where) -> None:
        # Panel would look for the model of a pane that has none any more.
        if ref in self._models:
            super()._update_object(ref, *where)  # pyright: ignore[reportAttributeAccessIssue]


class Html(Leaving, pn.pane.HTML):
    """HTML that may change while it is not on the page.

    Panel would then take it for one of no page, and have its style sheets fetched from
    the internet when it comes back.
    """

    def _get_properties(self, doc: Document | None) -> dict[str, Any]:
        return super()._get_properties(doc or pn.state.curdoc)


class Sentence(Viewer):
    """One quiet line of text.

    Parameters
    ----------
    text : str or reactive expression of str
        Plain text; it is escaped here.
    role : str
        ARIA role, ``status`` where a screen reader should speak changes.
    weight : int
        Of the font.
    lines : int
        That there is room for at least: what changes between one and two would move all
        that is below it.
    """

    def __init__(
        self,
        text: Any,
        role: str = "note",
        weight: int = 400,
        size: int = 12,
        lines: int = 0,
    ):
        super().__init__()
        style = (
            f"font-size:{size}px;font-weight:{weight};line-height:{LINE};margin:0;"
            f"min-height:{LINE * lines:.2f}em"
        )

        def html(content: str) -> str:
            return f'<p role="{role}" style="{style}">{escape(content)}</p>'

        shown = pn.bind(html, text) if not isinstance(text, str) else html(text)
        self._pane = Html(shown, sizing_mode="stretch_width", margin=(0, 10, 4, 10))

    def __panel__(self):
        return self._pane


def notify(error: Exception) -> None:
    """Show an error in the corner of the page.

    Panel's notifications render HTML and those of Material UI plain text: what would be
    a tag is written with other brackets, which read the same in both.
    """
    if pn.state.notifications is not None:
        text = str(error).translate({ord("<"): "\u2039", ord(">"): "\u203a"})
        pn.state.notifications.error(text, duration=8000)
