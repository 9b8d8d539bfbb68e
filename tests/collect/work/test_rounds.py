import pytest
from rating_work import A, add_account, assignment, check_books, prepared, rows

from firsthand.collect.work.answers import Answer, Status
from firsthand.collect.work.items import Rater, next_items
from firsthand.collect.work.progress import Progress, progress
from firsthand.collect.work.rounds import record_and_go_on
from firsthand.errors import RecordError
from firsthand.records import Verdict
from firsthand.store import schema

PLAN = assignment()
ANN = Rater("ann")


def test_an_answer_is_recorded_and_the_next_items_come_as_they_would_one_by_one(either_store):
    store = prepared(either_store, 4, PLAN)
    first, second = next_items(store, PLAN, ANN)
    done = record_and_go_on(store, PLAN, ANN, first.lease, A)
    assert done.recorded.status is Status.RECORDED
    assert done.items[0].lease == second.lease
    assert done.items == next_items(store, PLAN, ANN)
    # Four comparisons: one answered, two on the screen or next, one that could still be given.
    assert done.progress == progress(store, ANN) == Progress(rated=1, held=2, open_for_them=1)
    check_books(store)


def test_the_last_answer_is_followed_by_nothing(either_store):
    store = prepared(either_store, 1, PLAN)
    (item,) = next_items(store, PLAN, ANN)
    done = record_and_go_on(store, PLAN, ANN, item.lease, A)
    assert done.items == []
    assert done.progress == Progress(rated=1, held=0, open_for_them=0)


def test_an_answer_sent_again_is_known_and_the_same_items_come(either_store):
    store = prepared(either_store, 5, PLAN)
    lease = next_items(store, PLAN, ANN)[0].lease
    first, again = (record_and_go_on(store, PLAN, ANN, lease, A) for _ in range(2))
    assert again.recorded.status is Status.KNOWN
    assert [item.lease for item in again.items] == [item.lease for item in first.items]
    assert len(rows(store, schema.preferences)) == 1


def test_another_raters_lease_is_refused_and_ones_own_items_come(either_store):
    store = prepared(either_store, 5, PLAN)
    theirs = next_items(store, PLAN, Rater("ben"))[0].lease
    done = record_and_go_on(store, PLAN, ANN, theirs, A)
    assert done.recorded.status is Status.REFUSED
    assert len(done.items) == 2
    assert rows(store, schema.preferences) == []


def test_a_paused_rater_is_given_nothing(either_store):
    store = prepared(either_store, 5, PLAN)
    lease = next_items(store, PLAN, ANN)[0].lease
    add_account(store, "ann", state="paused", reason="too fast")
    done = record_and_go_on(store, PLAN, ANN, lease, A)
    assert (done.recorded.status, done.items) == (Status.REFUSED, [])
    assert rows(store, schema.preferences) == []


def test_an_answer_that_contradicts_itself_changes_nothing(either_store):
    store = prepared(either_store, 5, PLAN)
    held = next_items(store, PLAN, ANN)
    with pytest.raises(RecordError, match="strength"):
        record_and_go_on(store, PLAN, ANN, held[0].lease, Answer(Verdict.TIE, strength=3))
    assert next_items(store, PLAN, ANN) == held
