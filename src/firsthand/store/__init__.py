"""The store: every comparison and every preference on it, in SQLite or PostgreSQL."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
import sqlalchemy as sa

from firsthand.ahead import map_ahead
from firsthand.collector import without_collector
from firsthand.errors import RecordError
from firsthand.flat import FlatEntry, flatten
from firsthand.records import Annotator, Comparison, Entry, Source
from firsthand.store import schema
from firsthand.store.engine import json_rows, open_engine
from firsthand.store.rows import comparison_of, preference_of
from firsthand.store.texts import Texts, read_texts
from firsthand.store.votes import VOTE_COLUMNS, VOTE_ORDER, VOTES, tag_values, vote_table, vote_values
from firsthand.store.writing import Adding, Outcome

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["VOTE_COLUMNS", "Add", "Counts", "Outcome", "Store", "Texts", "tag_values"]

Add: TypeAlias = Callable[[Sequence[FlatEntry]], list[Outcome | RecordError]]

FETCH_ROWS = 2_000
JSON_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a store holds; preferences are the current ones, superseded those they replaced."""

    prompts: int
    comparisons: int
    human: int
    synthetic: int
    superseded: int
    raters: int
    judges: int


class Store:
    """A store of comparisons and preferences; use it as a context manager, or close it.

    Reading methods stream and see one snapshot each; `add` is one transaction.
    """

    def __init__(self, url: str | None = None, *, must_exist: bool = False) -> None:
        self.engine = open_engine(url, must_exist=must_exist)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; an SQLite file is then complete by itself."""
        self.engine.dispose()

    def add(self, entries: Sequence[Entry]) -> list[Outcome | RecordError]:
        """Add `entries` in one transaction; returns, for each, its outcome or why it was refused.

        When this returns, what it reports as added is on disk. A refused entry changes nothing.
        """
        return self.add_flat([flatten(entry) for entry in entries])

    def add_flat(self, entries: Sequence[FlatEntry]) -> list[Outcome | RecordError]:
        """`add` for entries that are plain values already."""
        with self.adding() as add:
            return add(entries)

    @contextmanager
    def adding(self) -> Iterator[Add]:
        """One transaction for as many calls of the given `add_flat` as are made until it is left."""
        with self.engine.begin() as connection:
            yield Adding(connection).add

    def counts(self) -> Counts:
        """Count what the store holds."""
        preferences, annotators = schema.preferences, schema.annotators
        per_source = (
            sa.select(annotators.c.source, preferences.c.is_current, sa.func.count())
            .join(annotators, annotators.c.name == preferences.c.annotator)
            .group_by(annotators.c.source, preferences.c.is_current)
        )
        people = sa.select(annotators.c.source, sa.func.count()).group_by(annotators.c.source)
        with self._reading() as connection:
            votes = {(source, bool(current)): n for source, current, n in connection.execute(per_source)}
            names = {row[0]: row[1] for row in connection.execute(people)}
            prompts, comparisons = (
                connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in (schema.prompts, schema.comparisons)
            )
        return Counts(
            prompts=prompts,
            comparisons=comparisons,
            human=votes.get(("human", True), 0),
            synthetic=votes.get(("synthetic", True), 0),
            superseded=sum(n for (_, current), n in votes.items() if not current),
            raters=names.get("human", 0),
            judges=names.get("synthetic", 0),
        )

    def annotators(self) -> dict[str, Annotator]:
        """Every annotator by name."""
        with self._reading() as connection:
            families = self._families(connection)
            rows = connection.execute(sa.select(schema.annotators).order_by(schema.annotators.c.name))
            return {
                row.name: Annotator(row.name, Source(row.source), row.model, families.get(row.name), row.simulated)
                for row in rows
            }

    def families(self) -> dict[str, str]:
        """The stated families of authors and judges, by name."""
        with self._reading() as connection:
            return self._families(connection)

    def entries(self) -> Iterator[Entry]:
        """Stream every comparison with each of its current preferences, by comparison id; one alone where unrated."""
        comparisons, prompts, preferences = schema.comparisons, schema.prompts, schema.preferences
        kept = [column for column in preferences.c if column.name != "id"]
        query = (
            sa.select(comparisons, prompts.c.messages, *kept)
            .join(prompts, prompts.c.id == comparisons.c.prompt_id)
            .outerjoin(preferences, sa.and_(preferences.c.comparison_id == comparisons.c.id, preferences.c.is_current))
            .order_by(comparisons.c.id, preferences.c.annotator, preferences.c.id)
        )
        annotators, families = self.annotators(), self.families()
        for row in self._stream(query):
            comparison = comparison_of(row)
            authors = {name for name in (row.author_a, row.author_b) if name in families}
            stated = {name: families[name] for name in sorted(authors)}
            if row.annotator is None:
                yield Entry(comparison, families=stated)
            else:
                yield Entry(comparison, annotators[row.annotator], preference_of(row), stated)

    def comparisons(self) -> Iterator[Comparison]:
        """Stream every comparison, by id."""
        table, prompts = schema.comparisons, schema.prompts
        query = sa.select(table, prompts.c.messages).join(prompts, prompts.c.id == table.c.prompt_id)
        return map(comparison_of, self._stream(query.order_by(table.c.id)))

    def texts(self, ids: Iterable[str]) -> Iterator[list[Texts]]:
        """The texts of the comparisons `ids`, at best some thousands, in the order of storage and a list at a time."""
        with self._reading() as connection:
            yield from read_texts(connection, ids)

    def votes(self, columns: Sequence[str] = VOTE_COLUMNS) -> "pd.DataFrame":
        """Every current preference without the texts: one row a vote, with `columns` of VOTE_COLUMNS.

        tags is JSON; has_text says whether both responses are there in full. Rows come by comparison, annotator and
        order, so that equal stores give equal tables.
        """
        import pyarrow as pa

        # Sorted here: in order, the database would look up one row after another all over its file.
        read = list(dict.fromkeys((*columns, *VOTE_ORDER)))
        with without_collector():
            tables = list(self._vote_tables(read)) or [vote_table([], read)]
            table = pa.concat_tables(tables).sort_by([(name, "ascending") for name in VOTE_ORDER])
        votes: pd.DataFrame = table.select(list(columns)).to_pandas()
        return votes

    def vote_frames(self, columns: Sequence[str] = VOTE_COLUMNS, rows: int = 100_000) -> "Iterator[pd.DataFrame]":
        """Stream `votes` in tables of at most `rows` rows."""
        ordered = (schema.preferences.c[name] for name in VOTE_ORDER)
        query = sa.select(*vote_values(columns)).select_from(VOTES).where(_current()).order_by(*ordered)
        with self._reading() as connection:
            for chunk in connection.execution_options(yield_per=rows).execute(query).partitions(rows):
                yield vote_table(chunk, columns).to_pandas()

    def _vote_tables(self, columns: Sequence[str]) -> "Iterator[pa.Table]":
        """The current preferences in tables of at most JSON_ROWS rows, in no order."""
        with self._reading() as connection:
            rows = json_rows(connection, vote_values(columns))
            number = schema.preferences.c.id
            last = connection.execute(sa.select(sa.func.max(number))).scalar() or 0

            def read(start: int) -> str:
                chosen = sa.and_(_current(), number > start, number <= start + JSON_ROWS)
                return connection.execute(sa.select(rows).select_from(VOTES).where(chosen)).scalar() or "[]"

            for text in map_ahead(read, range(0, last, JSON_ROWS), depth=2):
                if found := orjson.loads(text):
                    yield vote_table(found, columns)

    def _stream(self, query: sa.Select[Any]) -> Iterator[Any]:
        """Rows of `query`, fetched a few thousand at a time on either engine."""
        with self._reading() as connection:
            yield from connection.execution_options(yield_per=FETCH_ROWS).execute(query)

    def _reading(self) -> sa.Connection:
        return self.engine.connect().execution_options(read_only=True)

    @staticmethod
    def _families(connection: sa.Connection) -> dict[str, str]:
        rows = connection.execute(sa.select(schema.lineages).where(schema.lineages.c.family.is_not(None)))
        return {row.name: row.family for row in rows}


def _current() -> sa.ColumnElement[bool]:
    return schema.preferences.c.is_current == sa.true()
