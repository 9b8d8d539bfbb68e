"""The rating page as a real server in a process of its own, and looking at it with Chromium."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Page

from firsthand.collect.rating import SHORTEST_LOOK
from firsthand.lines import parse_line
from firsthand.records import Entry
from firsthand.store import Store, schema

Scheme = Literal["light", "dark"]

HOSTILE = (
    "<script>window.ran = 'script'</script> <img src=http://127.0.0.1:9/tag.png onerror=\"window.ran = 'onerror'\"> "
    "![picture](http://127.0.0.1:9/markdown.png) [link](javascript:alert(1)) ${window.ran = 'template'}\n\n"
    "<form action=http://127.0.0.1:9/form><input name=q></form><iframe src=http://127.0.0.1:9/frame></iframe>\n\n"
    "<svg onload=\"window.ran = 'svg'\"></svg> <style>body { display: none }</style>"
)


@dataclass(frozen=True)
class Site:
    """A rating page that is being served, and the store behind it."""

    url: str
    store: Path

    def fill(self, answers: list[str]) -> None:
        """Empty the store, but for its settings, and give it one comparison for each answer."""
        with Store(str(self.store)) as store:
            with store.engine.begin() as connection:
                for table in reversed(schema.metadata.sorted_tables):
                    if table is not schema.settings:
                        connection.execute(sa.delete(table))
            store.add([comparison(number, answer) for number, answer in enumerate(answers)])

    def votes(self) -> list[Entry]:
        with Store(str(self.store)) as store:
            return [entry for entry in store.entries() if entry.preference]


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    """`firsthand collect serve` over an empty store in `folder`."""
    path = folder / "store.db"
    Store(str(path)).close()
    command = [sys.executable, "-m", "firsthand", "collect", "serve", "--store", str(path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        try:
            assert process.stdout
            address = next(word for word in process.stdout.readline().split() if word.startswith("http"))
            _wait_for(address)
            yield Site(address, path)
        finally:
            process.terminate()
            process.wait(timeout=60)


def comparison(number: int, answer: str) -> Entry:
    return parse_line(
        {
            "prompt": f"Question {number}: which is it?",
            "response_a": answer,
            "response_b": f"A plain answer to {number}.",
            "author_a": "secret-model-one",
            "author_b": "secret-model-two",
        }
    )


def _wait_for(address: str) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}config", timeout=5).close()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.25)
        else:
            return
    pytest.fail(f"the rating page at {address} did not answer within a minute")


def open_page(context: BrowserContext, site: Site, width: int = 1280, scheme: Scheme = "light") -> Page:
    """A fresh page on the first comparison, old enough that a verdict on it counts."""
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    page.set_default_timeout(60_000)
    page.goto(site.url)
    page.wait_for_selector("#first section, #end section")
    look_at(page)
    return page


def look_at(page: Page) -> None:
    """Let the time pass that a person needs at least before a verdict counts."""
    page.wait_for_timeout(1_000 * SHORTEST_LOOK + 100)
