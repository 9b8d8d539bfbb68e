"""One server for all tests; each fills its store anew."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from rating_site import Scheme, Site, open_page, served

SETTINGS = {"assignment": {"gold_share": 0, "repeat_share": 0}}
"""What people are asked is then all new, and each comparison comes once."""


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all tests: the page's scripts are fetched and compiled once."""
    opened = browser.new_context()
    yield opened
    opened.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody new at a desk."""
    opened = browser.new_context(viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site"), SETTINGS) as site:
        yield site


@pytest.fixture
def site(server: Site, context: BrowserContext) -> Iterator[Site]:
    """The rating site, empty."""
    server.fill([])
    yield server
    for page in context.pages:
        page.close(run_before_unload=False)


@pytest.fixture
def rate(site: Site, context: BrowserContext) -> Callable[..., Page]:
    """Give the site one comparison for each answer, and open it as a rater who has practised."""

    def start(*answers: str, width: int = 1280, scheme: Scheme = "light") -> Page:
        site.answers(*answers)
        return open_page(context, site, site.person(), width, scheme)

    return start
