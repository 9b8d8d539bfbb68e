"""Comparisons, annotators and preferences: the records that collect, train and evaluate share.

A *comparison* is a prompt and two responses; a *preference* is one *annotator's* verdict on it. Ids are content hashes
that ignore which response stood on which side: every record is kept in one canonical order (the response with
the smaller id is A), and verdicts, probabilities and sides are turned to match.
"""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import orjson

Message: TypeAlias = dict[str, str]
"""One chat turn: {"role": ..., "content": ...}."""
Content: TypeAlias = str | list[Message]
"""A response: a text, or the messages of a longer exchange."""

MAX_STRENGTH = 3


class Verdict(StrEnum):
    """What an annotator said of a comparison."""

    A = "a"
    B = "b"
    TIE = "tie"
    BOTH_BAD = "both_bad"
    SKIP = "skip"

    def swapped(self) -> "Verdict":
        """The same verdict with the two responses exchanged."""
        return Verdict.B if self is Verdict.A else Verdict.A if self is Verdict.B else self


class Source(StrEnum):
    """Whether a person or a model gave the preference."""

    HUMAN = "human"
    SYNTHETIC = "synthetic"


class Side(StrEnum):
    """Which response the annotator saw first; BOTH: asked in both orders, one verdict recorded for the two."""

    A = "a"
    B = "b"
    BOTH = "both"
    UNKNOWN = ""

    def swapped(self) -> "Side":
        """The same side with the two responses exchanged."""
        return Side.B if self is Side.A else Side.A if self is Side.B else self


@dataclass(frozen=True, slots=True)
class Response:
    """One response, who wrote it, and how it came about where that is known: a model's parameters, seed, endpoint.

    content is None where only the id, the author and the length (characters) are known: such a response can be audited,
    not rated or trained on.
    """

    id: str
    content: Content | None
    author: str | None = None
    length: int | None = None
    origin: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A prompt (chat messages) and two responses, in canonical order (a.id < b.id)."""

    id: str
    prompt_id: str
    prompt: list[Message]
    a: Response
    b: Response
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Annotator:
    """A rater (a person, by pseudonymous id) or a judge (a model, a reward model, a panel)."""

    name: str
    source: Source
    model: str | None = None
    family: str | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Preference:
    """One annotator's verdict on one comparison.

    p_a: probability that A is better, 0 to 1. strength: 1 slightly, 2 clearly, 3 much. seconds: active time.
    prompt_sha256 and repeat: a judge's prompt template and how many times it had been asked the same before.
    swap_consistent: whether a judge asked in both orders gave the same answer. gold: a trusted verdict.
    created_at: UTC, ISO 8601 with microseconds, so that texts sort as times do.
    """

    verdict: Verdict
    p_a: float | None = None
    strength: int | None = None
    shown_first: Side = Side.UNKNOWN
    seconds: float | None = None
    rationale: str | None = None
    criteria: dict[str, Any] = field(default_factory=dict)
    prompt_sha256: str = ""
    repeat: int = 0
    swap_consistent: bool | None = None
    gold: bool = False
    created_at: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A comparison, with a preference on it unless it is still to be rated; what an interchange line holds.

    families maps the names of authors to the families that the line states for them.
    """

    comparison: Comparison
    annotator: Annotator | None = None
    preference: Preference | None = None
    families: dict[str, str] = field(default_factory=dict)


def content_id(*parts: str) -> str:
    """A 128-bit content hash (32 hexadecimal digits) of the parts; none may hold a NUL character."""
    return hashlib.blake2b("\x00".join(parts).encode(), digest_size=16).hexdigest()


def dump(value: Any) -> str:
    """Compact JSON with sorted keys: equal values give equal texts."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def as_messages(content: Content) -> list[Message]:
    """A response as messages: a plain text is one turn of the assistant."""
    return [{"role": "assistant", "content": content}] if isinstance(content, str) else content


def written_texts(content: Content) -> list[str]:
    """What the responding side wrote: a text, or its turns of an exchange."""
    if isinstance(content, str):
        return [content]
    return [message["content"] for message in content if message["role"] == "assistant"]


def text_length(content: Content) -> int:
    """Characters of a response; of an exchange, those the responding side wrote."""
    return sum(map(len, written_texts(content)))
