"""What every self-contained page keeps: it asks for nothing, fits, and axe finds nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, Page
from views import accessibility_faults


@contextmanager
def sound_page(browser: Browser, url: str, width: int, scheme: Literal["light", "dark"]) -> Iterator[Page]:
    """The page at `url`, which is held to the above once the block has done with it what it wants."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(url)
    yield page
    assert (requests, complaints) == ([url], [])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert accessibility_faults(page) == []
    page.close()
