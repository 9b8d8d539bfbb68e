"""Importing a file: its rows become native lines, the lines are checked, what is sound goes to the store in batches."""

import gc
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from firsthand.collect.formats import detect, format_named
from firsthand.collect.formats.form import Convert, Format, LeftOut, Line
from firsthand.collect.formats.table import table_format
from firsthand.collect.hub import dataset_rows
from firsthand.collect.rejects import Rejects
from firsthand.collect.rows import Row, Rows, open_rows
from firsthand.errors import InputError, RecordError
from firsthand.lines import parse_line
from firsthand.records import Entry
from firsthand.store import Outcome, Store

BATCH_ENTRIES = 4_000
BATCH_CHARACTERS = 16 * 2**20
SAMPLE_ROWS = 100
"""Rows that are looked at to tell the format."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to read the files: a format by name or a column map, and what to assume where a line does not say."""

    format: str | None = None
    column_map: Path | None = None
    source: str | None = None
    annotator: str | None = None


@dataclass(slots=True)
class Summary:
    """What became of one file's rows.

    added, replaced, known: preferences (and comparisons to be rated) by what the store made of them. rejected and
    left_out: rows by reason. ignored_columns: columns of the file that its format does not read.
    """

    file: str
    format: str
    rows: int = 0
    added: int = 0
    replaced: int = 0
    known: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    rejected_file: str | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    ignored_columns: list[str] = field(default_factory=list)


def import_file(store: Store, name: str, options: Options, others: Sequence[Path] = ()) -> Summary:
    """Import the file or dataset `name` into `store`; a line that can't be taken never stops it.

    `others`: the files named in the same command, for formats that join files. When this returns, all that the
    summary counts as added is on disk. Raises InputError when the file can't be read at all.
    """
    path = Path(name) if Path(name).is_file() else None
    with _opened(name, path) as opened, Rejects(name) as rejects:
        sample = list(islice(opened.rows, SAMPLE_ROWS))
        form = _format(sample, name, options)
        convert = form.converter(path, others)
        summary = Summary(name, form.name)
        reading = _Reading(form, convert, options, rejects, summary)
        with _progress(name, opened) as bar, _without_collector():
            for batch in _batches(reading.entries(chain(sample, opened.rows))):
                _add(store, batch, rejects, summary)
                bar.update(opened.position() - bar.n)
                gc.collect(0)
        summary.rejected = rejects.reasons
        summary.rejected_file = str(rejects.path) if rejects.count else None
        return summary


def _opened(name: str, path: Path | None) -> AbstractContextManager[Rows]:
    return open_rows(path) if path else nullcontext(dataset_rows(name))


def _format(sample: Sequence[Row], name: str, options: Options) -> Format:
    if options.column_map:
        if options.format not in (None, "table"):
            raise InputError(f"--map describes a table; it does not go with --format {options.format}")
        return table_format(options.column_map)
    if options.format == "table":
        raise InputError("--format table needs a column map: --map FILE.yaml (see configs/column-map.yaml)")
    if options.format:
        return format_named(options.format)
    readable = [row.values for row in sample if not row.problem]
    if not readable and sample:
        raise InputError(f"{name}: no row could be read; line {sample[0].number}: {sample[0].problem}")
    if not readable:
        raise InputError(f"{name} holds no rows: there is nothing to import")
    return detect(readable, name)


def _progress(name: str, opened: Rows) -> "tqdm[Any]":
    return tqdm(
        desc=Path(name).name, total=opened.size, unit="B", unit_scale=True, disable=None, file=sys.stderr, leave=False
    )


@contextmanager
def _without_collector() -> Iterator[None]:
    """Records hold no cycles: looking for cycles at every few hundred new ones took a quarter of an import's time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Reading:
    """Turns the rows of one file into entries, and counts what is rejected, left out and ignored on the way."""

    def __init__(self, form: Format, convert: Convert, options: Options, rejects: Rejects, summary: Summary) -> None:
        self.required, self.columns = form.required, form.required | form.optional
        self.convert, self.rejects, self.summary = convert, rejects, summary
        self.defaults = {
            key: value for key, value in (("source", options.source), ("annotator", options.annotator)) if value
        }

    def entries(self, rows: Iterable[Row]) -> Iterator[tuple[Row, Entry]]:
        for row in rows:
            self.summary.rows += 1
            if row.problem:
                self.rejects.add(row, row.problem)
                continue
            self._see_columns(row)
            yield from self._entries_of(row)

    def _entries_of(self, row: Row) -> Iterator[tuple[Row, Entry]]:
        lines = iter(self._lines(row))
        while True:
            try:
                line = next(lines, None)
                if line is None:
                    return
                if isinstance(line, LeftOut):
                    self.summary.left_out[line.reason] += 1
                else:
                    yield row, parse_line(self._completed(line))
            except RecordError as error:
                self.rejects.add(row, str(error))

    def _lines(self, row: Row) -> Iterable[Line | LeftOut]:
        if not row.values.keys() >= self.required:
            missing = ", ".join(sorted(self.required - row.values.keys()))
            raise RecordError(f"no column {missing}; the row has {', '.join(map(str, row.values)) or 'none'}")
        yield from self.convert(row.values)

    def _completed(self, line: Line) -> Line:
        """`line` with what the options say of lines that do not say it themselves."""
        if self.defaults and line.get("verdict") is not None:
            line.update({key: value for key, value in self.defaults.items() if not line.get(key)})
        return line

    def _see_columns(self, row: Row) -> None:
        if not row.values.keys() <= self.columns:
            ignored = self.summary.ignored_columns
            ignored.extend(name for name in row.values if name not in self.columns and name not in ignored)


def _batches(entries: Iterator[tuple[Row, Entry]]) -> Iterator[list[tuple[Row, Entry]]]:
    """Entries in batches small enough, in number and in characters, to be one transaction."""
    batch: list[tuple[Row, Entry]] = []
    characters = 0
    for row, entry in entries:
        batch.append((row, entry))
        characters += (entry.comparison.a.length or 0) + (entry.comparison.b.length or 0)
        if len(batch) >= BATCH_ENTRIES or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _add(store: Store, batch: list[tuple[Row, Entry]], rejects: Rejects, summary: Summary) -> None:
    outcomes = store.add([entry for _, entry in batch])
    for (row, _), outcome in zip(batch, outcomes, strict=True):
        if isinstance(outcome, RecordError):
            rejects.add(row, str(outcome))
        elif outcome is Outcome.ADDED:
            summary.added += 1
        elif outcome is Outcome.REPLACED:
            summary.replaced += 1
        else:
            summary.known += 1
