"""The native format: one preference a line with its comparison inside, as firsthand.records defines it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from firsthand.collect.formats.form import Format, Line, alone
from firsthand.errors import RecordError
from firsthand.lines import LINE_KEYS

MESSAGE_COLUMNS = ("response_a_messages", "response_b_messages")
"""In Parquet, where a column has one type, a response that is an exchange stands in a column of its own."""
JSON_COLUMNS = ("tags", "criteria", "judge", "origin_a", "origin_b")
"""In Parquet these are JSON texts."""


def _matches(row: Mapping[str, Any]) -> bool:
    sides = all(f"response_{side}" in row or f"response_{side}_id" in row for side in "ab")
    return sides and "prompt" in row and not any(name.startswith("winner") for name in row)


def _convert(row: Mapping[str, Any]) -> Iterable[Line]:
    line = dict(row)
    for name in MESSAGE_COLUMNS:
        messages = line.pop(name, None)
        if messages is not None:
            line[name.removesuffix("_messages")] = messages
    for name in JSON_COLUMNS:
        if isinstance(line.get(name), str):
            line[name] = _json(name, line[name])
    if isinstance(line.get("created_at"), datetime):
        line["created_at"] = line["created_at"].isoformat()
    return (line,)


def _json(name: str, text: str) -> Any:
    try:
        return orjson.loads(text or "null")
    except orjson.JSONDecodeError as error:
        raise RecordError(f"{name} is {text[:80]!r}; expected a JSON object") from error


FORMAT = Format(
    name="native",
    summary="prompt, response_a, response_b, verdict, … (docs/formats.md)",
    matches=_matches,
    required=frozenset({"prompt"}),
    optional=LINE_KEYS | frozenset(MESSAGE_COLUMNS),
    converter=alone(_convert),
)
