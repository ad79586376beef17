"""The state of one session: what a person has chosen, and nothing else.

Widgets write an `Experiment`; `freeze` turns it into the immutable `RunSpec` that is
validated again before it runs. Choices are kept for each problem, so that going back to
one finds it as it was left.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import param

from data import Catalogue, load_simulated, observe
from inference.priors import Prior
from inference.problems import PROBLEMS, Problem
from inference.sources import DEFAULT_DATA
from inference.spec import MOST_DRAWS, MOST_WARMUP, RunSpec, Sampler

ZERO_POINTS = {
    "none": "None",
    "lindegren2021": "Lindegren et al. 2021",
    "constant": "One value for all",
}
SAMPLER = ("chains", "warmup", "draws", "seed", "target_accept")
"""Settings of the sampler that can be chosen."""
PARALLAX_SPAN = (-2.0, 10.0)
"""Range of the cut's slider [mas]."""


class Experiment(param.Parameterized):
    """Everything a person can set.

    Raises
    ------
    ValueError
        By Param, when a value is outside its bounds.
    """

    problem = param.Selector(default="line_outliers", objects=list(PROBLEMS))
    priors = param.Parameter(doc="problem to parameter to Prior, immutable")

    points = param.Integer(15, bounds=(3, 200), label="Points")
    inlier_fraction = param.Number(0.8, bounds=(0, 1), label="Inlier fraction")
    slope = param.Number(1.0, bounds=(-5, 5), label="Slope")
    intercept = param.Number(0.0, bounds=(-5, 5), label="Intercept")
    yerr = param.Number(
        0.2, bounds=(0, 2), inclusive_bounds=(False, True), label="Error of y"
    )
    line_seed = param.Integer(12, bounds=(0, 2**32 - 1), label="Seed of the points")
    points_left_out = param.ClassSelector(
        class_=tuple, default=(), doc="Numbers of points not fitted"
    )

    catalogue = param.ClassSelector(class_=Catalogue, allow_refs=False)
    stars_left_out = param.ClassSelector(
        class_=tuple, default=(), doc="Rows of the table not fitted"
    )
    cut = param.Range((0.2, 3.0), bounds=(-1000, 1000), label="Parallax cut [mas]")
    zero_point = param.Selector(
        default="none", objects=list(ZERO_POINTS), label="Parallax zero-point"
    )
    zero_point_value = param.Number(
        -0.017, bounds=(-0.1, 0.1), label="Zero-point [mas]"
    )
    method = param.Selector(
        default="marginal", objects=list(PROBLEMS["cluster"].methods), label="Method"
    )

    star = param.Integer(None, bounds=(0, None), allow_None=True, label="Star")
    star_parallax = param.Number(0.434, bounds=(-50, 800), label="Parallax [mas]")
    star_error = param.Number(
        0.837, bounds=(0, 20), inclusive_bounds=(False, True), label="Its error [mas]"
    )

    chains = param.Integer(4, bounds=(1, 8), label="Chains")
    warmup = param.Integer(200, bounds=(50, MOST_WARMUP), label="Warm-up a chain")
    draws = param.Integer(1000, bounds=(50, MOST_DRAWS), label="Draws a chain")
    target_accept = param.Number(0.8, bounds=(0.5, 0.99), label="Target acceptance")
    seed = param.Integer(42, bounds=(0, 2**32 - 1), label="Seed")
    strength = param.Number(1.0, bounds=(0, 1), label="Data strength")
    live = param.Boolean(True, label="Live")

    def __init__(self, **params):
        params.setdefault("catalogue", load_simulated())
        defaults = {
            name: MappingProxyType(problem.default_priors)
            for name, problem in PROBLEMS.items()
        }
        params.setdefault("priors", MappingProxyType(defaults))
        super().__init__(**params)
        # What was left out of other points, or of another table, is not in these.
        self.param.watch(self._other_points, ["points", "line_seed"])
        self.param.watch(self._other_table, "catalogue")

    def _other_points(self, *_) -> None:
        self.points_left_out = ()

    def _other_table(self, *_) -> None:
        self.stars_left_out = ()

    @property
    def left_out(self) -> tuple[int, ...]:
        """Points or stars that the chosen problem does not fit, by number."""
        lists = {"cluster": self.stars_left_out, "star": ()}
        return lists.get(self.problem, self.points_left_out)

    def leave_out(self, rows: Iterable[int]) -> None:
        """Fit the chosen problem without these points or stars, and no others."""
        name = "stars_left_out" if self.problem == "cluster" else "points_left_out"
        setattr(self, name, tuple(sorted({int(row) for row in rows})))

    @property
    def definition(self) -> Problem:
        """The problem chosen."""
        return PROBLEMS[self.problem]

    @property
    def quick(self) -> bool:
        """Whether a run takes a moment only, so that NUTS can follow the hand."""
        return self.problem != "cluster" or self.method == "marginal"

    @property
    def follows(self) -> bool:
        """Whether every change starts a run."""
        return self.live and self.quick

    def set_prior(self, name: str, prior: Prior) -> None:
        """Give a parameter of the chosen problem a prior."""
        self.set_priors({**self.priors[self.problem], name: prior})

    def set_priors(self, priors: Mapping[str, Prior]) -> None:
        """Give every parameter of the chosen problem a prior."""
        own = MappingProxyType(dict(priors))
        self.priors = MappingProxyType({**self.priors, self.problem: own})

    def data(self) -> dict[str, Any]:
        """Return the data part of the spec."""
        if self.problem in ("line", "line_outliers"):
            points = {
                "source": "line",
                "points": self.points,
                "inlier_fraction": self.inlier_fraction,
                "slope": self.slope,
                "intercept": self.intercept,
                "yerr": self.yerr,
                "seed": self.line_seed,
            }
            return points | self._left_out()
        if self.problem == "star":
            return self._star_data()
        cut = {
            "parallax_min": self.cut[0],
            "parallax_max": self.cut[1],
            "zero_point": self._zero_point(),
        }
        return self._table() | cut | self._left_out()

    def _left_out(self) -> dict[str, Any]:
        rows = self.left_out
        if rows and self.problem == "cluster":
            # What the cut does not keep need not be left out: how many stars there were
            # is those that are left and these.
            parallax, (low, high) = self.catalogue.parallax, self.cut
            within = (parallax > low) & (parallax < high)
            rows = tuple(r for r in rows if r >= within.size or within[r])
        # What is not said is the default: whole data are the same record as ever.
        return {"left_out": rows} if rows else {}

    def _star_data(self) -> dict[str, Any]:
        if self.star is None:
            return DEFAULT_DATA["star"] | {
                "parallax": self.star_parallax,
                "parallax_error": self.star_error,
            }
        table = self._table()
        data = {"source": "star", "catalogue": table["source"], "index": self.star}
        if "path" in table:
            data["path"] = table["path"]
        return data

    def _table(self) -> dict[str, Any]:
        if self.catalogue.simulated:
            return {"source": "simulated_m67"}
        return {"source": "file", "path": self.catalogue.name}

    def _zero_point(self) -> str | float:
        constant = self.zero_point == "constant"
        return self.zero_point_value if constant else self.zero_point

    def freeze(self) -> RunSpec:
        """Return the validated record of every choice.

        Raises
        ------
        SpecError
            If the choices do not make a run.
        """
        methods = self.definition.methods
        return RunSpec(
            model=self.problem,
            method=self.method if self.method in methods else methods[0],
            data=self.data(),
            priors=dict(self.priors[self.problem]),
            sampler=Sampler(**{name: getattr(self, name) for name in SAMPLER}),
            strength=self.strength if self.quick else 1.0,
        )

    def adopt(self, spec: RunSpec, catalogue: Catalogue) -> None:
        """Choose what makes a spec; `freeze` returns it again.

        Parameters
        ----------
        spec : RunSpec
            One that `freeze` returned.
        catalogue : Catalogue
            The table that it is about.
        """
        own = MappingProxyType(dict(spec.priors))
        self.param.update(
            problem=spec.model,
            priors=MappingProxyType({**self.priors, spec.model: own}),
            catalogue=catalogue,
            strength=spec.strength,
            **{name: getattr(spec.sampler, name) for name in SAMPLER},
            **_data_choices(spec),
        )
        # Only now: another table or other points have been taken up whole.
        if spec.model != "star":
            self.leave_out(spec.data.get("left_out", ()))

    def observe(self, spec: RunSpec) -> dict[str, np.ndarray]:
        """Return the arrays that a spec's data stand for.

        Raises
        ------
        DataError
            If the cut leaves no star, or the table lacks what is needed.
        """
        takes_table = spec.model == "cluster" or "catalogue" in spec.data
        return observe(spec.data, self.catalogue if takes_table else None)


def _data_choices(spec: RunSpec) -> dict[str, Any]:
    """Return what makes the data of a spec, by the names of an experiment."""
    data = spec.data
    if data["source"] == "line":
        names = ("points", "inlier_fraction", "slope", "intercept", "yerr")
        return {name: data[name] for name in names} | {"line_seed": data["seed"]}
    if spec.model == "star":
        if "index" in data:
            return {"star": data["index"]}
        return {
            "star": None,
            "star_parallax": data["parallax"],
            "star_error": data["parallax_error"],
        }
    chosen = {
        "method": spec.method,
        "cut": (data["parallax_min"], data["parallax_max"]),
        "zero_point": data["zero_point"],
    }
    if not isinstance(data["zero_point"], str):
        chosen |= {"zero_point": "constant", "zero_point_value": data["zero_point"]}
    return chosen
