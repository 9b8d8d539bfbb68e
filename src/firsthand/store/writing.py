"""Adding entries to a store: append-only, idempotent, one current verdict per annotator, comparison and order."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias

import orjson
import sqlalchemy as sa

from firsthand.errors import RecordError
from firsthand.records import Annotator, Comparison, Content, Entry, Preference, dump
from firsthand.store import schema
from firsthand.store.engine import among
from firsthand.store.rows import preference_of

Key: TypeAlias = tuple[str, str, str, str, int]
"""(comparison, annotator, side shown first, judge's prompt hash, repeat): what may have one current verdict."""


_NO_TAGS: dict[str, str] = {}


class Outcome(StrEnum):
    """What became of an entry."""

    ADDED = "added"
    REPLACED = "replaced"  # a later verdict of the same annotator on the same comparison and order
    KNOWN = "known"  # the store held all of it already


def add_entries(engine: sa.Engine, entries: Sequence[Entry]) -> list[Outcome | RecordError]:
    """Add `entries` in one transaction; returns, for each, its outcome or why it was refused.

    When this returns, what it reports as added is on disk. A refused entry changes nothing.
    """
    with engine.begin() as connection:
        return _Batch(connection, entries).write()


def key_of(comparison_id: str, annotator: str, preference: Preference) -> Key:
    """The key under which the database allows one current verdict."""
    shown_first = preference.shown_first.value
    return (comparison_id, annotator, shown_first, preference.prompt_sha256, preference.repeat)


class _Batch:
    """What the store holds of the entries' keys, and the rows still to be written."""

    def __init__(self, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        self.connection = connection
        self.entries = entries
        self.now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        names = {entry.annotator.name for entry in entries if entry.annotator}
        authors = {author for entry in entries for author in entry.families}
        judges = {e.annotator.name for e in entries if e.annotator and e.annotator.family}
        self.tags = _known_tags(connection, {entry.comparison.id for entry in entries})
        self.annotators = _known_annotators(connection, names)
        self.families = _known_families(connection, authors | judges)
        self.history = _known_preferences(connection, set(self.tags))
        self.prompts: set[str] = set()
        self.pending: dict[sa.Table, list[tuple[Any, ...]]] = defaultdict(list)

    def write(self) -> list[Outcome | RecordError]:
        outcomes = [self._outcome(entry) for entry in self.entries]
        self._flush()
        return outcomes

    def _outcome(self, entry: Entry) -> Outcome | RecordError:
        try:
            self._check(entry)
            key, superseded = self._superseded(entry)
        except RecordError as error:
            return error
        outcome = self._take_comparison(entry)
        if entry.annotator is None or entry.preference is None or key is None:
            return outcome
        self._take_annotator(entry.annotator)
        if any(_says_the_same(old, entry.preference) for old in self.history[key]):
            return Outcome.KNOWN
        self.history[key].append(entry.preference)
        if superseded:
            self._replace(key, entry.preference)
            return Outcome.REPLACED
        self.pending[schema.preferences].append(_preference_row(key, entry.preference, self.now))
        return Outcome.ADDED

    def _check(self, entry: Entry) -> None:
        """Raise RecordError where the entry contradicts what is known of its annotator, authors or comparison."""
        annotator = entry.annotator
        known = self.annotators.get(annotator.name) if annotator else None
        if annotator and known and (known.source, known.simulated) != (annotator.source, annotator.simulated):
            raise RecordError(
                f"annotator {annotator.name!r} is {_kind(annotator)} here but {_kind(known)} in the store; "
                "give one of the two another name"
            )
        stated = entry.families
        if annotator and annotator.family:
            stated = stated | {annotator.name: annotator.family}
        for name, family in stated.items():
            if self.families.get(name, family) != family:
                raise RecordError(
                    f"{name!r} is of family {family!r} here but {self.families[name]!r} in the store; make them agree"
                )
        tags = self.tags.get(entry.comparison.id, _NO_TAGS)
        for name, tag in entry.comparison.tags.items() if tags else ():
            if tags.get(name, tag) != tag:
                raise RecordError(f"tag {name} is {tag!r} here but {tags[name]!r} in the store for the same comparison")

    def _superseded(self, entry: Entry) -> tuple[Key | None, bool]:
        """The verdict's key, and whether it replaces an earlier one; raises RecordError where it contradicts it."""
        if entry.annotator is None or entry.preference is None:
            return None, False
        key = key_of(entry.comparison.id, entry.annotator.name, entry.preference)
        history = self.history[key]
        if not history or any(_says_the_same(old, entry.preference) for old in history):
            return key, False
        current = history[-1]
        if entry.preference.created_at and entry.preference.created_at > (current.created_at or ""):
            return key, True
        raise RecordError(
            f"{entry.annotator.name!r} already said {current.verdict.value!r} on this comparison and here says "
            f"{entry.preference.verdict.value!r} or gives other details; a later created_at would replace the first"
        )

    def _take_comparison(self, entry: Entry) -> Outcome:
        comparison = entry.comparison
        self._take_families(entry.families)
        known = self.tags.get(comparison.id)
        if known is None:
            self.tags[comparison.id] = comparison.tags
            if comparison.prompt_id not in self.prompts:
                self.prompts.add(comparison.prompt_id)
                self.pending[schema.prompts].append((comparison.prompt_id, dump(comparison.prompt)))
            self.pending[schema.comparisons].append(_comparison_row(comparison))
            return Outcome.ADDED
        if comparison.tags.keys() - known.keys():
            self._flush()
            self.tags[comparison.id] = known | comparison.tags
            table = schema.comparisons
            row = table.update().where(table.c.id == comparison.id).values(tags=dump(self.tags[comparison.id]))
            self.connection.execute(row)
            return Outcome.ADDED
        return Outcome.KNOWN

    def _take_families(self, stated: dict[str, str]) -> None:
        for name, family in stated.items():
            if name not in self.families:
                self.families[name] = family
                self.pending[schema.lineages].append((name, family))

    def _take_annotator(self, annotator: Annotator) -> None:
        if annotator.family:
            self._take_families({annotator.name: annotator.family})
        if annotator.name not in self.annotators:
            self.annotators[annotator.name] = annotator
            row = (annotator.name, annotator.source.value, annotator.model, annotator.simulated)
            self.pending[schema.annotators].append(row)

    def _replace(self, key: Key, preference: Preference) -> None:
        self._flush()
        columns = schema.preferences.c
        names = ("comparison_id", "annotator", "shown_first", "prompt_sha256", "repeat")
        is_key = sa.and_(columns.is_current, *(columns[name] == part for name, part in zip(names, key, strict=True)))
        retired = schema.preferences.update().where(is_key).values(is_current=False).returning(columns.id)
        replaced = self.connection.execute(retired).scalar_one()
        _insert(self.connection, schema.preferences, [_preference_row(key, preference, self.now, replaced)])

    def _flush(self) -> None:
        for table in schema.metadata.sorted_tables:
            rows = self.pending.pop(table, None)
            if rows:
                _insert(self.connection, table, rows)


def _insert(connection: sa.Connection, table: sa.Table, rows: list[tuple[Any, ...]]) -> None:
    """Insert `rows`, in the order of the table's columns (`preferences`: but its id).

    A row that is there already (a prompt of an earlier batch) is left alone; a second current verdict is an error.
    """
    names = [column.name for column in table.c if column is not schema.preferences.c.id]
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    sql = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"  # noqa: S608
    if table is not schema.preferences:
        sql += " ON CONFLICT DO NOTHING"
    connection.exec_driver_sql(sql, rows)


def _rows_with(connection: sa.Connection, table: sa.Table, key: str, values: Collection[str]) -> Iterable[Any]:
    """The rows of `table` whose column `key` holds one of `values`."""
    return connection.execute(sa.select(table).where(among(connection, table.c[key], values))) if values else ()


def _known_tags(connection: sa.Connection, ids: Collection[str]) -> dict[str, dict[str, str]]:
    table = schema.comparisons
    rows = _rows_with(connection, table, "id", ids)
    return {row.id: orjson.loads(row.tags) for row in rows}


def _known_annotators(connection: sa.Connection, names: Collection[str]) -> dict[str, Annotator]:
    rows = _rows_with(connection, schema.annotators, "name", names)
    return {row.name: Annotator(row.name, row.source, row.model, simulated=row.simulated) for row in rows}


def _known_families(connection: sa.Connection, names: Collection[str]) -> dict[str, str]:
    rows = _rows_with(connection, schema.lineages, "name", names)
    return {row.name: row.family for row in rows}


def _known_preferences(connection: sa.Connection, comparison_ids: Collection[str]) -> dict[Key, list[Preference]]:
    """Every verdict recorded on the comparisons, oldest first, by key."""
    history: dict[Key, list[Preference]] = defaultdict(list)
    rows = _rows_with(connection, schema.preferences, "comparison_id", comparison_ids)
    for row in sorted(rows, key=lambda row: row.id):
        preference = preference_of(row)
        history[key_of(row.comparison_id, row.annotator, preference)].append(preference)
    return history


def _says_the_same(old: Preference, new: Preference) -> bool:
    """Whether `new` adds nothing to `old`; a line without a time is the line with one, seen again."""
    return new == old or (new.created_at is None and replace(new, created_at=old.created_at) == old)


def _kind(annotator: Annotator) -> str:
    return f"{annotator.source}{', simulated' if annotator.simulated else ''}"


def _comparison_row(comparison: Comparison) -> tuple[Any, ...]:
    a, b = comparison.a, comparison.b
    return (
        comparison.id,
        comparison.prompt_id,
        a.id,
        b.id,
        a.author,
        b.author,
        a.length,
        b.length,
        dump(comparison.tags),
        _content(a.content),
        _content(b.content),
    )


def _content(content: Content | None) -> str | None:
    return None if content is None else dump(content)


def _preference_row(key: Key, preference: Preference, now: str, supersedes: int | None = None) -> tuple[Any, ...]:
    comparison_id, annotator, shown_first, prompt_sha256, repeat = key
    return (
        comparison_id,
        annotator,
        preference.verdict.value,
        preference.p_a,
        preference.strength,
        shown_first,
        preference.seconds,
        preference.rationale,
        dump(preference.criteria),
        prompt_sha256,
        repeat,
        preference.swap_consistent,
        preference.gold,
        preference.created_at,
        dump(preference.detail),
        now,
        supersedes,
        True,
    )
