"""Editors of the priors: a family and a slider for each hyper-parameter."""

import numpy as np
import panel_material_ui as pmui
from panel.viewable import Viewer

from dashboard.experiment import Experiment
from dashboard.views.layout import WIDE
from dashboard.views.text import Sentence
from inference.priors import FAMILIES, Prior, SpecError
from inference.problems import Parameter, Problem

IN_PARSECS = ("log_L", "log_dist_clust")
FIRST_VALUES = {
    "loc": 0.0, "scale": 1.0, "df": 4.0, "rate": 1.0, "concentration": 2.0,
    "concentration1": 2.0, "concentration0": 2.0, "low": 0.0, "high": 1.0, "v": 1.0,
}  # fmt: skip
"""What an argument starts from when its family is chosen, where the last prior's
bulk says nothing of it."""


class PriorEditors(Viewer):
    """The editors of one problem's priors, with a way back to the defaults."""

    def __init__(self, experiment: Experiment, problem: Problem):
        super().__init__()
        reset = pmui.Button(
            label="Reset priors", variant="text", size="small", on_click=self._reset
        )
        self._experiment = experiment
        parameters = (*problem.parameters, *problem.constants)
        editors = [PriorEditor(experiment, problem, p) for p in parameters]
        self._layout = pmui.Column(*editors, reset, **WIDE)

    def _reset(self, _):
        self._experiment.reset_priors()

    def __panel__(self):
        return self._layout


class PriorEditor(Viewer):
    """One parameter's prior.

    The experiment owns the prior; widgets ask it to change, and follow it.
    """

    def __init__(self, experiment: Experiment, problem: Problem, parameter: Parameter):
        super().__init__()
        self._experiment, self._problem = experiment, problem
        self._parameter = parameter
        self._family = pmui.Select(
            label=f"{_sentence_case(parameter.meaning)}, {parameter.symbol}",
            disabled=len(parameter.families) == 1,
            options=list(parameter.families),
            value=self._prior.family,
            size="small",
            margin=(8, 10, 0, 10),
            **WIDE,
        )
        self._sliders: dict[str, pmui.EditableFloatSlider] = {}
        self._box = pmui.Column(**WIDE)
        implied = experiment.param.priors.rx.pipe(lambda _: self._implied())
        self._layout = pmui.Column(self._family, self._box, Sentence(implied), **WIDE)
        self._family.param.watch(self._choose_family, "value")
        experiment.param.watch(self._follow, "priors")
        self._rebuild()

    @property
    def _prior(self) -> Prior:
        return self._experiment.priors[self._problem.name][self._parameter.name]

    def _choose_family(self, event) -> None:
        if event.new != self._prior.family:
            self._experiment.set_prior(
                self._parameter.name,
                _same_bulk(self._prior, event.new, self._parameter),
            )

    def _follow(self, _) -> None:
        """Show the experiment's prior, whoever changed it."""
        prior = self._prior
        if self._family.value != prior.family:
            self._family.value = prior.family
        if list(self._sliders) != [name for name, _ in prior.arguments]:
            self._rebuild()
        for name, value in prior.arguments:
            slider = self._sliders[name]
            if slider.value != value:
                slider.param.update(
                    start=min(slider.start, value),
                    end=max(slider.end, value),
                    value=value,
                )

    def _rebuild(self) -> None:
        self._sliders = {
            name: self._slider(name, value) for name, value in self._prior.arguments
        }
        self._box[:] = list(self._sliders.values())

    def _slider(self, name: str, value: float) -> pmui.EditableFloatSlider:
        start, end = _range(self._prior, self._parameter, name, value)
        slider = pmui.EditableFloatSlider(
            label=name,
            value=value,
            start=start,
            end=end,
            step=float(f"{(end - start) / 200:.1g}"),
            format="0[.]000",
            size="small",
            margin=(0, 10),
            **WIDE,
        )
        slider.param.watch(lambda event: self._move(name, event.new), "value")
        return slider

    def _move(self, name: str, value: float) -> None:
        arguments = dict(self._prior.arguments)
        if value is None or arguments.get(name) == value:
            return
        try:
            moved = Prior.of(self._prior.family, **{**arguments, name: float(value)})
        except SpecError:
            # A scale of zero, or a lower end above the upper: stay with what there was.
            self._sliders[name].value = arguments[name]
            return
        self._experiment.set_prior(self._parameter.name, moved)

    def _implied(self) -> str:
        """Say where the prior's bulk lies, in units that mean something."""
        prior = self._prior
        if prior.family == "Delta":
            mode = 2 * prior["v"]
            return f"The prior on distance peaks at {mode:,.0f} pc."
        low, middle, high = prior.scipy.ppf([0.05, 0.5, 0.95])
        if self._parameter.name in IN_PARSECS:
            values = [
                f"{float(np.exp(min(v, 40.0))):,.3g}" for v in (low, middle, high)
            ]
            return f"5, 50, 95 %: {', '.join(values)} pc."
        if self._parameter.name == "log_sigma":
            values = [f"{float(np.exp(min(v, 40.0))):.2g}" for v in (low, middle, high)]
            return f"5, 50, 95 %: {', '.join(values)} of the distance."
        values = [f"{v:.3g}" for v in (low, middle, high)]
        return f"5, 50, 95 %: {', '.join(values)}."

    def __panel__(self):
        return self._layout


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def _same_bulk(prior: Prior, family: str, parameter: Parameter) -> Prior:
    """Return a prior of another family that starts about where the last one was."""
    if family == parameter.default.family:
        return parameter.default
    low, middle, high = (float(v) for v in prior.scipy.ppf([0.16, 0.5, 0.84]))
    lowest, highest = parameter.domain
    half = max((high - low) / 2, 1e-3)
    guesses = dict(FIRST_VALUES) | {
        "loc": np.log(max(middle, 1e-6)) if family == "LogNormal" else middle,
        "scale": 1.0 if family == "LogNormal" else half,
        "low": max(middle - 3 * half, lowest),
        "high": min(middle + 3 * half, highest),
        "rate": 2 / max(middle, 1e-6) if family == "Gamma" else 1 / max(middle, 1e-6),
    }
    if family == "HalfCauchy" or family == "HalfNormal":
        guesses["scale"] = max(middle, 1e-3)
    names = [a.name for a in FAMILIES[family].arguments]
    return Prior.of(family, **{n: float(f"{guesses[n]:.4g}") for n in names})


def _range(
    prior: Prior, parameter: Parameter, name: str, value: float
) -> tuple[float, float]:
    """Return a slider's ends; a number typed beyond them widens it."""
    lowest, highest = parameter.domain
    if name in ("low", "high") and np.isfinite([lowest, highest]).all():
        return float(lowest), float(highest)
    positive = {a.name: a.positive for a in FAMILIES[prior.family].arguments}[name]
    if positive:
        return float(f"{value / 50:.1g}"), float(f"{value * 4:.2g}")
    if name in ("low", "high"):
        span = prior["high"] - prior["low"]
        return max(value - span, lowest), min(value + span, highest)
    spread = dict(prior.arguments).get("scale", 1.0)
    return float(f"{value - 3 * spread:.3g}"), float(f"{value + 3 * spread:.3g}")
