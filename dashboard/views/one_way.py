"""Components of which a browser changes nothing: it shows what it is told."""

from typing import Any

import panel_material_ui as pmui


class OneWay:
    """Says again what a browser has written over.

    A component of this kind keeps its properties in the browser's state and writes each
    back after it is painted. Where a property changes twice in the moment between, as a
    button does when a run ends just after it has become worth a stir, what comes back
    is the first value, and the button would show it until the next change.
    """

    def _process_events(self, events: dict[str, Any]) -> None:
        self.param.trigger(*events)  # pyright: ignore[reportAttributeAccessIssue]


class Button(OneWay, pmui.Button):
    """A button that can be pressed, and no more."""


class LinearProgress(OneWay, pmui.LinearProgress):
    """A bar that can be looked at."""
