from dataclasses import replace

import numpy as np
import pytest

from firsthand.evaluate.audit.table import NEITHER, AuditTable, Votes
from firsthand.evaluate.audit.targets import Target, overlap
from firsthand.evaluate.audit.testable import no_people, no_target
from firsthand.evaluate.simulate import Judge, World, simulate
from firsthand.lineage import Relation

OWN = Target("own", (0,), Relation.SAME_MODEL)


@pytest.fixture
def table():
    return simulate(World(own_pairs=60, other_pairs=40, judges=(Judge(affinity=0.3),)), seed=2)


def with_people(table: AuditTable, kept) -> AuditTable:
    return replace(table, people=table.people.where(kept))


def with_verdicts(votes: Votes, outcome) -> Votes:
    return replace(votes, outcome=np.broadcast_to(outcome, votes.outcome.shape))


def test_enough_is_not_refused(table):
    assert no_people(table, 0) is None
    assert no_target(table, 0, OWN) is None
    shared = overlap(table, 0, OWN)
    assert (shared.n, shared.n_prompts, shared.judged) == (60, 60, 60)


def test_no_human_votes(table):
    refusal = no_people(with_people(table, np.zeros(len(table.people), bool)), 0)
    assert "No person has voted" in refusal.why
    assert refusal.needed == 60


def test_a_judge_never_compared_with_people(table):
    apart = replace(with_people(table, table.people.pair < 50), judged=table.judged.where(table.judged.pair >= 50))
    assert "never compared with people" in no_people(apart, 0).why


def test_all_ties_of_people_and_of_the_judge(table):
    of_people = no_people(replace(table, people=with_verdicts(table.people, NEITHER)), 0)
    assert "a tie" in of_people.why
    assert of_people.needed == 60
    of_judge = no_people(replace(table, judged=with_verdicts(table.judged, NEITHER)), 0)
    assert "a tie" in of_judge.why
    assert of_judge.needed is None
    assert "lets it choose, on 30 of these comparisons or more" in of_judge.next_step


def test_one_vote_each_and_one_rater(table):
    first = np.unique(table.people.pair, return_index=True)[1]
    kept = np.isin(np.arange(len(table.people)), first)
    few = with_people(table, kept | (table.people.pair < 9))
    refusal = no_people(few, 0)
    assert "Only 9 comparisons that judge-0 judged have votes of two people" in refusal.why
    assert refusal.needed == 21
    # All 12 that there are have two votes already: 18 more take two votes each.
    refusal = no_people(table.part(np.arange(len(table)) < 12), 0)
    assert refusal.next_step == "Have two people each rate 18 further comparisons or more that judge-0 judges too."
    assert refusal.needed == 36
    alone = with_people(table, kept)
    alone = replace(alone, people=replace(alone.people, voter=np.zeros_like(alone.people.voter)))
    assert "only one person voted" in no_people(alone, 0).why


def test_too_few_comparisons_of_the_target(table):
    own = np.flatnonzero((table.author == 0).any(axis=1))
    chosen = np.ones(len(table), bool)
    chosen[own[1:]] = False
    refusal = no_target(table.part(chosen), 0, OWN)
    assert "Only 1 comparison of own with another author has" in refusal.why
    assert refusal.needed == 58
    chosen[own] = False
    assert "No comparison of own" in no_target(table.part(chosen), 0, OWN).why


def test_one_author_only(table):
    assert "Every response is by own" in no_target(replace(table, author=np.zeros_like(table.author)), 0, OWN).why


def test_few_prompts(table):
    refusal = no_target(replace(table, prompt=table.prompt % 7), 0, OWN)
    assert "come from 7 prompts" in refusal.why
    assert refusal.needed == 26


@pytest.mark.parametrize(
    ("side", "said"),
    [(1, "chose own every time, in all 60 verdicts"), (-1, "chose own never, in all 60 verdicts")],
)
def test_separation(table, side, said):
    sign = OWN.sign(table)
    of_pair = sign[table.judged.pair]
    outcome = np.where(of_pair == 0, table.judged.outcome, np.where(of_pair == side, 0, 2))
    separated = replace(table, judged=with_verdicts(table.judged, outcome))
    # People say the contrary of 12 of the 60: 18 more are missing, two votes each.
    people = np.where(np.arange(len(table)) % 5, side, -side) * sign
    contrary = int(((np.arange(len(table)) % 5 == 0) & (sign != 0)).sum())
    assert contrary == 12
    voted = with_verdicts(separated.people, np.where(people >= 0, 0, 2)[separated.people.pair])
    refusal = no_target(replace(separated, people=voted), 0, OWN)
    assert said in refusal.why
    assert f"most people were {'against' if side > 0 else 'for'} it in 12 comparisons" in refusal.why
    assert refusal.needed == 36
    assert "18 more" in refusal.next_step
    # Where people say the contrary of all 60, no more of them would make it finite.
    voted = with_verdicts(separated.people, np.where(side * sign <= 0, 0, 2)[separated.people.pair])
    refusal = no_target(replace(separated, people=voted), 0, OWN)
    assert refusal.needed is None
    assert "Do not let judge-0 judge pairs that contain own" in refusal.next_step
