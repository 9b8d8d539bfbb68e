"""D1: agreement with people beside the agreement of people."""

import re
from dataclasses import replace

import numpy as np
import pytest
from detector_worlds import SETTINGS, lineages

from firsthand.evaluate.audit.detectors.ceiling import agreement_rows, ceiling_findings, coefficient_rows
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.audit.table import AuditTable, Votes
from firsthand.evaluate.simulate import Judge, World, simulate


def test_a_worked_example() -> None:
    # 3 people: a a b, judge a: agrees with 2 of 3; people agree in 1 pair of 3.
    # 4 people: a tie tie b, judge once a and once tie: (1/2) 1/4 + (1/2) 2/4 = 3/8; people in 1 pair of 6.
    rows = agreement_rows(np.array([[2.0, 0, 1], [1, 2, 1]]), np.array([[1.0, 0, 0], [1, 1, 0]]))
    assert rows == pytest.approx(np.array([[2 / 3, 1 / 3, 1], [3 / 8, 1 / 6, 1]]))
    # The first, both ways: a with a 2 x 2/3, a with b 1/3; a's share (1 + 2/3) / 2, b's (0 + 1/3) / 2.
    found = coefficient_rows(np.array([[2.0, 0, 1]]), np.array([[1.0, 0, 0]]))
    assert found["coincidence"][0] == pytest.approx(np.array([[4 / 3, 0, 1 / 3], [0, 0, 0], [1 / 3, 0, 0]]))
    assert found["ac1"][0] == pytest.approx([2 / 3, 1])
    assert found["shares"][0] == pytest.approx([5 / 6, 0, 1 / 6])


def one_more_person(seed: int) -> AuditTable:
    """A judge whose verdict is the vote of a person, who is then left out."""
    table = simulate(World(own_pairs=200, other_pairs=100, votes=4, advantage=0.6, tie_width=0.3, per_prompt=3), seed)
    last = np.append(np.diff(table.people.pair) > 0, True)
    people, judged = table.people.where(~last), table.people.where(last)
    verdicts = Votes(judged.pair, np.zeros_like(judged.pair), judged.outcome, judged.first, judged.p_a)
    return replace(table, people=people, judged=verdicts)


def test_a_judge_that_votes_as_a_person_reaches_the_ceiling() -> None:
    found = [ceiling_findings(table, lineages(table), SETTINGS)[0] for table in map(one_more_person, range(60))]
    # Of 60 nulls at 5 %, more than 8 come with a chance of 1 %.
    assert sum(finding.p is not None and finding.p < 0.05 for finding in found) <= 8
    points = np.array([finding.points for finding in found], float)
    assert abs(points.mean()) < 3 * points.std() / np.sqrt(60)


def test_a_noisy_judge_falls_short() -> None:
    table = simulate(World(own_pairs=600, other_pairs=300, judges=(Judge(sharpness=0.2),)), 1)
    (found,) = ceiling_findings(table, lineages(table), SETTINGS)
    assert (found.verdict, found.direction) == (Verdict.DETECTED, "below people")
    number = r"(-?\d\.\d\d)"
    one = rf"{number} \[{number} to {number}\]"
    figures = re.search(rf"Krippendorff's alpha {one}, of people {one}; Gwet's AC1 {one}, of people {one}", found.why)
    assert figures is not None
    alpha, people, ac1, people_ac1 = np.array(figures.groups(), float).reshape(4, 3)
    for value, low, high in (alpha, people, ac1, people_ac1):
        # 900 votes or more on 900 prompts: a standard error of about 1 / 30, an interval of four.
        assert low < value < high < low + 0.2
    assert alpha[0] < people[1]
    assert ac1[0] < people_ac1[1]
    assert "alternative annotator test: winning rate" in found.why


def test_one_vote_each_is_refused() -> None:
    table = simulate(World(votes=1), 1)
    (found,) = ceiling_findings(table, lineages(table), SETTINGS)
    assert found.verdict is Verdict.NOT_TESTABLE
    assert found.why == "judge-0 and two people voted on 0 comparisons of 0 prompts; 10 prompts are needed."
    assert (found.needed, found.next_step) == (10, "Have two people rate what judge-0 judged on 10 further prompts.")
