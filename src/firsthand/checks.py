"""Checks of values from outside: each returns the value as it is kept, or raises RecordError with what it was."""

import math
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import orjson

from firsthand.errors import RecordError

SECONDS = "2026-11-22T10:00:00Z"
"""The form in which times mostly come."""
NUMBERS = (int, float)


def text(name: str, value: Any) -> str:
    """A text that is valid Unicode without NUL."""
    if not isinstance(value, str):
        raise RecordError(f"{name} is {shown(value)}; expected a text")
    if "\x00" in value:
        raise RecordError(f"{name} holds a NUL character; the text was probably read in the wrong encoding")
    if not value.isascii():
        _refuse_lone_surrogates(name, value)
    return value


def optional_text(name: str, value: Any) -> str | None:
    """A text, or None."""
    return None if value is None else text(name, value)


def word(name: str, value: Any, words: Collection[str]) -> str:
    """One of `words`."""
    if not isinstance(value, str) or value not in words:
        raise RecordError(f"{name} is {shown(value)}; expected one of {', '.join(one for one in words if one)}")
    return value


def number(name: str, value: Any, low: float = 0.0, high: float = math.inf) -> float:
    """A finite number from `low` to `high`."""
    is_number = isinstance(value, NUMBERS) and not isinstance(value, bool)
    try:
        sound = is_number and math.isfinite(value) and low <= value <= high
    except OverflowError:  # a whole number beyond every float
        sound = False
    if not sound:
        limits = f" from {low:g} to {high:g}" if high < math.inf else f" of at least {low:g}" if low > -math.inf else ""
        raise RecordError(f"{name} is {shown(value)}; expected a number{limits}")
    return float(value)


def whole(name: str, value: Any, low: int, high: int) -> int:
    """A whole number from `low` to `high`."""
    checked = number(name, value, low, high)
    if not checked.is_integer():
        raise RecordError(f"{name} is {shown(value)}; expected a whole number from {low} to {high}")
    return int(checked)


def flag(name: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise RecordError(f"{name} is {shown(value)}; expected true or false")
    return value


def moment(name: str, value: Any) -> str:
    """A time, as UTC in ISO 8601 with microseconds, so that texts sort as times do."""
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise RecordError(f"{name} is {shown(value)}; expected a time such as {SECONDS}") from None
    if len(value) == len(SECONDS) and value[10] == "T" and value[19] == "Z":
        return f"{value[:19]}.000000Z"
    if time.tzinfo is not None and time.tzinfo is not UTC:
        try:
            time = time.astimezone(UTC)
        except OverflowError:
            raise RecordError(f"{name} is {shown(value)}; as UTC it is outside the years 1 to 9999") from None
    return time.isoformat(timespec="microseconds")[:26] + "Z"


def mapping(name: str, value: Any) -> dict[str, Any]:
    """An object with texts as names; absent values are left out."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RecordError(f"{name} is {shown(value)}; expected names and values")
    kept = {key: item for key, item in value.items() if item is not None}
    for key in kept:
        if not isinstance(key, str):
            raise RecordError(f"{name} is {shown(value)}; expected names that are texts")
    return kept


def shown(value: Any) -> str:
    """A short picture of a received value, as JSON writes it, for an error message."""
    if value is None:
        return "missing"
    try:
        picture = orjson.dumps(value).decode()
    except TypeError:
        picture = repr(value)
    if isinstance(value, float) and math.isnan(value):
        picture = "NaN"
    return picture if len(picture) <= 80 else picture[:77] + "..."


def _refuse_lone_surrogates(name: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise RecordError(
            f"{name} holds a lone surrogate at character {error.start}; it is not valid Unicode, save the file as UTF-8"
        ) from None
