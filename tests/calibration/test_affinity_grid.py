"""A reduced form of benchmarks/calibrate: the model's promises on few worlds, and that its counts are right."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from calibrate.__main__ import KEPT, PAGE, continue_to, kept_results
from calibrate.grid import CELLS, EFFECTS, NULLS, Cell
from calibrate.methods import OURS, Outcome, two_slopes
from calibrate.page import page
from calibrate.results import Results, StaleResultsError, Tally, go_on, load, lower_bound, save, upper_bound
from calibrate.verdict import verdict
from scipy.stats import binom

from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.simulate import Judge, World, simulate

FEW = 8
REDUCED = ("equal", "better-noisier", "worse-noisier", "better-sharper", "length", "filtered-sharper")


def cell(name: str) -> Cell:
    return next(one for one in CELLS if one.name == name)


def test_judges_without_affinity_are_seldom_flagged() -> None:
    tallies = [Tally() for _ in REDUCED]
    for name, tally in zip(REDUCED, tallies, strict=True):
        go_on(tally, two_slopes, cell(name).world, FEW)
    worlds, flagged = (sum(getattr(one, what) for one in tallies) for what in ("worlds", "flagged"))
    assert sum(one.refused for one in tallies) == 0
    # At 5 %, more than the 99 % quantile (7 of 48) would be a sign of a test that does not hold its level.
    assert flagged <= binom.ppf(0.99, worlds, 0.05)


def test_judges_with_affinity_are_found_and_their_affinity_is_in_the_interval() -> None:
    tally = Tally()
    go_on(tally, two_slopes, cell("power").world, FEW)
    assert tally.right == FEW
    # At 95 %, fewer than the 1 % quantile (6 of 8) would be a sign of intervals that are too short.
    assert tally.covered >= binom.ppf(0.01, FEW, 0.95)


def test_one_slope_is_fooled_by_a_set_filtered_for_agreement() -> None:
    # What the grid is there to show: far more than 5 % of these worlds, though there is nothing to find.
    tally = Tally()
    go_on(tally, OURS["one slope"], cell("filtered-sharper").world, FEW)
    assert tally.right > binom.ppf(0.99, FEW, 0.05)


def test_the_grid_has_nulls_and_effects_under_names_of_their_own() -> None:
    assert all(one.affinity == 0 for one in NULLS)
    assert all(abs(one.affinity) == 0.5 for one in EFFECTS)
    assert len({one.name for one in CELLS}) == len(CELLS)


def test_a_filtered_world_keeps_every_comparison_people_agree_on() -> None:
    whole = simulate(World(), seed=3)
    kept = simulate(World(disagreeing_dropped=1.0), seed=3)
    votes = [set(whole.people.outcome[whole.people.pair == pair]) for pair in range(len(whole))]
    agreed = [pair for pair, said in enumerate(votes) if len(said) == 1]
    assert len(kept) == len(agreed)
    assert (kept.author == whole.author[agreed]).all()
    assert (kept.prompt == whole.prompt[agreed]).all()
    assert np.bincount(kept.people.pair).tolist() == [3] * len(agreed)
    assert kept.judged.outcome.tolist() == whole.judged.outcome[agreed].tolist()


def test_bounds_of_a_worked_example() -> None:
    # 0 of 100: 1 - 0.05^(1/100) = 0.02951; 100 of 100: 0.05^(1/100) = 0.97049.
    assert upper_bound(0, 100) == pytest.approx(0.02951, abs=1e-5)
    assert lower_bound(100, 100) == pytest.approx(0.97049, abs=1e-5)
    # The chance of at most 3 of 50 is 5 % at the upper bound, that of at least 3 at the lower bound.
    assert binom.cdf(3, 50, upper_bound(3, 50)) == pytest.approx(0.05)
    assert binom.sf(2, 50, lower_bound(3, 50)) == pytest.approx(0.05)


def test_a_tally_counts_sides_coverage_and_refusals() -> None:
    tally = Tally()
    outcomes = (Outcome(-1, -1.5, -0.5, 0.2), Outcome(1, 0.5, 1.5, 0.3), Outcome(0.2, -0.5, 0.9, 0.4), None)
    for outcome in outcomes:
        tally.add(outcome, truth=0.6)
    assert (tally.worlds, tally.left, tally.right, tally.covered, tally.refused) == (4, 1, 1, 2, 1)
    assert tally.errors == [0.2, 0.3, 0.4]
    assert tally.first == -1


def test_a_rule_of_its_own_comes_before_the_interval() -> None:
    assert Outcome(-1, -2, 2, flagged=True).side == -1
    assert Outcome(1, 0.5, 1.5, flagged=False).side == 0
    tally = Tally()
    tally.add(Outcome(1, 0.5, 1.5, flagged=False, verdict="inconclusive"), truth=0)
    assert (tally.flagged, tally.verdicts) == (0, {"inconclusive": 1})


def test_the_audits_verdict_finds_a_strong_affinity_and_does_not_claim_a_missing_one() -> None:
    strong = World(own_pairs=800, other_pairs=400, judges=(Judge(affinity=1.0),))
    found, null = verdict(simulate(strong, 0)), verdict(simulate(World(), 1))
    assert found is not None
    assert null is not None
    assert (found.verdict, found.side) == ("detected", 1)
    assert (null.verdict, null.side) == ("inconclusive", 0)


def of_seed(table: AuditTable) -> Outcome:
    """Stands for a method: says something else of each world, at no cost."""
    estimate = float(table.length.sum() % 100) / 50 - 1
    return Outcome(estimate, estimate - 0.5, estimate + 0.5, abs(estimate))


def test_a_run_in_pieces_is_a_run_in_one(tmp_path: Path) -> None:
    cells = [replace(cell(name), world=World(own_pairs=5, other_pairs=5)) for name in ("equal", "power")]
    continue_to(47, cells, {"one": of_seed}, tmp_path / "whole.json")
    continue_to(13, cells[1:], {"one": of_seed}, tmp_path / "pieces.json")
    continue_to(30, cells[:1], {"one": of_seed}, tmp_path / "pieces.json")
    continue_to(47, cells, {"one": of_seed}, tmp_path / "pieces.json")
    whole = load(tmp_path / "whole.json")
    assert load(tmp_path / "pieces.json") == whole
    assert {one["one"].worlds for one in whole.values()} == {47}


def test_a_run_stops_when_its_time_is_over_and_keeps_what_it_has(tmp_path: Path) -> None:
    cells = [replace(cell(name), world=World(own_pairs=5, other_pairs=5)) for name in ("equal", "power")]
    continue_to(1_000, cells, {"one": of_seed}, tmp_path / "results.json", seconds=0)
    assert {name: one["one"].worlds for name, one in load(tmp_path / "results.json").items()} == {"equal": 20}


def test_results_of_other_code_are_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    save({"equal": {"two slopes": Tally(worlds=20, first=3.0)}}, path)
    with pytest.raises(StaleResultsError, match=r"seed 0 gave 3\.0"):
        continue_to(21, [cell("equal")], {"two slopes": two_slopes}, path)


def shown(verdict: Results) -> str:
    return page({study: verdict if study == "verdict" else {} for study in KEPT})


def test_the_page_judges_by_bounds_and_not_by_shares() -> None:
    few, many, bad = (
        Tally(worlds=20, right=1, covered=19, errors=[0.1]),
        Tally(worlds=1_000, right=40, covered=960, errors=[0.1]),
        Tally(worlds=100, right=40, covered=60, errors=[0.1]),
    )
    for tally, state in ((few, "open"), (many, "met"), (bad, "**not met**")):
        row = next(line for line in shown({"equal": {"two slopes": tally}}).splitlines() if "| `equal` |" in line)
        assert row.split(" | ")[7] == state
    assert "- `equal`" in shown({"equal": {"two slopes": bad}})


def test_the_page_in_docs_is_that_of_the_kept_results() -> None:
    assert PAGE.read_text("utf-8") == page(kept_results())
