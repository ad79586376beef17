"""What is done once in a server's process."""

from types import SimpleNamespace

from bokeh.application import Application
from bokeh.document import Document
from panel.io.state import set_curdoc

from dashboard import process


class Engine:
    """An executor that notes how it was ended."""

    ended: dict | None = None

    def shutdown(self, **how) -> None:
        self.ended = how


def test_the_engine_ends_with_the_server_and_nobody_waits_for_its_step():
    application, document, engine = Application(), Document(), Engine()
    server = SimpleNamespace(
        application_context=SimpleNamespace(application=application)
    )
    context = SimpleNamespace(server_context=server)
    document._session_context = lambda: context
    with set_curdoc(document):
        process.end_with_server(engine)
    application.initialize_document(Document())
    assert engine.ended is None
    application.on_server_unloaded(server)
    assert engine.ended == {"wait": False, "cancel_futures": True}
