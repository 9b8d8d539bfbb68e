"""D3: disagreement by stratum."""

from dataclasses import replace

import numpy as np
import pytest
from detector_worlds import SETTINGS, A, B, lineages, table

from firsthand.evaluate.audit.detectors.disagreement import disagreement_findings, strata
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.simulate import Judge, World, simulate


def test_a_worked_example() -> None:
    # On x and y all 20 people's pairs agree and the judge is wrong in half of them: + 50 points.
    people = [(pair, rater, A, 0) for pair in range(40) for rater in range(2)]
    judged = [(pair, 0, B if pair < 10 else A, 0) for pair in range(40)]
    given = table(people, judged, comparisons=40, authors=[(0, 1)] * 20 + [(1, 2)] * 20)
    found = {finding.target: finding for finding in disagreement_findings(given, lineages(given), SETTINGS)}
    assert found["x and y"].points == pytest.approx(50)
    assert (found["x and y"].verdict, found["x and y"].direction) == (Verdict.DETECTED, "more than people")
    # On y and z nobody ever disagrees: resampling can't show how uncertain that is.
    assert found["y and z"].verdict is Verdict.NOT_TESTABLE
    assert found["lengths within 10 %"].n == 40


def test_strata_are_author_pairs_and_bands_of_length() -> None:
    given = simulate(World(), 1)
    found = strata(given)
    authors = [member for name, member in found.items() if " and " in name]
    bands = [member for name, member in found.items() if "lengths" in name]
    for members in (authors, bands):
        assert (np.sum(members, axis=0) == 1).all()


def test_values_of_a_tag_are_strata_unless_they_are_too_many_or_all_alike() -> None:
    given = simulate(World(own_pairs=60, other_pairs=40), 1)
    domain = np.array(["code", "writing", None, "code"] * 25, object)
    numbers = np.array([str(number) for number in range(100)], object)
    tags = {"domain": domain, "question": numbers, "set": np.full(100, "one", object)}
    found = strata(replace(given, tags=tags))
    tagged = {name: int(member.sum()) for name, member in found.items() if ": " in name}
    assert tagged == {"domain: code": 50, "domain: writing": 25}


def test_it_finds_where_a_judge_departs_from_people() -> None:
    world = World(own_pairs=900, other_pairs=600, others=2, judges=(Judge(affinity=3.0),))
    given = simulate(world, 3)
    found = {finding.target: finding for finding in disagreement_findings(given, lineages(given), SETTINGS)}
    assert found["own and other-1"].verdict is Verdict.DETECTED
    assert found["other-1 and other-2"].verdict is not Verdict.DETECTED
