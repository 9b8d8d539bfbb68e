import statistics
import time

import pytest

from firsthand.collect.accounts.passwords import LONGEST, SHORTEST, hash_password, is_password
from firsthand.errors import InputError


def test_a_password_is_kept_as_argon2_and_recognised():
    known = hash_password("correct horse battery")
    assert known.startswith("$argon2id$")
    assert "correct" not in known
    assert is_password("correct horse battery", known)
    assert not is_password("correct horse batterx", known)
    assert known != hash_password("correct horse battery")


def test_an_accented_letter_is_one_letter_however_it_is_composed():
    assert is_password("cafe\u0301 au lait", hash_password("caf\u00e9 au lait"))


def test_unfit_passwords_are_refused_and_never_repeated_in_the_message():
    for password, why in (
        ("x" * (SHORTEST - 1), "at least 10"),
        ("x" * (LONGEST + 1), "at most 1000"),
        ("Ann@example.org", "the login itself"),
    ):
        with pytest.raises(InputError, match=why) as refused:
            hash_password(password, "ann@example.org")
        assert password not in str(refused.value)
    assert not is_password("x" * (LONGEST + 1), hash_password("x" * LONGEST))


def test_no_hash_takes_the_work_of_one_and_fails():
    known = hash_password("correct horse battery")
    is_password("first call makes nobody's hash", None)

    def median_seconds(of: str | None) -> float:
        times = []
        for _ in range(5):
            start = time.process_time()
            assert not is_password("wrong password", of)
            times.append(time.process_time() - start)
        return statistics.median(times)

    # Processor time, not the clock's: without argon2 the ratio would be near zero.
    assert median_seconds(None) > median_seconds(known) / 4
