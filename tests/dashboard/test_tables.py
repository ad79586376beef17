"""What the figures say in words and in tables, of runs that are known."""

import re
from dataclasses import replace

import numpy as np
import pytest

from dashboard.snapshot import Snapshot
from dashboard.views import mixing
from dashboard.views.corner import pair_rows
from dashboard.views.line import point_rows
from dashboard.views.marginals import quantile_rows
from dashboard.views.mixing import energy_rows, growth_rows, rank_rows
from dashboard.views.tabular import CELL, table
from dashboard.views.traces import describe, trace_rows
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


@pytest.mark.parametrize("rows", [trace_rows, rank_rows, growth_rows, energy_rows])
def test_before_there_are_draws_the_chains_have_no_table(rows):
    assert not list(rows(Snapshot(problem=PROBLEMS["line"])))


def test_a_table_is_escaped_and_names_its_rows_and_columns():
    html = table([("", "<i>"), ("<b>a</b>", "1 & 2")])
    assert re.findall(r"<t[hd]( [^>]*)>([^<]*)<", html.replace(CELL, "")) == [
        (' scope="col" style=""', ""),
        (' scope="col" style=""', "&lt;i&gt;"),
        (' scope="row" style=""', "&lt;b&gt;a&lt;/b&gt;"),
        (' style=""', "1 &amp; 2"),
    ]


def test_traces_say_the_mean_of_each_chain(known):
    heads, slope, intercept = trace_rows(known)
    means = [f"mean of chain {k}" for k in range(1, 5)]
    assert list(heads[1:]) == [*means, "sd of all", "R-hat"]
    means = known.draws["m"].mean(axis=1)
    assert [float(cell) for cell in slope[1:5]] == pytest.approx(means, abs=1e-3)
    assert float(slope[-1]) > 1.2 > 1.02 > float(intercept[-1])


def test_ranks_say_which_chain_is_elsewhere(known):
    _, slope, intercept = rank_rows(known)
    outside = [int(cell.split()[0]) for cell in slope[1:]]
    assert max(outside) == outside[2] > 5
    assert list(intercept[1:]) == ["0 of 20"] * 4
    assert "most of m in chain 3" in mixing.describe_ranks(known)
    fine = replace(known.shown, draws={"m": known.draws["b"], "b": known.draws["b"]})
    assert "All bars are in the band" in mixing.describe_ranks(
        replace(known, shown=fine)
    )


def test_sizes_grow_to_those_of_the_table_of_numbers(known):
    rows = list(growth_rows(known))
    assert [row[0] for row in rows[1:]] == [f"{60 * k}" for k in range(1, 11)]
    bulk, tail = (float(x.replace(",", "")) for x in rows[-1][2].split(", "))
    assert bulk == pytest.approx(known.rows["b"].ess_bulk, abs=0.5)
    assert tail == pytest.approx(known.rows["b"].ess_tail, abs=0.5)
    said = mixing.describe_growth(known)
    least = min(known.rows["m"].ess_bulk, known.rows["m"].ess_tail)
    assert f"Fewest for m: {least:,.0f} effective draws, 400 are wanted" in said


def test_energies_say_what_each_chain_met(known):
    _, *chains = energy_rows(known)
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


def test_a_corner_says_how_its_quantities_correlate(known):
    rng = np.random.default_rng(2)
    m = rng.normal(size=(CHAINS, DRAWS))
    other = 0.6 * m + 0.8 * rng.normal(size=m.shape)
    shown = replace(known.shown, draws={"m": m, "b": 5 + other})
    heads, slope, intercept = pair_rows(replace(known, shown=shown))
    assert heads[2:] == ("correlation with m", "correlation with b")
    assert slope[2] == intercept[3] == "1.00" and slope[3] == intercept[2]
    # Two standard errors of 2400 independent draws.
    assert float(slope[3]) == pytest.approx(0.6, abs=2 * 0.64 / 49)
    assert float(intercept[1].split()[0]) == pytest.approx(5, abs=0.05)
    # Those that are chosen are those that are spoken of.
    _, few, _ = pair_rows(replace(known, shown=shown, region={"m": (0.0, 9.0)}))
    half_normal = 0.6745
    assert float(few[1].split()[0]) == pytest.approx(half_normal, abs=0.06)
    assert not list(pair_rows(Snapshot(problem=PROBLEMS["line"])))


def test_marginals_say_percentiles_of_every_curve(known):
    # b_perp is Normal(0, 1) and theta uniform: of m = tan theta 5 % are below this.
    tail = np.tan(-0.45 * np.pi)
    heads, slope, _ = quantile_rows(replace(known, spec=known.shown.spec))
    found = dict(zip(heads, slope, strict=True))
    posterior = np.percentile(known.draws["m"], (5, 95))
    assert float(found["posterior 5 %"]) == pytest.approx(posterior[0], abs=1e-3)
    assert float(found["posterior 95 %"]) == pytest.approx(posterior[1], abs=1e-3)
    assert float(found["prior 50 %"]) == pytest.approx(0, abs=0.15)
    assert float(found["prior 5 %"]) == pytest.approx(tail, rel=0.3)
    assert found["estimate 50 %"] == ""


def test_points_are_rows_with_their_probabilities(session):
    snapshot = session.snapshot
    spec = replace(snapshot.spec, data={**snapshot.spec.data, "left_out": (2,)})
    probability = np.linspace(0, 1, 14)
    draws = {"p": np.broadcast_to(probability, (1, 9, 14)), "m": np.zeros((1, 9))}
    run = RunRecord(spec, {}, Phase.DONE, drawn=9, draws=draws)
    heads, *rows = point_rows(replace(snapshot, spec=spec, shown=run))
    assert heads[-1] == "probability to be on the line"
    # The third is left out, so what is said of it is said of no other.
    assert [row[-1] for row in rows[:4]] == ["0.00", "0.08", "left out", "0.15"]
    kept = [float(row[2]) for k, row in enumerate(rows) if k != 2]
    assert kept == pytest.approx(np.delete(snapshot.observed["y"], 2), abs=6e-4)
