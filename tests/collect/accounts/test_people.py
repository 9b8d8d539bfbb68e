from concurrent.futures import ThreadPoolExecutor

import pytest
from builders import fill, human

from firsthand.collect.accounts import people
from firsthand.collect.accounts.account import Role, State
from firsthand.errors import InputError
from firsthand.store import Store


def test_a_person_is_known_by_a_pseudonym_and_logs_in_however_the_login_is_typed(either_store):
    ann = people.add(either_store, " Ann@Example.org ", Role.EXPERT, ["law", "code", "law"])
    assert ann.id.startswith("rater-")
    assert "ann" not in ann.id
    assert (ann.login, ann.role, ann.tags, ann.state) == (
        "ann@example.org",
        Role.EXPERT,
        frozenset({"law", "code"}),
        State.ACTIVE,
    )
    assert not ann.has_password
    assert people.by_login(either_store, "ANN@example.ORG") == ann
    assert people.get(either_store, ann.id) == ann
    assert people.find(either_store, "ann@example.org") == people.find(either_store, ann.id) == ann


def test_a_login_is_one_persons_and_readable(either_store):
    people.add(either_store, "ann")
    with pytest.raises(InputError, match="the login 'ann' is taken"):
        people.add(either_store, "ANN")
    for unfit in ("", "  ", "a\nb", "a\u202eb", "x" * 201):
        with pytest.raises(InputError, match="is unfit"):
            people.add(either_store, unfit)
    assert [account.login for account in people.everyone(either_store)] == ["ann"]


def test_people_without_a_login_do_not_stand_in_each_others_way(either_store):
    first, second = people.add(either_store), people.add(either_store)
    assert first.id != second.id
    assert people.everyone(either_store) == [first, second]


def test_of_many_who_take_one_login_at_the_same_time_one_gets_it(either_store):
    def take(_number: int) -> bool:
        try:
            people.add(either_store, "ann")
        except InputError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(take, range(16))) == [False] * 15 + [True]


def test_a_pseudonym_is_no_annotators_name(either_store, monkeypatch):
    fill(either_store, [human(1, rater="rater-00000001")])
    drawn = iter(["00000001", "00000002", "00000002", "00000003"])
    monkeypatch.setattr("secrets.token_hex", lambda _bytes: next(drawn))
    assert people.add(either_store).id == "rater-00000002"
    assert people.add(either_store).id == "rater-00000003"


def test_a_paused_person_may_not_rate_and_reads_why(either_store):
    ann, boss = people.add(either_store, "ann"), people.add(either_store, "boss", Role.ADMIN)
    assert ann.may_rate
    assert people.set_state(either_store, ann.id, State.PAUSED, "gold accuracy 40 %", boss.id)
    assert not people.set_state(either_store, ann.id, State.PAUSED, "gold accuracy 40 %", boss.id)
    paused = people.get(either_store, ann.id)
    assert (paused.may_rate, paused.state_reason, paused.generation) == (False, "gold accuracy 40 %", ann.generation)
    assert people.set_state(either_store, ann.id, State.ACTIVE, None, boss.id)
    assert people.get(either_store, ann.id) == ann
    told = [(event["kind"], event["actor"], event["detail"]) for event in people.events(either_store, ann.id)]
    assert told == [
        ("added", None, {"role": "rater"}),
        ("paused", boss.id, {"reason": "gold accuracy 40 %"}),
        ("resumed", boss.id, {"reason": None}),
    ]


def test_an_auditor_never_rates(either_store):
    may_rate = {role: people.add(either_store, role=role).may_rate for role in Role}
    assert may_rate == {Role.RATER: True, Role.EXPERT: True, Role.ADMIN: True, Role.AUDITOR: False}


def test_consent_and_practice_are_kept_with_their_times(either_store):
    ann = people.add(either_store, "ann")
    people.give_consent(either_store, ann.id, "2026-11")
    people.finish_practice(either_store, ann.id)
    practised = people.get(either_store, ann.id)
    assert practised.consent == "2026-11"
    assert ann.created_at <= practised.consent_at <= practised.practised_at
    people.finish_practice(either_store, ann.id)
    assert people.get(either_store, ann.id) == practised
    people.give_consent(either_store, ann.id, "2027-01")
    kinds = [(event["kind"], event["actor"]) for event in people.events(either_store, ann.id)]
    assert kinds == [("added", None), ("consent", ann.id), ("practised", ann.id), ("consent", ann.id)]


def test_role_and_tags_can_change(either_store):
    ann = people.add(either_store, "ann", tags=["law"])
    people.set_role(either_store, ann.id, Role.EXPERT)
    people.set_tags(either_store, ann.id, ["code", "art"])
    changed = people.get(either_store, ann.id)
    assert (changed.role, changed.tags) == (Role.EXPERT, frozenset({"art", "code"}))


def test_an_account_is_there_after_a_restart(store_url):
    with Store(store_url) as store:
        ann = people.add(store, "ann", password="a good password")
    with Store(store_url) as store:
        assert people.everyone(store) == [ann]


def test_nobody_is_changed_by_mistake(either_store):
    with pytest.raises(InputError, match="there is no account 'rater-x'"):
        people.set_state(either_store, "rater-x", State.PAUSED, "why")
    ann = people.add(either_store)
    with pytest.raises(InputError, match="raters remove"):
        people.set_state(either_store, ann.id, State.REMOVED, "why")
    with pytest.raises(InputError, match="no login yet; invite them"):
        people.set_password(either_store, ann.id, "a good password")
