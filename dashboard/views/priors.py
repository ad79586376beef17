"""The priors of one problem: presets, an editor for each, and what it implies."""

from functools import partial

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
from panel.viewable import Viewer

from dashboard import implied
from dashboard.prior_moves import (
    axis,
    grid_start,
    grid_step,
    same_bulk,
    slider_range,
)
from dashboard.session import Session
from dashboard.snapshot import Snapshot
from dashboard.views.layout import FIELD, WIDE, in_turns, when_needed
from dashboard.views.sparkline import sparkline
from dashboard.views.text import Html, Sentence
from inference.presets import PRESETS, PUBLISHED, name_of
from inference.priors import Prior, SpecError
from inference.problems import Parameter, Problem

OWN = "Your own"
SEEN, HEIGHT = 2, 170
"""Editors that a first screen has room for, and how high one is [px]."""
CALLED = {
    "StudentT": "Student t",
    "HalfNormal": "Half-normal",
    "HalfCauchy": "Half-Cauchy",
    "LogNormal": "Log-normal",
    "Chi2": "Chi-squared",
    "Delta": "Fixed",
}
"""Families whose names in NumPyro are not what a person calls them."""


class PriorEditors(Viewer):
    """The editors of one problem's priors, and its named sets."""

    def __init__(self, session: Session, problem: Problem):
        super().__init__()
        self._experiment, self._problem = session.experiment, problem
        self._preset = pmui.Select(
            label="Set of priors",
            options=[*PRESETS[problem.name], OWN],
            value=self._named,
            size="small",
            margin=(8, 10, 4, 10),
            **WIDE,
        )
        self._preset.param.watch(self._choose, "value")
        self._experiment.param.watch(self._follow, "priors")
        parameters = (*problem.parameters, *problem.constants)
        editors = in_turns(
            *(partial(PriorEditor, session, problem, one) for one in parameters),
            seen=SEEN,
            room=HEIGHT,
        )
        self._layout = pn.Column(self._preset, *editors, **WIDE)

    @property
    def _named(self) -> str:
        priors = self._experiment.priors[self._problem.name]
        return name_of(self._problem.name, priors) or OWN

    def _choose(self, event) -> None:
        if event.new not in (OWN, self._named):
            self._experiment.set_priors(PRESETS[self._problem.name][event.new])

    def _follow(self, _) -> None:
        self._preset.value = self._named

    def __panel__(self):
        return self._layout


class PriorEditor(Viewer):
    """One parameter's prior.

    The experiment owns the prior; widgets ask it to change, and follow it.
    """

    complaint = param.String(
        "", doc="Why the last move was refused; empty if it was not"
    )
    moved = param.Boolean(doc="Whether the prior is another than the published one")

    def __init__(self, session: Session, problem: Problem, parameter: Parameter):
        super().__init__()
        self._experiment, self._problem = session.experiment, problem
        self._parameter = parameter
        self.moved = self._prior != self._published
        self._family = pmui.Select(
            label="Family",
            disabled=len(parameter.families) == 1,
            options={CALLED.get(name, name): name for name in parameter.families},
            value=self._prior.family,
            size="small",
            sx={"& .MuiSelect-select": {"fontSize": "13px"}},
            margin=(8, 4, 0, 10),
            width=122,
        )
        self._sliders: dict[str, pmui.EditableFloatSlider] = {}
        self._box = pn.Row(**WIDE)
        density = Html(
            pn.bind(self._density, session.param.snapshot, session.param.dark),
            margin=(4, 10, 0, 4),
            **WIDE,
        )
        self._layout = pn.Column(
            pn.Row(self._name(), self._reset(), **WIDE),
            pn.Row(self._family, density, **WIDE),
            self._box,
            Sentence(
                pn.bind(self._said, session.param.snapshot, self.param.complaint),
                # What is below stays where it is when a warning comes.
                lines=1 + implied.warns(parameter.name),
            ),
            styles={"border-bottom": "1px solid rgba(128, 128, 128, 0.25)"},
            **WIDE,
        )
        self._family.param.watch(self._choose_family, "value")
        self._experiment.param.watch(self._follow, "priors")
        self._rebuild()

    @property
    def _prior(self) -> Prior:
        return self._experiment.priors[self._problem.name][self._parameter.name]

    @property
    def _published(self) -> Prior:
        return PRESETS[self._problem.name][PUBLISHED][self._parameter.name]

    def _name(self) -> Sentence:
        meaning, symbol = self._parameter.meaning, self._parameter.symbol
        text = f"{meaning[:1].upper()}{meaning[1:]}, {symbol}"
        return Sentence(text, role="heading", weight=600, size=13)

    def _reset(self) -> pn.Column:
        name = self._parameter.name
        moved = self.param.moved.rx()
        # It has its place while it is hidden: a slider stays where the hand is, and the
        # browser need not lay the whole page out anew, and paint every plot.
        return when_needed(
            moved,
            lambda: pmui.IconButton(
                icon="undo",
                size="small",
                icon_size="14px",
                margin=(-4, 0, -6, 0),
                description=f"Back to {self._published}",
                on_click=lambda _: self._experiment.set_prior(name, self._published),
            ),
            # It lies over the empty end of the heading's line.
            width=24,
            margin=(0, 0, 0, -14),
            styles=moved.rx.pipe(
                lambda now: {"visibility": "visible" if now else "hidden"}
            ),
        )

    def _choose_family(self, event) -> None:
        if event.new != self._prior.family:
            moved = same_bulk(self._prior, event.new, self._parameter)
            self._experiment.set_prior(self._parameter.name, moved)

    def _follow(self, _) -> None:
        """Show the experiment's prior, whoever changed it."""
        self.complaint = ""
        prior = self._prior
        self.moved = prior != self._published
        if self._family.value != prior.family:
            self._family.value = prior.family
        if list(self._sliders) != [name for name, _ in prior.arguments]:
            self._rebuild()
        for name, value in prior.arguments:
            slider = self._sliders[name]
            start = self._start(name, min(slider.start, value), slider.step, value)
            if (slider.value, slider.start) != (value, start):
                end = max(slider.end, value)
                slider.param.update(start=start, end=end, value=value)

    def _rebuild(self) -> None:
        self._sliders = {
            name: self._slider(name, value) for name, value in self._prior.arguments
        }
        self._box[:] = list(self._sliders.values())

    def _slider(self, name: str, value: float) -> pmui.EditableFloatSlider:
        start, end = slider_range(self._prior, self._parameter, name, value)
        step = grid_step(start, end)
        slider = pmui.EditableFloatSlider(
            # A fixed value has no argument but itself.
            label=self._parameter.symbol if self._prior.family == "Delta" else name,
            value=value,
            start=self._start(name, start, step, value),
            end=end,
            step=step,
            format="0[.][0000]",
            size="small",
            sx=FIELD,
            margin=(0, 10),
            **WIDE,
        )
        slider.param.watch(lambda event: self._move(name, event.new), "value")
        return slider

    def _start(self, name: str, start: float, step: float, value: float) -> float:
        lowest = self._parameter.domain[0] if name in ("low", "high") else -np.inf
        return grid_start(start, step, value, 0.0 if start > 0 else lowest)

    def _move(self, name: str, value: float) -> None:
        arguments = dict(self._prior.arguments)
        if value is None or arguments.get(name) == value:
            return
        try:
            moved = Prior.of(self._prior.family, **{**arguments, name: float(value)})
        except SpecError as error:
            # A scale of zero, or a lower end above the upper: stay with what there was.
            self._sliders[name].value = arguments[name]
            self.complaint = str(error)
            return
        self._experiment.set_prior(self._parameter.name, moved)

    def _density(self, snapshot: Snapshot, dark: bool) -> str:
        prior, name = self._prior, self._parameter.name
        if prior.family == "Delta":
            return ""
        limits = axis(prior)
        mine = snapshot.problem is self._problem and snapshot.shown is not None
        draws = snapshot.draws[name] if mine else np.empty(0)
        words = implied.ticks(name, *limits)
        return sparkline(prior, limits, draws, words, dark=dark)

    def _said(self, snapshot: Snapshot, complaint: str) -> str:
        """Say where the prior's bulk lies, or why it does not lie elsewhere."""
        return complaint or self._implied(snapshot)

    def _implied(self, snapshot: Snapshot) -> str:
        """Say where the prior's bulk lies, in units that mean something."""
        mine = snapshot.problem is self._problem
        counted = next(iter(snapshot.observed.values()), ()) if mine else ()
        priors = self._experiment.priors[self._problem.name]
        scale = priors["L"]["v"] if "L" in priors else 1.0
        name = self._parameter.name
        return implied.sentence(name, self._prior, len(counted), scale)

    def __panel__(self):
        return self._layout
