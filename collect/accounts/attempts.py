"""Login attempts: so many for a login and for an address in a span of time; only keyed hashes of either are kept."""

import hashlib
import ipaddress
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from firsthand.collect.accounts.account import plain_login, utc_text
from firsthand.collect.serve_config import Login
from firsthand.store import Store, schema
from firsthand.store.secret import store_secret

PEOPLE_AN_ADDRESS = 10
"""An address may fail as often as so many logins: a team often shares one."""


def take_attempt(store: Store, login: Login, who: str, address: str) -> int | None:
    """Count one more attempt of `who` from `address`, before the password is looked at; None where it may be made.

    Otherwise nothing is counted, and the answer is how many seconds to wait.
    """
    limits = {
        login_key(store, who): login.attempts,
        _key(store, "address", network(address)): login.attempts * PEOPLE_AN_ADDRESS,
    }
    now = datetime.now(UTC)
    since = utc_text(now - timedelta(minutes=login.attempts_minutes))
    table = schema.login_attempts
    with store.engine.begin() as connection:
        connection.execute(sa.delete(table).where(table.c.at < since))
        for key, most in limits.items():
            times = (
                connection.execute(sa.select(table.c.at).where(table.c.who == key).order_by(table.c.at)).scalars().all()
            )
            if len(times) >= most:
                free = datetime.fromisoformat(times[len(times) - most]) + timedelta(minutes=login.attempts_minutes)
                return max(1, round((free - now).total_seconds()))
        connection.execute(sa.insert(table), [{"who": key, "at": utc_text(now)} for key in limits])
    return None


def forgive(store: Store, who: str, address: str) -> None:
    """After a password that was right: forget the login's attempts, and the last one from the address."""
    table = schema.login_attempts
    key, of_address = login_key(store, who), table.c.who == _key(store, "address", network(address))
    last = sa.select(sa.func.max(table.c.id)).where(of_address).scalar_subquery()
    with store.engine.begin() as connection:
        forget(connection, key)
        connection.execute(sa.delete(table).where(table.c.id == last))


def forget(connection: sa.Connection, key: str) -> None:
    """Forget the attempts kept under a key."""
    connection.execute(sa.delete(schema.login_attempts).where(schema.login_attempts.c.who == key))


def login_key(store: Store, who: str) -> str:
    """What the attempts on a login are kept under; not to be asked for inside a transaction, which it may need too."""
    return _key(store, "login", plain_login(who))


def network(address: str) -> str:
    """The part of an address that one household or machine has: IPv6 gives each at least 2**64 addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed), 64), strict=False))


def _key(store: Store, kind: str, value: str) -> str:
    return hashlib.blake2b(f"{kind} {value}".encode(), key=store_secret(store.engine), digest_size=16).hexdigest()
