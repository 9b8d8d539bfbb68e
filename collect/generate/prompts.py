"""The prompts to be answered: the demo's, the store's, or those of a file."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import orjson
import sqlalchemy as sa

from firsthand.collect.rows import Row, open_rows
from firsthand.errors import InputError, RecordError
from firsthand.lines import chat_messages, checked_tags
from firsthand.records import Message, content_id, dump
from firsthand.sample import sample_entries
from firsthand.store import Store, schema
from firsthand.store.engine import among

DEMO, STORE = "demo", "store"
PAGE = 500


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked, and the tags of its comparisons."""

    id: str
    messages: list[Message]
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Prompts:
    """Where prompts come from: `demo`, `store`, or a file.

    unreadable: rows of the file that hold no prompt, by reason, as far as it was read.
    """

    source: str
    store: Store
    limit: int | None = None
    unreadable: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Prompt]:
        """Each prompt once, in the same order every time; raises InputError where there is no such file."""
        self.unreadable.clear()
        if self.source == DEMO:
            found = _of_demo()
        elif self.source == STORE:
            found = _of_store(self.store)
        else:
            found = self._of_file(Path(self.source))
        return islice(_once(found), self.limit)

    def _of_file(self, path: Path) -> Iterator[Prompt]:
        with _opened(path) as rows:
            for row in rows:
                try:
                    if row.problem:
                        raise RecordError(row.problem)
                    yield make_prompt(row.values.get("prompt"), row.values.get("tags"))
                except RecordError as error:
                    self.unreadable[str(error)] += 1


def make_prompt(prompt: object, tags: object = None) -> Prompt:
    """A prompt from a text or messages; raises RecordError where it is neither."""
    messages = chat_messages("prompt", prompt)
    return Prompt(content_id("prompt", dump(messages)), messages, checked_tags(tags))


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[Row]]:
    if not path.is_file():
        raise InputError(f"prompts: there is no file {path}; give a file, {DEMO!r} or {STORE!r}")
    with open_rows(path) as rows:
        yield rows.rows


def _once(prompts: Iterator[Prompt]) -> Iterator[Prompt]:
    seen = set()
    for prompt in prompts:
        if prompt.id not in seen:
            seen.add(prompt.id)
            yield prompt


def _of_demo() -> Iterator[Prompt]:
    for entry in sample_entries():
        comparison = entry.comparison
        yield Prompt(comparison.prompt_id, comparison.prompt, comparison.tags)


def _of_store(store: Store) -> Iterator[Prompt]:
    """By id. Read a page at a time: a long run holds no view of the store open, which grows while it runs."""
    tags = _shared_tags(store)
    prompts, ids = schema.prompts, sorted(tags)
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        with store.engine.connect().execution_options(read_only=True) as connection:
            rows = connection.execute(sa.select(prompts).where(among(connection, prompts.c.id, page)))
            messages = {row.id: orjson.loads(row.messages) for row in rows}
        for id_ in page:
            yield Prompt(id_, messages[id_], tags[id_])


def _shared_tags(store: Store) -> dict[str, dict[str, str]]:
    """By prompt, the tags on which all its comparisons agree."""
    table = schema.comparisons
    shared: dict[str, dict[str, str]] = {}
    with store.engine.connect().execution_options(read_only=True) as connection:
        for prompt_id, text in connection.execute(sa.select(table.c.prompt_id, table.c.tags).distinct()):
            tags = orjson.loads(text)
            known = shared.get(prompt_id, tags)
            shared[prompt_id] = {name: tag for name, tag in known.items() if tags.get(name) == tag}
    return shared
