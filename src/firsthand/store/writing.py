"""Adding entries to a store: append-only, idempotent, one current verdict per annotator, comparison and order."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson
import sqlalchemy as sa

from firsthand.errors import RecordError
from firsthand.flat import KEY_VALUES, PREFERENCE_VALUES, FlatAnnotator, FlatEntry, Key, key_of
from firsthand.records import dump
from firsthand.store import schema
from firsthand.store.engine import among

TAGS = list(schema.comparisons.c.keys()).index("tags")
VERDICT = PREFERENCE_VALUES.index("verdict")
CREATED_AT = PREFERENCE_VALUES.index("created_at")


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
        authors = {author for *_, families in entries for author in families}
        judges = {annotator.name for annotator in annotators if annotator.family}
        self.tags = _known_tags(self.connection, {comparison[0] for _, comparison, *_ in entries})
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


def _known_tags(connection: sa.Connection, ids: Collection[str]) -> dict[str, str]:
    rows = _rows_with(connection, schema.comparisons, "id", ids)
    return {row.id: row.tags for row in rows}


def _known_annotators(connection: sa.Connection, names: Collection[str]) -> dict[str, FlatAnnotator]:
    rows = _rows_with(connection, schema.annotators, "name", names)
    return {row.name: FlatAnnotator(row.name, row.source, row.model, row.simulated, None) for row in rows}


def _known_families(connection: sa.Connection, names: Collection[str]) -> dict[str, str]:
    rows = _rows_with(connection, schema.lineages, "name", names)
    return {row.name: row.family for row in rows}


def _known_preferences(connection: sa.Connection, comparison_ids: Collection[str]) -> dict[Key, list[tuple[Any, ...]]]:
    """Every verdict recorded on the comparisons, oldest first, by key."""
    history: dict[Key, list[tuple[Any, ...]]] = {}
    rows = _rows_with(connection, schema.preferences, "comparison_id", comparison_ids)
    for row in sorted(rows, key=lambda row: row.id):
        preference = tuple(row._mapping[name] for name in PREFERENCE_VALUES)
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
