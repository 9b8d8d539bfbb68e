from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from firsthand.collect.accounts import people
from firsthand.collect.accounts.invitations import accept, invite, invited
from firsthand.collect.accounts.login import log_in
from firsthand.collect.accounts.removal import Data, remove
from firsthand.collect.serve_config import Login
from firsthand.errors import InputError
from firsthand.store import schema

PASSWORD = "a good password"


def test_an_invitation_sets_the_password_once(either_store):
    ann = people.add(either_store, "ann")
    token = invite(either_store, ann.id)
    assert invited(either_store, token) == invited(either_store, token) == ann
    accepted = accept(either_store, token, PASSWORD, "another login is not taken")
    assert (accepted.id, accepted.login, accepted.has_password) == (ann.id, "ann", True)
    assert log_in(either_store, Login(), "ann", PASSWORD, "::1") == accepted
    assert invited(either_store, token) is None
    with pytest.raises(InputError, match="was used or has run out"):
        accept(either_store, token, "a stolen password")


def test_someone_without_a_login_chooses_a_free_one_and_may_try_again(either_store):
    people.add(either_store, "ann")
    new = people.add(either_store)
    token = invite(either_store, new.id)
    for login, password, why in (
        ("Ann", PASSWORD, "taken"),
        (None, PASSWORD, "unfit"),
        ("bea", "short", "at least 10"),
    ):
        with pytest.raises(InputError, match=why):
            accept(either_store, token, password, login)
    assert accept(either_store, token, PASSWORD, "Bea").login == "bea"


def test_of_two_who_accept_at_once_one_does(either_store):
    token = invite(either_store, people.add(either_store).id)

    def take(number: int) -> bool:
        try:
            accept(either_store, token, PASSWORD, f"login-{number}")
        except InputError:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(take, range(4))) == [False, False, False, True]


def test_an_invitation_runs_out_and_gives_way_to_the_next(either_store):
    ann = people.add(either_store, "ann")
    first = invite(either_store, ann.id)
    second = invite(either_store, ann.id)
    assert invited(either_store, first) is None
    with either_store.engine.begin() as connection:
        connection.execute(sa.update(schema.invitations).values(expires_at="2026-01-01T00:00:00.000000Z"))
    assert invited(either_store, second) is None
    with pytest.raises(InputError, match="ask for a new one"):
        accept(either_store, second, PASSWORD)
    for days in (0, -1, 366, float("inf"), float("nan")):
        with pytest.raises(InputError, match="can't be good for"):
            invite(either_store, ann.id, days)


def test_a_lost_password_is_replaced_and_old_sessions_end(either_store):
    ann = people.add(either_store, "ann", password=PASSWORD)
    again = accept(either_store, invite(either_store, ann.id), "the second password")
    assert again.generation == ann.generation + 1


def test_only_the_hash_of_a_token_is_kept_and_a_removed_person_is_not_invited(either_store):
    ann = people.add(either_store, "ann")
    token = invite(either_store, ann.id)
    with either_store.engine.connect() as connection:
        assert token not in str(connection.execute(sa.select(schema.invitations)).all())
    remove(either_store, ann.id, Data.DELETE)
    assert invited(either_store, token) is None
    with pytest.raises(InputError, match="was removed"):
        invite(either_store, ann.id)
