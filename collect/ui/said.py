"""What a page sends: a rater's answer to an item, checked."""

from typing import Annotated

from pydantic import Field

from firsthand.collect.serve_config import Rating
from firsthand.collect.ui.choices import SKIP, choices
from firsthand.collect.work.answers import Answer
from firsthand.config import Config
from firsthand.errors import InputError
from firsthand.records import Verdict

LONGEST_TEXT = 5_000
"""Characters of a rationale."""

DAY = 86_400
Lease = Annotated[str, Field(min_length=1, max_length=64)]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


class Said(Config):
    """An answer: `choice` is the id of a button, or "skip"; `criteria` says a, b or tie of each one answered.

    seconds: active time. known: leases whose texts the page has already, so that they are not sent again.
    """

    lease: Lease
    choice: Annotated[str, Field(max_length=20)]
    criteria: Annotated[dict[str, str], Field(default_factory=dict, max_length=10)]
    rationale: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""
    seconds: Annotated[float, Field(ge=0, le=DAY)]
    skip_reason: Reason | None = None
    flag: Reason | None = None
    known: Annotated[tuple[Lease, ...], Field(max_length=10)] = ()


def answer_of(said: Said, rating: Rating) -> Answer:
    """The answer that a page sent, in the store's terms. Raises InputError where the page does not ask that."""
    verdict, strength = _verdict(said, rating)
    unasked = set(said.criteria) - set(rating.criteria)
    if unasked:
        raise InputError(f"the criteria {sorted(unasked)} are not asked for; load the page again")
    if (verdict is Verdict.SKIP) != (said.skip_reason is not None):
        raise InputError("a skip, and nothing else, has a reason; load the page again")
    if rating.rationale == "required" and verdict is not Verdict.SKIP and not said.rationale.strip():
        raise InputError("say why in a few words, then choose")
    return Answer(
        verdict=verdict,
        strength=strength,
        criteria={name: _criterion(value) for name, value in said.criteria.items()},
        rationale=said.rationale.strip() or None,
        seconds=round(said.seconds, 3),
        skip_reason=said.skip_reason,
        flag=said.flag,
    )


def _verdict(said: Said, rating: Rating) -> tuple[Verdict, int | None]:
    if said.choice == SKIP:
        return Verdict.SKIP, None
    known = {choice.id: (choice.verdict, choice.strength) for choice in choices(rating)}
    if said.choice not in known:
        raise InputError(f"the page does not offer the choice {said.choice!r}; load it again")
    return known[said.choice]


def _criterion(value: str) -> Verdict:
    if value not in (Verdict.A, Verdict.B, Verdict.TIE):
        raise InputError(f"a criterion takes a, b or tie, not {value!r}")
    return Verdict(value)
