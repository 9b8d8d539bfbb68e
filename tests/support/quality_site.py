"""The rating site with a crew at work, as a real server in a process of its own: what the admin page is tested on."""

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from crew import PASSWORD, crew
from playwright.sync_api import BrowserContext, Page
from quick_start import Command

from firsthand.collect.accounts.account import Account
from firsthand.store import Store

CONFIG = """
assignment: {overlap: {share: 0.7, raters: 4}}
"""


@dataclass(frozen=True)
class QualitySite:
    """The address (ending in /), the store, and the accounts by login."""

    url: str
    store: Path
    accounts: dict[str, Account]


@contextmanager
def quality_site(folder: Path) -> Iterator[QualitySite]:
    """`firsthand collect serve` over a store that a crew has worked on."""
    path, config = folder / "crew.db", folder / "serve.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    with Store(str(path)) as store:
        accounts = crew(store)
    with Command(["collect", "serve", str(config), "--store", str(path), "--port", "0"]) as process:
        try:
            url = next(word for word in process.stdout.readline().split() if word.startswith("http"))
            wait_for(url)
            yield QualitySite(url, path, accounts)
        finally:
            process.terminate()
            process.wait(timeout=60)


def log_in(context: BrowserContext, site: QualitySite, login: str, goal: str = "admin") -> Page:
    """A page at `goal`, logged in by the form."""
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{site.url}{goal}")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_load_state("load")
    return page


def wait_for(url: str) -> None:
    """Wait until the site answers; fail after a minute."""
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{url}login", timeout=5).close()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.25)
        else:
            return
    pytest.fail(f"the rating site at {url} did not answer within a minute")
