"""kill -9 under load: what a rater was told is saved is saved, once, and the work goes on."""

import asyncio
import random
from pathlib import Path

import pytest
from load_raters import Person, Rater, come_in, leave, run_apart, work
from load_site import PASSWORD, LoadSite, check_store, free_port, make_site, plan_of, rater_ids, start
from quick_start import Command
from rating_work import check_books, raters_of, rows, work_off

from firsthand.store import Store, schema

PEOPLE = 12
VERDICTS_A_KILL = 60
PATIENCE = 120
"""Seconds."""
SETTINGS = {"assignment": {"raters": 1, "overlap": {"share": 0.3, "raters": 2}}}


@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=[pytest.mark.load, pytest.mark.timeout(3600)])])
def test_no_verdict_is_lost_or_doubled_and_no_comparison_stuck_when_the_server_is_killed(tmp_path, kills):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    site = make_site(tmp_path, url, PEOPLE, VERDICTS_A_KILL * kills, SETTINGS)
    tallies = [person.tally for person in run_apart(_work_and_kill(site, kills))]
    acknowledged, stored = check_store(url, tallies)
    assert acknowledged == stored
    assert acknowledged > kills, "hardly anything was rated between the kills"
    assert any(tally.troubles.keys() - {"no item"} for tally in tallies), "nobody felt the kills"
    _check_work_goes_on(url, site)


async def _work_and_kill(site: LoadSite, kills: int) -> list[Person]:
    """Let people rate while the server is killed at random moments; each sends its answer until it is acknowledged."""
    port = free_port()
    server = await asyncio.to_thread(start, site, port)
    chance = random.Random(kills)
    people = [Rater(login, PASSWORD, [server.url]) for login in site.logins]
    try:
        await come_in(people)
        stop = asyncio.Event()
        at_work = asyncio.create_task(work(people, stop, pause=0.15, stubborn=0.1))
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.2, 1.5))
            server.kill()
            server = await asyncio.to_thread(start, site, port, Command)
        stop.set()
        await at_work
        await leave(people)
    finally:
        server.kill()
    return people


def _check_work_goes_on(url: str, site: LoadSite) -> None:
    """Nothing is left half done, and the same people can finish every comparison with exactly its raters."""
    with Store(url) as store:
        check_books(store)
        work_off(store, plan_of(site), rater_ids(store))
        check_books(store)
        targets = {row["comparison_id"]: row["target"] for row in rows(store, schema.work)}
        assert {name: len(who) for name, who in raters_of(store).items()} == targets
        assert not rows(store, schema.work, is_open=True)


def test_two_servers_share_one_postgresql_and_one_of_them_may_die(tmp_path: Path, new_postgres_database):
    url = new_postgres_database()
    site = make_site(tmp_path, url, PEOPLE, 150, SETTINGS)
    people = run_apart(_work_on_two(site))
    tallies = [person.tally for person in people]
    acknowledged, stored = check_store(url, tallies)
    assert acknowledged == stored >= 2 * VERDICTS_A_KILL
    _check_work_goes_on(url, site)


async def _acknowledged(people: list[Rater], number: int) -> None:
    """Wait until the people were told so often that their answer is saved."""
    async with asyncio.timeout(PATIENCE):
        while sum(len(person.tally.acknowledged) for person in people) < number:
            await asyncio.sleep(0.05)


async def _work_on_two(site: LoadSite) -> list[Person]:
    """People whose every request goes to either server, as behind a proxy; one is killed while they work."""
    servers = [await asyncio.to_thread(start, site, free_port(), Command) for _ in range(2)]
    people = [Rater(login, PASSWORD, [server.url for server in servers]) for login in site.logins]
    try:
        await come_in(people)
        stop = asyncio.Event()
        at_work = asyncio.create_task(work(people, stop, pause=0.1, stubborn=0.05))
        await _acknowledged(people, VERDICTS_A_KILL)
        servers[0].kill()
        await _acknowledged(people, 2 * VERDICTS_A_KILL)
        stop.set()
        await at_work
        await leave(people)
    finally:
        servers[1].kill()
    return people
