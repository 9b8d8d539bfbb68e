"""The rating site as a real server in a process of its own, people who rate there, and looking at it with Chromium."""

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import sqlalchemy as sa
import yaml
from playwright.sync_api import BrowserContext, Page
from quick_start import Command

from firsthand.collect.accounts import people
from firsthand.collect.accounts.account import Account
from firsthand.collect.accounts.sessions import open_sessions
from firsthand.collect.serve_config import ServeConfig
from firsthand.collect.work.targets import prepare_work
from firsthand.config import check_config
from firsthand.lines import parse_line
from firsthand.records import Entry
from firsthand.store import Store, schema
from firsthand.store.secret import store_secret

Scheme = Literal["light", "dark"]
TOO_SOON = 450
"""Milliseconds after which a choice on a fresh pair counts."""

HOSTILE = (
    "<script>window.ran = 'script'</script> <img src=http://127.0.0.1:9/tag.png onerror=\"window.ran = 'onerror'\"> "
    "![picture](http://127.0.0.1:9/markdown.png) [link](javascript:alert(1)) ${window.ran = 'template'} {{7*7}}\n\n"
    "<form action=http://127.0.0.1:9/form><input name=q></form><iframe src=http://127.0.0.1:9/frame></iframe>\n\n"
    "<svg onload=\"window.ran = 'svg'\"></svg> <style>body { display: none }</style> <div id=deck "
    'style="position:fixed;inset:0;z-index:99;background:url(http://127.0.0.1:9/css)">cover</div>\n\n'
    "\\(\\text{<img src=http://127.0.0.1:9/math onerror=\"window.ran = 'math'\">}\\) "
    "\\(\\href{javascript:alert(1)}{x}\\)\n\n"
    "```html\n<script>window.ran = 'code'</script>\n```\n\n\u202eright to left\u202c and " + "Z\u0351\u0363\u0347" * 50
)


@dataclass(frozen=True)
class Site:
    """A rating site that is being served, and the store behind it."""

    url: str
    store: Path
    config: ServeConfig = field(default_factory=ServeConfig)

    def fill(self, entries: Sequence[Entry]) -> None:
        """Empty the store, but for its settings, and give it `entries` to rate."""
        with Store(str(self.store)) as store:
            with store.engine.begin() as connection:
                for table in reversed(schema.metadata.sorted_tables):
                    if table is not schema.settings:
                        connection.execute(sa.delete(table))
            store.add(entries)
            prepare_work(store, self.config.assignment)

    def answers(self, *answers: str) -> None:
        """`fill` with one comparison for each answer; the other response is short and plain."""
        self.fill([comparison(number, answer) for number, answer in enumerate(answers)])

    def person(self, login: str = "ann", *, ready: bool = True, **keys: Any) -> Account:
        """A new account; `ready`: consent and practice lie behind them."""
        with Store(str(self.store)) as store:
            account = people.add(store, login, **keys)
            if ready:
                people.give_consent(store, account.id, self.config.rating.consent.version)
                people.finish_practice(store, account.id)
            return account

    def cookie(self, account: Account) -> str:
        """The session that a login gives the person."""
        with Store(str(self.store)) as store:
            current = people.get(store, account.id)
            assert current
            return open_sessions(store_secret(store.engine), self.config.login.session_hours).seal(current)

    def enter(self, context: BrowserContext, account: Account) -> None:
        """Let the browser be logged in as the person, and nobody else."""
        context.clear_cookies()
        context.add_cookies([{"name": "firsthand", "value": self.cookie(account), "url": self.url}])

    def votes(self) -> list[Entry]:
        """The current verdicts."""
        with Store(str(self.store)) as store:
            return [entry for entry in store.entries() if entry.preference]

    def verdict_count(self) -> int:
        """How many verdicts there are, superseded ones too."""
        with Store(str(self.store)) as store, store.engine.connect() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(schema.preferences)).scalar_one()


@contextmanager
def served(folder: Path, settings: dict[str, Any] | None = None) -> Iterator[Site]:
    """`firsthand collect serve` over an empty store in `folder`, with `settings` as its configuration."""
    site = make_site(folder, settings)
    with running(site):
        yield site


def make_site(folder: Path, settings: dict[str, Any] | None = None) -> Site:
    """A site that can be served."""
    path, config = folder / "store.db", folder / "serve.yaml"
    Store(str(path)).close()
    config.write_text(yaml.safe_dump(settings or {}), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return Site(f"http://127.0.0.1:{port}/", path, check_config(settings or {}, ServeConfig))


@contextmanager
def running(site: Site) -> Iterator[Command]:
    """The server's process, at the site's address."""
    port = site.url.rstrip("/").rpartition(":")[2]
    config = site.store.with_name("serve.yaml")
    with Command(["collect", "serve", str(config), "--store", str(site.store), "--port", port]) as process:
        try:
            assert "Rate at" in process.stdout.readline()
            _wait_for(site.url)
            yield process
        finally:
            process.terminate()
            process.wait(timeout=60)


def comparison(number: int, answer: Any, prompt: Any = None) -> Entry:
    """A comparison whose other response is short and plain."""
    return parse_line(
        {
            "prompt": prompt or f"Question {number}: which is it?",
            "response_a": answer,
            "response_b": f"A plain answer to {number}.",
            "author_a": "secret-model-one",
            "author_b": "secret-model-two",
        }
    )


def _wait_for(address: str) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}login", timeout=5).close()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.25)
        else:
            return
    pytest.fail(f"the rating site at {address} did not answer within a minute")


def open_page(
    context: BrowserContext, site: Site, account: Account, width: int = 1280, scheme: Scheme = "light"
) -> Page:
    """The page as the person sees it, once a choice counts."""
    site.enter(context, account)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    page.set_default_timeout(60_000)
    page.goto(site.url)
    page.wait_for_selector("#firsthand:not([data-step='loading'], [data-step='waiting'])")
    look_at(page)
    return page


def open_with_clock(context: BrowserContext, site: Site) -> Page:
    """The page of a new person, with a clock that the test moves on."""
    context.clear_cookies()
    page = context.new_page()
    page.clock.install()
    site.enter(context, site.person())
    page.goto(site.url)
    page.wait_for_selector("#firsthand[data-step='rate']", timeout=60_000)
    return page


def look_at(page: Page) -> None:
    """Let the time pass that a person needs at least before a choice counts."""
    page.wait_for_timeout(TOO_SOON)
