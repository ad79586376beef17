"""What the figures of the chains say in words, of a run that is known."""

import re
from dataclasses import replace

import numpy as np
import pytest

from dashboard.snapshot import Snapshot
from dashboard.views import mixing
from dashboard.views.chain_tables import TABLES, table
from dashboard.views.traces import describe
from inference import summaries
from inference.problems import PROBLEMS
from inference.progress import Phase, RunRecord
from inference.spec import RunSpec

CHAINS, DRAWS = 4, 600


@pytest.fixture
def known() -> Snapshot:
    """A run of independent draws whose third chain has another mean of m."""
    rng = np.random.default_rng(1)
    spec = RunSpec.from_json({"model": "line", "sampler": {"draws": DRAWS}})
    draws = {"m": rng.normal(size=(CHAINS, DRAWS)), "b": rng.normal(5, 1, (4, DRAWS))}
    draws["m"][2] += 2
    stats = {
        "energy": rng.normal(size=(CHAINS, DRAWS)),
        "n_steps": np.full((CHAINS, DRAWS), 7),
        "acceptance_rate": np.full((CHAINS, DRAWS), 0.9),
        "step_size": np.full((CHAINS, DRAWS), 0.25),
        "diverging": np.arange(DRAWS) < np.arange(CHAINS)[:, None],
    }
    record = RunRecord(
        spec, {}, Phase.DONE, warmed_up=500, drawn=DRAWS, draws=draws, stats=stats
    )
    return Snapshot(
        problem=PROBLEMS["line"], shown=record, rows=summaries.summarise(draws)
    )


def cells(html: str) -> list[list[str]]:
    lines = re.findall(r"<tr>(.*?)</tr>", html)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in lines]


@pytest.mark.parametrize("figure", TABLES)
def test_before_there_are_draws_each_says_when(figure):
    html = table(Snapshot(problem=PROBLEMS["line"]), figure)
    assert "From 20 draws of each chain on" in html


def test_traces_say_the_mean_of_each_chain(known):
    heads, slope, intercept = cells(table(known, "Traces"))
    assert heads[1:] == [f"mean of chain {k}" for k in range(1, 5)] + [
        "sd of all", "R-hat"
    ]  # fmt: skip
    means = known.draws["m"].mean(axis=1)
    assert [float(cell) for cell in slope[1:5]] == pytest.approx(means, abs=1e-3)
    assert float(slope[-1]) > 1.2 > 1.02 > float(intercept[-1])


def test_ranks_say_which_chain_is_elsewhere(known):
    _, slope, intercept = cells(table(known, "Ranks"))
    outside = [int(cell.split()[0]) for cell in slope[1:]]
    assert max(outside) == outside[2] > 5
    assert intercept[1:] == ["0 of 20"] * 4
    assert "most of m in chain 3" in mixing.describe_ranks(known)
    fine = replace(known.shown, draws={"m": known.draws["b"], "b": known.draws["b"]})
    assert "All bars are in the band" in mixing.describe_ranks(
        replace(known, shown=fine)
    )


def test_sizes_grow_to_those_of_the_table_of_numbers(known):
    rows = cells(table(known, "ESS"))
    assert [row[0] for row in rows[1:]] == [f"{60 * k}" for k in range(1, 11)]
    bulk, tail = (float(x.replace(",", "")) for x in rows[-1][2].split(", "))
    assert bulk == pytest.approx(known.rows["b"].ess_bulk, abs=0.5)
    assert tail == pytest.approx(known.rows["b"].ess_tail, abs=0.5)
    said = mixing.describe_growth(known)
    least = min(known.rows["m"].ess_bulk, known.rows["m"].ess_tail)
    assert f"Fewest for m: {least:,.0f} effective draws, 400 are wanted" in said


def test_energies_say_what_each_chain_met(known):
    _, *chains = cells(table(known, "Energy"))
    assert [chain[-1] for chain in chains] == ["0", "1", "2", "3"]
    assert {tuple(chain[2:6]) for chain in chains} == {("7.0", "3", "0.90", "0.25")}
    assert [float(chain[1]) for chain in chains] == pytest.approx([2] * 4, abs=0.3)
    assert "7.0 leapfrog steps a draw, 0.90 accepted, 6 diverged" in (
        mixing.describe_energies(known)
    )


def test_warmup_is_spoken_of_where_it_is_shown(known):
    assert "warm-up" not in describe(known)
    lost = replace(known, shows_warmup=True)
    assert "their warm-up was not kept" in describe(lost)
    kept = replace(known.shown, warmup={"m": np.zeros((4, 500))})
    assert "after 500 steps of warm-up, shaded" in describe(replace(lost, shown=kept))
