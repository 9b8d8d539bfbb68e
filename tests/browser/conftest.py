"""Debian's Chromium, and one server for all tests; each fills its store anew."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from rating_site import Site, served

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # One playwright at a time: two open ones in one process refuse each other.
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not installed (/usr/bin/chromium): apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all tests: the page's scripts are fetched and compiled once."""
    opened = browser.new_context()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def serve(server: Site, context: BrowserContext) -> Iterator[Callable[[list[str]], Site]]:
    """Serve one comparison for each answer given; the other answer is short and plain."""

    def start(answers: list[str]) -> Site:
        server.fill(answers)
        return server

    yield start
    for page in context.pages:
        page.close()
