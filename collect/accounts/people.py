"""The accounts of a rating site: who may log in, and what each has agreed to and done.

An account's id is a pseudonym, the only name of the person that preferences and exports hold. The login, which may be a
name or an address, stays in the table of accounts.
"""

import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson
import sqlalchemy as sa

from firsthand.collect.accounts.passwords import hash_password
from firsthand.errors import InputError
from firsthand.records import dump
from firsthand.store import Store, schema

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


def add(
    store: Store,
    login: str | None = None,
    role: Role = Role.RATER,
    tags: Iterable[str] = (),
    *,
    password: str | None = None,
    actor: str | None = None,
) -> Account:
    """Add a person. A `login` or `password` not given here is chosen by them when they accept an invitation.

    `actor`, here and below, is the account that does it; None for a rule or the command line.
    Raises InputError where the login is taken or unfit, or the password is.
    """
    login = None if login is None else known_login(login)
    hashed = None if password is None else hash_password(password, login)
    with store.engine.begin() as connection:
        if login is not None:
            refuse_taken(connection, login)
        account_id = new_pseudonym(connection, "rater")
        values = {
            "id": account_id,
            "login": login,
            "password": hashed,
            "role": Role(role).value,
            "tags": dump(sorted(set(tags))),
            "state": State.ACTIVE.value,
            "generation": 0,
            "created_at": utc_text(datetime.now(UTC)),
        }
        connection.execute(sa.insert(schema.accounts).values(values))
        record_event(connection, account_id, "added", actor, {"role": Role(role).value})
        return read(connection, account_id)


def get(store: Store, account_id: str) -> Account | None:
    """The account with the id, or None."""
    return _one(store, schema.accounts.c.id == account_id)


def by_login(store: Store, login: str) -> Account | None:
    """The account that `login` logs in to, or None."""
    return _one(store, schema.accounts.c.login == plain_login(login))


def everyone(store: Store) -> list[Account]:
    """All accounts, removed ones too, oldest first."""
    query = sa.select(schema.accounts).order_by(schema.accounts.c.created_at, schema.accounts.c.id)
    with reading(store) as connection:
        return [_account(row) for row in connection.execute(query)]


def events(store: Store, account_id: str) -> list[dict[str, Any]]:
    """What happened to an account, oldest first: {at, kind, actor, detail}."""
    table = schema.account_events
    query = sa.select(table).where(table.c.account == account_id).order_by(table.c.id)
    with reading(store) as connection:
        return [
            {"at": row.at, "kind": row.kind, "actor": row.actor, "detail": orjson.loads(row.detail)}
            for row in connection.execute(query)
        ]


def set_state(store: Store, account_id: str, state: State, reason: str | None, actor: str | None = None) -> bool:
    """Pause a person or let them rate again, with the reason that they and the admin page are shown.

    Returns whether that changed anything. Raises InputError for an unknown or removed account.
    """
    if state is State.REMOVED:
        raise InputError(
            "a removed account is not a state to set; firsthand collect raters remove says what becomes of the data"
        )
    with store.engine.begin() as connection:
        before = read(connection, account_id)
        if (before.state, before.state_reason) == (state, reason):
            return False
        change(connection, account_id, state=state.value, state_reason=reason)
        kind = "paused" if state is State.PAUSED else "resumed"
        record_event(connection, account_id, kind, actor, {"reason": reason})
    return True


def set_tags(store: Store, account_id: str, tags: Iterable[str], actor: str | None = None) -> None:
    """Set the domains the person knows: comparisons routed by tag go to those who hold it."""
    with store.engine.begin() as connection:
        read(connection, account_id)
        held = sorted(set(tags))
        change(connection, account_id, tags=dump(held))
        record_event(connection, account_id, "tags", actor, {"tags": held})


def set_password(store: Store, account_id: str, password: str, actor: str | None = None) -> None:
    """Give the person a new password and end their sessions. Raises InputError where it is unfit."""
    with reading(store) as connection:
        login = read(connection, account_id).login
    if login is None:
        raise InputError(f"{account_id} has no login yet; invite them: they choose one with their password")
    hashed = hash_password(password, login)
    with store.engine.begin() as connection:
        before = read(connection, account_id)
        change(connection, account_id, password=hashed, generation=before.generation + 1)
        record_event(connection, account_id, "password", actor, {})


def end_sessions(store: Store, account_id: str, actor: str | None = None) -> None:
    """Log the person out wherever they are logged in."""
    with store.engine.begin() as connection:
        before = read(connection, account_id)
        change(connection, account_id, generation=before.generation + 1)
        record_event(connection, account_id, "logged out", actor, {})


def give_consent(store: Store, account_id: str, version: str) -> None:
    """Record that the person agreed to `version` of the consent text."""
    with store.engine.begin() as connection:
        read(connection, account_id)
        change(connection, account_id, consent=version, consent_at=utc_text(datetime.now(UTC)))
        record_event(connection, account_id, "consent", account_id, {"version": version})


def finish_practice(store: Store, account_id: str) -> None:
    """Record that the person has been through the practice round; the first time counts."""
    with store.engine.begin() as connection:
        if read(connection, account_id).practised_at is None:
            change(connection, account_id, practised_at=utc_text(datetime.now(UTC)))
            record_event(connection, account_id, "practised", account_id, {})


# What the other modules of this folder share; each works inside the caller's transaction.


def read(connection: sa.Connection, account_id: str) -> Account:
    """The account with the id; raises InputError where there is none, or its person has left."""
    row = connection.execute(sa.select(schema.accounts).where(schema.accounts.c.id == account_id)).first()
    if row is None:
        raise InputError(f"there is no account {account_id!r}; firsthand collect raters list shows those there are")
    account = _account(row)
    if account.state is State.REMOVED:
        raise InputError(f"the account {account_id!r} was removed; add the person anew")
    return account


def change(connection: sa.Connection, account_id: str, **values: Any) -> None:
    """Set columns of an account."""
    connection.execute(sa.update(schema.accounts).where(schema.accounts.c.id == account_id).values(values))


def record_event(
    connection: sa.Connection, account_id: str, kind: str, actor: str | None, detail: dict[str, Any]
) -> None:
    """Record what happened to an account; `detail` must hold nothing that names the person."""
    event = {
        "account": account_id,
        "at": utc_text(datetime.now(UTC)),
        "kind": kind,
        "actor": actor,
        "detail": dump(detail),
    }
    connection.execute(sa.insert(schema.account_events).values(event))


def new_pseudonym(connection: sa.Connection, prefix: str) -> str:
    """A random name, `prefix` and eight hexadecimal digits, that no account and no annotator has."""
    while True:
        name = f"{prefix}-{secrets.token_hex(4)}"
        tables = ((schema.accounts, "id"), (schema.annotators, "name"))
        if not any(connection.execute(sa.select(t.c[key]).where(t.c[key] == name)).first() for t, key in tables):
            return name


def plain_login(login: str) -> str:
    """One spelling for a login however it is typed: Unicode composed, case folded, outer spaces gone."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def known_login(login: str) -> str:
    """The plain login to keep; raises InputError where nobody could type or read it."""
    plain = plain_login(login)
    if not plain or len(plain) > LONGEST_LOGIN or not plain.isprintable():
        raise InputError(f"the login {login[:60]!r} is unfit: choose 1 to {LONGEST_LOGIN} characters that can be read")
    return plain


def refuse_taken(connection: sa.Connection, login: str) -> None:
    """Raise InputError where another account has the plain `login`."""
    if connection.execute(sa.select(schema.accounts.c.id).where(schema.accounts.c.login == login)).first():
        raise InputError(f"the login {login!r} is taken; choose another")


def reading(store: Store) -> sa.Connection:
    """A connection that only reads."""
    return store.engine.connect().execution_options(read_only=True)


def utc_text(moment: datetime) -> str:
    """UTC as the store keeps times: ISO 8601 with microseconds, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _one(store: Store, condition: sa.ColumnElement[bool]) -> Account | None:
    with reading(store) as connection:
        row = connection.execute(sa.select(schema.accounts).where(condition)).first()
    return None if row is None else _account(row)


def _account(row: Any) -> Account:
    return Account(
        id=row.id,
        login=row.login,
        role=Role(row.role),
        tags=frozenset(orjson.loads(row.tags)),
        state=State(row.state),
        state_reason=row.state_reason,
        consent=row.consent,
        consent_at=row.consent_at,
        practised_at=row.practised_at,
        has_password=row.password is not None,
        generation=row.generation,
        created_at=row.created_at,
    )
