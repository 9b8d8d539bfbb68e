"""Exporting the store: native lines, raw votes, TRL pairs, and what Argilla and Label Studio read.

A file is written beside its place and renamed when whole, so an interrupted export leaves no half of one.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import orjson
from tqdm import tqdm

from firsthand.collect.formats.native import JSON_COLUMNS
from firsthand.collect.labelling_tools import argilla_records, label_studio_tasks
from firsthand.collect.writing import KINDS, kind_of, write_rows
from firsthand.errors import InputError
from firsthand.lines import as_line
from firsthand.records import Content, Entry, Message, Verdict
from firsthand.store import VOTE_COLUMNS, Store

Record: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class ExportSummary:
    """What was written: rows, and preferences that the format has no place for, by reason."""

    file: str
    format: str
    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format to export to: the rows it makes of a store, and the kinds of file it can be written as."""

    summary: str
    kinds: tuple[str, ...]
    rows: Callable[[Store, ExportSummary, str], Iterator[Record]]


def export_file(store: Store, path: Path, format_name: str | None = None) -> ExportSummary:
    """Write what `store` holds to `path`; the format is told from the name where it is not given.

    Raises InputError when the format is unknown, or is not written as such a file.
    """
    kind = kind_of(path)
    name = format_name or _default_format(path, kind)
    if name not in EXPORTS:
        raise InputError(f"unknown format {name!r}; known: {', '.join(EXPORTS)}")
    export = EXPORTS[name]
    if kind not in export.kinds:
        raise InputError(f"{path}: {name} is written as {' or '.join(export.kinds)}; name the file so")
    if not path.absolute().parent.is_dir():
        raise InputError(f"can't write {path}: the folder {path.parent} does not exist")
    summary = ExportSummary(str(path), name)
    summary.rows = write_rows(path, kind, export.rows(store, summary, kind), PARQUET_COLUMNS.get(name, {}))
    return summary


def _default_format(path: Path, kind: str | None) -> str:
    if kind in (".jsonl", ".jsonl.gz", ".parquet"):
        return "native"
    if kind in (".csv", ".csv.gz"):
        return "votes"
    known = ", ".join(EXPORTS)
    raise InputError(f"{path}: can't tell the format from this name ({', '.join(KINDS)}); give --format: {known}")


def _bar(summary: ExportSummary, total: int, unit: str) -> "tqdm[Any]":
    name = Path(summary.file).name
    return tqdm(desc=name, total=total, unit=unit, unit_scale=True, disable=None, file=sys.stderr, leave=False)


def _entries(store: Store, summary: ExportSummary) -> Iterator[Entry]:
    """What the store holds, by comparison, with a progress bar."""
    last = None
    with _bar(summary, store.counts().comparisons, " comparisons") as bar:
        for entry in store.entries():
            if entry.comparison.id != last:
                last = entry.comparison.id
                bar.update()
            yield entry


def _native(store: Store, summary: ExportSummary, kind: str) -> Iterator[Record]:
    for entry in _entries(store, summary):
        line = as_line(entry)
        yield _flat(line) if kind == ".parquet" else line


def _flat(line: Record) -> Record:
    """A native line with one type for each column, as Parquet needs it; the native reader undoes this."""
    for side in ("response_a", "response_b"):
        if isinstance(line.get(side), list):
            line[f"{side}_messages"] = line.pop(side)
    for name in JSON_COLUMNS:
        if name in line:
            line[name] = orjson.dumps(line[name]).decode()
    return line


def _votes(store: Store, summary: ExportSummary, _kind: str) -> Iterator[Record]:
    counts = store.counts()
    with _bar(summary, counts.human + counts.synthetic, " votes") as bar:
        for frame in store.vote_frames():
            table = frame.astype(object).where(frame.notna(), None)
            for row in table.to_dict(orient="records"):
                yield {str(name): value for name, value in row.items()}
                bar.update()


def _trl(store: Store, summary: ExportSummary, _kind: str) -> Iterator[Record]:
    for entry in _entries(store, summary):
        reason = _why_no_pair(entry)
        if reason:
            summary.left_out[reason] += 1
        else:
            yield _pair(entry)


def _why_no_pair(entry: Entry) -> str | None:
    if entry.preference is None:
        return "no verdict yet"
    if entry.preference.verdict not in (Verdict.A, Verdict.B):
        return f"verdict {entry.preference.verdict.value}: no response is the chosen one"
    if entry.comparison.a.content is None or entry.comparison.b.content is None:
        return "the texts of the responses are not known"
    return None


def _pair(entry: Entry) -> Record:
    comparison, preference, annotator = entry.comparison, entry.preference, entry.annotator
    chosen, rejected = comparison.a, comparison.b
    if preference and preference.verdict is Verdict.B:
        chosen, rejected = rejected, chosen
    return {
        "prompt": comparison.prompt,
        "chosen": _messages(chosen.content),
        "rejected": _messages(rejected.content),
        "comparison_id": comparison.id,
        "prompt_id": comparison.prompt_id,
        "source": annotator.source.value if annotator else None,
        "annotator": annotator.name if annotator else None,
        "simulated": annotator.simulated if annotator else None,
        "author_chosen": chosen.author,
        "author_rejected": rejected.author,
    }


def _messages(content: Content | None) -> list[Message]:
    return [{"role": "assistant", "content": content}] if isinstance(content, str) else content or []


def _argilla(store: Store, summary: ExportSummary, _kind: str) -> Iterator[Record]:
    yield from argilla_records(_entries(store, summary), summary.left_out)


def _label_studio(store: Store, summary: ExportSummary, _kind: str) -> Iterator[Record]:
    yield from label_studio_tasks(_entries(store, summary), summary.left_out)


EXPORTS: dict[str, ExportFormat] = {
    "native": ExportFormat("all there is, to be imported again", (".jsonl", ".jsonl.gz", ".parquet"), _native),
    "votes": ExportFormat("one row a vote, without the texts", (".csv", ".csv.gz", ".parquet"), _votes),
    "trl": ExportFormat("TRL's preference format", (".parquet", ".jsonl", ".jsonl.gz"), _trl),
    "argilla": ExportFormat("records for Argilla 2", (".json",), _argilla),
    "label-studio": ExportFormat("tasks for Label Studio's Pairwise tag", (".json",), _label_studio),
}

VOTE_TYPES = {
    **dict.fromkeys(("simulated", "swap_consistent", "gold", "has_text"), "flag"),
    **dict.fromkeys(("p_a", "strength", "seconds", "length_a", "length_b"), "number"),
    "repeat": "integer",
}
"""The columns of votes that are not texts."""

PARQUET_COLUMNS: dict[str, dict[str, str]] = {
    "native": {
        "prompt": "messages",
        **dict.fromkeys(("response_a", "response_b"), "text"),
        **dict.fromkeys(("response_a_messages", "response_b_messages"), "messages"),
        **dict.fromkeys(("response_a_id", "response_b_id"), "text"),
        **dict.fromkeys(("length_a", "length_b"), "integer"),
        **dict.fromkeys(("author_a", "author_b", "family_a", "family_b", *JSON_COLUMNS), "text"),
        **dict.fromkeys(("annotator", "source", "verdict", "shown_first", "rationale", "created_at"), "text"),
        **dict.fromkeys(("simulated", "gold"), "flag"),
        "strength": "integer",
        **dict.fromkeys(("p_a", "seconds"), "number"),
    },
    "votes": {name: VOTE_TYPES.get(name, "text") for name in VOTE_COLUMNS},
    "trl": {
        **dict.fromkeys(("prompt", "chosen", "rejected"), "messages"),
        **dict.fromkeys(("comparison_id", "prompt_id", "source", "annotator"), "text"),
        "simulated": "flag",
        **dict.fromkeys(("author_chosen", "author_rejected"), "text"),
    },
}
"""The columns of each format that can be Parquet, with their types (collect/writing.py)."""
