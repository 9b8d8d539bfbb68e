"""Votes to labels, each rule on votes small enough to check by eye."""

from typing import Any

import pandas as pd
import pytest
from crowdkit.aggregation import DawidSkene

from firsthand.train.drops import Drops
from firsthand.train.labels import (
    human_labels,
    once_each,
    people_say,
    per_judgment,
    signed,
    synthetic_labels,
    usable,
)
from firsthand.train.mix_config import HumanRules, SyntheticRules

DEFAULTS: dict[str, Any] = {
    "comparison_id": "c1", "prompt_id": "p1", "annotator": "ann", "source": "human", "simulated": False, "p_a": None,
    "strength": None, "shown_first": "", "prompt_sha256": "", "repeat": 0, "swap_consistent": None, "gold": False,
    "has_text": True,
}  # fmt: skip


def votes(*rows: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame([{**DEFAULTS, **row} for row in rows])
    return frame.astype({"p_a": "float64", "strength": "float64"})


def people(rules: HumanRules, *rows: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, dict[str, int]]]:
    drops = Drops()
    return human_labels(usable(votes(*rows), drops), rules, drops), drops.as_dict()


def judged(rules: SyntheticRules, *rows: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, dict[str, int]]]:
    drops = Drops()
    rows = tuple({"source": "synthetic", "annotator": "judge-1", **row} for row in rows)
    return synthetic_labels(usable(votes(*rows), drops), rules, drops), drops.as_dict()


def by_rater(*verdicts: str, **keys: Any) -> list[dict[str, Any]]:
    return [{"annotator": f"r{number}", "verdict": verdict, **keys} for number, verdict in enumerate(verdicts)]


def test_who_saw_both_orders_counts_once_and_not_at_all_where_the_two_differ() -> None:
    seen = [
        {"annotator": "ann", "verdict": "a", "shown_first": "a"},
        {"annotator": "ann", "verdict": "a", "shown_first": "b"},
        {"annotator": "bob", "verdict": "a", "shown_first": "a"},
        {"annotator": "bob", "verdict": "b", "shown_first": "b"},
        {"annotator": "cyd", "verdict": "b", "shown_first": "a"},
        {"annotator": "dan", "verdict": "b", "shown_first": "a"},
    ]
    drops = Drops()
    kept = once_each(usable(votes(*seen), drops), drops)
    labels = human_labels(kept, HumanRules(), drops)
    assert labels.loc[0, "annotator"] == "ann+cyd+dan"
    assert labels.loc[0, "p_chosen"] == pytest.approx(2 / 3)
    assert drops.as_dict() == {
        "a rater's further votes on one comparison, same verdict": {"human": 1},
        "a rater's votes on one comparison, different verdicts": {"human": 2},
    }


@pytest.mark.parametrize(
    ("verdicts", "chosen", "p_chosen"),
    [
        ("a", "a", 1.0),
        ("b", "b", 1.0),
        ("aab", "a", 2 / 3),
        ("bba", "b", 2 / 3),
        ("aaT", "a", (2 + 0.5) / 3),  # a tie is half a vote for each side
        ("aabT", "a", (2 + 0.5) / 4),
    ],
)
def test_majority_takes_the_leading_verdict_and_its_share(verdicts: str, chosen: str, p_chosen: float) -> None:
    words = [verdict if verdict != "T" else "tie" for verdict in verdicts]
    labels, drops = people(HumanRules(), *by_rater(*words))
    assert drops == {}
    assert labels.loc[0, "chosen"] == chosen
    assert labels.loc[0, "p_chosen"] == pytest.approx(p_chosen)
    assert labels.loc[0, "annotator"] == "+".join(f"r{i}" for i in range(len(verdicts)))


@pytest.mark.parametrize(
    "verdicts", [("tie",), ("a", "b"), ("a", "tie"), ("tie", "both_bad", "a"), ("a", "a", "b", "b")]
)
def test_majority_without_a_single_leader_is_a_counted_tie(verdicts: tuple[str, ...]) -> None:
    labels, drops = people(HumanRules(), *by_rater(*verdicts))
    assert labels.empty
    assert drops == {"tie: no response preferred": {"human": 1}}


def test_a_gold_verdict_outweighs_the_majority() -> None:
    rows = [*by_rater("a", "a"), {"annotator": "expert", "verdict": "b", "gold": True}]
    labels, drops = people(HumanRules(), *rows)
    assert labels.loc[0, ["chosen", "annotator", "p_chosen"]].tolist() == ["b", "expert", 1.0]
    assert drops == {"a gold verdict outweighs it": {"human": 2}}


def test_each_vote_keeps_disagreement_as_rows() -> None:
    labels, drops = people(HumanRules(aggregate="each-vote"), *by_rater("a", "b", "tie"))
    assert labels[["annotator", "chosen"]].to_numpy().tolist() == [["r0", "a"], ["r1", "b"]]
    assert drops == {"tie: no response preferred": {"human": 1}}


def test_skips_and_absent_texts_are_counted() -> None:
    labels, drops = people(HumanRules(), {"verdict": "skip"}, {"verdict": "a", "has_text": False})
    assert labels.empty
    assert drops == {
        "skipped by the annotator": {"human": 1},
        "no text: only the responses' ids are known": {"human": 1},
    }


def test_margin_is_the_mean_signed_strength_over_three() -> None:
    # (+3 for A, +1 for A, -1 for B) / 3 votes = 1, divided by 3
    rows = [{**row, "strength": strength} for row, strength in zip(by_rater("a", "a", "b"), (3, 1, 1), strict=True)]
    labels, _ = people(HumanRules(), *rows)
    assert labels.loc[0, "margin"] == pytest.approx(1 / 3)


def test_dawid_skene_follows_crowd_kit_and_discounts_a_rater_who_answers_at_random() -> None:
    truth = "abababababab"
    noise = "aabbbaabbaab"
    rows = [
        {"comparison_id": f"c{number:02d}", "annotator": rater, "verdict": verdict}
        for rater, answers in (("r1", truth), ("r2", truth), ("r3", noise))
        for number, verdict in enumerate(answers)
    ]
    labels, drops = people(HumanRules(aggregate="dawid-skene"), *rows)
    assert drops == {}
    assert "".join(labels["chosen"]) == truth
    answers = pd.DataFrame(rows).rename(columns={"comparison_id": "task", "annotator": "worker", "verdict": "label"})
    reference = DawidSkene(n_iter=100).fit_predict_proba(answers).max(axis=1)
    assert labels["p_chosen"].to_numpy() == pytest.approx(reference.to_numpy(), abs=1e-6)
    said = people_say(usable(votes(*rows), Drops()), HumanRules(aggregate="dawid-skene"))
    assert "".join(said["p_a"].gt(0.5).map({True: "a", False: "b"})) == truth


def test_a_judge_asked_in_both_orders_is_averaged_over_orders_not_over_calls() -> None:
    # order a: (0.9 + 0.7) / 2 = 0.8; order b: 0.6; mean of the two 0.7, not (0.9 + 0.7 + 0.6) / 3
    rows = [
        {"verdict": "a", "p_a": 0.9, "shown_first": "a"},
        {"verdict": "a", "p_a": 0.7, "shown_first": "a", "repeat": 1},
        {"verdict": "a", "p_a": 0.6, "shown_first": "b"},
    ]
    labels, _ = judged(SyntheticRules(), *rows)
    assert labels["p_chosen"].tolist() == pytest.approx([0.7])
    assert labels["annotator"].tolist() == ["judge-1"]


BOTH_ORDERS_AGREE = ({"verdict": "b", "shown_first": "a"}, {"verdict": "b", "shown_first": "b"})
FIRST_BOTH_TIMES = (
    {"verdict": "a", "p_a": 0.9, "shown_first": "a"},
    {"verdict": "b", "p_a": 0.4, "shown_first": "b"},
)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (BOTH_ORDERS_AGREE, None),
        (({"verdict": "a", "shown_first": "both", "swap_consistent": True},), None),
        (FIRST_BOTH_TIMES, "the judge's answer flipped with the order"),
        (
            ({"verdict": "tie", "shown_first": "both", "swap_consistent": False},),
            "the judge's answer flipped with the order",
        ),
        (({"verdict": "a", "shown_first": "a"},), "asked in one order only"),
    ],
)
def test_swap_consistent_wants_the_same_answer_in_both_orders(
    rows: tuple[dict[str, Any], ...], reason: str | None
) -> None:
    labels, drops = judged(SyntheticRules(swap_consistent=True), *rows)
    assert len(labels) == (reason is None)
    assert drops == ({} if reason is None else {reason: {"synthetic": 1}})


def test_min_confidence_wants_a_probability_that_high() -> None:
    rows = [
        {"comparison_id": "c1", "verdict": "b", "p_a": 0.2},
        {"comparison_id": "c2", "verdict": "a", "p_a": 0.79},
        {"comparison_id": "c3", "verdict": "a"},
    ]
    labels, drops = judged(SyntheticRules(min_confidence=0.8), *rows)
    assert labels[["comparison_id", "chosen", "p_chosen"]].to_numpy().tolist() == [["c1", "b", 0.8]]
    assert drops == {
        "below min_confidence": {"synthetic": 1},
        "no probability to hold against min_confidence": {"synthetic": 1},
    }


def test_only_the_named_judges_are_used() -> None:
    labels, drops = judged(
        SyntheticRules(judges=["judge-2"]), {"verdict": "a"}, {"verdict": "b", "annotator": "judge-2"}
    )
    assert labels["annotator"].tolist() == ["judge-2"]
    assert drops == {"judge not in synthetic.judges": {"synthetic": 1}}


def test_a_raters_second_look_gives_no_label_but_a_judges_repeat_does() -> None:
    looks = [{"verdict": "a", "shown_first": "a"}, {"verdict": "b", "shown_first": "b", "repeat": 1}]
    labels, drops = people(HumanRules(aggregate="majority"), *looks)
    assert labels[["chosen", "p_chosen"]].to_numpy().tolist() == [["a", 1.0]]
    assert [list(counts.values()) for counts in drops.values()] == [[1]]
    _, drops = judged(SyntheticRules(), *looks)
    assert not any("second look" in reason for reason in drops)


@pytest.mark.parametrize(
    ("said", "p_a", "orders"),
    [
        ({"a": ("tie", 0.55), "b": ("tie", 0.5)}, 0.5, "agree"),  # not their mean, 0.525
        ({"a": ("both_bad", 0.6), "b": ("tie", 0.6)}, 0.5, "agree"),
        ({"both": ("tie", 0.525)}, 0.5, "one"),
        ({"a": ("a", 0.8), "b": ("tie", 0.55)}, (0.8 + 0.55) / 2, "flipped"),
        ({"a": ("a", 0.6), "b": ("b", 0.4)}, 0.5, "flipped"),
        ({"a": ("a", 0.6), "b": ("a", 0.9)}, 0.75, "agree"),
    ],
)
def test_a_judges_ties_are_ties_and_orders_agree_where_the_verdicts_do(
    said: dict[str, tuple[str, float]], p_a: float, orders: str
) -> None:
    rows = [{"verdict": verdict, "p_a": p, "shown_first": side} for side, (verdict, p) in said.items()]
    label = per_judgment(signed(votes(*rows))).loc[0]
    assert (label["p_a"], label["orders"]) == (pytest.approx(p_a), orders)


def test_a_label_keeps_the_templates_that_its_votes_were_asked_with() -> None:
    asked = {"c1": ("t2", "t1"), "c2": ("t1", "t1"), "c3": ("", "")}
    rows = [
        {"comparison_id": comparison, "verdict": "a", "shown_first": side, "prompt_sha256": template}
        for comparison, templates in asked.items()
        for side, template in zip("ab", templates, strict=True)
    ]
    labels, _ = judged(SyntheticRules(), *rows)
    assert labels["templates"].tolist() == [("t1", "t2"), ("t1",), ("",)]


def test_a_judges_tie_is_dropped_as_one() -> None:
    rows = [{"verdict": "tie", "p_a": 0.55, "shown_first": side} for side in "ab"]
    labels, drops = judged(SyntheticRules(swap_consistent=True), *rows)
    assert labels.empty
    assert drops == {"tie: no response preferred": {"synthetic": 1}}
