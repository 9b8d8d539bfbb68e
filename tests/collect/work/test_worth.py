"""Whose word is doubted, and what a label is worth then."""

import numpy as np
import pytest
from builders import fill, human, synthetic
from routed_worlds import Setting, anchor_accuracy, make_world, routed_order, worth

from firsthand.admission import Admission
from firsthand.collect.work.information import Votes, information
from firsthand.collect.work.worth import Doubts, Judgment, Pair, Reason, all_judgments, doubts_on, joint_word
from firsthand.records import Annotator, Source

JUDGES = {
    "gpt": Annotator("gpt", Source.SYNTHETIC, model="gpt-9", family="openai"),
    "claude": Annotator("claude", Source.SYNTHETIC, family="anthropic"),
    "ann": Annotator("ann", Source.HUMAN),
}
FAMILIES = {"gpt-8": "openai", "gpt-7": "openai", "llama": "meta"}
STRANGERS = Pair("llama", "mystery", {"domain": "math"})
LAW = Pair(None, None, {"domain": "law"})
RULES = {
    "schema": 1,
    "target": 0.85,
    "confidence": 0.95,
    "method": "clopper-pearson",
    "seed": 13,
    "split": "all",
    "rules": [
        {
            "judge": judge,
            "templates": [""],
            "tag": tag,
            "admitted": admitted,
            "threshold": threshold,
            "agreement": 0.9,
            "lower_bound": 0.86,
            "n": 100,
            "n_prompts": 50,
            "more_labels": 0 if admitted else 40,
            "why": "",
        }
        for judge, tag, admitted, threshold in (
            ("gpt", None, True, 0.8),
            ("gpt", {"domain": "law"}, False, None),
        )
    ],
}


def doubts(rules=False):
    return Doubts(JUDGES, FAMILIES, Admission.model_validate(RULES) if rules else None)


def reasons(judgments, pair, rules=False):
    return {one.reason for one in doubts_on(judgments, doubts(rules), pair)}


@pytest.mark.parametrize(
    ("judgments", "pair", "rules", "word", "tenths", "why"),
    [
        # No judge: Beta(1, 1).
        ([], STRANGERS, False, (None, 0.0), 10, {Reason.UNJUDGED}),
        # One sure judge: Beta(2, 1), 2 x 1/4.
        ([Judgment("gpt", 1.0, False)], STRANGERS, False, (1.0, 1.0), 5, set()),
        # Two that disagree: Beta(3/2, 3/2).
        (
            [Judgment("claude", 0.0, False), Judgment("gpt", 1.0, False)],
            STRANGERS,
            False,
            (0.5, 1.0),
            10,
            {Reason.DISAGREE},
        ),
        # A flipped answer says nothing either way: Beta(3/2, 3/2), whatever the mean of its orders.
        ([Judgment("gpt", 0.8, True)], STRANGERS, False, (0.5, 1.0), 10, {Reason.FLIPPED}),
        # A judge of its own kind does not count: Beta(1, 1).
        ([Judgment("gpt", 1.0, False)], Pair("gpt-8", "llama", {}), False, (None, 0.0), 10, {Reason.OWN_FAMILY}),
        # Where both are its kind, it has no side to take.
        ([Judgment("gpt", 1.0, False)], Pair("gpt-8", "gpt-7", {}), False, (1.0, 1.0), 5, set()),
        # Half of the judges count: Beta(3/2, 1), P(t < 1/2) = (1/2)^(3/2) = 0.354.
        (
            [Judgment("claude", 1.0, False), Judgment("gpt", 1.0, False)],
            Pair("gpt-8", "llama", {}),
            False,
            (1.0, 0.5),
            7,
            {Reason.OWN_FAMILY},
        ),
        # Near the threshold of 0.8, and away from it: Beta(1.1, 1.9), P(t > 1/2) = 0.296 by numerical integration.
        ([Judgment("gpt", 0.16, False)], STRANGERS, True, (None, 0.0), 10, {Reason.THRESHOLD}),
        ([Judgment("gpt", 0.1, False)], STRANGERS, True, (0.1, 1.0), 6, set()),
        # Not admitted on law, whatever the confidence.
        (
            [Judgment("gpt", 1.0, False)],
            Pair(None, None, {"domain": "law"}),
            True,
            (None, 0.0),
            10,
            {Reason.NOT_ADMITTED},
        ),
        # Asked with a template that the rule was not tested on.
        ([Judgment("gpt", 1.0, False, frozenset({"", "x"}))], STRANGERS, True, (None, 0.0), 10, {Reason.NOT_ADMITTED}),
        # No rule speaks of this judge.
        ([Judgment("claude", 1.0, False)], STRANGERS, True, (1.0, 1.0), 5, set()),
        ([Judgment("gpt", 0.6, False)], STRANGERS, False, (0.6, 1.0), 9, {Reason.UNSURE}),
    ],
)
def test_what_the_judges_leave_uncertain(judgments, pair, rules, word, tenths, why):
    found = joint_word(judgments, doubts(rules), pair, uncovered=False)
    assert found == word
    assert information(Votes(judges_p_a=found[0], judges_weight=found[1])) == tenths
    assert reasons(judgments, pair, rules) == why


def test_nobody_confirmed_any_judge_on_an_uncovered_tag():
    assert joint_word([Judgment("gpt", 1.0, False)], doubts(), STRANGERS, uncovered=True) == (None, 0.0)


def test_judgments_are_means_over_orders_whatever_the_repeats(either_store):
    lines = [
        synthetic(0, p_a=0.9, shown_first="a"),
        synthetic(0, p_a=0.7, shown_first="a", judge="judge-1") | {"judge": {"repeat": 1, "prompt_sha256": "t"}},
        synthetic(0, verdict="b", p_a=0.2, shown_first="b"),
        synthetic(0, verdict="tie", judge="judge-2") | {"judge": {"swap_consistent": False}},
        synthetic(0, verdict="skip", judge="judge-3"),
        human(0),
        synthetic(1, verdict="a"),
        synthetic(1, verdict="tie", judge="judge-2"),
    ]
    fill(either_store, lines)
    sides = {one.id: one.a.content.startswith("first") for one in either_store.comparisons()}
    with either_store.engine.connect().execution_options(read_only=True) as connection:
        found = {
            (one.judge, round(one.p_a if sides[id_] else 1 - one.p_a, 9), one.flipped, *sorted(one.templates))
            for id_, several in all_judgments(connection)
            for one in several
        }
    # ((0.9 + 0.7) / 2 + 0.2) / 2 = 0.5
    assert found == {
        ("judge-1", 0.5, True, "", "t"),
        ("judge-2", 0.5, True, ""),
        ("judge-1", 1.0, False, ""),
        ("judge-2", 0.5, False, ""),
    }


def test_labels_sent_where_a_judge_is_doubted_repair_the_mix_sooner_than_random_ones():
    setting, routed, chance = Setting(kin=(2.0,), order=0.4), [], []
    for number in range(10):
        generator = np.random.default_rng(number)
        world = make_world(generator, setting)
        routed.append(anchor_accuracy(world, routed_order(generator, worth(world))[:240]))
        chance.append(anchor_accuracy(world, generator.permutation(1_200)[:240]))
    # 1.2 points in 100 worlds of tests/calibration, with a standard error of 0.2 in ten.
    assert np.mean(routed) - np.mean(chance) > 0.004
