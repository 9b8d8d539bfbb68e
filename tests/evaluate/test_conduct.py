import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from firsthand.evaluate.conduct import COLUMNS, conduct_by_rater, share

NO_GOLD = pd.Series(dtype=object)


def votes(*rows: dict) -> pd.DataFrame:
    """Votes of rater ann on comparisons c0, c1, ... shown A first, unless a row says otherwise."""
    plain = {"annotator": "ann", "verdict": "a", "shown_first": "a", "repeat": 0, "gold": False}
    known = {"seconds": None, "length_a": 500.0, "length_b": 500.0, "created_at": "2026-01-01T00:00:00.000000Z"}
    table = [{"comparison_id": f"c{number}", **plain, **known, **row} for number, row in enumerate(rows)]
    return pd.DataFrame(table, columns=list(COLUMNS)).astype({"seconds": float, "repeat": int, "gold": bool})


def test_gold_accuracy_counts_verdicts_on_gold_comparisons_alone():
    # Gold on c0 to c3: right on c0 and c1 (tie and both_bad both say neither), wrong on c2, c3 is skipped; c4 is not
    # gold. 2 of 3 are right.
    gold = pd.Series({"c0": "a", "c1": "neither", "c2": "b", "c3": "b"})
    table = votes({}, {"verdict": "both_bad"}, {"verdict": "tie"}, {"verdict": "skip"}, {})
    found = conduct_by_rater(table, gold)["ann"].gold
    assert (found.estimate.value, found.n) == (pytest.approx(2 / 3), 3)
    assert found.estimate.ci == pytest.approx(proportion_confint(2, 3, method="beta"))


def test_a_raters_own_gold_verdict_is_not_held_against_them():
    found = conduct_by_rater(votes({"gold": True}), pd.Series({"c0": "a"}))["ann"].gold
    assert (found.estimate.value, found.n) == (None, 0)
    assert "gold" in found.estimate.why


def test_consistency_compares_repeats_with_the_first_verdict_whatever_the_side():
    # c0: a, and a again with B first: the same response twice. c1: tie, then b: another answer. c2 was never repeated.
    table = votes(
        {},
        {"verdict": "tie"},
        {},
        {"comparison_id": "c0", "repeat": 1, "shown_first": "b"},
        {"comparison_id": "c1", "repeat": 1, "shown_first": "b", "verdict": "b"},
    )
    found = conduct_by_rater(table, NO_GOLD)["ann"]
    assert (found.consistency.estimate.value, found.consistency.n) == (0.5, 2)
    assert found.first_side.n == 2  # repeats do not count again, a tie says nothing of sides


def test_a_skipped_repeat_says_nothing_of_consistency():
    table = votes({}, {"comparison_id": "c0", "repeat": 1, "verdict": "skip"})
    assert conduct_by_rater(table, NO_GOLD)["ann"].consistency.n == 0


def test_side_bias_is_the_share_of_decisive_verdicts_for_the_response_shown_first():
    # First shown: a, a, b, unknown. Chosen: a (first), b (second), b (first), a (unknown). 2 of 3.
    table = votes({}, {"verdict": "b"}, {"verdict": "b", "shown_first": "b"}, {"shown_first": ""})
    found = conduct_by_rater(table, NO_GOLD)["ann"].first_side
    assert (found.estimate.value, found.n) == (pytest.approx(2 / 3), 3)


def test_speed_is_held_against_the_length_of_the_texts():
    # 1,000 characters at 100 a second ask for 10 s, 200 for 2 s, 100,000 for no more than 10 s; one vote has no time.
    short, long = {"length_a": 100.0, "length_b": 100.0}, {"length_a": 50_000.0, "length_b": 50_000.0}
    table = votes({"seconds": 9.0}, {"seconds": 10.0}, {"seconds": 3.0, **short}, {"seconds": 12.0, **long}, {})
    found = conduct_by_rater(table, NO_GOLD)["ann"]
    assert (found.fast.estimate.value, found.fast.n) == (0.25, 4)
    assert (found.seconds.estimate.value, found.seconds.n) == (9.5, 4)  # the median of 3, 9, 10, 12


def test_votes_before_a_resume_do_not_count_but_repeats_are_compared_with_them():
    gold = pd.Series({"c0": "b", "c1": "a"})
    later = "2026-01-03T00:00:00.000000Z"
    table = votes({}, {"created_at": later}, {"comparison_id": "c0", "repeat": 1, "created_at": later})
    found = conduct_by_rater(table, gold, {"ann": "2026-01-02T00:00:00.000000Z"})["ann"]
    assert (found.gold.estimate.value, found.gold.n) == (1.0, 1)  # the wrong one on c0 came before
    assert (found.consistency.estimate.value, found.consistency.n) == (1.0, 1)


def test_raters_are_measured_apart():
    table = votes({}, {"annotator": "ben", "verdict": "b"})
    found = conduct_by_rater(table, pd.Series({"c0": "a", "c1": "a"}))
    assert {name: conduct.gold.estimate.value for name, conduct in found.items()} == {"ann": 1.0, "ben": 0.0}


@pytest.mark.parametrize(("right", "n"), [(0, 5), (3, 7), (5, 5)])
def test_a_shares_interval_is_the_exact_one(right, n):
    assert share(right, n).estimate.ci == pytest.approx(proportion_confint(right, n, method="beta"))


def test_a_share_of_nothing_says_why():
    assert share(0, 0, "nothing to count").estimate.why == "nothing to count"
