"""Reading what responses and their prompts say: many comparisons as one text, by a thread that leaves the interpreter.

Row by row, half of the time would go to the values that the driver makes of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, TypeAlias

import orjson
import sqlalchemy as sa

from firsthand.ahead import map_ahead
from firsthand.records import Content, Message
from firsthand.store import schema
from firsthand.store.driver import run
from firsthand.store.engine import LISTED, among_listed, json_value, listed, row_number, strings_joined

TEXT_ROWS = 500  # they stay in the processor's cache

Texts: TypeAlias = tuple[str, list[Message], Content | None, Content | None, str | None, str | None]
"""What two responses and their prompt say: (comparison id, prompt, A, B, author of A, author of B)."""


def read_texts(connection: sa.Connection, ids: Iterable[str]) -> Iterator[list[Texts]]:
    """The texts of the comparisons `ids`, in the order of storage and a list at a time."""
    dialect = connection.dialect.name
    found = run(connection, _numbers(dialect), {LISTED: listed(dialect, ids)}).rows
    numbers = sorted(number for (number,) in found)
    parts = (numbers[start : start + TEXT_ROWS] for start in range(0, len(numbers), TEXT_ROWS))
    for texts in map_ahead(partial(_read, connection), parts, depth=2):
        for text in texts:
            yield [tuple(row) for row in orjson.loads(f"[{text}]")]


def _read(connection: sa.Connection, numbers: Sequence[Any]) -> list[str]:
    """The comparisons as JSON, in as few texts as the database can make: it has a limit of 1 GB."""
    dialect = connection.dialect.name
    try:
        with connection.begin_nested():
            return [run(connection, _joined(dialect), {LISTED: listed(dialect, numbers)}).scalar()]
    except sa.exc.DBAPIError:
        if len(numbers) == 1:
            raise
        half = len(numbers) // 2
        return _read(connection, numbers[:half]) + _read(connection, numbers[half:])


@lru_cache
def _numbers(dialect: str) -> sa.Select[Any]:
    """Where the comparisons LISTED are stored."""
    table = schema.comparisons
    return sa.select(row_number(dialect, table)).where(among_listed(dialect, table.c.id))


@lru_cache
def _joined(dialect: str) -> sa.Select[Any]:
    """The comparisons stored as LISTED, each the JSON list of its Texts, with commas between them."""
    table, prompts = schema.comparisons, schema.prompts
    named = [json_value(dialect, column) for column in (table.c.id, table.c.author_a, table.c.author_b)]
    a, b = (sa.func.coalesce(column, "null") for column in (table.c.response_a, table.c.response_b))
    values = (named[0], prompts.c.messages, a, b, *named[1:])
    row: sa.ColumnElement[str] = sa.literal_column("'['")
    for place, value in enumerate(values):
        row = row.concat(sa.literal_column("','")).concat(value) if place else row.concat(value)
    row = row.concat(sa.literal_column("']'"))
    return (
        sa.select(strings_joined(dialect, row))
        .join_from(table, prompts, prompts.c.id == table.c.prompt_id)
        .where(among_listed(dialect, row_number(dialect, table)))
    )
