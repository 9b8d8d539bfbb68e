from datetime import timedelta

import itsdangerous.timed
import pytest
from itsdangerous import URLSafeTimedSerializer

from firsthand.collect.accounts import people
from firsthand.collect.accounts.sessions import open_sessions
from firsthand.store import Store
from firsthand.store.secret import store_secret


@pytest.fixture
def ann(store):
    return people.add(store, "ann")


def at(monkeypatch, moved: timedelta) -> None:
    """The clock of the server that seals, moved."""
    import time

    real = time.time
    monkeypatch.setattr(itsdangerous.timed.time, "time", lambda: real() + moved.total_seconds())


def test_a_session_survives_a_restart_and_holds_on_every_server_of_a_store(store_url):
    with Store(store_url) as store:
        ann = people.add(store, "ann")
        cookie = open_sessions(store_secret(store.engine), 12).seal(ann)
    with Store(store_url) as store:
        assert open_sessions(store_secret(store.engine), 12).unseal(cookie) == (ann.id, ann.generation)


def test_a_cookie_of_another_store_or_made_up_is_nobodys(store, ann, tmp_path):
    sessions = open_sessions(store_secret(store.engine), 12)
    cookie = sessions.seal(ann)
    with Store(str(tmp_path / "other.db")) as other:
        assert open_sessions(store_secret(other.engine), 12).unseal(cookie) is None
    forged = URLSafeTimedSerializer(b"guess", salt="firsthand session").dumps([ann.id, ann.generation])
    payload, stamp, signature = cookie.split(".")
    for bad in ("", ".", "a.b.c", forged, f"{payload}.{stamp}.{signature[::-1]}", f"x{cookie}", cookie[:-1], "\u00e9"):
        assert sessions.unseal(bad) is None


def test_a_session_ends_after_its_hours(store, ann, monkeypatch):
    sessions = open_sessions(store_secret(store.engine), 12)
    with monkeypatch.context() as patch:
        at(patch, -timedelta(hours=12, seconds=1))
        old = sessions.seal(ann)
    with monkeypatch.context() as patch:
        at(patch, -timedelta(hours=11, minutes=59))
        young = sessions.seal(ann)
    assert sessions.unseal(old) is None
    assert sessions.unseal(young) == (ann.id, ann.generation)


def test_servers_whose_clocks_differ_a_little_know_each_others_sessions(store, ann, monkeypatch):
    sessions = open_sessions(store_secret(store.engine), 12)
    with monkeypatch.context() as patch:
        at(patch, timedelta(minutes=4))
        soon = sessions.seal(ann)
    with monkeypatch.context() as patch:
        at(patch, timedelta(hours=1))
        far = sessions.seal(ann)
    assert sessions.unseal(soon) == (ann.id, ann.generation)
    assert sessions.unseal(far) is None
