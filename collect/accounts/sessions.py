"""Sessions: a signed cookie that names an account and the generation of its sessions.

The key derives from the store's secret, so that a session survives a restart and holds on every server of one store.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

from firsthand.collect.accounts.account import Account

SKEW = timedelta(minutes=5)
"""How far apart the clocks of two servers may be: a cookie from that near a future still counts."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Makes and reads the cookies of one store."""

    serializer: URLSafeTimedSerializer
    length: timedelta

    def seal(self, account: Account) -> str:
        """A cookie for the person, good until `length` from now or the account's next generation."""
        sealed: str = self.serializer.dumps([account.id, account.generation])
        return sealed

    def unseal(self, cookie: str) -> tuple[str, int] | None:
        """The account's id and generation in a cookie; None where it is forged, damaged or too old."""
        try:
            (account_id, generation), sealed_at = self.serializer.loads(cookie, return_timestamp=True)
        except BadData:
            return None
        age = datetime.now(UTC) - sealed_at
        return (account_id, generation) if -SKEW <= age < self.length else None


def open_sessions(secret: bytes, hours: float) -> Sessions:
    """The sessions of the store with the `secret`, each `hours` long."""
    key = hashlib.blake2b(b"sessions", key=secret).digest()
    signer = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return Sessions(URLSafeTimedSerializer(key, salt="firsthand session", signer_kwargs=signer), timedelta(hours=hours))
