"""Which response a rater sees first."""

import hashlib

from firsthand.records import Side


def side_shown_first(secret: bytes, rater: str, comparison_id: str) -> Side:
    """The side `rater` sees first: a fair coin, the same one after every reload and restart.

    The last bit of BLAKE2b over comparison and rater, keyed with the store's `secret` (at most 64 bytes), so that
    nobody can tell the order from what an export holds.
    """
    # An id is hexadecimal, so that no two pairs of comparison and rater run together into one text.
    shown = f"{comparison_id} {rater}".encode()
    coin = hashlib.blake2b(shown, key=secret, digest_size=1).digest()[0] & 1
    return Side.B if coin else Side.A


def position(secret: bytes, comparison_id: str) -> float:
    """Where a comparison stands in the store's own random order: from 0 to 1, excluding 1; BLAKE2b, keyed as above."""
    digest = hashlib.blake2b(comparison_id.encode(), key=secret, digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / 2**53
