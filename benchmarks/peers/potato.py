"""Potato (PyPI: potato-annotation) under the load that serving.py puts on ours: a pairwise task, the same texts.

What its page does after a choice is measured as one verdict: /updateinstance saves it, /annotate brings the next pair.
"""

import json
import os
import random
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from load_raters import Tally, TroubleError, browser, fetch
from load_site import PASSWORD, Server, comparison_line, free_port

TASK = {
    "annotation_task_name": "load",
    "task_dir": ".",
    "output_annotation_dir": "output/",
    "data_files": ["items.jsonl"],
    "item_properties": {"id_key": "id", "text_key": "text"},
    "require_password": True,
    "user_config": {"allow_all_users": True, "users": []},
    "authentication": {"method": "in_memory"},
    "max_annotations_per_item": 1,
    "max_annotations_per_user": -1,
    "assignment_strategy": "random",
    "annotation_schemes": [
        {
            "annotation_type": "pairwise",
            "name": "better",
            "description": "Which answer is better?",
            "mode": "binary",
            "labels": ["A", "B"],
            "allow_tie": True,
        }
    ],
    "site_dir": "default",
    "host": "127.0.0.1",
    "debug": False,
}
NEXT_ITEM = re.compile(rb'name="instance_id" type="hidden" value="([^"]+)"')


@contextmanager
def potato(python: Path, folder: Path, comparisons: int) -> Iterator[Server]:
    """Potato, started as its manual says, over a task of so many comparisons."""
    with (folder / "items.jsonl").open("w", encoding="utf-8") as file:
        for number in range(comparisons):
            line = comparison_line(number)
            texts = [line["response_a"], line["response_b"]]
            file.write(json.dumps({"id": f"item-{number}", "text": texts, "prompt": line["prompt"]}) + "\n")
    (folder / "task.yaml").write_text(yaml.safe_dump(TASK), encoding="utf-8")
    port = free_port()
    with (folder / "potato.txt").open("wb") as log:
        process = subprocess.Popen(
            [str(python), "-m", "potato", "start", "task.yaml", "-p", str(port)],
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        server = Server(process, f"http://127.0.0.1:{port}")
        try:
            _wait_for(server.url)
            yield server
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


@dataclass
class PotatoRater:
    """Somebody who rates on Potato."""

    login: str
    url: str
    tally: Tally = field(default_factory=Tally)
    _item: str = ""

    def __post_init__(self) -> None:
        self._browser = browser()

    async def come_in(self) -> None:
        """Register, which logs in, and open the page."""
        await self._page("POST", "/register", data={"email": self.login, "pass": PASSWORD})
        self._read(await self._page("GET", "/annotate"))

    async def answer(self) -> bool:
        """Save a choice on the pair at hand and take the next, as its page does."""
        if not self._item:
            self._read(await self._page("GET", "/annotate"))
            return bool(self._item)
        choice, item = random.choice(("A", "B", "tie")), self._item
        words = f"{self.login} on {item}"
        self.tally.sent.add(words)
        began = time.perf_counter()
        said = {"instance_id": item, "annotations": {"better:selection": choice}, "span_annotations": []}
        await self._page("POST", "/updateinstance", json=said)
        self.tally.acknowledged.add(words)
        self._read(await self._page("POST", "/annotate", json={"action": "next_instance", "instance_id": item}))
        self.tally.seconds.append(time.perf_counter() - began)
        return True

    async def leave(self) -> None:
        """Close the connections."""
        await self._browser.close()

    def _read(self, page: bytes) -> None:
        found = NEXT_ITEM.search(page)
        self._item = found[1].decode() if found else ""

    async def _page(self, method: str, path: str, **keys: object) -> bytes:
        status, body = await fetch(self._browser, method, self.url + path, **keys)
        if status != 200:
            raise TroubleError(f"{status}: {body[:200].decode(errors='replace')}")
        return body


def saved(folder: Path, people: Sequence[Tally]) -> tuple[int, int]:
    """How many verdicts were acknowledged, and how many of them Potato's files hold."""
    acknowledged = {words for tally in people for words in tally.acknowledged}
    stored = set()
    for file in (folder / "output").glob("*/user_state.json"):
        for item in json.loads(file.read_text(encoding="utf-8"))["instance_id_to_label_to_value"]:
            stored.add(f"{file.parent.name} on {item}")
    return len(acknowledged), len(acknowledged & stored)


def _wait_for(url: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("Potato did not answer within a minute; its output is in potato.txt")
