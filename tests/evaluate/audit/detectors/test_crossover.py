"""D6: two judges and the authors of their own kinds."""

import numpy as np
import pytest
from detector_worlds import SETTINGS, lineages

from firsthand.evaluate.audit.detectors.crossover import (
    crossover,
    crossover_findings,
    crossover_rows,
    leakage_score,
    slope_gap,
)
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.simulate import Judge, World, simulate


def found(world: World, seed: int) -> Finding:
    table = simulate(world, seed)
    (finding,) = crossover_findings(table, lineages(table), SETTINGS)
    return finding


def test_a_worked_example() -> None:
    # Author 1 wins 3 of 4 under judge 1 and 1 of 4 under judge 2: W_11 = 3/4, W_12 = 1/4, W_22 = 3/4, W_21 = 1/4.
    # A_12 = A_21 = 1/2, PLS = [(3/4 - 1/2) / (1/2) + (3/4 - 1/2) / (1/2)] / 2 = 1/2; d = 1/2; no lean, no slopes' part.
    first, second = np.array([1.0, 1, 1, 0, 1, 1]), np.array([1.0, 0, 0, 0, 1, 0])
    voice, between = np.array([np.nan, np.nan, np.nan, np.nan, 1, 1]), np.array([True] * 4 + [False] * 2)
    sums = {name: rows.sum(axis=0) for name, rows in crossover_rows(first, second, voice, between).items()}
    assert float(leakage_score(sums)) == pytest.approx(0.5)
    # Judge 1 agrees with the third voice twice (c_1 = 2), judge 2 once and once not (c_2 = 0): 2 (2 - 0) / 2 = 2.
    assert float(slope_gap(sums)) == pytest.approx(2 * (0.5 - 0.5))
    assert float(crossover(sums)) == pytest.approx(0.5)


def test_unequal_slopes_are_taken_off() -> None:
    # Win rates 0.8 and 0.65: judge 2 half as sharp (c 0.6 and 0.3) gives 2 * 0.3 / 0.9 * (0.725 - 0.5) = 0.15.
    sums = {"verdicts": np.array([80.0, 65, 100]), "slopes": np.array([60.0, 30])}
    assert float(slope_gap(sums)) == pytest.approx(0.15)
    assert float(crossover(sums)) == pytest.approx(0)


def test_judges_of_unequal_slopes_are_not_taken_for_leakage() -> None:
    world = World(own_pairs=600, other_pairs=600, others=3, advantage=0.8, judges=(Judge(), Judge(sharpness=0.5)))
    findings = [found(world, seed) for seed in range(30)]
    refused = [finding for finding in findings if finding.verdict is Verdict.NOT_TESTABLE]
    assert len(refused) >= 24
    assert "Unequal slopes" in refused[0].why
    assert sum(finding.verdict is Verdict.DETECTED for finding in findings) <= 2


def test_equal_judges_hold_the_level() -> None:
    world = World(own_pairs=900, other_pairs=900, others=3, judges=(Judge(sharpness=0.7), Judge(sharpness=0.7)))
    p = [value for value in (found(world, seed).p for seed in range(60)) if value is not None]
    assert len(p) >= 25
    # At 5 %, more than 7 of 60 come with a chance of 2 %.
    assert sum(value < 0.05 for value in p) <= 7


def test_leakage_is_found() -> None:
    judges = (Judge(affinity=0.6), Judge(affinity=-0.6))
    world = World(own_pairs=1200, other_pairs=900, others=3, judges=judges)
    findings = [found(world, seed) for seed in range(8)]
    tested = [finding for finding in findings if finding.verdict is not Verdict.NOT_TESTABLE]
    assert len(tested) >= 4
    assert all(finding.verdict is Verdict.DETECTED and finding.direction == "favours" for finding in tested)
    assert "preference leakage score +" in tested[0].why


def test_one_judge_and_few_comparisons_are_refused() -> None:
    assert found(World(), 1).why.startswith("No two judges have responses of their own")
    finding = found(World(own_pairs=60, judges=(Judge(), Judge())), 1)
    assert finding.verdict is Verdict.NOT_TESTABLE
    assert "30 of each are needed" in finding.why
