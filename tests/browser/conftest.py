"""One server for all tests; each fills its store anew."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext
from rating_site import Site, served


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all tests: the page's scripts are fetched and compiled once."""
    opened = browser.new_context()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
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
