"""The rating page as a real server in a process of its own, and looking at it with Chromium."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from firsthand.lines import parse_line
from firsthand.records import Entry
from firsthand.store import Store

HOSTILE = (
    "<script>window.ran = 'script'</script> <img src=http://127.0.0.1:9/tag.png onerror=\"window.ran = 'onerror'\"> "
    "![picture](http://127.0.0.1:9/markdown.png) [link](javascript:alert(1)) ${window.ran = 'template'}\n\n"
    "<form action=http://127.0.0.1:9/form><input name=q></form><iframe src=http://127.0.0.1:9/frame></iframe>\n\n"
    "<svg onload=\"window.ran = 'svg'\"></svg> <style>body { display: none }</style>"
)


@dataclass(frozen=True)
class Site:
    url: str
    store: Path

    def votes(self) -> list[Entry]:
        with Store(str(self.store)) as store:
            return [entry for entry in store.entries() if entry.preference]


@contextmanager
def servers(folder: Path) -> Iterator[Callable[[list[str]], Site]]:
    running: list[subprocess.Popen[str]] = []

    def start(answers: list[str]) -> Site:
        path = folder / "store.db"
        with Store(str(path)) as store:
            store.add([comparison(number, answer) for number, answer in enumerate(answers)])
        command = [sys.executable, "-m", "firsthand", "collect", "serve", "--store", str(path), "--port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1)
        running.append(process)
        assert process.stdout
        address = next(word for word in process.stdout.readline().split() if word.startswith("http"))
        _wait_for(address)
        return Site(address, path)

    yield start
    for process in running:
        process.terminate()
        process.wait(timeout=60)
        assert process.stdout
        process.stdout.close()


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


def open_page(browser: Browser, site: Site, width: int = 1280, scheme: str = "light") -> Page:
    """A fresh page on the first comparison, old enough that a verdict on it counts."""
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(site.url)
    page.wait_for_selector("#first section, #status h2")
    page.wait_for_timeout(700)
    return page
