"""The store's secret: a random key, made once, that keyed hashes are drawn with."""

import secrets
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from firsthand.store import schema

NAME = "secret"
BYTES = 32

_known: WeakKeyDictionary[sa.Engine, bytes] = WeakKeyDictionary()


def store_secret(engine: sa.Engine) -> bytes:
    """The 32 random bytes of this store: made at the first call, the same ever after; no export holds them."""
    if engine not in _known:
        _known[engine] = _made_once(engine)
    return _known[engine]


def _made_once(engine: sa.Engine) -> bytes:
    with engine.connect().execution_options(read_only=True) as connection:
        known = _read(connection)
    if known is None:
        # Writers take turns, so that of two first calls one makes the secret and the other reads it.
        with engine.begin() as connection:
            known = _read(connection)
            if known is None:
                known = secrets.token_bytes(BYTES)
                connection.execute(sa.insert(schema.settings).values(name=NAME, value=known.hex()))
    return known


def _read(connection: sa.Connection) -> bytes | None:
    found = connection.execute(sa.select(schema.settings.c.value).where(schema.settings.c.name == NAME)).scalar()
    return None if found is None else bytes.fromhex(found)
