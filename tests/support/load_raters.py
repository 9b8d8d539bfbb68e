"""Many people who rate at once, each as a browser would: over HTTP, logged in, one answer after the other."""

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import aiohttp

PATIENCE = 60.0
"""Seconds that a browser waits for an answer."""
KEPT_OPEN = 3.0
"""Seconds that a connection is used again for; servers close an idle one after 5."""
CHOICES = ("a3", "a1", "tie", "b1", "b3")
LOGINS_AT_ONCE = 4

Result = TypeVar("Result")


class TroubleError(Exception):
    """A request that failed: what the person would be told."""


@dataclass
class Tally:
    """What happened to one person's answers; each has its own words, by which the store is searched afterwards."""

    seconds: list[float] = field(default_factory=list)
    """Of each acknowledged answer, from sending it to having read what came back."""
    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    troubles: Counter[str] = field(default_factory=Counter)


class Person(Protocol):
    """Somebody at work: comes in once, then answers again and again."""

    tally: Tally

    async def come_in(self) -> None:
        """Log in and fetch the first item."""

    async def answer(self) -> bool:
        """Answer the item at hand and take the next; False where there is none. Raises TroubleError."""

    async def leave(self) -> None:
        """Close the connections."""


@dataclass
class Rater:
    """A rater of a firsthand site; `urls`: of its servers, each request goes to any of them."""

    login: str
    password: str
    urls: Sequence[str]
    tally: Tally = field(default_factory=Tally)
    statuses: Counter[str] = field(default_factory=Counter)
    _items: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._browser = browser({"Sec-Fetch-Site": "same-origin"})

    async def come_in(self) -> None:
        """Log in as the form does, ask where one stands, and fetch the first pairs."""
        form = {"login": self.login, "password": self.password}
        await self._send("POST", "/login", data=form, allow_redirects=False)
        state = await self._json("GET", "/api/state")
        if state["step"] != "rate":
            raise TroubleError(f"the site says {state['step']!r} instead of rating")
        await self._fetch()

    async def answer(self) -> bool:
        """Give a verdict on the pair at hand; the words of one that failed are said again, as the page does."""
        if not self._items:
            await self._fetch()
        if not self._items:
            return False
        lease, *known = self._items
        words = f"{self.login} on {lease}"
        said = {"lease": lease, "choice": random.choice(CHOICES), "rationale": words, "seconds": 4.2, "known": known}
        self.tally.sent.add(words)
        began = time.perf_counter()
        answer = await self._json("POST", "/api/verdict", json=said)
        self.tally.seconds.append(time.perf_counter() - began)
        self.statuses[answer["status"]] += 1
        if answer["status"] in ("recorded", "late", "known"):
            self.tally.acknowledged.add(words)
        self._items = [item["lease"] for item in answer["items"]]
        return True

    async def leave(self) -> None:
        """Close the connections."""
        await self._browser.close()

    async def _fetch(self) -> None:
        self._items = [item["lease"] for item in (await self._json("GET", "/api/items"))["items"]]

    async def _json(self, method: str, path: str, **keys: Any) -> Any:
        status, body = await self._send(method, path, **keys)
        if status != 200:
            raise TroubleError(f"{status}: {body[:200].decode(errors='replace')}")
        return json.loads(body)

    async def _send(self, method: str, path: str, **keys: Any) -> tuple[int, bytes]:
        return await fetch(self._browser, method, random.choice(self.urls) + path, **keys)


def browser(headers: dict[str, str] | None = None) -> aiohttp.ClientSession:
    """A browser of its own: its cookies, its connections."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_OPEN),
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        timeout=aiohttp.ClientTimeout(total=PATIENCE),
        headers=headers,
    )


async def fetch(session: aiohttp.ClientSession, method: str, url: str, **keys: Any) -> tuple[int, bytes]:
    """A request's status and whole body; raises TroubleError where it can't be made."""
    try:
        async with session.request(method, url, **keys) as response:
            return response.status, await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise TroubleError(f"{type(error).__name__}: {error}") from error


async def come_in(people: Sequence[Person]) -> None:
    """Let everyone log in, a few at a time: a password takes the server its while."""
    door = asyncio.Semaphore(LOGINS_AT_ONCE)

    async def one(person: Person) -> None:
        async with door:
            await person.come_in()

    await asyncio.gather(*map(one, people))


async def leave(people: Sequence[Person]) -> None:
    """Let everyone close their connections."""
    await asyncio.gather(*(person.leave() for person in people))


async def work(people: Sequence[Person], stop: asyncio.Event, pause: float, stubborn: float | None = None) -> None:
    """Let everyone answer until `stop` is set, with about `pause` seconds between two answers of one person.

    The first comes after a random part of the pause, so that not all answer at once. Troubles are counted; with
    `stubborn`, an answer that failed is sent again after so many seconds, until it is acknowledged.
    """
    await asyncio.gather(*(_work(person, stop, pause, stubborn) for person in people))


async def _work(person: Person, stop: asyncio.Event, pause: float, stubborn: float | None) -> None:
    await _sleep(random.random() * pause, stop)
    unsaved = False
    while unsaved or not stop.is_set():
        try:
            if not await person.answer():
                person.tally.troubles["no item"] += 1
                await _sleep(1, stop)
            unsaved = False
        except TroubleError as error:
            person.tally.troubles[str(error)] += 1
            if stubborn is not None:
                unsaved = True
                await asyncio.sleep(stubborn)
                continue
        await _sleep(pause * random.uniform(0.5, 1.5), stop)


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    """Sleep, but not beyond `stop`."""
    if seconds:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


def run_apart(main: Coroutine[Any, Any, Result]) -> Result:
    """`asyncio.run` in a thread of its own: in that of the tests, Playwright may keep a loop running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, main).result()
