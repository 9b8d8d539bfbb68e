"""Removing a person's data: the account is emptied for good, their preferences are anonymised or deleted."""

from contextlib import closing
from enum import StrEnum
from typing import Any

import orjson
import sqlalchemy as sa

from firsthand.collect.accounts.account import Account, State
from firsthand.collect.accounts.attempts import forget, login_key
from firsthand.collect.accounts.people import get
from firsthand.collect.accounts.rows import change, new_pseudonym, read, record_event
from firsthand.collect.work.judging import judge_anew
from firsthand.records import dump
from firsthand.store import Store, schema

KEPT_TEXTS = ("kind", "policy")
"""What a preference's detail says in words of how it came about; any other text may be the person's own."""


class Data(StrEnum):
    """What becomes of a removed person's preferences.

    ANONYMISE: they stay under a fresh pseudonym that nothing ties to the person, without a word in their own text.
    DELETE: they go, those since replaced too, and others are asked to judge those comparisons.
    """

    ANONYMISE = "anonymise"
    DELETE = "delete"


def remove(store: Store, account_id: str, data: Data, actor: str | None = None) -> int:
    """Remove the person: login, password, tags and sessions are gone, their data as `data` says.

    What stays: the account's old pseudonym with the role, the consent given and what happened on which day, and by
    whose hand; no detail. Returns how many preferences were anonymised or deleted. Exports made before are out of
    reach. Raises InputError for an unknown or removed account.
    """
    known = get(store, account_id)
    attempts = login_key(store, known.login) if known and known.login else ""
    with store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            # What is deleted is overwritten, not merely let go of.
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        account = read(connection, account_id)
        # First: a turn of theirs that runs beside this ends before it, and none begins after it.
        _empty(connection, account)
        forget(connection, attempts)
        nobody = new_pseudonym(connection)
        _release_work(connection, account_id, nobody, data)
        judged = _judged(connection, account_id)
        touched = _delete(connection, account_id) if data is Data.DELETE else _rename(connection, account_id, nobody)
        judge_anew(connection, judged)
        # Without the number of preferences: it would tell which pseudonym theirs went to.
        record_event(connection, account_id, "removed", actor, {"data": data.value})
    if store.engine.dialect.name == "sqlite":
        _empty_log(store)
    return touched


def _day(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The midnight of a time: to the second, it would tell whose the verdicts of the next minutes are."""
    return sa.func.substr(column, 1, 10).concat("T00:00:00.000000Z")


def _empty(connection: sa.Connection, account: Account) -> None:
    change(
        connection,
        account.id,
        login=None,
        password=None,
        tags=dump([]),
        state=State.REMOVED.value,
        state_reason=None,
        consent_at=_day(schema.accounts.c.consent_at),
        created_at=_day(schema.accounts.c.created_at),
        practised_at=None,
        generation=account.generation + 1,
    )
    invitations, events = schema.invitations, schema.account_events
    theirs = events.c.account == account.id
    connection.execute(sa.delete(invitations).where(invitations.c.account == account.id))
    connection.execute(sa.delete(events).where(theirs, events.c.kind == "practised"))
    connection.execute(sa.update(events).where(theirs).values(detail=dump({}), at=_day(events.c.at)))


def _release_work(connection: sa.Connection, account_id: str, nobody: str, data: Data) -> None:
    """Let what the person held, or what is to be judged again, run out now: assignment then gives it to others."""
    leases = schema.leases
    ends = ["held"] if data is Data.ANONYMISE else ["held", "done"]
    # Not at this moment, which is that of the removal.
    out = {"state": "held", "done_at": None, "expires_at": leases.c.granted_at}
    theirs = leases.c.rater == account_id
    connection.execute(sa.update(leases).where(theirs, leases.c.state.in_(ends)).values(out))
    connection.execute(sa.update(leases).where(theirs).values(rater=nobody, answer=None))


def _judged(connection: sa.Connection, name: str) -> list[str]:
    """The comparisons that the person has a say on."""
    preferences = schema.preferences.c
    mine = sa.select(preferences.comparison_id).where(preferences.annotator == name, preferences.is_current)
    return sorted(set(connection.execute(mine).scalars()))


def _delete(connection: sa.Connection, name: str) -> int:
    deleted = connection.execute(sa.delete(schema.preferences).where(schema.preferences.c.annotator == name)).rowcount
    connection.execute(sa.delete(schema.annotators).where(schema.annotators.c.name == name))
    return deleted


def _rename(connection: sa.Connection, name: str, nobody: str) -> int:
    annotators, preferences = schema.annotators, schema.preferences
    known = connection.execute(sa.select(annotators).where(annotators.c.name == name)).first()
    if known is None:
        return 0
    connection.execute(sa.insert(annotators).values({**known._mapping, "name": nobody}))
    theirs = preferences.c.annotator == name
    details = connection.execute(sa.select(preferences.c.id, preferences.c.detail).where(theirs)).all()
    bare = [{"row": row.id, "bare": dump(_without_texts(orjson.loads(row.detail)))} for row in details]
    if bare:
        each = sa.update(preferences).where(preferences.c.id == sa.bindparam("row"))
        connection.execute(each.values(annotator=nobody, rationale=None, detail=sa.bindparam("bare")), bare)
    connection.execute(sa.delete(annotators).where(annotators.c.name == name))
    return len(bare)


def _without_texts(detail: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in detail.items()
        if key in KEPT_TEXTS or value is None or isinstance(value, bool | int | float)
    }


def _empty_log(store: Store) -> None:
    """Move SQLite's log into the file and cut it to nothing: it holds pages as they were."""
    with closing(store.engine.raw_connection()) as connection:
        # Not through SQLAlchemy, which would begin a transaction: inside one, SQLite refuses.
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
