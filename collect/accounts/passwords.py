"""Passwords: argon2 through pwdlib, and the same time for a login that does not exist."""

import unicodedata
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from firsthand.errors import InputError

SHORTEST = 10
LONGEST = 1_000
"""Characters; the longest keeps a request from filling the memory."""

# The cost that OWASP recommends (19 MiB, two passes, one lane): a guess is dear, and a team that comes to work at the
# same minute is let in within seconds on two processors; pwdlib's own choice takes five times as long.
_hasher = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


def hash_password(password: str, login: str | None = None) -> str:
    """The argon2 hash of `password`, its salt and parameters in it; takes some 50 ms and 19 MiB.

    Raises InputError where the password is too short, too long, or the login itself.
    """
    if len(password) < SHORTEST:
        raise InputError(f"the password has {len(password)} characters; choose one with at least {SHORTEST}")
    if len(password) > LONGEST:
        raise InputError(f"the password has {len(password)} characters; choose one with at most {LONGEST}")
    if login and password.strip().casefold() == login:
        raise InputError("the password is the login itself; choose another one")
    return _hasher.hash(_normal(password))


def is_password(password: str, known: str | None) -> bool:
    """Whether `password` is the one hashed in `known`; with None (no such login or password) as slow, and False."""
    found = _hasher.verify(_normal(password[: LONGEST + 1]), known or _nobodys())
    return found and known is not None


def _normal(password: str) -> str:
    """One spelling for what looks the same: keyboards differ in how they compose an accented letter."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")
