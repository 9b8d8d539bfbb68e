from types import SimpleNamespace

import numpy as np
import pytest

from firsthand.evaluate.judges.admitting import make_chain, make_rule, run_chains
from firsthand.evaluate.judges.bench import COLUMNS
from firsthand.evaluate.judges.findings import find
from firsthand.evaluate.judges.report import more_text


def chain_of(agrees, confidence=None, learning=None, target=0.85, undecided=0):
    rows = len(agrees)
    return make_chain(
        "judge",
        None,
        confidence=np.ones(rows) if confidence is None else np.array(confidence),
        agrees=np.array(agrees, float),
        prompts=np.arange(rows),
        learning=np.zeros(rows, bool) if learning is None else learning,
        target=target,
        undecided=undecided,
    )


def test_a_judge_that_is_always_equally_sure_has_one_threshold_and_all_its_rows_are_tested() -> None:
    chain = chain_of([1.0] * 40, learning=np.arange(40) < 20)
    assert chain.thresholds == [0.5]
    assert chain.tested(0.5).rows == 40


def test_the_chain_starts_where_the_learning_rows_say_and_ends_at_the_first_that_fails() -> None:
    # Surer than 0.9: always right. Between: right half the time.
    confidence = np.tile(np.linspace(0.501, 0.999, 300), 2)
    agrees = np.where(confidence > 0.8, 1.0, np.tile([0.0, 1.0], 300))
    chain = chain_of(agrees, confidence, learning=np.arange(600) < 300)
    assert chain.thresholds[0] > 0.7
    assert chain.thresholds == sorted(chain.thresholds, reverse=True)
    assert chain.thresholds[-1] == 0.5
    (passed,), _ = run_chains([chain], 0.85, 0.05)
    assert passed is not None
    assert 0.7 < passed <= chain.thresholds[0]
    assert chain.tested(passed).p_value(0.85) <= 0.05
    lower = chain.thresholds[chain.thresholds.index(passed) + 1]
    assert chain.tested(lower).p_value(0.85) > 0.05


def test_chains_share_the_error_and_a_finished_one_leaves_its_share() -> None:
    # 46 of 50: p = 0.112 at 0.85, never passed. 30 of 30: 0.85^30 = 0.0076. 21 of 21: 0.85^21 = 0.033.
    sure, close, far = chain_of([1.0] * 30), chain_of([1.0] * 21), chain_of([1.0] * 46 + [0.0] * 4)
    assert run_chains([close, far], 0.85, 0.05)[0] == [None, None]  # 0.033 > 0.025
    passed, levels = run_chains([sure, close], 0.85, 0.05)
    assert passed == [0.5, 0.5]  # sure passes at 0.025, and leaves it to close: 0.033 <= 0.05
    assert levels == pytest.approx([0.025, 0.05])
    assert run_chains([sure, close, far], 0.85, 0.05)[0] == [0.5, None, None]  # 0.05 / 3, then 0.025 for the two


def test_a_chain_too_short_to_pass_takes_no_share_of_the_error() -> None:
    # 0.85^18 = 0.054 > 0.05: 18 rows can't pass even if all agree.
    assert run_chains([chain_of([1.0] * 18), chain_of([1.0] * 21)], 0.85, 0.05)[0] == [None, 0.5]


def test_without_chains_nothing_is_admitted() -> None:
    assert run_chains([], 0.85, 0.05) == ([], [])


def test_a_judge_just_above_the_target_needs_more_labels_than_anyone_counts():
    # 8,501 of 10,000 are not shown to be below 85 %, and are so near it that over a million rows would be needed.
    rule = make_rule(chain_of([1.0] * 8_501 + [0.0] * 1_499), None, 0.05, 0.85)
    assert rule.more_labels == 1_000_000
    assert rule.why.endswith("; more than 1,000,000 human labels would be needed")
    assert more_text(rule) == "over 1,000,000"
    below = make_rule(chain_of([1.0] * 700 + [0.0] * 300), None, 0.05, 0.85)
    assert (below.more_labels, more_text(below)) == (0, "would not help")
    assert "shown to be below 85%" in below.why


def test_labels_that_prefer_neither_need_more_comparisons_and_a_judge_without_others_needs_none() -> None:
    some = make_rule(chain_of([1.0] * 6), None, 0.05, 0.85)
    # 0.85^19 = 0.046: 13 more where every comparison is decided; of ten 1 is: 130.
    assert some.more_labels == 13
    assert make_rule(chain_of([1.0] * 6, undecided=54), None, 0.05, 0.85).more_labels == 130
    never = make_rule(chain_of([], undecided=60), None, 0.05, 0.85)
    assert (never.more_labels, more_text(never)) == (0, "would not help")
    assert "prefers neither response on any of 60 comparisons" in never.why


def found_in(fill, lines, **options):
    return find(fill(lines).votes(COLUMNS), draws=50, **options)


def test_a_good_judge_is_admitted_from_a_confidence_on_and_a_poor_one_is_told_what_is_missing(fill, judged_lines):
    sharp, swayed = found_in(fill, judged_lines(200, 180)).admission.rules
    assert (sharp.judge, sharp.tag, sharp.admitted) == ("sharp", None, True)
    assert sharp.threshold is not None
    assert sharp.lower_bound is not None
    assert sharp.lower_bound >= 0.85
    assert sharp.more_labels == 0
    assert (swayed.admitted, swayed.threshold) == (False, None)
    assert swayed.why.startswith("not admitted")


def test_a_rule_names_the_templates_of_the_judgments_it_was_tested_on(fill, judged_lines):
    def asked(line):
        number = int(line["prompt"].removeprefix("question "))
        # math is the even prompts. People rated the first 100 prompts: t3 was never held against them.
        template = "t3" if number >= 100 else ("t1", "t2")[number % 4 == 0]
        return line | {"judge": {"prompt_sha256": template}} if line["annotator"] == "sharp" else line

    rules = found_in(fill, map(asked, judged_lines(120, 100)), tag="domain").admission.rules
    assert {(rule.judge, rule.tag["domain"]): rule.templates for rule in rules} == {
        ("sharp", "math"): ["t1", "t2"],
        ("sharp", "writing"): ["t1"],
        ("swayed", "math"): [""],
        ("swayed", "writing"): [""],
    }


def test_each_value_of_the_tag_has_a_rule(fill, judged_lines):
    lines = [{**line, "tags": {}} if line["prompt"] == "question 7" else line for line in judged_lines()]
    rules = found_in(fill, lines, tag="domain").admission.rules
    tags = [rule.tag for rule in rules if rule.judge == "sharp"]
    assert tags == [{"domain": "math"}, {"domain": "writing"}, {"domain": None}]


def test_a_tie_of_people_and_votes_without_a_majority_are_no_agreement(fill):
    verdicts = {"p1": "aa", "p2": "ab", "p3": "tt", "p4": "bb"}
    words = {"a": "a", "b": "b", "t": "tie"}
    lines = [
        {"prompt": prompt, "annotator": f"r{number}", "verdict": words[letter]}
        for prompt, letters in verdicts.items()
        for number, letter in enumerate(letters)
    ]
    lines += [{"prompt": prompt, "annotator": "judge", "source": "synthetic", "verdict": "a"} for prompt in verdicts]
    (rule,) = found_in(fill, lines).admission.rules
    assert (rule.n, rule.agreement) == (4, 0.25)


def test_labels_that_people_never_rated_are_counted_not_tested(fill, judged_lines):
    found = found_in(fill, judged_lines())
    lines = judged_lines()
    labels = {(line["response_a"], line["annotator"]) for line in lines if line["source"] == "synthetic"}
    rated = {line["response_a"] for line in lines if line["source"] == "human"}
    alone = SimpleNamespace(**{judge.name: judge.alone for judge in found.bench.judges})
    assert alone.sharp == sum(text not in rated and judge == "sharp" for text, judge in labels) > 0
    assert len(found.judges[0].judge.unit) == len(rated)
