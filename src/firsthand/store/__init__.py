"""The store: every comparison and every preference on it, in SQLite or PostgreSQL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pandas as pd
import sqlalchemy as sa

from firsthand.errors import RecordError
from firsthand.records import Annotator, Comparison, Entry, Source
from firsthand.store import schema
from firsthand.store.engine import open_engine
from firsthand.store.rows import comparison_of, preference_of
from firsthand.store.writing import Outcome, add_entries

__all__ = ["VOTE_COLUMNS", "Counts", "Outcome", "Store"]

FETCH_ROWS = 2_000
VOTE_COLUMNS = (
    "comparison_id prompt_id annotator source simulated verdict p_a strength shown_first seconds prompt_sha256 repeat"
    " swap_consistent gold response_a_id response_b_id author_a author_b length_a length_b tags has_text"
).split()


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

    def __init__(self, url: str | None = None) -> None:
        self.engine = open_engine(url)

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
        return add_entries(self.engine, entries)

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

    def comparisons(self, ids: Sequence[str] | None = None) -> Iterator[Comparison]:
        """Stream the comparisons by id: those in `ids`, or all."""
        table = schema.comparisons
        query = sa.select(table, schema.prompts.c.messages).join(
            schema.prompts, schema.prompts.c.id == table.c.prompt_id
        )
        if ids is None:
            yield from map(comparison_of, self._stream(query.order_by(table.c.id)))
            return
        wanted = sorted(ids)
        for start in range(0, len(wanted), FETCH_ROWS):
            chunk = query.where(table.c.id.in_(wanted[start : start + FETCH_ROWS])).order_by(table.c.id)
            yield from map(comparison_of, self._stream(chunk))

    def votes(self) -> pd.DataFrame:
        """Every current preference without the texts: one row a vote, the columns of VOTE_COLUMNS.

        tags is a dict; has_text says whether both responses are there in full. Rows come by comparison, annotator
        and order, so that equal stores give equal tables.
        """
        frames = list(self.vote_frames())
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=VOTE_COLUMNS)

    def vote_frames(self, rows: int = 100_000) -> Iterator[pd.DataFrame]:
        """Stream `votes` in tables of at most `rows` rows."""
        comparisons, preferences, annotators = schema.comparisons, schema.preferences, schema.annotators
        has_text = sa.and_(comparisons.c.response_a.is_not(None), comparisons.c.response_b.is_not(None))
        columns = {
            **{column.name: column for column in (*comparisons.c, *annotators.c, *preferences.c)},
            "has_text": has_text.label("has_text"),
        }
        query = (
            sa.select(*(columns[name] for name in VOTE_COLUMNS))
            .select_from(preferences)
            .join(comparisons, comparisons.c.id == preferences.c.comparison_id)
            .join(annotators, annotators.c.name == preferences.c.annotator)
            .where(preferences.c.is_current)
            .order_by(
                preferences.c.comparison_id,
                preferences.c.annotator,
                preferences.c.shown_first,
                preferences.c.prompt_sha256,
                preferences.c.repeat,
            )
        )
        tags: dict[str, dict[str, str]] = {}
        chunk: list[Any] = []
        for row in self._stream(query):
            chunk.append(row)
            if len(chunk) == rows:
                yield _vote_frame(chunk, tags)
                chunk = []
        if chunk:
            yield _vote_frame(chunk, tags)

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


def _vote_frame(rows: list[Any], tags: dict[str, dict[str, str]]) -> pd.DataFrame:
    """A table of votes; equal tags share one dict, kept in `tags` by their JSON."""
    frame = pd.DataFrame.from_records(rows, columns=VOTE_COLUMNS)
    for text in frame["tags"].unique():
        tags.setdefault(text, orjson.loads(text))
    frame["tags"] = frame["tags"].map(tags.get)
    for name in ("simulated", "gold", "has_text"):
        frame[name] = frame[name].astype(bool)
    for name in ("p_a", "strength", "seconds", "length_a", "length_b"):
        frame[name] = frame[name].astype("float64")
    return frame
