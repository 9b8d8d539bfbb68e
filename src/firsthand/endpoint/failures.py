"""Telling an endpoint's failures apart, and how long it asks us to wait."""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from firsthand.endpoint.reply import CallFailed, FailureKind

RETRIED = frozenset({FailureKind.RATE_LIMIT, FailureKind.TIMEOUT, FailureKind.OUTAGE, FailureKind.UNPARSABLE})
"""What another attempt may cure."""
FILTERED = frozenset({"content_filter", "content_policy_violation", "moderation_blocked"})
NO_CREDIT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
TOO_LONG = ("context length", "context size", "context window", "maximum context", "too many tokens", "too long")


def failure_of(status: int, headers: Mapping[str, str], content: bytes) -> CallFailed:
    """The failure that an answer without success tells of; the names of `headers` in lower case."""
    text = content.decode(errors="replace")
    error = _error(text)
    message = " ".join(str(error.get("message") or text).split())
    return CallFailed(_kind(status, error, text), f"{status}: {message}"[:300], asked_wait=asked_wait(headers))


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that Retry-After asks us to wait; None where it asks nothing."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return max(0.0, milliseconds / 1000)
    value = headers.get("retry-after")
    if value is None or (seconds := _number(value)) is not None:
        return None if value is None or seconds is None else max(0.0, seconds)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _error(text: str) -> dict[str, Any]:
    """What the endpoint says: OpenAI's object with message, type and code, one of its own, or a text."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    if isinstance(said, dict):
        said = said.get("error", said)
    return said if isinstance(said, dict) else {"message": said}


def _kind(status: int, error: Mapping[str, Any], text: str) -> FailureKind:
    words = {str(error.get("code")), str(error.get("type"))}
    if words & FILTERED:
        return FailureKind.REFUSAL
    if words & NO_CREDIT:
        return FailureKind.REJECTED
    if status == 429:
        return FailureKind.RATE_LIMIT
    if status in (408, 504):
        return FailureKind.TIMEOUT
    if status >= 500 or status == 409:
        return FailureKind.OUTAGE
    if status == 413 or words & {"context_length_exceeded", "exceed_context_size_error"}:
        return FailureKind.CONTEXT
    if status in (400, 422) and any(phrase in text.lower() for phrase in TOO_LONG):
        return FailureKind.CONTEXT
    return FailureKind.REJECTED


def _number(value: str | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
