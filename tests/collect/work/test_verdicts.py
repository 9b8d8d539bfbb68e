"""What is recorded of an answer: once, for the response it was given to, by the rater who holds the item."""

from dataclasses import replace
from datetime import timedelta

import pytest
from rating_work import SKIP, A, add_account, assignment, check_books, prepared, raters_of, rows, work_off

from firsthand.collect.accounts import people
from firsthand.collect.accounts.account import Role
from firsthand.collect.work import turns
from firsthand.collect.work.items import Kind, Rater, next_items
from firsthand.collect.work.queue import disagreements, given_up, requeue
from firsthand.collect.work.targets import prepare_work
from firsthand.collect.work.verdicts import Answer, Status, amend, history, record, undo
from firsthand.errors import InputError, RecordError
from firsthand.lines import as_line, parse_line
from firsthand.records import Side, Verdict
from firsthand.store import Outcome, Store, schema

B = Answer(Verdict.B)


def current(store, **where):
    return rows(store, schema.preferences, is_current=True, **where)


def set_clock(monkeypatch, minutes):
    real = turns.clock
    monkeypatch.setattr(turns, "clock", lambda connection: real(connection) + timedelta(minutes=minutes))


@pytest.fixture
def item(either_store):
    """The one item of rater `ann`."""
    prepared(either_store, 1, assignment())
    (found,) = next_items(either_store, assignment(), Rater("ann"))
    return found


def test_an_answer_is_recorded_for_the_response_it_was_given_to_with_all_that_was_said(store):
    plan = assignment()
    prepared(store, 30, plan)
    sides = set()
    for _ in range(30):
        (item,) = next_items(store, plan, Rater("ann"), 1)
        criteria = {"helpful": Verdict.A, "honest": Verdict.B, "harmless": Verdict.TIE}
        answer = Answer(Verdict.A, 2, criteria, "clearer", 0.5, flag="names itself")
        assert record(store, "ann", item.lease, answer).status is Status.RECORDED
        (found,) = [
            entry for entry in store.entries() if entry.preference and entry.comparison.id == item.comparison.id
        ]
        said, first = found.preference, item.shown_first
        assert (said.verdict.value, said.shown_first) == (first.value, first)
        assert said.criteria == {"helpful": first.value, "honest": first.swapped().value, "harmless": "tie"}
        assert (said.strength, said.rationale, said.seconds, said.repeat, said.gold) == (2, "clearer", 0.5, 0, False)
        assert said.detail["kind"] == "new"
        assert said.detail["flag"] == "names itself"
        assert 0 < said.detail["propensity"] <= 1
        (past,) = history(store, "ann", 1)
        assert (past.lease, past.answer, past.shown_first) == (item.lease, answer, first)
        sides.add(first)
    assert sides == {Side.A, Side.B}


def test_a_retry_is_known_and_never_a_second_vote(either_store, item):
    assert record(either_store, "ann", item.lease, A).status is Status.RECORDED
    for answer in (A, B, SKIP):
        assert record(either_store, "ann", item.lease, answer).status is Status.KNOWN
    assert len(rows(either_store, schema.preferences)) == 1
    check_books(either_store)


def test_nobody_can_answer_for_another_or_an_item_that_was_never_given(either_store, item):
    for rater, lease in (("bob", item.lease), ("ann", "0" * 32), ("ann", ""), ("bob", item.comparison.id)):
        assert record(either_store, rater, lease, A).status is Status.REFUSED
        assert amend(either_store, rater, lease, A).status is Status.REFUSED
    assert undo(either_store, "bob").status is Status.REFUSED
    assert history(either_store, "bob") == []
    assert rows(either_store, schema.preferences) == []
    assert record(either_store, "ann", item.lease, A).status is Status.RECORDED
    assert history(either_store, "bob") == []
    assert amend(either_store, "bob", item.lease, B).status is Status.REFUSED


def test_an_answer_after_the_lease_has_expired_counts_while_the_place_is_free(either_store, item, monkeypatch):
    set_clock(monkeypatch, 31)
    assert record(either_store, "ann", item.lease, A).status is Status.LATE
    check_books(either_store)
    assert len(current(either_store)) == 1


def test_an_answer_for_a_place_that_another_took_is_put_aside(either_store, item, monkeypatch):
    set_clock(monkeypatch, 31)
    (other,) = next_items(either_store, assignment(), Rater("bob"))
    late = record(either_store, "ann", item.lease, replace(A, rationale="kept all the same"))
    assert late.status is Status.REFUSED
    assert "put aside" in late.message
    (mine,) = rows(either_store, schema.leases, rater="ann")
    assert "kept all the same" in mine["answer"]
    assert record(either_store, "bob", other.lease, B).status is Status.RECORDED
    assert [row["annotator"] for row in current(either_store)] == ["bob"]
    check_books(either_store)


def test_a_lease_given_to_others_and_freed_again_takes_the_late_answer(either_store, item, monkeypatch):
    set_clock(monkeypatch, 31)
    next_items(either_store, assignment(), Rater("bob"))
    set_clock(monkeypatch, 31)
    assert record(either_store, "ann", item.lease, A).status is Status.REFUSED
    assert next_items(either_store, assignment(), Rater("cyd"))
    check_books(either_store)


def test_a_rater_paused_in_the_middle_of_an_item_is_refused_with_the_reason(either_store, item):
    add_account(either_store, "ann", "paused", "too fast")
    refused = record(either_store, "ann", item.lease, A)
    assert (refused.status, "paused: too fast" in refused.message) == (Status.REFUSED, True)
    assert rows(either_store, schema.preferences) == []
    (lease,) = rows(either_store, schema.leases)
    assert '"verdict":"a"' in lease["answer"]


def test_an_amended_answer_supersedes_the_first_and_both_stay(either_store, item):
    record(either_store, "ann", item.lease, A)
    assert amend(either_store, "ann", item.lease, replace(B, strength=3)).status is Status.RECORDED
    first, second = sorted(rows(either_store, schema.preferences), key=lambda row: row["id"])
    assert (first["is_current"], second["is_current"], second["supersedes"]) == (False, True, first["id"])
    assert second["created_at"] > first["created_at"]
    assert [past.answer for past in history(either_store, "ann")] == [replace(B, strength=3)]
    assert record(either_store, "ann", item.lease, A).status is Status.KNOWN
    check_books(either_store)


def test_the_second_verdict_is_the_later_one_though_the_clock_was_set_back(either_store, item, monkeypatch):
    record(either_store, "ann", item.lease, A)
    set_clock(monkeypatch, -600)
    assert amend(either_store, "ann", item.lease, B).status is Status.RECORDED
    times = [row["created_at"] for row in sorted(rows(either_store, schema.preferences), key=lambda row: row["id"])]
    assert times == sorted(set(times))


def test_a_withdrawn_answer_stays_on_record_and_its_item_comes_first(either_store):
    plan = assignment()
    prepared(either_store, 9, plan)
    given = []
    for _ in range(3):
        item = next_items(either_store, plan, Rater("ann"))[0]
        record(either_store, "ann", item.lease, A)
        given.append(item.lease)
    assert undo(either_store, "ann").status is Status.RECORDED
    check_books(either_store)
    assert next_items(either_store, plan, Rater("ann"))[0].lease == given[2]
    assert undo(either_store, "ann").status is Status.RECORDED
    assert [item.lease for item in next_items(either_store, plan, Rater("ann"))] == given[1:]
    assert [past.lease for past in history(either_store, "ann")] == given[:1]
    said = rows(either_store, schema.preferences)
    assert [row["verdict"] for row in said if row["is_current"]].count("skip") == 2
    assert len(said) == 5
    assert record(either_store, "ann", given[1], B).status is Status.RECORDED
    assert len(rows(either_store, schema.preferences)) == 6
    check_books(either_store)


def test_withdrawing_with_nothing_answered_says_so(either_store, item):
    assert undo(either_store, "ann").status is Status.REFUSED


def test_a_skip_can_become_a_verdict_while_there_is_a_place(either_store, item):
    record(either_store, "ann", item.lease, SKIP)
    assert amend(either_store, "ann", item.lease, A).status is Status.RECORDED
    check_books(either_store)
    assert amend(either_store, "ann", item.lease, SKIP).status is Status.RECORDED
    (other,) = next_items(either_store, assignment(), Rater("bob"))
    record(either_store, "bob", other.lease, A)
    assert amend(either_store, "ann", item.lease, A).status is Status.REFUSED
    assert undo(either_store, "ann").status is Status.REFUSED
    assert {name: len(who) for name, who in raters_of(either_store).items()} == {item.comparison.id: 1}
    check_books(either_store)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(Verdict.A, strength=4), "strength is 4"),
        (Answer(Verdict.TIE, strength=2), "strength is 2 but the verdict is 'tie'"),
        (Answer(Verdict.A, seconds=-1), "seconds is -1"),
        (Answer(Verdict.A, seconds=float("nan")), "seconds is NaN"),
        (Answer(Verdict.SKIP), "a skip has one"),
        (Answer(Verdict.A, skip_reason="broken"), "a skip has one"),
        (Answer(Verdict.A, rationale="\x00"), "NUL"),
    ],
)
def test_an_answer_that_contradicts_itself_is_refused_and_the_item_kept(store, answer, message):
    prepared(store, 1, assignment())
    (item,) = next_items(store, assignment(), Rater("ann"))
    with pytest.raises(RecordError, match=message):
        record(store, "ann", item.lease, answer)
    assert record(store, "ann", item.lease, A).status is Status.RECORDED


def test_contradicting_raters_are_settled_by_an_expert_whose_verdict_is_gold(either_store):
    plan = assignment(1.0)
    prepared(either_store, 2, plan)
    for rater in ("ann", "bob"):
        for item in next_items(either_store, plan, Rater(rater)):
            wanted = Verdict.A if rater == "ann" and item.comparison.prompt[0]["content"] == "question 0" else Verdict.B
            record(either_store, rater, item.lease, Answer(wanted.swapped() if item.shown_first is Side.B else wanted))
    (dispute,) = disagreements(either_store)
    assert [(name, said.verdict) for name, said in dispute.votes] == [("ann", Verdict.A), ("bob", Verdict.B)]
    assert next_items(either_store, plan, Rater("cyd")) == []
    assert next_items(either_store, plan, Rater("ann", is_expert=True)) == []
    (item,) = next_items(either_store, plan, Rater("eve", is_expert=True))
    assert (item.kind, item.comparison.id) == (Kind.ADJUDICATION, dispute.comparison.id)
    assert disagreements(either_store)[0].in_hand
    assert next_items(either_store, plan, Rater("fay", is_expert=True)) == []
    assert record(either_store, "eve", item.lease, A).status is Status.RECORDED
    assert disagreements(either_store) == []
    assert [row["annotator"] for row in current(either_store, gold=True)] == ["eve"]
    undo(either_store, "eve")
    assert [found.comparison.id for found in disagreements(either_store)] == [dispute.comparison.id]
    record(either_store, "eve", item.lease, B)
    prepare_work(either_store, plan)
    assert disagreements(either_store) == []
    # An expert's verdict on a hard case is no check of other raters.
    assert rows(either_store, schema.work, is_gold=True) == []
    check_books(either_store)


@pytest.fixture
def dispute(either_store):
    """A comparison that two people contradict each other on, which the expert `eve` holds."""
    plan = assignment(1.0)
    prepared(either_store, 1, plan)
    add_account(either_store, "eve", role="expert")
    for rater, wanted in (("ann", Verdict.A), ("bob", Verdict.B)):
        (item,) = next_items(either_store, plan, Rater(rater))
        record(either_store, rater, item.lease, Answer(wanted.swapped() if item.shown_first is Side.B else wanted))
    (item,) = next_items(either_store, plan, Rater("eve", is_expert=True))
    assert item.kind is Kind.ADJUDICATION
    return item


def test_who_is_no_expert_any_more_makes_no_gold(either_store, dispute):
    people.set_role(either_store, "eve", Role.RATER)
    assert record(either_store, "eve", dispute.lease, A).status is Status.REFUSED
    (kept,) = rows(either_store, schema.leases, rater="eve")
    assert (kept["state"], '"verdict":"a"' in kept["answer"]) == ("held", True)
    assert next_items(either_store, assignment(1.0), Rater("eve")) == []
    assert [row["state"] for row in rows(either_store, schema.leases, rater="eve")] == ["expired"]
    assert record(either_store, "eve", dispute.lease, A).status is Status.REFUSED
    assert current(either_store, gold=True) == []
    assert not disagreements(either_store)[0].in_hand
    # Another expert gets it.
    (item,) = next_items(either_store, assignment(1.0), Rater("fay", is_expert=True))
    assert item.comparison.id == dispute.comparison.id
    check_books(either_store)


def test_gold_is_neither_changed_nor_withdrawn_by_who_is_no_expert_any_more(either_store, dispute):
    assert record(either_store, "eve", dispute.lease, A).status is Status.RECORDED
    before = current(either_store, gold=True)
    people.set_role(either_store, "eve", Role.RATER)
    for done in (amend(either_store, "eve", dispute.lease, B), undo(either_store, "eve")):
        assert (done.status, "not any more" in done.message) == (Status.REFUSED, True)
    assert current(either_store, gold=True) == before
    people.set_role(either_store, "eve", Role.ADMIN)
    assert amend(either_store, "eve", dispute.lease, B).status is Status.RECORDED


def test_a_requeued_comparison_gets_one_more_rater_also_after_the_next_start(either_store):
    plan = assignment()
    prepared(either_store, 1, plan)
    work_off(either_store, plan, ["ann", "bob"])
    (row,) = rows(either_store, schema.work)
    requeue(either_store, row["comparison_id"])
    prepare_work(either_store, plan)
    work_off(either_store, plan, ["bob", "cyd"])
    assert {len(who) for who in raters_of(either_store).values()} == {2}
    with pytest.raises(InputError, match="no comparison 'nothing'"):
        requeue(either_store, "nothing")
    check_books(either_store)


def test_what_everyone_skips_waits_in_the_queue_until_it_is_requeued(either_store):
    plan = assignment()
    prepared(either_store, 1, plan)
    for rater in ("ann", "bob", "cyd"):
        (item,) = next_items(either_store, plan, Rater(rater))
        record(either_store, rater, item.lease, SKIP)
    (found,) = given_up(either_store)
    assert [said.detail["skip_reason"] for _, said in found.votes] == ["broken"] * 3
    requeue(either_store, found.comparison.id)
    assert given_up(either_store) == []
    assert len(next_items(either_store, plan, Rater("dan"))) == 1


def test_what_people_said_survives_an_export_and_import(store, tmp_path):
    plan = assignment(repeat_share=0.4)
    prepared(store, 40, plan)
    work_off(store, plan, ["ann"], seed=4)
    entries = list(store.entries())
    assert {entry.preference.repeat for entry in entries} == {0, 1}
    with Store(str(tmp_path / "copy.db")) as copy:
        assert set(copy.add([parse_line(as_line(entry)) for entry in entries])) == {Outcome.ADDED}
        assert list(copy.entries()) == entries
