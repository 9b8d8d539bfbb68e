from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from firsthand.collect.accounts import people
from firsthand.collect.accounts.attempts import PEOPLE_AN_ADDRESS, forgive, network, take_attempt
from firsthand.collect.accounts.login import LoginRefusedError, log_in
from firsthand.collect.serve_config import Login
from firsthand.store import schema

HERE = "203.0.113.7"


def attempts(store):
    with store.engine.connect() as connection:
        return connection.execute(sa.select(schema.login_attempts)).all()


def test_a_login_is_tried_so_often_and_then_waits_even_with_the_right_password(either_store):
    login = Login(attempts=3)
    ann = people.add(either_store, "ann", password="a good password")
    people.add(either_store, "bob", password="another password")
    for _ in range(3):
        with pytest.raises(LoginRefusedError, match="wrong") as refused:
            log_in(either_store, login, "ann", "a guess", HERE)
        assert refused.value.wait == 0
    with pytest.raises(LoginRefusedError, match="too many attempts") as refused:
        log_in(either_store, login, "Ann ", "a good password", "198.51.100.1")
    assert 14 * 60 < refused.value.wait <= 15 * 60
    assert log_in(either_store, login, "bob", "another password", HERE).login == "bob"
    people.set_password(either_store, ann.id, "a third password")


def test_the_right_password_wipes_the_slate(either_store):
    login = Login(attempts=2)
    people.add(either_store, "ann", password="a good password")
    for _ in range(3):
        with pytest.raises(LoginRefusedError, match="wrong"):
            log_in(either_store, login, "ann", "a guess", HERE)
        log_in(either_store, login, "ann", "a good password", HERE)
    assert len(attempts(either_store)) == 3  # the wrong ones, still counted against the address


def test_an_address_tries_many_logins_only_so_often(either_store):
    login = Login(attempts=1)
    for number in range(PEOPLE_AN_ADDRESS):
        assert take_attempt(either_store, login, f"login-{number}", HERE) is None
    assert take_attempt(either_store, login, "one-more", HERE) > 0
    assert take_attempt(either_store, login, "one-more", "198.51.100.1") is None


def test_guesses_sent_at_once_count_one_by_one(either_store):
    login = Login(attempts=5)
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda _: take_attempt(either_store, login, "ann", HERE), range(24)))
    assert waits.count(None) == 5


def test_the_wait_ends(either_store):
    login = Login(attempts=1, attempts_minutes=1)
    assert take_attempt(either_store, login, "ann", HERE) is None
    assert take_attempt(either_store, login, "ann", HERE) == 60
    with either_store.engine.begin() as connection:
        connection.execute(sa.update(schema.login_attempts).values(at="2026-01-01T00:00:00.000000Z"))
    assert take_attempt(either_store, login, "ann", HERE) is None
    assert len(attempts(either_store)) == 2  # the old ones are gone


def test_neither_the_login_nor_the_address_is_kept(either_store):
    take_attempt(either_store, Login(), "ann@example.org", HERE)
    kept = str(attempts(either_store))
    assert "ann" not in kept
    assert "203.0" not in kept
    forgive(either_store, "ann@example.org", HERE)
    assert attempts(either_store) == []


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_a_household_of_ipv6_is_one_address(address, low):
    neighbour = type(address)(int(address) >> 64 << 64 | low)
    if address.ipv4_mapped is None and neighbour.ipv4_mapped is None:
        assert network(str(neighbour)) == network(str(address))


def test_addresses_are_told_apart():
    assert network("192.0.2.1") == network("::ffff:192.0.2.1") == "192.0.2.1"
    assert network("192.0.2.1") != network("192.0.2.2")
    assert network("2001:db8::1") != network("2001:db8:0:1::1")
    assert network("testclient") == "testclient"


def test_unknown_people_and_those_without_a_password_are_told_the_same(either_store):
    people.add(either_store, "invited")
    said = set()
    for who in ("nobody", "invited", ""):
        with pytest.raises(LoginRefusedError) as refused:
            log_in(either_store, Login(), who, "", HERE)
        said.add(str(refused.value))
    assert said == {"The login or the password is wrong."}
