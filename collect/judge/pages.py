"""The comparisons that a job is about, a page at a time, so that no more texts are in memory than of a page."""

from collections.abc import Iterator, Sequence
from itertools import islice

import orjson
import sqlalchemy as sa

from firsthand.collect.judge.config import Choice
from firsthand.records import Comparison, Source
from firsthand.store import Store, schema
from firsthand.store.engine import among
from firsthand.store.rows import comparison_of

PAGE = 100
ROWS = 2_000


def pages(store: Store, choice: Choice) -> Iterator[list[Comparison]]:
    """The chosen comparisons, those of a prompt together; those without texts too, which count towards no limit.

    Which they are is settled at the start: of each, only the id is kept until its page is read.
    """
    ids = _chosen(store, choice)
    for start in range(0, len(ids), PAGE):
        yield _read(store, ids[start : start + PAGE])


def has_text(comparison: Comparison) -> bool:
    """Whether both responses are there to be read."""
    return comparison.a.content is not None and comparison.b.content is not None


def judged(store: Store, name: str, sha256: str, comparisons: Sequence[Comparison]) -> set[tuple[str, str, int]]:
    """(comparison, side shown first, repeat) of the verdicts that the judge `name` gave on `comparisons`.

    sha256: of what it was asked with.
    """
    table = schema.preferences
    query = sa.select(table.c.comparison_id, table.c.shown_first, table.c.repeat).where(
        table.c.is_current, table.c.annotator == name, table.c.prompt_sha256 == sha256
    )
    with store.engine.connect().execution_options(read_only=True) as connection:
        ids = among(connection, table.c.comparison_id, (comparison.id for comparison in comparisons))
        return {(row[0], row[1], row[2]) for row in connection.execute(query.where(ids))}


def _chosen(store: Store, choice: Choice) -> list[str]:
    """The ids of the chosen comparisons, by prompt."""
    table = schema.comparisons
    has_text = sa.and_(table.c.response_a.is_not(None), table.c.response_b.is_not(None))
    query = sa.select(table.c.id, table.c.tags, has_text)
    if choice.labelled_by_people:
        query = query.where(_labelled_by_people())
    with store.engine.connect().execution_options(read_only=True, yield_per=ROWS) as connection:
        if choice.limit is not None:
            in_order = connection.execute(query.order_by(table.c.id))
            with_text = (row.id for row in in_order if row[2] and _has_tags(row.tags, choice))
            last = next(islice(with_text, choice.limit - 1, None), None)
            in_order.close()
            if last is not None:
                query = query.where(table.c.id <= last)
        rows = connection.execute(query.order_by(table.c.prompt_id, table.c.id))
        return [row.id for row in rows if _has_tags(row.tags, choice)]


def _read(store: Store, ids: Sequence[str]) -> list[Comparison]:
    table, prompts = schema.comparisons, schema.prompts
    query = sa.select(table, prompts.c.messages).join(prompts, prompts.c.id == table.c.prompt_id)
    with store.engine.connect().execution_options(read_only=True) as connection:
        return [comparison_of(row) for row in connection.execute(query.where(among(connection, table.c.id, ids)))]


def _labelled_by_people() -> sa.ColumnElement[bool]:
    votes, annotators = schema.preferences, schema.annotators
    return sa.exists().where(
        votes.c.comparison_id == schema.comparisons.c.id,
        votes.c.is_current,
        votes.c.verdict != "skip",
        annotators.c.name == votes.c.annotator,
        annotators.c.source == Source.HUMAN.value,
    )


def _has_tags(tags: str, choice: Choice) -> bool:
    if not choice.tags:
        return True
    known = orjson.loads(tags)
    return all(known.get(name) in values for name, values in choice.tags.items())
