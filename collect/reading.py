"""Reading a file into batches of checked entries, in the same way in this process and in one beside it."""

import gc
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from firsthand.collect.formats import detect, format_named
from firsthand.collect.formats.cells import of_cells
from firsthand.collect.formats.form import Format, LeftOut, Line
from firsthand.collect.hub import dataset_rows
from firsthand.collect.rejects import Rejects
from firsthand.collect.rows import Row, Rows, open_rows
from firsthand.collector import without_collector
from firsthand.errors import InputError, RecordError
from firsthand.flat import FlatEntry, text_characters
from firsthand.lines import parse_flat

COLLECT_EVERY = 64_000
"""Rows after which the garbage collector looks at what they left; it goes through all that is still held."""
SAMPLE_ROWS = 100
"""Rows that are looked at to tell the format."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to read the files: a format by name or a column map, and what to assume where a line does not say."""

    format: str | None = None
    column_map: Path | None = None
    source: str | None = None
    annotator: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What to read: a file or dataset, how, the other files of the same command, and how much goes into a batch."""

    name: str
    options: Options
    others: Sequence[Path]
    batch_entries: int
    batch_characters: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries to be stored together, and how far in the file reading has come (bytes)."""

    entries: list[FlatEntry]
    position: int


@dataclass(slots=True)
class Summary:
    """What became of one file's rows.

    added, replaced, known: preferences (and comparisons to be rated) by what the store made of them. rejected and
    left_out: rows by reason. ignored_columns: columns of the file that its format does not read. missing_columns: those
    that a column map names for tags and no row has. problem: why the file could not be read at all.
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
    missing_columns: list[str] = field(default_factory=list)
    problem: str | None = None


class Reading(AbstractContextManager["Reading"]):
    """Turns the rows of one file into batches of entries, and keeps what is rejected, left out and ignored.

    What the store made of each batch is to be told to `settle`, the oldest batch first: until then its rows are held.
    Raises InputError where the file can't be read at all.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        options = job.options
        self.defaults = {
            key: value for key, value in (("source", options.source), ("annotator", options.annotator)) if value
        }
        self.unsettled: deque[list[Row]] = deque()

    def __enter__(self) -> "Reading":
        name = self.job.name
        path = Path(name) if Path(name).is_file() else None
        with ExitStack() as stack:
            self.opened = stack.enter_context(_opened(name, path))
            self.rejects = stack.enter_context(Rejects(name))
            sample = list(islice(self.opened.rows, SAMPLE_ROWS))
            form = named_format(self.job.options) or _detected(sample, name)
            self.required, self.columns = form.required, form.required | form.optional
            convert = form.converter(path, self.job.others)
            self.convert = of_cells(convert) if self.opened.are_cells else convert
            self.unseen = form.expected
            self.rows = chain(sample, self.opened.rows)
            self.summary = Summary(name, form.name)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self.stack.close()

    def batches(self) -> Iterator[Batch]:
        """The entries in batches, limited in number and in characters."""
        rows: list[Row] = []
        entries: list[FlatEntry] = []
        characters = uncollected = 0
        with without_collector():
            for row, entry in self._entries():
                rows.append(row)
                entries.append(entry)
                characters += text_characters(entry)
                if len(entries) >= self.job.batch_entries or characters >= self.job.batch_characters:
                    self.unsettled.append(rows)
                    yield Batch(entries, self.opened.position())
                    uncollected += len(entries)
                    rows, entries, characters = [], [], 0
                    if uncollected >= COLLECT_EVERY:
                        gc.collect(0)
                        uncollected = 0
            if entries:
                self.unsettled.append(rows)
                yield Batch(entries, self.opened.position())

    def settle(self, refused: dict[int, str]) -> None:
        """Let go of the oldest batch; refused: why the store did not take some of its entries, by their place."""
        rows = self.unsettled.popleft()
        for place, reason in refused.items():
            self.rejects.add(rows[place], reason)

    def finished(self) -> Summary:
        """The summary, when all is read and settled, but for what the store made of the entries."""
        self.summary.rejected = self.rejects.reasons
        self.summary.missing_columns = sorted(self.unseen)
        self.summary.rejected_file = str(self.rejects.path) if self.rejects.count else None
        return self.summary

    def _entries(self) -> Iterator[tuple[Row, FlatEntry]]:
        for row in self.rows:
            self.summary.rows += 1
            if row.problem:
                self.rejects.add(row, row.problem)
                continue
            self._see_columns(row)
            try:
                for line in self._lines(row):
                    if isinstance(line, LeftOut):
                        self.summary.left_out[line.reason] += 1
                    elif entry := self._entry(row, line):
                        yield row, entry
            except RecordError as error:
                self.rejects.add(row, str(error))

    def _entry(self, row: Row, line: Line) -> FlatEntry | None:
        try:
            return parse_flat(self._completed(line) if self.defaults else line)
        except RecordError as error:
            self.rejects.add(row, str(error))
            return None

    def _lines(self, row: Row) -> Iterable[Line | LeftOut]:
        if not row.values.keys() >= self.required:
            missing = ", ".join(sorted(self.required - row.values.keys()))
            raise RecordError(f"no column {missing}; the row has {', '.join(map(str, row.values)) or 'none'}")
        return self.convert(row.values)

    def _completed(self, line: Line) -> Line:
        """`line` with what the options say of lines that do not say it themselves."""
        if line.get("verdict") is not None:
            line.update({key: value for key, value in self.defaults.items() if not line.get(key)})
        return line

    def _see_columns(self, row: Row) -> None:
        if not row.values.keys() <= self.columns:
            ignored = self.summary.ignored_columns
            ignored.extend(name for name in row.values if name not in self.columns and name not in ignored)
        if self.unseen:
            self.unseen = self.unseen.difference(row.values)


def _opened(name: str, path: Path | None) -> AbstractContextManager[Rows]:
    return open_rows(path) if path else nullcontext(dataset_rows(name))


def named_format(options: Options) -> Format | None:
    """The format that the options name or describe; raises InputError where they can't be followed."""
    if options.column_map:
        if options.format not in (None, "table"):
            raise InputError(f"--map describes a table; it does not go with --format {options.format}")
        from firsthand.collect.formats.table import table_format

        return table_format(options.column_map)
    if options.format == "table":
        raise InputError("--format table needs a column map: --map FILE.yaml (see configs/column-map.yaml)")
    return format_named(options.format) if options.format else None


def _detected(sample: Sequence[Row], name: str) -> Format:
    readable = [row.values for row in sample if not row.problem]
    if not readable and sample:
        raise InputError(f"{name}: no row could be read; line {sample[0].number}: {sample[0].problem}")
    if not readable:
        raise InputError(f"{name} holds no rows: there is nothing to import")
    return detect(readable, name)
