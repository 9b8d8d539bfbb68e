"""What an account is, and how logins are spelt."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from firsthand.errors import InputError

LONGEST_LOGIN = 200
"""Characters."""


class Role(StrEnum):
    """What a person may do: rate; adjudicate too; also run the site; or read its figures and change nothing."""

    RATER = "rater"
    EXPERT = "expert"
    ADMIN = "admin"
    AUDITOR = "auditor"


class State(StrEnum):
    """Whether a person rates, is kept from rating, or has left."""

    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Account:
    """One person; `id` is the pseudonym that preferences carry. Times are UTC, ISO 8601; consent is a version.

    generation: the number of the person's sessions; raising it ends those there are.
    """

    id: str
    login: str | None
    role: Role
    tags: frozenset[str]
    state: State
    state_reason: str | None
    consent: str | None
    consent_at: str | None
    practised_at: str | None
    has_password: bool
    generation: int
    created_at: str

    @property
    def may_rate(self) -> bool:
        """Whether the person's verdicts are taken now."""
        return self.state is State.ACTIVE and self.role is not Role.AUDITOR


def plain_login(login: str) -> str:
    """One spelling for a login however it is typed: Unicode composed, case folded, outer spaces gone."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def known_login(login: str) -> str:
    """The plain login to keep; raises InputError where nobody could type or read it."""
    plain = plain_login(login)
    if not plain or len(plain) > LONGEST_LOGIN or not plain.isprintable():
        raise InputError(f"the login {login[:60]!r} is unfit: choose 1 to {LONGEST_LOGIN} characters that can be read")
    return plain


def utc_text(moment: datetime) -> str:
    """UTC as the store keeps times: ISO 8601 with microseconds, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
