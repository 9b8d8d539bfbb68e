"""Telling failures of the OpenAI client apart, and how long an endpoint asks us to wait."""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import openai

from firsthand.endpoint.reply import CallFailed, FailureKind

RETRIED = frozenset({FailureKind.RATE_LIMIT, FailureKind.TIMEOUT, FailureKind.OUTAGE, FailureKind.UNPARSABLE})
"""What another attempt may cure."""
FILTERED = frozenset({"content_filter", "content_policy_violation", "moderation_blocked"})
NO_CREDIT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
TOO_LONG = ("context length", "context size", "context window", "maximum context", "too many tokens", "too long")


def failure_of(error: openai.OpenAIError) -> CallFailed:
    """`error` as one of our kinds."""
    refused = _refused(error)
    if refused is not None:
        return CallFailed(FailureKind.OUTAGE, f"no connection: {refused}")
    if isinstance(error, openai.APITimeoutError):
        return CallFailed(FailureKind.TIMEOUT, "the endpoint did not answer in time")
    if isinstance(error, openai.APIStatusError):
        return CallFailed(_kind(error), _said(error))
    cause = error.__cause__
    return CallFailed(FailureKind.OUTAGE, f"no connection: {cause or error}")


def asked_wait(error: BaseException | None) -> float | None:
    """The seconds that the endpoint's Retry-After asks us to wait; None where it asks nothing."""
    if not isinstance(error, openai.APIStatusError):
        return None
    headers: Mapping[str, str] = error.response.headers
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return max(0.0, milliseconds / 1000)
    value = headers.get("retry-after")
    if value is None or (seconds := _number(value)) is not None:
        return None if value is None or seconds is None else max(0.0, seconds)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _refused(error: BaseException) -> OSError | None:
    """Why there was no connection; aiohttp's transport calls that a timeout, whether or not it took long."""
    cause = error.__cause__
    while cause is not None:
        if isinstance(cause, OSError) and not isinstance(cause, TimeoutError):
            return cause
        cause = cause.__cause__
    return None


def _kind(error: openai.APIStatusError) -> FailureKind:
    status, words = error.status_code, {str(error.code), str(error.type)}
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
    if status in (400, 422) and any(phrase in error.message.lower() for phrase in TOO_LONG):
        return FailureKind.CONTEXT
    return FailureKind.REJECTED


def _said(error: openai.APIStatusError) -> str:
    """The endpoint's own words, on one line of at most 300 characters."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return f"{error.status_code}: {' '.join(str(message or error.message).split())}"[:300]


def _number(value: str | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
