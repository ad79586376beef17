"""One page for one session: layout, timer, and the end of the session."""

from concurrent.futures import Executor
from functools import partial

import panel as pn
import panel_material_ui as pmui
from bokeh.themes import Theme
from panel.io import hold
from panel.util.parameters import edit_readonly

from dashboard.experiment import Experiment
from dashboard.session import Session
from dashboard.views.centre import centre
from dashboard.views.controls import Controls
from dashboard.views.runbar import RunBar

POLL_MILLISECONDS = 40
PART_MILLISECONDS = 25
"""The empty page goes out before its first part is made, and messages between two."""
DRESSED = ("Axis", "Legend", "ColorBar", "Title", "Grid", "Plot", "Figure")
"""Parts of a plot that our figures dress themselves. Panel Material UI's page dresses
them over again whenever it learns of one, unless a theme names them."""


def build_page(executor: Executor) -> pmui.Page:
    """Build the page of a new session.

    Parameters
    ----------
    executor : Executor
        Where runs are computed; shared by every session.
    """
    document = pn.state.curdoc
    document.theme = Theme(json={"attrs": {name: {} for name in DRESSED}})
    batch = partial(hold, document)
    session = Session(Experiment(), executor, batch)
    built: dict[str, object] = {}

    def middle(name: str):
        # What comes to the page is drawn at once: not as of the problem before.
        session.poll()
        # Built when first looked at, and kept: going back finds it as it was.
        if name not in built:
            built[name] = centre(session, name)
        return built[name]

    page = pmui.Page(
        title="Nutshell",
        busy_indicator=None,
        sidebar_width=330,
        # On a phone the controls would cover the page; its menu button opens them.
        sidebar_open="Mobi" not in pn.state.headers.get("User-Agent", ""),
    )

    def fill_main() -> None:
        page.main = [
            pn.Column(
                RunBar(session),
                pn.bind(middle, session.experiment.param.problem),
                sizing_mode="stretch_width",
                margin=(4, 8),
            )
        ]

    def fill_sidebar() -> None:
        page.sidebar = [Controls(session)]

    # The browser reads its scripts while the server makes what they will show.
    for wait, fill in enumerate((fill_main, fill_sidebar), 1):
        document.add_timeout_callback(fill, wait * PART_MILLISECONDS)
    # The page would follow the server's one busy flag, that of all sessions, and be
    # kept alive by it for ever. Giving it another reference takes that watcher away.
    with edit_readonly(page):
        page.busy = session.param.snapshot.rx.pipe(lambda s: s.at_work)
    page.param.watch(lambda event: setattr(session, "dark", event.new), "dark_theme")
    session.dark = page.dark_theme
    # Panel's own timer would set the server's busy flag at every tick, which everything
    # bound to it on every page would then follow.
    document.add_periodic_callback(session.tick, POLL_MILLISECONDS)
    pn.state.on_session_destroyed(lambda _: session.close())
    return page
