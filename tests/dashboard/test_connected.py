"""A page's plots are made when a browser has come for it."""

from types import SimpleNamespace

from dashboard.page import _when_connected


class Waiting:
    """A document of a server, whose turns are taken by hand."""

    def __init__(self):
        self.session = SimpleNamespace(id="mine", connection_count=0)
        other = SimpleNamespace(id="another", connection_count=1)
        server = SimpleNamespace(sessions=[other, self.session])
        self.session_context = SimpleNamespace(id="mine", server_context=server)
        self.turns = []

    def add_timeout_callback(self, turn, milliseconds) -> None:
        assert milliseconds > 0
        self.turns.append(turn)

    def take_turn(self) -> None:
        self.turns.pop()()


def test_it_waits_for_its_own_browser_and_acts_once():
    document, acted = Waiting(), []
    _when_connected(document, lambda: acted.append(1))
    for _ in range(3):
        document.take_turn()
        assert acted == []
    document.session.connection_count = 1
    document.take_turn()
    document.take_turn()
    assert (acted, document.turns) == ([1], [])
