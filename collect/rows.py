"""Rows of a file, read one at a time: JSONL, a JSON array, CSV, TSV or Parquet, also inside .gz and .zip.

What a file is, is told from its first bytes; only CSV and TSV are told from the name.
"""

import csv
import gzip
import io
import json
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias, cast

import orjson

from firsthand.errors import InputError

MAX_LINE = 64 * 2**20
"""Bytes of the longest line or JSON item that is read whole."""
CHUNK = 2**16
PARQUET_ROWS = 500
TABLES = (".csv", ".tsv")
UNREADABLE = "the file can't be read from here on"
_DAMAGE = (EOFError, OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, csv.Error, RecursionError)
NO_VALUES: Mapping[str, Any] = MappingProxyType({})
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Row(NamedTuple):
    """One row: its values, or the `problem` that kept it from being read.

    number: the line it starts on in JSONL, CSV and TSV, its place in other files, from 1. raw: what the file holds
    where that gave no values.
    """

    number: int
    values: Mapping[str, Any] = NO_VALUES
    problem: str = ""
    raw: Any = None


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one file, with how far reading has come: `position()` of `size`, for a progress bar.

    are_cells: whether every value is a text, as in CSV and TSV.
    """

    rows: Iterator[Row]
    size: int | None = None
    position: Callable[[], int] = int
    are_cells: bool = False


Content: TypeAlias = io.BufferedReader | gzip.GzipFile | zipfile.ZipExtFile
RowReader: TypeAlias = Callable[[Any], Iterator[Row]]


@contextmanager
def open_rows(path: Path) -> Iterator[Rows]:
    """Open `path`; raises InputError when it is empty, or neither JSON, CSV, TSV nor Parquet."""
    with ExitStack() as stack:
        opened: io.BufferedReader = io.BufferedReader(io.FileIO(path), CHUNK)
        raw = stack.enter_context(opened)
        size = path.stat().st_size
        if size == 0:
            raise InputError(f"{path} is empty: there is nothing to import")
        content, name = _unpacked(path, raw, stack)
        read = _reader(path, name, content)
        rows = stack.enter_context(closing(_until_damaged(read(content))))
        yield Rows(rows, size, lambda: size if raw.closed else raw.tell(), name.endswith(TABLES))


def _unpacked(path: Path, raw: io.BufferedReader, stack: ExitStack) -> tuple[Content, str]:
    """The content of `path` and the name that tells its kind, taken out of a .gz or .zip."""
    magic = raw.peek(4)[:4]
    if magic[:2] == b"\x1f\x8b":
        return stack.enter_context(gzip.GzipFile(fileobj=raw)), path.name.lower().removesuffix(".gz")
    if magic != b"PK\x03\x04":
        return raw, path.name.lower()
    try:
        archive = stack.enter_context(zipfile.ZipFile(raw))
        names = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
        if len(names) != 1:
            raise InputError(f"{path} holds {len(names)} files ({', '.join(names[:5])}); expected a zip of one file")
        member = cast(zipfile.ZipExtFile, archive.open(names[0]))
    except (*_DAMAGE, RuntimeError) as error:  # zipfile's RuntimeErrors: an encrypted file, an unknown compression
        advice = "; unpack it first" if isinstance(error, RuntimeError) else ""
        raise InputError(f"can't read {path}: {error}{advice}") from error
    return stack.enter_context(member), names[0].lower()


def _reader(path: Path, name: str, content: Content) -> RowReader:
    try:
        start = content.peek(CHUNK)[:CHUNK]
    except _DAMAGE as error:
        raise InputError(f"can't read {path}: {error}") from error
    if start.startswith(b"PAR1"):
        if not isinstance(content, io.BufferedReader):
            raise InputError(f"{path} holds a Parquet file; unpack it first, Parquet is read from its end")
        return partial(_parquet_rows, path)
    if start.startswith(_UTF16):
        raise InputError(f"{path} is in UTF-16; save it as UTF-8")
    if name.endswith(TABLES):
        return partial(_csv_rows, path, "," if name.endswith(".csv") else "\t")
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"["):
        return _array_rows
    if text.startswith(b"{") or name.endswith((".jsonl", ".ndjson", ".json")):
        return _jsonl_rows
    raise InputError(f"{path} is neither JSON, Parquet, .csv nor .tsv; its first bytes are {bytes(start[:16])!r}")


def _until_damaged(rows: Iterator[Row]) -> Generator[Row]:
    """`rows`, and where the file breaks off, one last row that says so."""
    number = 0
    try:
        for row in rows:
            number = row.number
            yield row
    except _DAMAGE as error:
        yield Row(number + 1, problem=f"{UNREADABLE}: {error}")


def _jsonl_rows(content: Content) -> Iterator[Row]:
    number = 0
    while line := content.readline(MAX_LINE):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) >= MAX_LINE and not line.endswith(b"\n"):
            _skip_line(content)
            yield Row(number, problem=f"the line is longer than {MAX_LINE:,} bytes", raw=line[:CHUNK])
        elif not line.isspace():
            yield _json_row(number, line)


def _skip_line(content: Content) -> None:
    while (rest := content.readline(MAX_LINE)) and not rest.endswith(b"\n"):
        pass


def _json_row(number: int, line: bytes) -> Row:
    try:
        values = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Row(number, problem=_json_problem(line, error), raw=line)
    return _object_row(number, values)


def _object_row(number: int, values: Any) -> Row:
    if isinstance(values, dict):
        return Row(number, values)
    return Row(number, problem=f"a JSON {type(values).__name__}; expected an object with named columns", raw=values)


def _json_problem(line: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return f"not valid UTF-8 ({wrong.reason} at byte {wrong.start}); save the file as UTF-8"
    try:
        json.loads(line, parse_constant=_refuse_constant)
    except _NotANumberError as constant:
        return _unknown_constant(str(constant))
    except (ValueError, RecursionError):
        pass
    return f"not valid JSON: {error.msg} at character {error.pos}"


def _unknown_constant(name: str) -> str:
    return f"holds {name}, which JSON does not know; leave the value out"


class _NotANumberError(Exception):
    pass


def _refuse_constant(name: str) -> None:
    raise _NotANumberError(name)


def _array_rows(content: Content) -> Iterator[Row]:
    """The items of a JSON array, holding a few of them at a time."""
    with _text(content) as reader:
        yield from _items(reader)


def _items(reader: io.TextIOWrapper) -> Iterator[Row]:
    constants: list[str] = []
    decoder = json.JSONDecoder(parse_constant=constants.append)
    text, at, number = reader.read(CHUNK), 0, 0
    at = text.index("[") + 1
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            yield from _after_array(reader, text[at + 1 :], number + 1)
            return
        constants.clear()
        try:
            item, end = decoder.raw_decode(text, at)
        except ValueError as error:
            more = reader.read(max(CHUNK, len(text))) if len(text) - at < MAX_LINE else ""
            if not more:
                reason = getattr(error, "msg", error)
                yield Row(number + 1, problem=f"not valid JSON from here on: {reason}", raw=text[at : at + CHUNK])
                return
            text, at = text[at:] + more, 0
        else:
            number += 1
            if constants:
                yield Row(number, problem=_unknown_constant(constants[0]), raw=text[at:end])
            else:
                yield _object_row(number, item)
            at = end


def _after_array(reader: io.TextIOWrapper, rest: str, number: int) -> Iterator[Row]:
    """One row with a problem where more than white space follows the array."""
    rest = rest.strip()
    while not rest and (more := reader.read(CHUNK)):
        rest = more.strip()
    if rest:
        problem = "the array ends here and more follows, which is not read; expected one array, or an object a line"
        yield Row(number, problem=problem, raw=rest[:CHUNK])


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in ", \t\r\n":
        at += 1
    return at


def _csv_rows(path: Path, delimiter: str, content: Content) -> Iterator[Row]:
    with _text(content) as text:
        yield from _records(path, text, delimiter)


def _records(path: Path, text: io.TextIOWrapper, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_LINE)
    reader = csv.reader(text, delimiter=delimiter)
    header = next(reader, [])
    _check_columns(path, header)
    line = reader.line_num
    for cells in reader:
        start, line = line + 1, reader.line_num
        if len(cells) != len(header):
            if cells:
                yield Row(start, problem=f"{len(cells)} cells under {len(header)} column names", raw=cells)
            continue
        values = dict(zip(header, cells, strict=True))
        yield Row(start, values)


@contextmanager
def _text(content: Content) -> Iterator[io.TextIOWrapper]:
    """`content` as text; bytes that are not UTF-8 come through as lone surrogates, so that their row is refused."""
    text = io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield text
    finally:
        text.detach()


def _check_columns(path: Path, names: Sequence[str]) -> None:
    """Raise InputError where a column could not be told by its name; nameless ones are never read."""
    try:
        "".join(names).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{path}: the column names are not valid UTF-8; save the file as UTF-8") from error
    repeated = [name for name, count in Counter(names).items() if name and count > 1]
    if repeated:
        raise InputError(f"{path} has several columns called {', '.join(repeated)}; give each a name of its own")


def _parquet_rows(path: Path, content: io.BufferedReader) -> Iterator[Row]:
    import pyarrow.lib
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(content)
    except (pyarrow.lib.ArrowException, OSError) as error:
        raise InputError(f"can't read {path} as Parquet: {error}") from error
    _check_columns(path, file.schema_arrow.names)
    number = 0
    try:
        for batch in file.iter_batches(batch_size=PARQUET_ROWS):
            yield from _batch_rows(batch, number)
            number += batch.num_rows
    except pyarrow.lib.ArrowException as error:
        yield Row(number + 1, problem=f"{UNREADABLE}: {error}")


def _batch_rows(batch: Any, before: int) -> list[Row]:
    try:
        rows = [Row(number, values) for number, values in enumerate(batch.to_pylist(), before + 1)]
    except (ValueError, OverflowError):  # a text that is not UTF-8, a time that Python does not know
        rows = [_only_row(batch.slice(at, 1), before + at + 1) for at in range(batch.num_rows)]
    return rows


def _only_row(batch: Any, number: int) -> Row:
    try:
        return Row(number, *batch.to_pylist())
    except (ValueError, OverflowError) as error:
        return Row(number, problem=f"holds a value that can't be read: {error}")
