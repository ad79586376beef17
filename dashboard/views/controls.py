"""The left side: problem, data, priors, sampler, in the order of thought."""

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable, Viewer

from dashboard.experiment import Experiment
from dashboard.session import Session
from dashboard.views.catalogue import CatalogueControls
from dashboard.views.layout import FIELD, WIDE, later, when_shown
from dashboard.views.priors import PriorEditors
from dashboard.views.text import Html
from inference.problems import PROBLEMS

QUESTIONS = {
    "line": "Every point is taken to be on the line.",
    "line_outliers": "Some points are not on the line; which ones is inferred too.",
    "star": "One parallax, one prior: how far is the star?",
    "cluster": "Every star is in the cluster or in the field: how far is the cluster?",
}


class Controls(Viewer):
    """Widgets that write an experiment, and nothing else.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session):
        super().__init__()
        experiment = session.experiment
        self._session = session
        self._data: dict[str, Viewable | Viewer] = {}
        self._priors: dict[str, PriorEditors] = {}
        problem = pmui.RadioBoxGroup.from_param(
            experiment.param.problem,
            label="Problem",
            options={p.title: p.name for p in PROBLEMS.values()},
            sx={"& .MuiRadio-root": {"padding": "3px 9px"}},
            margin=(2, 10),
            **WIDE,
        )
        question = Html(
            pn.bind(lambda name: f"<small>{QUESTIONS[name]}</small>",
                    experiment.param.problem),
            margin=(0, 10),
            **WIDE,
        )  # fmt: skip
        self._layout = pn.Column(
            problem,
            question,
            _closed_card(
                "Data",
                lambda: pn.panel(pn.bind(self._data_of, experiment.param.problem)),
            ),
            _card("Priors", pn.bind(self._prior_editors, experiment.param.problem)),
            later(_strength(experiment), min_height=56, **WIDE),
            # Who looks at no chains is not asked how they are made.
            later(
                _closed_card("Sampler", lambda: _sampler(experiment)),
                visible=session.param.panels.rx.pipe(lambda p: not p or "chains" in p),
                min_height=69,
                **WIDE,
            ),
            **WIDE,
        )

    def _data_of(self, problem: str) -> Viewable | Viewer:
        name = "line" if problem == "line_outliers" else problem
        if name not in self._data:
            lines = name == "line"
            self._data[name] = (
                _line_data(self._session.experiment)
                if lines
                else CatalogueControls(self._session, star=name == "star")
            )
        return self._data[name]

    def _prior_editors(self, problem: str) -> PriorEditors:
        if problem not in self._priors:
            self._priors[problem] = PriorEditors(self._session, PROBLEMS[problem])
        return self._priors[problem]

    def __panel__(self):
        return self._layout


def _card(title: str, *content, collapsed: bool = False) -> pmui.Card:
    return pmui.Card(
        *content,
        title=title,
        collapsed=collapsed,
        margin=(6, 4),
        variant="outlined",
        **WIDE,
    )


def _closed_card(title: str, build: Callable[[], Viewable]) -> pmui.Card:
    """Return a card whose content is made when it is first opened."""
    card = _card(title, collapsed=True)
    card.append(when_shown(card.param.collapsed.rx.not_(), build, **WIDE))
    return card


def _strength(experiment: Experiment) -> pmui.EditableFloatSlider:
    return pmui.EditableFloatSlider.from_param(
        experiment.param.strength,
        step=0.01,
        description="Power of the likelihood: 0 is the prior, 1 the posterior",
        disabled=pn.bind(
            lambda *_: not experiment.quick,
            experiment.param.problem,
            experiment.param.method,
        ),
        size="small",
        sx=FIELD,
        margin=(4, 14),
        **WIDE,
    )


def _line_data(experiment: Experiment) -> pn.Column:
    whole = {"size": "small", "sx": FIELD, "margin": (4, 10), **WIDE}
    return pn.Column(
        pmui.EditableIntSlider.from_param(experiment.param.points, **whole),
        pmui.EditableFloatSlider.from_param(
            experiment.param.inlier_fraction, step=0.01, **whole
        ),
        pmui.EditableFloatSlider.from_param(experiment.param.slope, step=0.05, **whole),
        pmui.EditableFloatSlider.from_param(
            experiment.param.intercept, step=0.05, **whole
        ),
        pmui.EditableFloatSlider.from_param(
            experiment.param.yerr, step=0.01, start=0.01, **whole
        ),
        pmui.IntInput.from_param(experiment.param.line_seed, **whole),
        **WIDE,
    )


def _sampler(experiment: Experiment) -> pn.Column:
    settings = {"size": "small", "sx": FIELD, "margin": (4, 10), **WIDE}
    method = pmui.Select.from_param(
        experiment.param.method,
        visible=experiment.param.problem.rx() == "cluster",
        options={
            "Distances integrated out (4 parameters)": "marginal",
            "Every star's distance sampled": "hierarchical",
        },
        **settings,
    )
    return pn.Column(
        method,
        pmui.EditableIntSlider.from_param(experiment.param.chains, **settings),
        pmui.EditableIntSlider.from_param(
            experiment.param.warmup, step=50, end=2000, **settings
        ),
        pmui.EditableIntSlider.from_param(
            experiment.param.draws, step=50, end=5000, **settings
        ),
        pmui.EditableFloatSlider.from_param(
            experiment.param.target_accept, step=0.01, **settings
        ),
        pmui.IntInput.from_param(experiment.param.seed, **settings),
        **WIDE,
    )
