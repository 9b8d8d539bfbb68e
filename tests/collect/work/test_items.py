"""Who is given what: exactly k raters, the same items after a reload, routing, shares of gold and repeats."""

import math
import random
from collections import Counter
from datetime import timedelta

import pytest
from builders import fill, human, line
from rating_work import SKIP, A, add_account, assignment, check_books, prepared, raters_of, rows, work_off

from firsthand.collect.accounts import people
from firsthand.collect.work import turns
from firsthand.collect.work.items import Kind, Rater, next_items
from firsthand.collect.work.progress import Progress, progress
from firsthand.collect.work.sides import side_shown_first
from firsthand.collect.work.targets import prepare_work
from firsthand.collect.work.verdicts import Status, record
from firsthand.store import schema
from firsthand.store.secret import store_secret


@pytest.fixture
def advance(monkeypatch):
    """Set the clock forward or back by minutes."""
    real, shift = turns.clock, [timedelta()]
    monkeypatch.setattr(turns, "clock", lambda connection: real(connection) + shift[0])
    monkeypatch.setattr("firsthand.collect.work.items.clock", lambda connection: real(connection) + shift[0])

    def by(minutes):
        shift[0] += timedelta(minutes=minutes)

    return by


@pytest.mark.parametrize("policy", ["random", "least_covered", "informative"])
@pytest.mark.parametrize("k", [1, 3])
def test_every_comparison_gets_exactly_its_raters(either_store, policy, k):
    plan = assignment(0.25, raters=k, order={"policy": policy})
    prepared(either_store, 12, plan)
    work_off(either_store, plan, ["ann", "bob", "cyd", "dan"])
    check_books(either_store)
    # ceil(0.25 x 12) = 3 comparisons shall have max(k, 2) raters.
    assert sorted(len(who) for who in raters_of(either_store).values()) == [k] * 9 + [max(k, 2)] * 3


def test_a_rater_gets_the_same_items_with_the_same_sides_after_a_reload(either_store):
    plan = assignment()
    prepared(either_store, 9, plan)
    first = next_items(either_store, plan, Rater("ann"), 3)
    assert len(first) == 3
    assert next_items(either_store, plan, Rater("ann"), 3) == first
    assert next_items(either_store, plan, Rater("ann"), 2) == first[:2]
    secret = store_secret(either_store.engine)
    assert [item.shown_first for item in first] == [
        side_shown_first(secret, "ann", item.comparison.id) for item in first
    ]
    record(either_store, "ann", first[0].lease, A)
    later = next_items(either_store, plan, Rater("ann"), 3)
    assert [(item.lease, item.shown_first) for item in later[:2]] == [
        (item.lease, item.shown_first) for item in first[1:]
    ]


def test_an_expired_lease_goes_to_the_next_rater(either_store, advance):
    plan = assignment()
    prepared(either_store, 1, plan)
    (item,) = next_items(either_store, plan, Rater("ann"))
    assert next_items(either_store, plan, Rater("bob")) == []
    advance(minutes=29)
    assert next_items(either_store, plan, Rater("bob")) == []
    advance(minutes=2)
    (again,) = next_items(either_store, plan, Rater("bob"))
    assert again.comparison == item.comparison
    assert again.lease != item.lease
    check_books(either_store)
    assert next_items(either_store, plan, Rater("ann")) == []


def test_a_rater_who_comes_back_gets_their_expired_items_again_under_the_same_lease(either_store, advance):
    plan = assignment()
    prepared(either_store, 20, plan)
    mine = next_items(either_store, plan, Rater("ann"))
    advance(minutes=31)
    next_items(either_store, plan, Rater("bob"))
    assert {row["state"] for row in rows(either_store, schema.leases, rater="ann")} == {"expired"}
    again = next_items(either_store, plan, Rater("ann"))
    taken = {row["comparison_id"] for row in rows(either_store, schema.leases, rater="bob")}
    free = [item.lease for item in mine if item.comparison.id not in taken]
    assert [item.lease for item in again][: len(free)] == free
    assert len(again) == 2
    check_books(either_store)


def test_who_asks_keeps_what_they_hold(either_store, advance):
    plan = assignment()
    prepared(either_store, 2, plan)
    mine = next_items(either_store, plan, Rater("ann"))
    for _ in range(5):
        advance(minutes=20)
        assert [item.lease for item in next_items(either_store, plan, Rater("ann"))] == [item.lease for item in mine]
        assert next_items(either_store, plan, Rater("bob")) == []


def test_a_clock_set_back_takes_nothing_from_anyone(either_store, advance):
    plan = assignment()
    prepared(either_store, 4, plan)
    mine = next_items(either_store, plan, Rater("ann"))
    advance(minutes=-600)
    assert [item.lease for item in next_items(either_store, plan, Rater("ann"))] == [item.lease for item in mine]
    for item in mine:
        assert record(either_store, "ann", item.lease, A).status is Status.RECORDED
    assert len(next_items(either_store, plan, Rater("bob"))) == 2
    check_books(either_store)


def test_a_skipped_comparison_goes_to_others_but_not_to_all(either_store):
    plan = assignment()
    prepared(either_store, 1, plan)
    for rater in ("ann", "bob", "cyd"):
        (item,) = next_items(either_store, plan, Rater(rater))
        assert record(either_store, rater, item.lease, SKIP).status is Status.RECORDED
        assert next_items(either_store, plan, Rater(rater)) == []
        check_books(either_store)
    assert next_items(either_store, plan, Rater("dan")) == []
    prepare_work(either_store, plan)
    assert next_items(either_store, plan, Rater("dan")) == []


def test_work_goes_only_to_those_who_hold_its_tag(either_store):
    plan = assignment(route_by="domain")
    tags = ["law", "law/contracts", "medicine", "lawless", ""]
    fill(either_store, [line(n, tags={"domain": tag} if tag else {}) for n, tag in enumerate(tags)])
    prepare_work(either_store, plan)

    def open_to(*held):
        return progress(either_store, Rater("ann", frozenset(held))).open_for_them

    assert [open_to(), open_to("law"), open_to("law/contracts"), open_to("law", "medicine")] == [1, 3, 2, 4]
    given = work_off(either_store, plan, [Rater("ann", frozenset({"law", ""}))])
    assert sorted(item.comparison.tags.get("domain", "") for _, item in given) == ["", "law", "law/contracts"]
    assert progress(either_store, Rater("ann", frozenset({"law"}))) == Progress(rated=3, held=0, open_for_them=0)
    assert len(work_off(either_store, plan, [Rater("bob", frozenset({"medicine", "lawless"}))])) == 2


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_routed_by_a_tag_that_a_rater_lost_is_let_go(either_store, count):
    plan = assignment(route_by="domain")
    fill(either_store, [line(n, tags={"domain": "law"} if n < 2 else {}) for n in range(3)])
    prepare_work(either_store, plan)
    add_account(either_store, "ann", tags='["law"]')
    held = next_items(either_store, plan, Rater("ann", frozenset({"law"})), 3)
    assert len(held) == 3
    people.set_tags(either_store, "ann", [])
    (law,) = [item for item in held if item.comparison.tags][:1]
    assert record(either_store, "ann", law.lease, A).status is Status.REFUSED
    assert [item.comparison.tags for item in next_items(either_store, plan, Rater("ann"), count)] == [{}]
    assert sorted(row["state"] for row in rows(either_store, schema.leases)) == ["expired", "expired", "held"]
    assert len(next_items(either_store, plan, Rater("bob", frozenset({"law"})), 3)) == 2
    check_books(either_store)


def test_gold_and_repeats_come_at_their_rates_and_repeats_with_the_sides_exchanged(store):
    plan = assignment(gold_share=0.2, repeat_share=0.1)
    gold = [human(n, rater="trusted", verdict="b", gold=True) for n in range(1000, 1080)]
    fill(store, [*(line(n) for n in range(150)), *gold])
    prepare_work(store, plan)
    given = [item for _, item in work_off(store, plan, ["ann"], seed=5)]
    kinds = Counter(item.kind for item in given)
    assert kinds[Kind.NEW] == 150
    # A share p of n items: four standard deviations are 4 sqrt(n p (1 - p)).
    for kind, share in ((Kind.GOLD, 0.2), (Kind.REPEAT, 0.1)):
        assert abs(kinds[kind] - share * len(given)) < 4 * math.sqrt(len(given) * share * (1 - share))
    first = {item.comparison.id: (place, item.shown_first) for place, item in enumerate(given) if item.kind is Kind.NEW}
    for place, item in enumerate(given):
        if item.kind is Kind.REPEAT:
            before, side = first[item.comparison.id]
            assert item.shown_first is side.swapped()
            assert place - before > 10
    again = Counter(row["repeat"] for row in rows(store, schema.preferences, annotator="ann"))
    assert again == {0: len(given) - kinds[Kind.REPEAT], 1: kinds[Kind.REPEAT]}
    assert {row["rater"] for row in rows(store, schema.leases, kind="gold")} == {"ann"}
    check_books(store)


def test_a_gold_item_is_open_to_every_rater_once(either_store):
    plan = assignment(gold_share=0.9)
    fill(either_store, [*(line(n) for n in range(8)), human(99, rater="trusted", gold=True)])
    prepare_work(either_store, plan)
    given = work_off(either_store, plan, ["ann", "bob"], seed=1)
    gold = [rater for rater, item in given if item.kind is Kind.GOLD]
    assert sorted(gold) == ["ann", "bob"]
    check_books(either_store)


def test_a_paused_rater_is_given_nothing(either_store):
    plan = assignment()
    prepared(either_store, 5, plan)
    assert len(next_items(either_store, plan, Rater("ann"))) == 2
    add_account(either_store, "ann", state="paused")
    assert next_items(either_store, plan, Rater("ann")) == []
    assert next_items(either_store, plan, Rater("ann"), 5) == []


def test_progress_counts_what_was_answered_and_what_is_open(either_store):
    plan = assignment(0.5)
    prepared(either_store, 10, plan)
    ann = Rater("ann")
    assert progress(either_store, ann) == Progress(0, 0, 10)
    work_off(either_store, plan, ["ann"], most=4)
    assert progress(either_store, ann) == Progress(4, 0, 6)
    work_off(either_store, plan, ["ann"])
    assert progress(either_store, ann) == Progress(10, 0, 0)
    # The half chosen for overlap wants a second rater.
    assert progress(either_store, Rater("bob")) == Progress(0, 0, 5)


def test_the_share_with_several_raters_is_held_while_work_goes_on(store):
    plan = assignment(0.3)
    prepared(store, 120, plan)
    for _ in range(4):
        work_off(store, plan, ["ann", "bob", "cyd"], most=25, seed=random.Random(3).randrange(99))
        judged = [len(who) for who in raters_of(store).values() if who]
        share = sum(raters >= 2 for raters in judged) / len(judged)
        # Of n comparisons begun, a share 0.3 in the mean; at most one a rater still lacks its second.
        assert share > 0.3 - 3 / len(judged) - 4 * math.sqrt(0.3 * 0.7 / len(judged))
    work_off(store, plan, ["ann", "bob", "cyd"])
    assert Counter(len(who) for who in raters_of(store).values()) == {1: 84, 2: 36}


def test_every_lease_of_new_work_names_its_policy_and_chance(either_store):
    plan = assignment(0.2, order={"policy": "least_covered", "random_share": 0.5})
    prepared(either_store, 10, plan)
    work_off(either_store, plan, ["ann", "bob"], seed=2)
    found = rows(either_store, schema.leases)
    assert {row["policy"] for row in found} == {"random", "least_covered", "overlap"}
    assert all(0 < row["propensity"] <= 1 for row in found)
    first = min(found, key=lambda row: row["granted_at"])
    assert first["propensity"] == pytest.approx(1 / 10)
