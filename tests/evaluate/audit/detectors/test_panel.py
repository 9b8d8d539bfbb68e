"""D8: how many judges a panel is worth, and what they share."""

import numpy as np
import pytest
from detector_worlds import SETTINGS, lineages

from firsthand.evaluate.audit.detectors.panel import among_people, panel_findings, tetrad, tetrad_rows
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.simulate import Judge, World, simulate


def found(world: World, seed: int) -> Finding:
    table = simulate(world, seed)
    (finding,) = panel_findings(table, lineages(table), SETTINGS)
    return finding


def test_a_worked_example() -> None:
    # Judges (A, A), (A, B), (B, B), (A, tie); people aa, ab, bb, aab.
    scores = np.array([[1, 1], [1, 0], [0, 0], [1, 0.5]])
    people = np.array([[2.0, 0, 0], [1, 0, 1], [0, 0, 2], [2, 0, 1]])
    sums = {name: rows.sum(axis=0) for name, rows in tetrad_rows(scores, people).items()}
    # C_12 = (1 - 1 + 1 + 0) / 4 = 1/4; C_1h = (1 + 0 + 1 + 1/3) / 4 = 7/12; C_2h = (1 + 0 + 1 + 0) / 4 = 1/2.
    # Pairs of people: aa 1, ab -1, bb 1, aab (1 - 1 - 1) / 3 = -1/3: C_hh = (1 - 1 + 1 - 1/3) / 4 = 1/6.
    assert float(among_people(sums)) == pytest.approx(1 / 6)
    assert float(tetrad(sums)) == pytest.approx(1 / 4 * 1 / 6 - 7 / 12 * 1 / 2)


def test_judges_that_follow_quality_alone_share_nothing() -> None:
    judges = (Judge(), Judge(sharpness=0.5), Judge(sharpness=2.0))
    world = World(own_pairs=200, other_pairs=200, advantage=0.5, judges=judges)
    p = [found(world, seed).p for seed in range(60)]
    # Of 60 nulls at 5 %, more than 8 come with a chance of 1 %.
    assert sum(value is not None and value < 0.05 for value in p) <= 8


def test_a_shared_taste_is_found() -> None:
    world = World(own_pairs=500, other_pairs=300, judges=(Judge(shared=1.2),) * 3)
    finding = found(world, 1)
    assert (finding.verdict, finding.direction) == (Verdict.DETECTED, "share tastes")
    assert finding.estimate is not None
    assert finding.ci is not None
    assert 1 < finding.ci[0] < finding.estimate < finding.ci[1] < 3


def test_one_judge_is_no_panel_and_one_vote_each_is_refused() -> None:
    table = simulate(World(), 1)
    assert panel_findings(table, lineages(table), SETTINGS) == []
    finding = found(World(votes=1, judges=(Judge(), Judge())), 1)
    assert finding.verdict is Verdict.NOT_TESTABLE
    assert "0 of them rated by two people" in finding.why
