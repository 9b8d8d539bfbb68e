"""Invitations: a link that lets one person set their password once, for some days; only its hash is kept."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from firsthand.collect.accounts.account import Account, known_login, utc_text
from firsthand.collect.accounts.attempts import forget, login_key
from firsthand.collect.accounts.passwords import hash_password
from firsthand.collect.accounts.rows import change, read, reading, record_event, refuse_taken
from firsthand.errors import InputError
from firsthand.store import Store, schema

DAYS = 7.0
MOST_DAYS = 365.0


def invite(store: Store, account_id: str, days: float = DAYS, actor: str | None = None) -> str:
    """A new invitation for the person, good for `days`; returns its token. Earlier ones that are open end.

    Also the way back for someone who forgot their password. Raises InputError for an unknown or removed account, or for
    days that are not above 0 and at most MOST_DAYS.
    """
    if not 0 < days <= MOST_DAYS:
        raise InputError(f"an invitation can't be good for {days:g} days; choose more than 0 and at most {MOST_DAYS:g}")
    token = secrets.token_urlsafe(24)
    now = datetime.now(UTC)
    table = schema.invitations
    with store.engine.begin() as connection:
        read(connection, account_id)
        connection.execute(sa.delete(table).where(table.c.account == account_id, table.c.used_at.is_(None)))
        values = {
            "token_sha256": _hash(token),
            "account": account_id,
            "created_at": utc_text(now),
            "expires_at": utc_text(now + timedelta(days=days)),
        }
        connection.execute(sa.insert(table).values(values))
        record_event(connection, account_id, "invited", actor, {"expires_at": values["expires_at"]})
    return token


def invited(store: Store, token: str) -> Account | None:
    """The account that an open invitation is for; None where there is no such invitation, or it was used or ran out."""
    with reading(store) as connection:
        found = connection.execute(sa.select(schema.invitations.c.account).where(_is_open(token))).scalar()
        return None if found is None else read(connection, found)


def accept(store: Store, token: str, password: str, login: str | None = None) -> Account:
    """Set the invited person's password, and their `login` where they have none; their other sessions end.

    The invitation is used up, once, even where two accept it at the same time. Raises InputError where it is not open,
    or the login or the password is unfit; it can then be tried again.
    """
    account = invited(store, token)
    if account is None:
        raise InputError("this invitation was used or has run out; ask for a new one")
    chosen = account.login or known_login(login or "")
    hashed, attempts = hash_password(password, chosen), login_key(store, chosen)
    using = sa.update(schema.invitations).where(_is_open(token)).values(used_at=utc_text(datetime.now(UTC)))
    with store.engine.begin() as connection:
        if connection.execute(using).rowcount != 1:
            raise InputError("this invitation was used or has run out; ask for a new one")
        before = read(connection, account.id)
        if before.login is None:
            refuse_taken(connection, chosen)
        change(connection, account.id, login=chosen, password=hashed, generation=before.generation + 1)
        forget(connection, attempts)
        record_event(connection, account.id, "accepted", account.id, {})
        return read(connection, account.id)


def _is_open(token: str) -> sa.ColumnElement[bool]:
    table = schema.invitations
    return sa.and_(
        table.c.token_sha256 == _hash(token),
        table.c.used_at.is_(None),
        table.c.expires_at > utc_text(datetime.now(UTC)),
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
