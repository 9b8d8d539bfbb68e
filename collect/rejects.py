"""FILE.rejected.jsonl: every line of a file that was not taken, with its number and the reason."""

import json
import os
import re
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import orjson

from firsthand.collect.rows import Row
from firsthand.records import content_id

MAX_KINDS = 100
_VALUE = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")
MAX_SHOWN = 2**20
"""A line longer than this many characters is cut in the rejected file; it still stands in the imported one."""


class Rejects:
    """Writes and counts the rejected lines of one file; a context manager.

    reasons: how many lines were rejected, by reason; the first of many that differ only in a value stands for them.
    path: where they are written, beside the file, or in the current folder where that is not writable: then with a
    part in the name that tells files of one name in two folders apart. A file left by an earlier import goes away, and
    none is made until a line is rejected.
    """

    def __init__(self, name: str) -> None:
        file = Path(name)
        beside = file.parent / f"{file.name}.rejected.jsonl"
        folder_id = content_id(str(file.parent.resolve()))[:8]
        self.path = beside if _is_writable(file.parent) else Path(f"{file.name}.{folder_id}.rejected.jsonl")
        self.reasons: Counter[str] = Counter()
        self._kinds: dict[str, str] = {}
        self._last: tuple[int, str] | None = None
        self._file: BinaryIO | None = None

    def __enter__(self) -> "Rejects":
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def add(self, row: Row, reason: str) -> None:
        """Record that `row` was not taken; a row that is refused twice for one reason counts once."""
        if self._last == (row.number, reason):
            return
        self._last = (row.number, reason)
        self.reasons[self._kind(reason)] += 1
        if self._file is None:
            self._file = self.path.open("wb")
        self._file.write(
            _encoded({"line": row.number, "reason": reason, "content": _shown(row.values or row.raw)}) + b"\n"
        )

    def _kind(self, reason: str) -> str:
        """The first reason like this one: alike but for the values it shows. Only so many are told apart."""
        kind = _VALUE.sub("", reason)
        if kind not in self._kinds and len(self._kinds) >= MAX_KINDS:
            return "other reasons"
        return self._kinds.setdefault(kind, reason)

    @property
    def count(self) -> int:
        """How many lines were rejected."""
        return self.reasons.total()


def _is_writable(folder: Path) -> bool:
    """Whether files may be made in `folder`; root may everywhere, and still keeps out of what no one may write to."""
    return folder.is_dir() and os.access(folder, os.W_OK) and bool(folder.stat().st_mode & 0o222)


def _shown(raw: Any) -> Any:
    if isinstance(raw, bytes):
        raw = raw.decode("utf-8", errors="backslashreplace").rstrip("\r\n")
    return raw[:MAX_SHOWN] if isinstance(raw, str) else raw


def _encoded(record: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(record, default=str)
    except TypeError:
        # Lone surrogates (a wrong encoding) and what JSON has no word for, escaped.
        return json.dumps(record, default=str).encode()
