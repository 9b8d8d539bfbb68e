"""The rating site as processes of its own, for many people at once: its store, its accounts, its servers."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from load_raters import Tally
from quick_start import Command

from firsthand.collect.accounts import people
from firsthand.collect.accounts.passwords import hash_password
from firsthand.collect.serve_config import Assignment, Rules, ServeConfig
from firsthand.collect.work.targets import prepare_work
from firsthand.config import check_config
from firsthand.lines import parse_line
from firsthand.store import Store, schema

PASSWORD = "a password for the load test"
BATCH = 5_000
ANSWER = (
    "## Answer {number}\n\nIt depends on **what you want**. First, *measure*; then decide:\n\n"
    "- the cost is \\(c = {number}\\)\n"
    "- the gain is larger\n\n```python\nfor day in range({number}):\n    print(day)\n```\n\n"
)


@dataclass(frozen=True)
class LoadSite:
    """A site's store and configuration; `logins` are people who may rate, all with PASSWORD."""

    store: str
    config: Path
    logins: tuple[str, ...]


def make_site(
    folder: Path, store: str, raters: int, comparisons: int, settings: dict[str, Any] | None = None
) -> LoadSite:
    """A store with so many comparisons to rate, of responses of 1 KB, and so many people who may rate them.

    No rule watches them: they answer at random and faster than anybody can, and would be paused for it.
    """
    config = folder / "serve.yaml"
    settings = {"rules": dict.fromkeys(Rules.model_fields)} | (settings or {})
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    checked = check_config(settings, ServeConfig)
    logins = tuple(f"load-{number}" for number in range(raters))
    with Store(store) as opened:
        for start in range(0, comparisons, BATCH):
            opened.add(
                [parse_line(comparison_line(number)) for number in range(start, min(start + BATCH, comparisons))]
            )
        prepare_work(opened, checked.assignment)
        hashed = hash_password(PASSWORD, "load")
        for login in logins:
            account = people.add(opened, login)
            people.give_consent(opened, account.id, checked.rating.consent.version)
            people.finish_practice(opened, account.id)
        with opened.engine.begin() as connection:
            # One hash for all: making 300 takes longer than the test.
            connection.execute(sa.update(schema.accounts).values(password=hashed))
    return LoadSite(store, config, logins)


def in_session(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """The real command, in a session of its own."""
    command = [sys.executable, "-m", "firsthand", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)


Begin = Callable[[Sequence[str]], subprocess.Popen[bytes] | Command]
"""`in_session`, or Command, which is quicker."""


@contextmanager
def running(site: LoadSite, begin: Begin = in_session) -> Iterator["Server"]:
    """One server process of the site, killed at the end."""
    server = start(site, free_port(), begin)
    try:
        yield server
    finally:
        server.kill()


@dataclass
class Server:
    """A server process and its address."""

    process: subprocess.Popen[bytes] | Command
    url: str

    def kill(self) -> None:
        """kill -9, and its helper process with it, unless that was done before."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def processor_seconds(self) -> float:
        """What the process has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(site: LoadSite, port: int, begin: Begin = in_session) -> Server:
    """Start a server and wait until it answers."""
    process = begin(["collect", "serve", str(site.config), "--store", site.store, "--port", str(port)])
    server = Server(process, f"http://127.0.0.1:{port}")
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            urllib.request.urlopen(f"{server.url}/login", timeout=5).close()
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
        else:
            return server
    server.kill()
    raise RuntimeError("the server did not answer within a minute")


def plan_of(site: LoadSite) -> Assignment:
    """What the site's configuration says of the work."""
    return check_config(yaml.safe_load(site.config.read_text(encoding="utf-8")), ServeConfig).assignment


def rater_ids(store: Store) -> list[str]:
    """The pseudonyms of everyone who may rate."""
    return [account.id for account in people.everyone(store)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def check_store(store: str, tallies: Sequence[Tally]) -> tuple[int, int]:
    """Compare the store with what raters were told: (verdicts acknowledged, verdicts stored).

    Raises AssertionError where an acknowledged verdict is not there exactly once, or one is there that nobody sent.
    """
    acknowledged = {words for tally in tallies for words in tally.acknowledged}
    sent = {words for tally in tallies for words in tally.sent}
    preferences = schema.preferences
    counted = sa.select(preferences.c.rationale, sa.func.count()).group_by(preferences.c.rationale)
    with Store(store) as opened, opened.engine.connect().execution_options(read_only=True) as connection:
        stored = {words: number for words, number in connection.execute(counted) if words}
    lost, doubled = acknowledged - set(stored), [words for words, number in stored.items() if number > 1]
    assert not lost, f"{len(lost)} acknowledged verdicts are not in the store, such as {sorted(lost)[:3]}"
    assert not doubled, f"{len(doubled)} verdicts are in the store more than once, such as {doubled[:3]}"
    assert set(stored) <= sent, f"verdicts that nobody sent: {sorted(set(stored) - sent)[:3]}"
    return len(acknowledged), len(stored)


def comparison_line(number: int) -> dict[str, Any]:
    """A comparison of two Markdown responses of 1 KB."""
    answer = ANSWER.format(number=number) + f"Most people who were asked {number} times said much the same. " * 14
    return {
        "prompt": f"Question {number}: what would you do, and why? " * 4,
        "response_a": f"{answer}The first one says so.",
        "response_b": f"{answer}The second one says so.",
        "author_a": "model-x",
        "author_b": "model-y",
    }
