"""How views stand beside each other, on wide screens and narrow ones."""

import panel_material_ui as pmui

WIDE = {"sizing_mode": "stretch_width"}


def side_by_side(left, right, shares: tuple[int, int] = (6, 6)) -> pmui.Grid:
    """Put two views beside each other, or below on a narrow screen."""
    return pmui.Grid(
        pmui.Grid(left, size={"xs": 12, "md": shares[0]}),
        pmui.Grid(right, size={"xs": 12, "md": shares[1]}),
        container=True,
        spacing=1,
        **WIDE,
    )
