"""Components some of whose properties are the server's alone."""

from typing import Any, ClassVar

import panel_material_ui as pmui
from panel.reactive import Syncable


class OneWay(Syncable):
    """Says again what a browser has written over.

    A component of this kind keeps its properties in the browser's state and writes each
    back after it is painted. Where a property changes twice in the moment between, as a
    button does when a run ends just after it has become worth a stir, what comes back
    is the first value, and the button would show it until the next change.
    """

    _told: ClassVar[frozenset[str]] = frozenset()
    """Only the server changes these; of others, as the theme, the browser tells it."""

    def _process_events(self, events: dict[str, Any]) -> None:
        super()._process_events(
            {name: value for name, value in events.items() if name not in self._told}
        )
        self.param.trigger(*self._told.intersection(events))


class Button(OneWay, pmui.Button):
    """A button that can be pressed, and whose looks follow the server."""

    _told = frozenset({"disabled", "label"})


class LinearProgress(OneWay, pmui.LinearProgress):
    """A bar that can be looked at."""

    _told = frozenset({"value"})
