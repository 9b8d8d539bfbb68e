"""The comparisons that a job is about, a page at a time, so that memory does not grow with the store."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from firsthand.collect.judge.config import Choice
from firsthand.records import Comparison, Source
from firsthand.store import Store, schema
from firsthand.store.engine import among
from firsthand.store.rows import comparison_of

PAGE = 100


def pages(store: Store, choice: Choice) -> Iterator[list[Comparison]]:
    """The chosen comparisons by id; those without texts too, which count towards no limit.

    Each page is read when it is asked for, in a snapshot of its own: comparisons added meanwhile may be met.
    """
    last, wanted = "", choice.limit
    while wanted is None or wanted > 0:
        read = _read(store, choice, last)
        if not read:
            return
        last = read[-1].id
        page = [comparison for comparison in read if _has_tags(comparison, choice)]
        if wanted is not None:
            page = _first(page, wanted)
            wanted -= sum(map(has_text, page))
        yield page


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


def _read(store: Store, choice: Choice, after: str) -> list[Comparison]:
    table, prompts = schema.comparisons, schema.prompts
    query = (
        sa.select(table, prompts.c.messages)
        .join(prompts, prompts.c.id == table.c.prompt_id)
        .where(table.c.id > after)
        .order_by(table.c.id)
        .limit(PAGE)
    )
    if choice.labelled_by_people:
        query = query.where(_labelled_by_people())
    with store.engine.connect().execution_options(read_only=True) as connection:
        return [comparison_of(row) for row in connection.execute(query)]


def _labelled_by_people() -> sa.ColumnElement[bool]:
    votes, annotators = schema.preferences, schema.annotators
    return sa.exists().where(
        votes.c.comparison_id == schema.comparisons.c.id,
        votes.c.is_current,
        votes.c.verdict != "skip",
        annotators.c.name == votes.c.annotator,
        annotators.c.source == Source.HUMAN.value,
    )


def _has_tags(comparison: Comparison, choice: Choice) -> bool:
    return all(comparison.tags.get(name) in values for name, values in choice.tags.items())


def _first(page: list[Comparison], wanted: int) -> list[Comparison]:
    """The start of `page` that holds `wanted` comparisons with texts, or all of it."""
    kept = []
    for comparison in page:
        if wanted == 0:
            break
        wanted -= has_text(comparison)
        kept.append(comparison)
    return kept
