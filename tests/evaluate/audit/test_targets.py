from dataclasses import replace

import pytest

from firsthand.evaluate.audit.targets import other_targets, own_target
from firsthand.evaluate.simulate import World, simulate
from firsthand.lineage import Lineage, Relation

NAMES = ("gpt-4", "gpt-4-mini", "gpt-3.5", "claude", "mystery")
LINEAGES = {
    "gpt-4": Lineage("gpt-4", "openai", "gpt-4"),
    "gpt-4-mini": Lineage("gpt-4-mini", "openai", "gpt-4"),
    "gpt-3.5": Lineage("gpt-3.5", "openai", "gpt-3.5"),
    "claude": Lineage("claude", "anthropic"),
    "mystery": Lineage("mystery"),
}


@pytest.fixture
def table():
    return replace(simulate(World(own_pairs=40, other_pairs=60), seed=1), authors=NAMES)


@pytest.mark.parametrize(
    ("judge", "names", "relation"),
    [
        (Lineage("gpt-4", "openai", "gpt-4"), "gpt-4", Relation.SAME_MODEL),
        (Lineage("gpt-4-turbo", "openai", "gpt-4"), "gpt-4, gpt-4-mini", Relation.SAME_SERIES),
        (Lineage("o1", "openai", "o1"), "gpt-4, gpt-4-mini, gpt-3.5", Relation.SAME_FAMILY),
        (Lineage("tuned", "us", base="claude"), "claude", Relation.INHERITED),
    ],
)
def test_a_judges_own_kind_is_the_closest_there_is(table, judge, names, relation):
    own = own_target(table, "judge-0", {**LINEAGES, "judge-0": judge})
    assert own is not None
    assert (own.name, own.relation) == (names, relation)


def test_a_judge_of_another_or_of_no_known_family_has_no_own_kind(table):
    for judge in (Lineage("gemini", "google"), Lineage("unheard-of")):
        assert own_target(table, "judge-0", {**LINEAGES, "judge-0": judge}) is None


def test_the_others_stand_alone_with_their_relation(table):
    judge = Lineage("gpt-4-turbo", "openai", "gpt-4")
    others = other_targets(table, "judge-0", {**LINEAGES, "judge-0": judge})
    found = {target.name: target.relation for target in others}
    assert found == {"gpt-3.5": Relation.SAME_FAMILY, "claude": Relation.UNRELATED, "mystery": Relation.UNKNOWN}


def test_many_others_come_by_family_and_unknown_ones_alone(table):
    names = ("own", *(f"model-{number}" for number in range(12)))
    table = replace(table, authors=names)
    known = {name: Lineage(name, f"family-{number % 3}" if number < 10 else None) for number, name in enumerate(names)}
    known["judge-0"] = Lineage("own", "family-0")
    others = other_targets(table, "judge-0", known)
    assert sorted(target.name for target in others) == [
        "family-0",
        "family-1",
        "family-2",
        "model-10",
        "model-11",
        "model-9",
    ]
    assert sum(len(target.authors) for target in others) == 12


def test_the_sign_says_on_which_side_the_target_stands_alone(table):
    target = own_target(table, "judge-0", {**LINEAGES, "judge-0": Lineage("o1", "openai", "o1")})
    theirs = table.author <= 2
    expected = [1 if a and not b else -1 if b and not a else 0 for a, b in theirs]
    assert target.sign(table).tolist() == expected
    assert {1, -1, 0} == set(expected)
