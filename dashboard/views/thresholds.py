"""What a run is judged by, for the reader to change."""

from dataclasses import fields, replace

import panel_material_ui as pmui

from dashboard.session import Session
from dashboard.views.layout import WIDE
from inference.diagnosis import Thresholds


def thresholds(session: Session) -> pmui.Card:
    """Return editors of the thresholds, each with its default and whose that is."""
    editors = []
    for one in fields(Thresholds):
        low, high = one.metadata["bounds"]
        kind = pmui.IntInput if one.type is int else pmui.FloatInput
        editor = kind(
            label=one.metadata["label"],
            value=session.param.thresholds.rx.pipe(getattr, one.name),
            start=low,
            end=high,
            description=f"{one.default:g} by default ({one.metadata['source']})",
            size="small",
            margin=(6, 10),
            **WIDE,
        )
        editor.param.watch(
            lambda event, name=one.name: _set(session, name, event.new), "value"
        )
        editors.append(editor)
    return pmui.Card(
        *editors,
        title="Thresholds",
        collapsed=True,
        variant="outlined",
        margin=(6, 4),
        **WIDE,
    )


def _set(session: Session, name: str, value: float | None) -> None:
    if value is not None:
        session.thresholds = replace(session.thresholds, **{name: value})
