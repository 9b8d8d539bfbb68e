"""The rows of accounts, read and written inside the caller's transaction."""

import secrets
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from firsthand.collect.accounts.account import Account, Role, State, utc_text
from firsthand.errors import InputError
from firsthand.records import dump
from firsthand.store import Store, schema


def reading(store: Store) -> sa.Connection:
    """A connection that only reads."""
    return store.engine.connect().execution_options(read_only=True)


def read(connection: sa.Connection, account_id: str) -> Account:
    """The account with the id; raises InputError where there is none, or its person has left."""
    row = connection.execute(sa.select(schema.accounts).where(schema.accounts.c.id == account_id)).first()
    if row is None:
        raise InputError(f"there is no account {account_id!r}; firsthand collect raters list shows those there are")
    account = account_of(row)
    if account.state is State.REMOVED:
        raise InputError(f"the account {account_id!r} was removed; add the person anew")
    return account


def change(connection: sa.Connection, account_id: str, **values: Any) -> None:
    """Set columns of an account."""
    connection.execute(sa.update(schema.accounts).where(schema.accounts.c.id == account_id).values(values))


def change_state(
    connection: sa.Connection, account_id: str, state: State, reason: str | None, actor: str | None
) -> bool:
    """Pause a person or let them rate again, and record it; returns whether that changed anything."""
    before = read(connection, account_id)
    if (before.state, before.state_reason) == (state, reason):
        return False
    change(connection, account_id, state=state.value, state_reason=reason)
    record_event(connection, account_id, "paused" if state is State.PAUSED else "resumed", actor, {"reason": reason})
    return True


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


def new_pseudonym(connection: sa.Connection) -> str:
    """A random name that no account and no annotator has."""
    while True:
        name = f"rater-{secrets.token_hex(4)}"
        tables = ((schema.accounts, "id"), (schema.annotators, "name"))
        if not any(connection.execute(sa.select(t.c[key]).where(t.c[key] == name)).first() for t, key in tables):
            return name


def refuse_taken(connection: sa.Connection, login: str) -> None:
    """Raise InputError where another account has the plain `login`."""
    if connection.execute(sa.select(schema.accounts.c.id).where(schema.accounts.c.login == login)).first():
        raise InputError(f"the login {login!r} is taken; choose another")


def account_of(row: Any) -> Account:
    """The account in a row of the table."""
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
