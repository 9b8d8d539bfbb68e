"""The order of the sides, and what counts as a verdict."""

from dataclasses import replace

import pytest
from rating_site import comparison

from firsthand.collect.rating import SHORTEST_LOOK, next_task, progress, record_verdict
from firsthand.collect.work.sides import side_shown_first
from firsthand.records import Side, Verdict

IDS = [f"{number:064x}" for number in range(4_000)]


def sides(secret, rater):
    return [side_shown_first(secret, rater, name) for name in IDS]


def test_the_coin_is_fair_and_depends_on_secret_rater_and_comparison():
    mine = sides(b"one", "ann")
    assert sides(b"one", "ann") == mine
    # 4,000 fair coins: a standard deviation of sqrt(4000) / 2 = 32; four of them are 126. A coin that says nothing of
    # another agrees with it as often.
    assert abs(mine.count(Side.A) - 2_000) < 126
    for other in (sides(b"two", "ann"), sides(b"one", "bob"), sides(b"one", "ann ")):
        assert abs(sum(a is b for a, b in zip(mine, other, strict=True)) - 2_000) < 126


def test_a_rater_meets_the_same_comparison_in_the_same_order_until_it_is_judged(store):
    store.add([comparison(number, f"answer {number}") for number in range(3)])
    shown = next_task(store, "ann")
    again = next_task(store, "ann")
    assert (again.comparison, again.shown_first) == (shown.comparison, shown.shown_first)
    looked_at = replace(shown, since=shown.since - SHORTEST_LOOK)
    assert record_verdict(store, looked_at, Verdict.A)
    assert next_task(store, "ann").comparison.id > shown.comparison.id
    assert next_task(store, "bob").comparison == shown.comparison
    assert (progress(store, "ann").rated, progress(store, "bob").rated) == (1, 0)


@pytest.mark.parametrize("first", [Side.A, Side.B])
def test_a_verdict_is_recorded_for_the_response_it_was_given_to(store, first):
    store.add([comparison(0, "answer")])
    task = next_task(store, "ann")
    assert record_verdict(store, replace(task, shown_first=first, since=task.since - SHORTEST_LOOK), Verdict.A)
    (entry,) = store.entries()
    assert entry.preference.verdict.value == entry.preference.shown_first.value == first.value


def test_a_verdict_too_soon_or_a_second_one_does_not_count(store):
    store.add([comparison(0, "answer")])
    task = next_task(store, "ann")
    assert not record_verdict(store, task, Verdict.A)
    assert progress(store, "ann").rated == 0
    looked_at = replace(task, since=task.since - SHORTEST_LOOK)
    assert record_verdict(store, looked_at, Verdict.TIE)
    assert not record_verdict(store, looked_at, Verdict.B)
    assert [entry.preference.verdict for entry in store.entries()] == [Verdict.TIE]
