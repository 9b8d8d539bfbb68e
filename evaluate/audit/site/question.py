"""What the Audit page asks, and what it is answered."""

from dataclasses import dataclass

from firsthand.config import Config
from firsthand.evaluate.audit.config import AuditConfig


class Wanted(Config):
    """A finding whose comparisons are asked for, by its place in the audit, and which page of them."""

    finding: int
    page: int = 0


class Question(Config):
    """An audit, or with `wanted` the comparisons behind one of its findings.

    asked: names the audit; it is done once, and what is asked of it later is about the same votes.
    """

    asked: str
    config: AuditConfig
    wanted: Wanted | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """HTML by section of the page; or why there is none."""

    sections: dict[str, str]
    refusal: str = ""
