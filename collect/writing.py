"""Writing rows to a file: JSON lines, a JSON array, CSV or Parquet; whole under its name, or not there at all."""

import csv
import gzip
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

KINDS = (".jsonl", ".jsonl.gz", ".parquet", ".csv", ".csv.gz", ".json")
BATCH_ROWS = 2_000


def kind_of(path: Path) -> str | None:
    """The end of the name that tells how the file is written; None where it tells nothing."""
    return next((kind for kind in KINDS if path.name.lower().endswith(kind)), None)


def write_rows(path: Path, kind: str, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> int:
    """Write `rows` to `path` as `kind`, one of KINDS; returns how many they were.

    `columns` (name -> text, messages, number, integer or flag) are the columns of CSV and Parquet.
    """
    counted = _Counted(rows)
    with whole_file(path) as file:
        if kind == ".parquet":
            _write_parquet(file, counted, columns)
        elif kind.startswith(".csv"):
            with _maybe_gzip(file, kind) as out:
                _write_csv(out, counted, columns)
        elif kind.startswith(".jsonl"):
            with _maybe_gzip(file, kind) as out:
                out.writelines(orjson.dumps(row) + b"\n" for row in counted)
        else:
            _write_array(file, counted)
    return counted.count


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when it is complete and on disk; an error leaves what stood there before."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class _Counted:
    """Counts rows as they pass."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._rows, self.count = rows, 0

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for row in self._rows:
            self.count += 1
            yield row


@contextmanager
def _maybe_gzip(file: BinaryIO, kind: str) -> Iterator[Any]:
    """`file`, or a gzip stream into it: without name and time, so that equal content gives equal bytes."""
    if not kind.endswith(".gz"):
        yield file
        return
    with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as out:
        yield out


def _write_csv(out: Any, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    text = io.TextIOWrapper(out, "utf-8", newline="")
    writer = csv.DictWriter(text, list(columns))
    writer.writeheader()
    writer.writerows(rows)
    text.detach()


def _write_array(file: BinaryIO, rows: Iterable[Mapping[str, Any]]) -> None:
    before = b"[\n"
    for row in rows:
        file.write(before + orjson.dumps(row))
        before = b",\n"
    file.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def _write_parquet(file: BinaryIO, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    import pyarrow
    import pyarrow.parquet

    message = pyarrow.struct([("role", pyarrow.string()), ("content", pyarrow.string())])
    types = {
        "text": pyarrow.string(),
        "messages": pyarrow.list_(message),
        "number": pyarrow.float64(),
        "integer": pyarrow.int64(),
        "flag": pyarrow.bool_(),
    }
    schema = pyarrow.schema([(name, types[kind]) for name, kind in columns.items()])
    remaining = iter(rows)
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := list(islice(remaining, BATCH_ROWS)):
            writer.write_table(pyarrow.Table.from_pylist(batch, schema=schema))
