"""What happened to accounts, as the admin page tells it."""

from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from firsthand.store import Store, schema

SHOWN = 20
WARNED, RESUMED = "warned", "resumed"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to an account; actor None is a rule or the command line. at: UTC, ISO 8601."""

    account: str
    at: str
    kind: str
    actor: str | None
    detail: dict[str, Any]


def recent_events(store: Store, count: int = SHOWN) -> list[Event]:
    """The last events of all accounts, newest first."""
    table = schema.account_events
    with store.engine.connect().execution_options(read_only=True) as connection:
        return _events(connection, sa.select(table).order_by(table.c.id.desc()).limit(count))


def standing_warnings(store: Store) -> dict[str, list[Event]]:
    """The warnings of each account since it was last resumed, oldest first."""
    with store.engine.connect().execution_options(read_only=True) as connection:
        return standing_warnings_in(connection)


def standing_warnings_in(connection: sa.Connection) -> dict[str, list[Event]]:
    """`standing_warnings` inside a transaction."""
    table = schema.account_events
    found: dict[str, list[Event]] = {}
    for event in _events(connection, sa.select(table).where(table.c.kind.in_((WARNED, RESUMED))).order_by(table.c.id)):
        if event.kind == RESUMED:
            found.pop(event.account, None)
        else:
            found.setdefault(event.account, []).append(event)
    return found


def standing_warning(store: Store, account: str) -> str:
    """The last warning of an account since it was last resumed, as it is to be read; "" where there is none."""
    table = schema.account_events
    query = sa.select(table).where(table.c.account == account, table.c.kind.in_((WARNED, RESUMED)))
    with store.engine.connect().execution_options(read_only=True) as connection:
        last = _events(connection, query.order_by(table.c.id.desc()).limit(1))
    return last[0].detail.get("reason", "") if last and last[0].kind == WARNED else ""


def last_resumed(store: Store) -> dict[str, str]:
    """When each account was last resumed; those that never were are absent."""
    with store.engine.connect().execution_options(read_only=True) as connection:
        return last_resumed_in(connection)


def last_resumed_in(connection: sa.Connection) -> dict[str, str]:
    """`last_resumed` inside a transaction."""
    table = schema.account_events
    query = sa.select(table.c.account, sa.func.max(table.c.at).label("at")).where(table.c.kind == RESUMED)
    return {row.account: row.at for row in connection.execute(query.group_by(table.c.account))}


def event_words(event: Event) -> str:
    """One sentence about an event."""
    reason = event.detail.get("reason")
    by = f" by {event.actor}" if event.actor and event.actor != event.account else ""
    return f"{event.account} {event.kind}{by}{f': {reason}' if reason else ''}"


def _events(connection: sa.Connection, query: sa.Select[Any]) -> list[Event]:
    rows = connection.execute(query).all()
    return [Event(row.account, row.at, row.kind, row.actor, orjson.loads(row.detail)) for row in rows]
