"""What the bar says of the run."""

import panel as pn
import param

from dashboard.views.runbar import RunBar


def said(bar: RunBar) -> str:
    (status,) = (
        pane.object
        for pane in bar.__panel__().select(pn.pane.HTML)
        if 'role="status"' in pane.object
    )
    return status


def test_until_a_problem_s_plots_are_there_the_status_is_of_no_run(session):
    opened = param.rx("")
    bar = RunBar(session, opened)
    assert "Ready" in said(bar)
    opened.rx.value = session.experiment.problem
    session.experiment.problem = "cluster"
    assert "Opening: Distance of a cluster." in said(bar)
    session.poll()
    assert "Opening: Distance of a cluster." in said(bar)
    opened.rx.value = "cluster"
    assert "Ready" in said(bar)
