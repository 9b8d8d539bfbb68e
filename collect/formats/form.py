"""What an interchange format is: how it is recognised, and how its rows become native lines."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Line: TypeAlias = dict[str, Any]
"""A native interchange line, to be checked by firsthand.records.parse_line."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is sound but not a preference; counted apart from the rejected ones."""

    reason: str


Convert: TypeAlias = Callable[[Mapping[str, Any]], Iterable[Line | LeftOut]]
"""The native lines of one row. Raises RecordError for a row it can't read; words that it does not know it passes
on, so that one validator refuses them all."""


@dataclass(frozen=True, slots=True)
class Format:
    """An interchange format.

    matches: whether a row (its columns and values) is in this format; at most one format may match.
    required: columns that every row must have. optional: others that the format reads; the rest is reported as ignored.
    convert: the lines of one row. prepare: makes `convert` for a file that needs others beside it (the file, if it is
    one, and the files named in the same command).
    """

    name: str
    summary: str
    matches: Callable[[Mapping[str, Any]], bool]
    required: frozenset[str]
    optional: frozenset[str]
    convert: Convert | None = None
    prepare: Callable[[Path | None, Sequence[Path]], Convert] | None = None

    def converter(self, path: Path | None, others: Sequence[Path]) -> Convert:
        """The function that turns a row of `path` into lines."""
        if self.prepare:
            return self.prepare(path, others)
        assert self.convert is not None
        return self.convert
