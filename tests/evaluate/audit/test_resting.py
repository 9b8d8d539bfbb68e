"""Designs and people on which an affinity may rest wrongly: refused, or said in a caveat."""

from dataclasses import replace

import numpy as np
import pytest
from audit_worlds import lineages

from firsthand.evaluate.audit.affinity_findings import headline_findings
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.detectors.crossover import crossover_findings
from firsthand.evaluate.audit.detectors.mediation import mediation_findings
from firsthand.evaluate.audit.detectors.position import position_findings
from firsthand.evaluate.audit.detectors.proxy import proxy_findings
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.resting import of_people, order_lean
from firsthand.evaluate.audit.table import AuditTable, B, Votes
from firsthand.evaluate.audit.targets import Target
from firsthand.evaluate.simulate import Judge, World, simulate
from firsthand.lineage import Lineage, Relation

SETTINGS = AuditConfig(draws=300)
OWN = Target("own", (0,), Relation.SAME_MODEL)
WORLD = World(own_pairs=200, other_pairs=200, judges=(Judge(), Judge()))


def sign(table: AuditTable) -> np.ndarray:
    return OWN.sign(table).astype(int)


def own_first(table: AuditTable, share: float) -> AuditTable:
    """The judges chose the response shown first in a share of the verdicts, and saw their own first always."""
    votes = table.judged
    first = np.where(sign(table)[votes.pair] != 0, sign(table)[votes.pair], votes.first)
    pulled = np.random.default_rng(1).random(len(votes)) < share
    return replace(table, judged=replace(votes, first=first, outcome=np.where(pulled, 1 - first, votes.outcome)))


def headline(table: AuditTable) -> Finding:
    return headline_findings(table, lineages(table), SETTINGS)[0]


def test_an_order_that_went_with_the_target_is_not_taken_for_affinity() -> None:
    # Without other comparisons, the pull to the first and the affinity are one column: the fit would share them out.
    table = own_first(simulate(replace(WORLD, other_pairs=0), seed=1), 0.4)
    told = headline(table)
    assert told.verdict is Verdict.NOT_TESTABLE
    assert "order went with own every time" in told.why
    one_order = position_findings(table, lineages(table), SETTINGS)[0]
    assert (one_order.verdict, "By the design" in one_order.why) == (Verdict.NOT_TESTABLE, True)
    carried = mediation_findings(table, lineages(table), SETTINGS)[-1]
    assert (carried.verdict, "By the design" in carried.why) == (Verdict.NOT_TESTABLE, True)
    # With others, these tell the pull, and the finding says so.
    told = headline(own_first(simulate(WORLD, seed=1), 0.4))
    assert told.verdict is not Verdict.DETECTED
    assert "own came first in 100% of judge-0's verdicts" in " ".join(told.caveats)


def test_a_length_that_is_one_with_the_target_is_not_told_from_it() -> None:
    table = simulate(replace(WORLD, other_pairs=0), seed=1)
    longer = np.where(sign(table)[:, None] * [1, -1] > 0, 400.0, 200.0)
    table = replace(table, length=longer)
    assert "length went with own every time" in headline(table).why
    taste = mediation_findings(table, lineages(table), SETTINGS)[0]
    assert (taste.detector, taste.verdict) == ("style", Verdict.NOT_TESTABLE)


def test_a_side_stands_in_for_an_order_that_is_not_recorded() -> None:
    table = own_first(simulate(WORLD, seed=1), 0.4)
    turned = np.where(table.judged.first < 0, 2 - table.judged.outcome, table.judged.outcome)
    swap = sign(table) < 0
    pair = table.judged.pair
    outcome = np.where(sign(table)[pair] != 0, turned, table.judged.outcome)
    people = replace(
        table.people, outcome=np.where(swap[table.people.pair], 2 - table.people.outcome, table.people.outcome)
    )
    table = replace(
        table,
        author=np.where(swap[:, None], table.author[:, ::-1], table.author),
        length=np.where(swap[:, None], table.length[:, ::-1], table.length),
        people=people,
        judged=replace(table.judged, first=np.zeros(len(pair), int), outcome=outcome),
    )
    alone = table.part(sign(table) != 0)
    assert "side (A or B; no order is recorded) went with own every time" in headline(alone).why
    told = " ".join(headline(table).caveats)
    assert "not recorded for 400 verdicts" in told
    assert "own was response A in 100% of judge-0's verdicts" in told
    assert "votes of people" not in told
    unordered = replace(table, people=replace(people, first=np.zeros(len(people), int)))
    assert "own was response A in 100% of those on it" in " ".join(headline(unordered).caveats)
    both = replace(table, judged=replace(table.judged, both=np.ones(len(pair), bool)))
    assert "recorded" not in " ".join(headline(both).caveats)
    always_a = replace(table, judged=replace(table.judged, outcome=np.zeros(len(pair), int)))
    assert "judge-0 chose response A every time" in headline(always_a).why


def test_win_rates_are_not_compared_where_the_order_went_with_the_author() -> None:
    table = own_first(simulate(replace(WORLD, others=3), seed=1), 0.4)
    families = {name: Lineage(name, name) for name in table.authors}
    families |= {"judge-0": Lineage("own", "own"), "judge-1": Lineage("other-1", "other-1")}
    for finding in (proxy_findings(table, families, SETTINGS)[0], *crossover_findings(table, families, SETTINGS)):
        assert finding.verdict is Verdict.NOT_TESTABLE
        assert "own came first in 100% of the verdicts of judge-0" in finding.why
    # 16 of 20 first is a mean of 0.6, within 3.3 / sqrt(20) = 0.74 of an even draw; 32 of 40 is not (0.52).
    shown = np.where(np.arange(40) % 5 < 4, sign(table)[sign(table) != 0][:40], -sign(table)[sign(table) != 0][:40])
    own = np.flatnonzero(sign(table) != 0)[:40]
    votes = Votes(own, np.zeros(40, int), np.full(40, B), shown, np.full(40, np.nan))
    assert order_lean(replace(table, judged=votes), 0, OWN) == pytest.approx(0.6)
    assert order_lean(replace(table, judged=votes.where(np.arange(40) < 20)), 0, OWN) == 0.0


def test_comparisons_on_one_prompt_are_not_many() -> None:
    table = simulate(WORLD, seed=1)
    heaped = replace(table, prompt=np.where(np.arange(len(table)) < 100, 0, np.arange(len(table))))
    # 100 of 200 own comparisons on one prompt: 200^2 / (100^2 + 100) = 3.96.
    assert "worth 4.0 prompts" in headline(heaped).why


def test_verdicts_and_votes_that_say_nothing_are_refused() -> None:
    table = simulate(WORLD, seed=1)
    even = replace(table.judged, p_a=np.full(len(table.judged), 0.5))
    assert "a tie" in headline(replace(table, judged=even)).why
    leaning = replace(table.judged, p_a=np.where(table.judged.first > 0, 0.7, 0.3))
    assert "gave the response shown first a chance of 70% every time" in headline(replace(table, judged=leaning)).why
    first = replace(table.people, outcome=1 - table.people.first)
    assert headline(replace(table, people=first)).why.startswith("People chose the response shown first every time")


def test_one_persons_votes_and_votes_by_chance_are_said() -> None:
    table = simulate(WORLD, seed=1)
    assert of_people(table, 0) == []
    one = replace(table.people, voter=np.where(np.arange(len(table.people)) % 5 < 4, 0, table.people.voter))
    assert "of the votes are one person's" in of_people(replace(table, people=one), 0)[0]
    chance = np.random.default_rng(1).choice([0, 2], len(table.people))
    assert "hardly more than by chance" in of_people(replace(table, people=replace(table.people, outcome=chance)), 0)[0]
