"""A slider shows the value that its prior has."""

import numpy as np
import panel as pn
import pytest

from dashboard.prior_moves import grid_start, grid_step
from dashboard.views.priors import PriorEditors
from inference.priors import Prior
from inference.problems import PROBLEMS


def sliders(editors: PriorEditors) -> list:
    return editors.__panel__().select(lambda part: hasattr(part, "fixed_start"))


def shown(slider) -> float:
    """The value of a browser's <input type=range>: the nearest whole step."""
    steps = round((slider.value - slider.start) / slider.step)
    return slider.start + steps * slider.step


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_slider_shows_the_prior_it_has(session, problem):
    experiment = session.experiment
    experiment.problem = problem
    editors = PriorEditors(session, PROBLEMS[problem])
    assert sliders(editors)
    for slider in sliders(editors):
        assert shown(slider) == pytest.approx(slider.value, abs=1e-9)
        assert slider.start <= slider.value <= slider.end


@pytest.mark.parametrize("scale", [0.05, 0.0513, 0.001, 1.0, 9.7])
def test_a_slider_follows_a_prior_between_its_steps(session, scale):
    editors = PriorEditors(session, PROBLEMS["line_outliers"])
    session.experiment.set_prior("b_perp", Prior.of("Normal", loc=0.3, scale=scale))
    loc, slider = sliders(editors)[2:4]
    assert (loc.value, slider.value) == (0.3, scale)
    assert shown(slider) == pytest.approx(scale, abs=1e-9)
    assert 0 < slider.start <= scale <= slider.end


def test_a_bound_beyond_the_other_is_refused_in_a_sentence(session):
    editors = PriorEditors(session, PROBLEMS["line_outliers"])
    low = next(s for s in sliders(editors) if s.label == "low")
    before = low.value

    def told() -> bool:
        panes = editors.__panel__().select(pn.pane.HTML)
        return any("make low smaller than high" in str(p.object) for p in panes)

    assert not told()
    low.value = low.end + 1
    assert low.value == before
    assert told()
    low.value = before + low.step
    assert not told()


def test_steps_lead_from_near_the_last_start_and_not_from_below_the_lowest():
    step = grid_step(0.02, 4.0)
    assert step == 0.02
    assert grid_start(0.02, step, 1.0, 0.0) == 0.02
    for value in np.linspace(0.02, 4, 77):
        start = grid_start(0.02, step, value, 0.0)
        assert 0 < start == pytest.approx(0.02, abs=step)
        steps = (value - start) / step
        assert steps == pytest.approx(round(steps), abs=1e-6)
