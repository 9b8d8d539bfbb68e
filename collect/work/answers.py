"""A rater's answer, and what became of it."""

from dataclasses import dataclass, field
from enum import StrEnum

from firsthand import checks
from firsthand.errors import RecordError
from firsthand.records import MAX_STRENGTH, Side, Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rater said, in terms of what they saw: A is the response shown first, also in each of the criteria.

    strength: 1 slightly, 2 clearly, 3 much; only with A or B. seconds: active time. skip_reason: only with SKIP.
    flag: why the item should be looked at, or None.
    """

    verdict: Verdict
    strength: int | None = None
    criteria: dict[str, Verdict] = field(default_factory=dict)
    rationale: str | None = None
    seconds: float | None = None
    skip_reason: str | None = None
    flag: str | None = None


class Status(StrEnum):
    """What became of an answer.

    KNOWN: this lease was answered before; nothing changed. LATE: recorded, though the lease had expired, since nobody
    else had taken the place. REFUSED: not recorded, the message says why.
    """

    RECORDED = "recorded"
    KNOWN = "known"
    LATE = "late"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an answer, and one sentence about it for the rater ("" where all went well)."""

    status: Status
    message: str = ""


def check_answer(answer: Answer) -> None:
    """Raise RecordError where `answer` contradicts itself."""
    if answer.strength is not None:
        checks.whole("strength", answer.strength, 1, MAX_STRENGTH)
        if answer.verdict not in (Verdict.A, Verdict.B):
            raise RecordError(
                f"strength is {answer.strength} but the verdict is {answer.verdict.value!r}; leave it out"
            )
    if answer.seconds is not None:
        checks.number("seconds", answer.seconds)
    if (answer.skip_reason is not None) != (answer.verdict is Verdict.SKIP):
        raise RecordError(
            f"skip_reason is {answer.skip_reason!r} with verdict {answer.verdict.value!r}; a skip has one"
        )
    for name in ("rationale", "skip_reason", "flag"):
        checks.optional_text(name, getattr(answer, name))


def as_seen(verdict: Verdict, shown_first: Side) -> Verdict:
    """A verdict on the stored sides in terms of what the rater saw, where A is the response shown first; and back."""
    return verdict.swapped() if shown_first is Side.B else verdict
