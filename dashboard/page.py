"""One page for one session: layout, timer, and the end of the session."""

from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.document import Document
from bokeh.themes import Theme
from panel.io import hold
from panel.util.parameters import edit_readonly

from dashboard import links
from dashboard.experiment import Experiment
from dashboard.figures.style import FONT
from dashboard.next_page import NextPage
from dashboard.pulse import Pulse
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.template import template
from dashboard.turns import in_own_turn, turns_of
from dashboard.views.browser import Browser
from dashboard.views.centre import centre
from dashboard.views.controls import Controls
from dashboard.views.figure import Picture
from dashboard.views.layout import WIDE
from dashboard.views.menu import Keys, other_view, view_menu
from dashboard.views.panels import KEYS, VIEWS
from dashboard.views.runbar import RunBar
from dashboard.views.text import notify
from inference import library
from inference.library import Library
from inference.provenance import StoreError

EMPTY_MILLISECONDS = 25
"""The empty page goes out before anything is made to fill it."""
LOOK_MILLISECONDS = 20
"""Between two looks whether a browser has come."""
FIRST_RUN = 0.25
"""Seconds that the first figures wait for a first run: a line's takes less than 0.1."""
LOOKS = {
    "typography": {"fontFamily": FONT},
    "components": {
        # Arrows of fields and cards would be dark on the dark page.
        "MuiIconButton": {
            "styleOverrides": {
                "root": {"&:not([class*=MuiIconButton-color])": {"color": "inherit"}}
            }
        },
        "MuiButtonBase": {
            "styleOverrides": {
                "root": {
                    "&.Mui-focusVisible": {
                        "outline": "2px solid currentColor",
                        "outlineOffset": "-2px",
                    }
                }
            }
        },
        # Every slider has its number above it, which a bubble would cover.
        "MuiSlider": {"styleOverrides": {"valueLabel": {"display": "none"}}},
        # Else as narrow as the button that it is about.
        "MuiTooltip": {"styleOverrides": {"tooltip": {"width": "max-content"}}},
    },
}
"""Who goes from control to control by keys sees where they are."""
DRESSED = ("Axis", "Legend", "ColorBar", "Title", "Grid", "Plot", "Figure")
"""Parts of a plot that our figures dress themselves. Panel Material UI's page dresses
them over again whenever it learns of one, unless a theme names them."""


def build_page(
    executor: Executor, pulse: Pulse, coming: NextPage | None = None
) -> pmui.Page:
    """Build the page of a new session.

    Parameters
    ----------
    executor : Executor
        Where runs are computed; shared by every session.
    pulse : Pulse
        What calls it when there is news; shared as well.
    coming : NextPage, optional
        What makes the page after this one.
    """
    document = pn.state.curdoc
    document.theme = Theme(json={"attrs": {name: {} for name in DRESSED}})
    batch = partial(hold, document)
    shelf, trouble = _library()
    session = Session(Experiment(), executor, batch, shelf)
    trouble = f"{trouble} {_follow_link(session)}".strip()
    built: dict[str, object] = {}

    middle, opened = pn.Column(**WIDE), param.rx("")

    def show_problem() -> None:
        # What comes to the page is drawn at once: not as of the problem before.
        session.poll()
        name = session.experiment.problem
        # Built when first looked at, and kept: going back finds it as it was.
        if name not in built:
            built[name] = centre(session, name)
        middle.objects = [built[name]]
        opened.rx.value = name

    keys = Keys()
    main, sidebar = pn.Column(margin=(4, 8), **WIDE), pn.Column(**WIDE)
    page = pmui.Page(
        title="Nutshell",
        template=template(),
        header=[view_menu(session), keys.button],
        # Both are filled below. The page itself, once it is on its way to the browser,
        # can miss that it was given another child; a column does not.
        main=[main],
        sidebar=[sidebar],
        busy_indicator=None,
        sidebar_width=330,
        theme_config=LOOKS,
    )

    # The first run begins while the browser reads its scripts.
    session.tick()

    def darken() -> None:
        in_own_turn(lambda: page.param.update(dark_theme=True))

    def fill_middle() -> None:
        if session.current is not None:
            # Figures that are made with its draws need not be drawn again for them.
            session.current.wait(FIRST_RUN)
        show_problem()
        session.experiment.param.watch(lambda _: in_own_turn(show_problem), "problem")
        if trouble:
            notify(ValueError(trouble))

    def fill_main() -> None:
        bar = RunBar(session, opened)
        browser = _browser(session, bar, keys, darken)
        main.objects = [browser, bar, middle, keys]
        if coming is not None and coming.makes(document):
            in_own_turn(fill_middle)
        else:
            _when_connected(document, fill_middle)

    def fill_sidebar() -> None:
        pulse.join(session, turns_of(document))
        sidebar.append(Controls(session))
        in_own_turn(fill_main)

    # While the browser reads its scripts the server makes the controls, and while it
    # draws those, the plots. Made earlier, they would keep it waiting for the controls.
    document.add_timeout_callback(fill_sidebar, EMPTY_MILLISECONDS)
    # The page would follow the server's one busy flag, that of all sessions, and be
    # kept alive by it for ever. Giving it another reference takes that watcher away. It
    # never changes: the server would look through all that is on the page.
    with edit_readonly(page):
        page.busy = param.rx(False)
    page.param.watch(lambda event: setattr(session, "dark", event.new), "dark_theme")
    session.dark = page.dark_theme
    pn.state.onload(partial(pulse.greet, session))

    if coming is not None:
        session.param.watch(lambda _: coming.soon(), "snapshot")
        pn.state.onload(coming.soon)

    def end(_) -> None:
        pulse.leave(session)
        session.close()
        _let_go(page, document)

    pn.state.on_session_destroyed(end)
    return page


def _when_connected(document: Document, act: Callable[[], None]) -> None:
    """Act in the document's turn, once a browser has come for what is in it."""
    context = document.session_context
    server = context.server_context if context is not None else None
    # A document that no server holds is not waited for.
    met = server is None or any(
        one.id == context.id and one.connection_count for one in server.sessions
    )
    # One that has connected asks for the page within a look.
    then = act if met else partial(_when_connected, document, act)
    document.add_timeout_callback(then, LOOK_MILLISECONDS)


def _let_go(page: pmui.Page, document: Document) -> None:
    """Undo what would keep a closed page in memory for as long as the server lives.

    HoloViews holds every plot that listens to a mouse until it is cleaned up, which
    Panel does not ask of the plots of this kind of page; and Panel holds what it shows
    notifications in by its name.
    """
    for picture in page.select(Picture):
        picture.clean_up()
    views = pn.state._views
    for name in [name for name, view in views.items() if view[2] is document]:
        del views[name]


def _library() -> tuple[Library | None, str]:
    """Return where runs outlive the server, or why they do not."""
    try:
        return library.of_environment(), ""
    except (StoreError, OSError) as error:
        return None, f"Runs will not be saved: {error}"


def _follow_link(session: Session) -> str:
    """Show what the page's address asks for; return what of it cannot be."""
    link, complaint = links.read(pn.state.location.search or "", KEYS, VIEWS)
    if link.problem:
        session.experiment.problem = link.problem
    session.panels = link.panels
    if link.run:
        try:
            session.recall(link.run)
        except (StoreError, ValueError) as error:
            complaint = f"{complaint} {error}"
    session.poll()
    return complaint.strip()


def _browser(
    session: Session, bar: RunBar, keys: Keys, darken: Callable[[], None]
) -> Browser:
    """Return the page's ear for keys, which keeps its address in step."""
    experiment = session.experiment
    acts = {
        "r": bar.run,
        "p": bar.pause,
        "s": session.stop,
        "k": bar.keep,
        "l": lambda: setattr(experiment, "live", not experiment.live),
        "v": lambda: other_view(session),
        "?": keys.open,
    }
    default = Experiment.param.problem.default

    def search(problem: str, panels: tuple[str, ...], snapshot: Snapshot) -> str:
        named = "" if problem == default else problem
        return links.write(links.Link(named, panels, snapshot.run_name), VIEWS)

    seen = (experiment.param.problem, session.param.panels, session.param.snapshot)
    return Browser(acts, darken, search=pn.bind(search, *seen))
