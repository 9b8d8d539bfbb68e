"""The accounts of a rating site: who may log in, and what each has agreed to and done.

An account's id is a pseudonym, the only name of the person that preferences and exports hold. The login, which may be a
name or an address, stays in the table of accounts.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from firsthand.collect.accounts.account import Account, Role, State, known_login, plain_login, utc_text
from firsthand.collect.accounts.passwords import hash_password
from firsthand.collect.accounts.rows import (
    account_of,
    change,
    change_state,
    new_pseudonym,
    read,
    reading,
    record_event,
    refuse_taken,
)
from firsthand.errors import InputError
from firsthand.records import dump
from firsthand.store import Store, schema
from firsthand.store.driver import run

# Built once: every request asks for its account.
_BY_ID, _BY_LOGIN = (
    sa.select(schema.accounts).where(column == sa.bindparam("name"))
    for column in (schema.accounts.c.id, schema.accounts.c.login)
)


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
        account_id = new_pseudonym(connection)
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
    return _one(store, _BY_ID, account_id)


def by_login(store: Store, login: str) -> Account | None:
    """The account that `login` logs in to, or None."""
    return _one(store, _BY_LOGIN, plain_login(login))


def find(store: Store, who: str) -> Account:
    """The account with the id or the login `who`. Raises InputError where there is none, or its person has left."""
    account = by_login(store, who)
    with reading(store) as connection:
        return read(connection, account.id if account else who)


def everyone(store: Store) -> list[Account]:
    """All accounts, oldest first, removed ones after them."""
    table = schema.accounts.c
    query = sa.select(schema.accounts).order_by(table.state == State.REMOVED, table.created_at, table.id)
    with reading(store) as connection:
        return [account_of(row) for row in connection.execute(query)]


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
        return change_state(connection, account_id, state, reason, actor)


def set_tags(store: Store, account_id: str, tags: Iterable[str], actor: str | None = None) -> None:
    """Set the domains the person knows: comparisons routed by tag go to those who hold it."""
    with store.engine.begin() as connection:
        read(connection, account_id)
        held = sorted(set(tags))
        change(connection, account_id, tags=dump(held))
        record_event(connection, account_id, "tags", actor, {"tags": held})


def set_role(store: Store, account_id: str, role: Role, actor: str | None = None) -> None:
    """Let the person do more, or less."""
    with store.engine.begin() as connection:
        read(connection, account_id)
        change(connection, account_id, role=role.value)
        record_event(connection, account_id, "role", actor, {"role": role.value})


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


def _one(store: Store, query: sa.Select[Any], name: str) -> Account | None:
    with reading(store) as connection:
        row = run(connection, query, {"name": name}).first()
    return None if row is None else account_of(row)
