"""What is said of a run, against draws whose faults are known and against ArviZ."""

from dataclasses import fields, replace

import numpy as np
import pytest

from inference import diagnosis, judging, summaries
from inference.diagnosis import DEFAULT, Thresholds
from inference.progress import Phase, RunRecord
from inference.spec import MOST_DRAWS, RunSpec

CHAINS, DRAWS = 4, 1000


def record(draws=DRAWS, phase=Phase.DONE, sampler=None, **columns) -> RunRecord:
    """A run of independent normal draws, and of what is given instead."""
    rng = np.random.default_rng(3)
    settings = {"chains": CHAINS, "warmup": 200, "draws": draws} | (sampler or {})
    spec = RunSpec.from_json({"model": "line", "sampler": settings})
    shape = (CHAINS, draws)
    known = {
        "diverging": np.zeros(shape, bool),
        "energy": rng.normal(size=shape),
        "n_steps": np.full(shape, 3),
    }
    stats = {name: columns.pop(name, value) for name, value in known.items()}
    values = {"m": rng.normal(size=shape), "b": rng.normal(size=shape)} | columns
    return RunRecord(
        spec, {}, phase=phase, warmed_up=200, drawn=draws, draws=values, stats=stats
    )


def said(run: RunRecord, thresholds: Thresholds = DEFAULT) -> judging.Verdict:
    return judging.verdict(run, summaries.summarise(run.draws), thresholds)


def autoregressive(correlation: float, draws=DRAWS, chains=CHAINS) -> np.ndarray:
    rng = np.random.default_rng(5)
    values = rng.normal(size=(chains, draws))
    for k in range(1, draws):
        values[:, k] *= np.sqrt(1 - correlation**2)
        values[:, k] += correlation * values[:, k - 1]
    return values


def shifted(by: float) -> np.ndarray:
    values = np.random.default_rng(8).normal(size=(CHAINS, DRAWS))
    values[2] += by
    return values


def some(count: int, most: bool = True) -> np.ndarray:
    flags = np.zeros((CHAINS, DRAWS), bool)
    flags[1, :count] = most
    return flags


def slow_energy() -> np.ndarray:
    energy = np.random.default_rng(0).normal(size=(CHAINS, DRAWS))
    energy[2] = np.cumsum(energy[2])
    return energy


FAULTS = {
    "none": {},
    "a chain elsewhere": {"m": shifted(0.5)},
    "scale of a chain": {"m": shifted(0.0) * np.array([[1], [1], [3], [1]])},
    "slow": {"b": autoregressive(0.97)},
    "divergences": {"diverging": some(7)},
    "slow energy": {"energy": slow_energy()},
    "cut off": {"n_steps": np.where(some(9), 1023, 7)},
    "all": {"m": shifted(2.0), "diverging": some(3), "energy": slow_energy()},
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("thresholds", [DEFAULT, Thresholds(1.05, 20, 0.001)])
def test_our_diagnosis_is_that_of_arviz(fault, thresholds):
    run = record(**FAULTS[fault])
    ours = diagnosis.diagnose(run, summaries.summarise(run.draws), thresholds)
    theirs = diagnosis.diagnose_by_arviz(run, thresholds)
    assert (ours.divergent, ours.cut_off) == (theirs.divergent, theirs.cut_off)
    for mine, other in zip(ours[2:], theirs[2:], strict=True):
        assert mine == pytest.approx(other)
    assert any(ours) == (fault != "none" and (thresholds is DEFAULT or any(theirs)))


def test_good_draws_agree_and_nothing_is_to_be_done():
    verdict = said(record())
    assert verdict.sentence.startswith("The chains agree: R-hat at most 1.00")
    assert verdict.step is None


def test_a_chain_elsewhere_asks_for_as_many_draws_again():
    verdict = said(record(m=shifted(0.5)))
    assert "on m: the chains disagree; run 1,000 more draws." in verdict.sentence
    assert verdict.step is not None
    assert verdict.step[:2] == ("draws", 2000)
    assert verdict.step.label == "1,000 more draws"


def test_the_draws_asked_for_bring_what_lacks():
    patient = Thresholds(rhat=1.2)
    verdict = said(record(b=autoregressive(0.9)), patient)
    assert verdict.sentence.startswith("Only ")
    assert "effective draws of b, 400 are wanted" in verdict.sentence
    assert verdict.step is not None
    wanted = int(verdict.step.value)
    # An autoregressive chain has (1 - rho) / (1 + rho) effective draws a draw.
    assert 1.0 < wanted * CHAINS * (0.1 / 1.9) / 400 < 1.5


def test_too_few_are_not_said_to_be_enough():
    """A size of 999.6 is less than 1,000, and was printed as that."""
    few = judging._few(record(), {"b": 999.6}, Thresholds(ess_a_chain=250))
    assert few.sentence.startswith("Only 999 effective draws of b, 1,000 are wanted")
    assert few.step is not None
    assert few.step.value == pytest.approx(1.3 * 1000, abs=100)


def test_no_more_draws_than_a_spec_may_ask_for():
    some = record()
    spec = replace(some.spec, sampler=replace(some.spec.sampler, draws=MOST_DRAWS))
    changed = {"spec": spec, "drawn": MOST_DRAWS, "draws": {"m": shifted(0.5)}}
    verdict = said(replace(some, **changed))
    assert "no run may have more draws" in verdict.sentence
    assert verdict.step is None


def test_divergences_ask_for_smaller_steps_as_long_as_there_are_any():
    verdict = said(record(diverging=some(7)))
    assert verdict.sentence.startswith("7 of 4,000 transitions diverged")
    assert verdict.step == ("target_accept", 0.9, "Target acceptance 0.9")
    last = said(record(diverging=some(7), sampler={"target_accept": 0.99}))
    assert last.step is None
    few = said(record(diverging=some(2)))
    assert few.sentence.startswith("The chains agree")
    assert few.sentence.endswith("2 of 4,000 diverged.")


def test_a_slow_energy_names_its_chain():
    verdict = said(record(energy=slow_energy()))
    assert verdict.sentence.startswith("The energy of chain 3 ")


def test_trajectories_that_were_cut_ask_for_a_longer_warmup():
    verdict = said(record(n_steps=np.where(some(9), 1023, 7)))
    assert "9 of 4,000 trajectories were cut off at 1,023 steps" in verdict.sentence
    assert verdict.step == ("warmup", 400, "Warm up for 400")
    shorter = record(n_steps=np.where(some(9), 1022, 7))
    assert "cut off" not in said(shorter).sentence


def test_too_early_below_a_hundred_draws_a_chain():
    running = said(record(draws=99, phase=Phase.SAMPLING))
    assert running.sentence.startswith("Too early to judge: 100 draws")
    assert running.step is None
    over = said(record(draws=60))
    assert over.step is not None
    assert over.step[:2] == ("draws", 160)
    assert "Too early" not in said(record(draws=100)).sentence


def test_while_draws_are_to_come_or_a_run_was_stopped_those_are_the_next_step():
    longer = {"draws": 1500}
    going = said(record(phase=Phase.SAMPLING, sampler=longer, m=shifted(0.5)))
    assert going.sentence.endswith("disagree; 500 draws of each chain are to come.")
    assert going.step is None
    stopped = said(record(phase=Phase.STOPPED, sampler=longer, m=shifted(0.5)))
    assert stopped.step == ("draws", 1500, "500 more draws")


def test_how_early_is_too_early_can_be_said():
    assert "Too early" not in said(record(draws=60), Thresholds(too_early=50)).sentence


def test_what_cannot_be_known_is_not_taken_for_good():
    verdict = said(record(m=np.ones((CHAINS, DRAWS))))
    assert "chains disagree" in verdict.sentence


def test_thresholds_decide():
    run = record(m=shifted(0.5))
    assert "disagree" in said(run).sentence
    assert said(run, Thresholds(1.2, 20)).sentence.startswith("The chains agree")
    assert "Only" in said(record(), Thresholds(ess_a_chain=1500)).sentence


def test_every_threshold_says_where_its_default_comes_from():
    for one in fields(Thresholds):
        low, high = one.metadata["bounds"]
        assert low <= one.default <= high
        assert one.metadata["label"]
        assert one.metadata["source"]


def many(chains: int, draws: int, m: np.ndarray) -> RunRecord:
    """A run of many short chains, sixteen groups of which start together."""
    energy = np.random.default_rng(1).normal(size=(chains, draws))
    steps = np.full((chains, draws), 3)
    return record(
        draws,
        sampler={"chains": chains},
        m=m,
        b=energy + 1,
        energy=energy,
        n_steps=steps,
        diverging=np.zeros((chains, draws), bool),
    )


def test_many_short_chains_are_judged_by_how_their_groups_agree():
    chains, draws = 512, 10
    rng = np.random.default_rng(2)
    # No chain gets around in ten draws, but together those of each place do.
    slow = rng.normal(size=(chains, 1)) + 0.3 * rng.normal(size=(chains, draws))
    row = summaries.summarise({"m": slow[:16]})["m"]
    assert row.rhat > 1.5, "sixteen such chains disagree"
    good = many(chains, draws, slow)
    agreed = said(good, Thresholds(rhat=1.05, ess_a_chain=20))
    assert agreed.sentence.startswith("The chains agree"), agreed.sentence
    elsewhere = slow.copy()
    elsewhere[5 * 32 : 6 * 32] += 2.0
    verdict = said(many(chains, draws, elsewhere), Thresholds(1.05, 20))
    assert "on m: the chains disagree" in verdict.sentence
    # Half of every group elsewhere: the groups agree with each other.
    halves = slow + 2.0 * (np.arange(chains) % 2)[:, None]
    rows = summaries.summarise(many(chains, draws, halves).draws)
    assert rows["m"].rhat < 1.05


def test_the_energy_of_many_chains_is_that_of_their_groups():
    chains, draws = 64, 10
    run = many(chains, draws, np.random.default_rng(4).normal(size=(chains, draws)))
    energy = np.random.default_rng(6).normal(size=(chains, draws))
    # Four chains of one group, each of which hardly moves.
    energy[8:12] = 3.0 * np.arange(4)[:, None] + 0.1 * energy[8:12]
    run = replace(run, stats=run.stats | {"energy": energy})
    found = diagnosis.diagnose(run, summaries.summarise(run.draws))
    assert list(found.slow_energy) == [2]
