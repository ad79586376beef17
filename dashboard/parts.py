"""Parts of a snapshot that take a while: worked out anew only where they must be."""

from typing import Any

from dashboard.experiment import Experiment
from dashboard.runs import Runs
from dashboard.snapshot import Snapshot
from data import fitted_stars
from inference import reweight
from inference.progress import RunRecord
from inference.reweight import Estimate
from inference.spec import RunSpec


def sibling(runs: Runs, problem: str) -> RunRecord | None:
    """Return the last run of the other line model."""
    other = {"line": "line_outliers", "line_outliers": "line"}
    return runs.latest(other.get(problem, ""))


def estimate(
    experiment: Experiment, shown: RunRecord | None, spec: RunSpec, observed
) -> Estimate | None:
    """Weight the draws shown to a spec that no run reaches in a moment.

    Parameters
    ----------
    experiment : Experiment
    shown : RunRecord or None
    spec : RunSpec
    observed : mapping of arrays (datum,)
        The data of the spec.
    """
    if shown is None or shown.spec == spec:
        return None
    if not experiment.follows:
        return reweight.reweight(shown, spec, observed)
    # Another number of points is another program, which takes longer than a moment
    # to compile: until then an estimate bridges, or there is nothing to say.
    if shown.spec.data == spec.data:
        return None
    bridge = reweight.reweight(shown, spec, observed)
    return bridge if bridge is not None and bridge.weights.size else None


def arrays(experiment: Experiment, spec: RunSpec, last: Snapshot) -> dict[str, Any]:
    """Return the arrays of a spec: the last ones, while it is the same data.

    What is computed from them can then be kept by their identity.

    Raises
    ------
    DataError
        If the cut leaves no star, or the table lacks what is needed.
    """
    same_table = last.catalogue is experiment.catalogue
    if last.spec is not None and last.spec.data == spec.data and same_table:
        return {"observed": last.observed, "fitted": last.fitted}
    return {
        "observed": experiment.observe(spec),
        "fitted": fitted_stars(experiment.catalogue, spec.data)
        if spec.model == "cluster"
        else None,
    }
