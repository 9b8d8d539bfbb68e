"""Adding entries to a store: append-only, idempotent, one current verdict per annotator, comparison and order."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson
import sqlalchemy as sa

from firsthand.errors import RecordError
from firsthand.flat import KEY_VALUES, PREFERENCE_VALUES, FlatAnnotator, FlatEntry, Key, key_of
from firsthand.records import dump
from firsthand.store import schema
from firsthand.store.driver import run, run_many
from firsthand.store.engine import LISTED, among_listed, listed

TAGS = list(schema.comparisons.c.keys()).index("tags")
VERDICT = PREFERENCE_VALUES.index("verdict")
CREATED_AT = PREFERENCE_VALUES.index("created_at")
IN_ORDER = (schema.prompts, schema.comparisons, schema.annotators, schema.lineages, schema.preferences)
"""The tables that entries go to, each after those that it refers to."""
_preference_values = itemgetter(*(list(schema.preferences.c.keys()).index(name) for name in PREFERENCE_VALUES))


class Outcome(StrEnum):
    """What became of an entry."""

    ADDED = "added"
    REPLACED = "replaced"  # a later verdict of the same annotator on the same comparison and order
    KNOWN = "known"  # the store held all of it already


class Adding:
    """One transaction: what the store holds of the entries' keys, and the rows still to be written."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        self.annotators: dict[str, FlatAnnotator] = {}
        self.families: dict[str, str] = {}
        self.prompts: set[str] = set()
        self.pending: dict[sa.Table, list[tuple[Any, ...]]] = defaultdict(list)

    def add(self, entries: Sequence[FlatEntry]) -> list[Outcome | RecordError]:
        """Add `entries`; returns, for each, its outcome or why it was refused. A refused entry changes nothing."""
        self._look_up(entries)
        outcomes = [self._outcome(entry) for entry in entries]
        self._flush()
        return outcomes

    def _look_up(self, entries: Sequence[FlatEntry]) -> None:
        annotators = {annotator for _, _, annotator, _, _ in entries if annotator}
        names = {annotator.name for annotator in annotators}
        authors = {author for _, _, _, _, families in entries if families for author in families}
        judges = {annotator.name for annotator in annotators if annotator.family}
        self.tags = _known_tags(self.connection, {comparison[0] for _, comparison, _, _, _ in entries})
        self.annotators |= _known_annotators(self.connection, names - self.annotators.keys())
        self.families |= _known_families(self.connection, (authors | judges) - self.families.keys())
        self.history = _known_preferences(self.connection, self.tags.keys())

    def _outcome(self, entry: FlatEntry) -> Outcome | RecordError:
        prompt, comparison, annotator, preference, families = entry
        if annotator and annotator.family:
            families = families | {annotator.name: annotator.family}
        key = key_of(preference) if preference else None
        history = self.history.get(key) if key else None
        try:
            self._check(comparison, annotator, families)
            superseded = _superseded(history, preference) if history and preference else False
        except RecordError as error:
            return error
        outcome = self._take_comparison(prompt, comparison)
        self._take_families(families)
        if annotator is None or preference is None or key is None:
            return outcome
        self._take_annotator(annotator)
        if history is None:
            self.history[key] = [preference]
        elif any(_says_the_same(old, preference) for old in history):
            return Outcome.KNOWN
        else:
            history.append(preference)
        if superseded:
            self._replace(key, preference)
            return Outcome.REPLACED
        self.pending[schema.preferences].append((*preference, self.now, None, True))
        return Outcome.ADDED

    def _check(self, comparison: tuple[Any, ...], annotator: FlatAnnotator | None, families: dict[str, str]) -> None:
        """Raise RecordError where the entry contradicts what is known of its annotator, authors or comparison."""
        known = self.annotators.get(annotator.name) if annotator else None
        if annotator and known and (known.source, known.simulated) != (annotator.source, annotator.simulated):
            raise RecordError(
                f"annotator {annotator.name!r} is {_kind(annotator)} here but {_kind(known)} in the store; "
                "give one of the two another name"
            )
        for name, family in families.items():
            if self.families.get(name, family) != family:
                raise RecordError(
                    f"{name!r} is of family {family!r} here but {self.families[name]!r} in the store; make them agree"
                )
        known_tags = self.tags.get(comparison[0])
        if known_tags is None or known_tags == comparison[TAGS]:
            return
        tags = orjson.loads(known_tags)
        for name, tag in orjson.loads(comparison[TAGS]).items():
            if tags.get(name, tag) != tag:
                raise RecordError(f"tag {name} is {tag!r} here but {tags[name]!r} in the store for the same comparison")

    def _take_comparison(self, prompt: str, comparison: tuple[Any, ...]) -> Outcome:
        id_, prompt_id, tags = comparison[0], comparison[1], comparison[TAGS]
        known = self.tags.get(id_)
        if known is None:
            self.tags[id_] = tags
            if prompt_id not in self.prompts:
                self.prompts.add(prompt_id)
                self.pending[schema.prompts].append((prompt_id, prompt))
            self.pending[schema.comparisons].append(comparison)
            return Outcome.ADDED
        merged = known if known == tags else dump(orjson.loads(known) | orjson.loads(tags))
        if merged == known:
            return Outcome.KNOWN
        self._flush()
        self.tags[id_] = merged
        table = schema.comparisons
        self.connection.execute(table.update().where(table.c.id == id_).values(tags=merged))
        return Outcome.ADDED

    def _take_families(self, stated: dict[str, str]) -> None:
        for name, family in stated.items():
            if name not in self.families:
                self.families[name] = family
                self.pending[schema.lineages].append((name, family))

    def _take_annotator(self, annotator: FlatAnnotator) -> None:
        if annotator.name not in self.annotators:
            self.annotators[annotator.name] = annotator
            self.pending[schema.annotators].append(annotator[:4])

    def _replace(self, key: Key, preference: tuple[Any, ...]) -> None:
        self._flush()
        columns = schema.preferences.c
        is_key = sa.and_(
            columns.is_current, *(columns[name] == part for name, part in zip(KEY_VALUES, key, strict=True))
        )
        retired = schema.preferences.update().where(is_key).values(is_current=False).returning(columns.id)
        replaced = self.connection.execute(retired).scalar_one()
        _insert(self.connection, schema.preferences, [(*preference, self.now, replaced, True)])

    def _flush(self) -> None:
        for table in IN_ORDER:
            rows = self.pending.pop(table, None)
            if rows:
                _insert(self.connection, table, rows)


def _insert(connection: sa.Connection, table: sa.Table, rows: list[tuple[Any, ...]]) -> None:
    """Insert `rows`, in the order of the table's columns (`preferences`: but its id).

    A row that is there already (a prompt of an earlier batch) is left alone; a second current verdict is an error.
    """
    names = [column.name for column in table.c if column is not schema.preferences.c.id]
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    words = [_word_of_all(rows, place) for place in range(len(names))]
    marks = ", ".join(word or mark for word in words)
    sql = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
    if table is not schema.preferences:
        sql += " ON CONFLICT DO NOTHING"
    others = itemgetter(*(place for place, word in enumerate(words) if not word))
    run_many(connection, sql, map(others, rows))


def _word_of_all(rows: list[tuple[Any, ...]], place: int) -> str | None:
    """NULL, TRUE or FALSE where all `rows` say so at `place`: sqlite3 takes longest over them as parameters."""
    first = rows[0][place]
    word = "NULL" if first is None else "TRUE" if first is True else "FALSE" if first is False else None
    return word if word and all(row[place] is first for row in rows) else None


@lru_cache
def _rows_listed(dialect: str, table: sa.Table, key: str, *columns: str) -> sa.Select[Any]:
    """The `columns` of the rows of `table` whose column `key` holds one of LISTED."""
    return sa.select(*(table.c[name] for name in columns)).where(among_listed(dialect, table.c[key]))


@lru_cache
def _votes_listed(dialect: str) -> sa.Select[Any]:
    """Every verdict recorded on the comparisons LISTED: the current ones, and by what each superseded the older ones.

    An index finds the current ones alone.
    """
    votes = schema.preferences
    current = sa.select(votes).where(sa.text("preferences.is_current"), among_listed(dialect, votes.c.comparison_id))
    history = current.cte("history", recursive=True)
    history = history.union_all(sa.select(votes).join(history, votes.c.id == history.c.supersedes))
    return sa.select(history).order_by(history.c.id)


def _found(connection: sa.Connection, statement: sa.Executable, values: Collection[str]) -> Sequence[Any]:
    """The rows that `statement` finds for LISTED `values`."""
    return run(connection, statement, {LISTED: listed(connection.dialect.name, values)}).rows if values else ()


def _known_tags(connection: sa.Connection, ids: Collection[str]) -> dict[str, str]:
    query = _rows_listed(connection.dialect.name, schema.comparisons, "id", "id", "tags")
    return dict(_found(connection, query, ids))


def _known_annotators(connection: sa.Connection, names: Collection[str]) -> dict[str, FlatAnnotator]:
    query = _rows_listed(connection.dialect.name, schema.annotators, "name", "name", "source", "model", "simulated")
    rows = _found(connection, query, names)
    return {row.name: FlatAnnotator(row.name, row.source, row.model, bool(row.simulated), None) for row in rows}


def _known_families(connection: sa.Connection, names: Collection[str]) -> dict[str, str]:
    query = _rows_listed(connection.dialect.name, schema.lineages, "name", "name", "family")
    return dict(_found(connection, query, names))


def _known_preferences(connection: sa.Connection, comparison_ids: Collection[str]) -> dict[Key, list[tuple[Any, ...]]]:
    """Every verdict recorded on the comparisons, oldest first, by key."""
    history: dict[Key, list[tuple[Any, ...]]] = {}
    for row in _found(connection, _votes_listed(connection.dialect.name), comparison_ids):
        preference = _preference_values(row)
        history.setdefault(key_of(preference), []).append(preference)
    return history


def _superseded(history: Sequence[tuple[Any, ...]], preference: tuple[Any, ...]) -> bool:
    """Whether the verdict replaces the last of `history`; raises RecordError where it contradicts it."""
    if any(_says_the_same(old, preference) for old in history):
        return False
    current = history[-1]
    if (preference[CREATED_AT] or "") > (current[CREATED_AT] or ""):
        return True
    raise RecordError(
        f"{preference[1]!r} already said {current[VERDICT]!r} on this comparison and here says "
        f"{preference[VERDICT]!r} or gives other details; a later created_at would replace the first"
    )


def _says_the_same(old: tuple[Any, ...], new: tuple[Any, ...]) -> bool:
    """Whether `new` adds nothing to `old`; a line without a time is the line with one, seen again."""
    return new == old or (new[CREATED_AT] is None and _without_time(new) == _without_time(old))


def _without_time(preference: tuple[Any, ...]) -> tuple[Any, ...]:
    return preference[:CREATED_AT] + preference[CREATED_AT + 1 :]


def _kind(annotator: FlatAnnotator) -> str:
    return f"{annotator.source}{', simulated' if annotator.simulated else ''}"
