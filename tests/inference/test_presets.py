"""The named sets of priors."""

import pytest

from inference.presets import PRESETS, PUBLISHED, name_of
from inference.priors import Prior
from inference.problems import PROBLEMS
from inference.spec import RunSpec


@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_set_makes_a_run_and_has_its_name(problem):
    assert next(iter(PRESETS[problem])) == PUBLISHED
    for name, priors in PRESETS[problem].items():
        content = {
            "model": problem,
            "priors": {n: p.to_json() for n, p in priors.items()},
        }
        assert dict(RunSpec.from_json(content).priors) == priors
        assert name_of(problem, priors) == name


def test_a_moved_prior_has_no_name():
    own = PROBLEMS["line"].default_priors | {
        "b_perp": Prior.of("Normal", loc=0.1, scale=1)
    }
    assert name_of("line", own) is None
