from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import fill, human, line
from rating_work import check_books, rows

from firsthand.collect.accounts import people
from firsthand.collect.accounts.account import State
from firsthand.collect.accounts.attempts import take_attempt
from firsthand.collect.accounts.invitations import invite
from firsthand.collect.accounts.removal import Data, remove
from firsthand.collect.exporting import export_file
from firsthand.collect.serve_config import Assignment, Login
from firsthand.collect.work.answers import as_seen
from firsthand.collect.work.items import Rater, next_items
from firsthand.collect.work.targets import prepare_work
from firsthand.collect.work.verdicts import Answer, Status, amend, record
from firsthand.errors import InputError
from firsthand.records import Verdict
from firsthand.store import Store, schema

LOGIN = "ann.somebody@example.org"
OWN_WORDS = ("my neighbour Zelda wrote this", "I am a nurse in Oslo", "this names my employer", "she broke her leg")
PLAN = Assignment.model_validate({"overlap": {"share": 0}, "gold_share": 0, "repeat_share": 0})


@pytest.fixture
def ann(either_store):
    """A person who judged three of five comparisons, one of them twice, and holds a fourth."""
    fill(either_store, [line(number) for number in range(5)])
    prepare_work(either_store, PLAN)
    ann = people.add(either_store, LOGIN, password="a good password", tags=["nursing"])
    people.give_consent(either_store, ann.id, "1")
    people.finish_practice(either_store, ann.id)
    items = next_items(either_store, PLAN, Rater(ann.id), 4)
    answers = (
        Answer(Verdict.A, strength=2, rationale=OWN_WORDS[0]),
        Answer(Verdict.SKIP, skip_reason=OWN_WORDS[1]),
        Answer(Verdict.B, flag=OWN_WORDS[2]),
    )
    for item, answer in zip(items, answers, strict=False):
        assert record(either_store, ann.id, item.lease, answer).status is Status.RECORDED
    assert amend(either_store, ann.id, items[0].lease, Answer(Verdict.B)).status is Status.RECORDED
    people.set_state(either_store, ann.id, State.PAUSED, OWN_WORDS[3])
    invite(either_store, ann.id)
    take_attempt(either_store, Login(), LOGIN, "203.0.113.7")
    return ann


def everything(store: Store) -> str:
    with store.engine.connect() as connection:
        return "\n".join(str(connection.execute(sa.select(table)).all()) for table in schema.metadata.sorted_tables)


def judged(store: Store) -> list[tuple[str, str, Verdict, int | None]]:
    return [
        (entry.comparison.id, entry.annotator.name, entry.preference.verdict, entry.preference.strength)
        for entry in store.entries()
        if entry.preference
    ]


@pytest.mark.parametrize("data", Data)
def test_nothing_that_names_the_person_or_is_in_their_words_stays(either_store, ann, data):
    before = everything(either_store)
    for word in (LOGIN, "nursing", "argon2", *OWN_WORDS):
        assert word in before
    boss = people.add(either_store, "boss")
    assert remove(either_store, ann.id, data, boss.id) == 4
    after = everything(either_store)
    for word in (LOGIN, "nursing", "argon2", *OWN_WORDS):
        assert word not in after
    gone = people.get(either_store, ann.id)
    assert (gone.login, gone.state, gone.has_password, gone.tags) == (None, State.REMOVED, False, frozenset())
    assert not gone.may_rate
    assert gone.generation > ann.generation
    assert gone.consent == "1"
    happened = people.events(either_store, ann.id)
    assert [event["kind"] for event in happened] == ["added", "consent", "paused", "invited", "removed"]
    assert [event["detail"] for event in happened if event["detail"]] == [{"data": data.value}]
    assert happened[-1]["actor"] == boss.id


def test_anonymised_preferences_stay_and_lead_to_nobody(either_store, ann, tmp_path):
    before = judged(either_store)
    assert {name for _, name, _, _ in before} == {ann.id}
    remove(either_store, ann.id, Data.ANONYMISE)
    after = judged(either_store)
    (nobody,) = {name for _, name, _, _ in after}
    assert nobody != ann.id
    assert after == [(comparison, nobody, verdict, strength) for comparison, _, verdict, strength in before]
    export_file(either_store, tmp_path / "all.jsonl")
    assert ann.id not in (tmp_path / "all.jsonl").read_text()
    with either_store.engine.connect() as connection:
        events = connection.execute(sa.select(schema.account_events)).all()
        details = connection.execute(sa.select(schema.preferences.c.detail)).scalars().all()
    assert nobody not in str(events)
    assert all('"kind":"new"' in detail for detail in details)


def test_no_number_and_no_time_ties_an_anonymised_account_to_its_verdicts(either_store, ann):
    remove(either_store, ann.id, Data.ANONYMISE)
    gone, happened = people.get(either_store, ann.id), people.events(either_store, ann.id)
    midnight = "T00:00:00.000000Z"
    assert gone.practised_at is None
    assert (gone.consent_at[10:], gone.created_at[10:]) == (midnight, midnight)
    *before, removed = happened
    assert "practised" not in [event["kind"] for event in happened]
    assert {event["at"][10:] for event in before} == {midnight}
    assert removed["detail"] == {"data": "anonymise"}
    # What they held does not end at the moment of the removal.
    (held,) = rows(either_store, schema.leases, state="held")
    assert held["expires_at"] == held["granted_at"]


def test_deleted_preferences_are_gone_and_their_comparisons_go_to_others(either_store, ann):
    remove(either_store, ann.id, Data.DELETE)
    assert judged(either_store) == []
    assert ann.id not in either_store.annotators()
    bob = Rater(people.add(either_store, "bob").id)
    given = set()
    while items := next_items(either_store, PLAN, bob, 1):
        given.add(items[0].comparison.id)
        assert record(either_store, bob.id, items[0].lease, Answer(Verdict.A)).status is Status.RECORDED
    assert len(given) == 5


def test_what_an_anonymised_person_held_goes_to_others_and_what_they_judged_does_not(either_store, ann):
    people.set_state(either_store, ann.id, State.ACTIVE, None)
    done = {comparison for comparison, _, verdict, _ in judged(either_store) if verdict is not Verdict.SKIP}
    remove(either_store, ann.id, Data.ANONYMISE)
    bob = Rater(people.add(either_store, "bob").id)
    given = {item.comparison.id for item in next_items(either_store, PLAN, bob, 10)}
    assert given.isdisjoint(done)
    assert len(given) == 5 - len(done)


def test_a_removed_person_neither_gets_nor_gives_anything_and_can_come_back_as_somebody_new(either_store, ann):
    people.set_state(either_store, ann.id, State.ACTIVE, None)
    (held,) = next_items(either_store, PLAN, Rater(ann.id), 1)
    remove(either_store, ann.id, Data.ANONYMISE)
    assert next_items(either_store, PLAN, Rater(ann.id), 1) == []
    assert record(either_store, ann.id, held.lease, Answer(Verdict.A)).status is Status.REFUSED
    with pytest.raises(InputError, match="was removed; add the person anew"):
        remove(either_store, ann.id, Data.DELETE)
    assert people.add(either_store, LOGIN).id != ann.id


@pytest.mark.parametrize("data", Data)
def test_contradictions_and_what_a_verdict_would_tell_follow_at_once(either_store, data):
    plan = Assignment.model_validate({"overlap": {"share": 1, "raters": 3}, "gold_share": 0, "repeat_share": 0})
    fill(either_store, [line(number) for number in range(3)])
    prepare_work(either_store, plan)
    ann, bob, cyd = (people.add(either_store, login) for login in ("ann", "bob", "cyd"))
    for person, says in ((ann, Verdict.B), (bob, Verdict.A), (cyd, Verdict.A)):
        for item in next_items(either_store, plan, Rater(person.id), 3):
            verdict = as_seen(says, item.shown_first)
            assert record(either_store, person.id, item.lease, Answer(verdict)).status is Status.RECORDED
    assert [(row["disputed"], row["information"]) for row in rows(either_store, schema.work)] == [(True, 6)] * 3
    remove(either_store, ann.id, data)
    # Left are two for A: t ~ Beta(3, 1), P(t < 1/2) = 1/8, and 2/8 in tenths is 2 (half to even); with all
    # three Beta(3, 2), P(t < 1/2) = 5/16, and 10/16 is 6.
    left = (True, 6) if data is Data.ANONYMISE else (False, 2)
    assert [(row["disputed"], row["information"]) for row in rows(either_store, schema.work)] == [left] * 3
    next_items(either_store, plan, Rater(bob.id), 1)  # takes back what has run out
    check_books(either_store)


def test_nobody_else_is_touched(either_store, ann):
    fill(either_store, [human(1, rater="carl", rationale="his own words", created_at="2026-01-01T00:00:00Z")])
    carl = [entry for entry in either_store.entries() if entry.annotator and entry.annotator.name == "carl"]
    remove(either_store, ann.id, Data.DELETE)
    assert [entry for entry in either_store.entries() if entry.annotator] == carl
    bea = people.add(either_store, "bea")
    assert remove(either_store, bea.id, Data.ANONYMISE) == 0


@pytest.mark.parametrize("data", Data)
def test_the_file_on_disk_holds_nothing_of_it_either(tmp_path, data):
    path = tmp_path / "store.db"
    with Store(str(path)) as store:
        ann = people.add(store, LOGIN)
        fill(store, [human(n, rater=ann.id, rationale=f"{OWN_WORDS[0]} {n}") for n in range(200)])
        assert LOGIN.encode() in on_disk(path)
        assert OWN_WORDS[0].encode() in on_disk(path)
        remove(store, ann.id, data)
        assert LOGIN.encode() not in on_disk(path)
        assert OWN_WORDS[0].encode() not in on_disk(path)


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
