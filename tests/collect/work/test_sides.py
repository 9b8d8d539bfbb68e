"""Which response a rater sees first: a coin that only who holds the store's key can foretell."""

import math

import pytest

from firsthand.collect.work.sides import position, side_shown_first
from firsthand.records import Side

KEY = b"a secret"
FLIPS = 4_000


def test_the_side_is_the_last_bit_of_the_keyed_hash():
    # BLAKE2b of "c0 rater-1", "c1 rater-1" and so on, one byte, key "a secret": a6, 32, fb, d2. Their last bits are
    # 0, 0, 1, 0. Without the key they are 50, 45, 35, c0: 0, 1, 1, 0.
    sides = [side_shown_first(KEY, "rater-1", f"c{number}") for number in range(4)]
    assert sides == [Side.A, Side.A, Side.B, Side.A]


def test_the_order_is_the_keyed_hash_as_a_share_of_one():
    # Eight bytes of "c1" with the key: 5432886397cd3bc2, the first 53 bits of it over 2^53.
    assert position(KEY, "c1") == 0x5432886397CD3BC2 // 2**11 / 2**53
    assert position(KEY, "c1") == pytest.approx(0x5432886397CD3BC2 / 2**64)
    assert position(KEY, "c1") != position(b"", "c1")


def flips(key: bytes, rater: str) -> list[Side]:
    return [side_shown_first(key, rater, f"c{number}") for number in range(FLIPS)]


def is_fair(heads: int) -> bool:
    """Within four standard deviations of half, sqrt(n)/2 each: a fair coin is outside once in 16,000."""
    return abs(heads - FLIPS / 2) <= 4 * math.sqrt(FLIPS) / 2


def test_each_rater_sees_either_side_first_equally_often():
    for rater in ("rater-1", "rater-2"):
        assert is_fair(flips(KEY, rater).count(Side.A))


@pytest.mark.parametrize("other", [(KEY, "rater-2"), (b"another", "rater-1"), (b"", "rater-1")])
def test_no_other_rater_and_no_other_key_tells_the_side(other):
    pairs = zip(flips(KEY, "rater-1"), flips(*other), strict=True)
    assert is_fair(sum(one is another for one, another in pairs))
