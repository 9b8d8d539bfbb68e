"""Logging in with a login and a password."""

import math

import sqlalchemy as sa

from firsthand.collect.accounts.account import Account, State, plain_login
from firsthand.collect.accounts.attempts import forgive, take_attempt
from firsthand.collect.accounts.passwords import is_password
from firsthand.collect.accounts.people import by_login
from firsthand.collect.accounts.rows import reading
from firsthand.collect.serve_config import Login
from firsthand.errors import InputError
from firsthand.store import Store, schema


class LoginRefusedError(InputError):
    """A login that failed; `wait` is in seconds, 0 where another try may follow at once."""

    def __init__(self, message: str, wait: int = 0) -> None:
        super().__init__(message)
        self.wait = wait


def log_in(store: Store, login: Login, who: str, password: str, address: str) -> Account:
    """The account of `who`, where the password is theirs. Takes as long, and says the same, for a login there is not.

    Raises LoginRefusedError where the password is wrong, or after too many attempts for the login or from the address.
    """
    wait = take_attempt(store, login, who, address)
    if wait is not None:
        minutes = math.ceil(wait / 60)
        after = f"{minutes} minute{'s' if minutes > 1 else ''}"
        raise LoginRefusedError(
            f"There were too many attempts. Try again in {after}, or ask for a new invitation.", wait
        )
    account = by_login(store, who)
    right = is_password(password, _password(store, who))
    if account is None or not right or account.state is State.REMOVED:
        raise LoginRefusedError("The login or the password is wrong.")
    forgive(store, who, address)
    return account


def _password(store: Store, who: str) -> str | None:
    query = sa.select(schema.accounts.c.password).where(schema.accounts.c.login == plain_login(who))
    with reading(store) as connection:
        return connection.execute(query).scalar()
