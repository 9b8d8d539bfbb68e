"""What an interchange format is: how it is recognised, and how its rows become native lines."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Line: TypeAlias = dict[str, Any]
"""A native interchange line, to be checked by firsthand.lines.parse_line."""


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
    expected: those of them that are reported where no row has them.
    converter: makes the function that turns a row into lines, for the file that holds the row (None: a dataset) and the
    other files named in the same command.
    """

    name: str
    summary: str
    matches: Callable[[Mapping[str, Any]], bool]
    required: frozenset[str]
    optional: frozenset[str]
    converter: Callable[[Path | None, Sequence[Path]], Convert]
    expected: frozenset[str] = frozenset()


def alone(convert: Convert) -> Callable[[Path | None, Sequence[Path]], Convert]:
    """The `converter` of a format whose rows need no other file."""
    return lambda _path, _others: convert


def shared_start(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many items (characters of texts, messages of exchanges) the two start with in common."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def shared_turns(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many messages of two exchanges are their prompt: those they start with in common.

    A response starts with an assistant's turn, so an answer that both share at the end stays out of the prompt.
    """
    shared = shared_start(one, other)
    while shared and isinstance(one[shared - 1], Mapping) and one[shared - 1].get("role") == "assistant":
        shared -= 1
    return shared
