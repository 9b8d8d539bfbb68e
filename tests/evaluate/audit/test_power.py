import numpy as np
import pytest

from firsthand.evaluate.audit.power import mde, needed_votes, out_of_reach, ruling_out_error


def test_smallest_effect_by_hand():
    # (1.95996 + 0.84162) * 2 = 5.603 is more than 3 + 0.84162 * 2 = 4.683; at an error of 1, 3 + 0.84162 = 3.842 is.
    assert mde(2.0, margin=3.0, alpha=0.05) == pytest.approx(5.603, abs=1e-3)
    assert mde(1.0, margin=3.0, alpha=0.05) == pytest.approx(3.842, abs=1e-3)


def test_ruling_out_by_hand():
    # 3 / (1.95996 + 1.28155) = 0.92549.
    assert ruling_out_error(3.0, 0.05) == pytest.approx(0.92549, abs=1e-5)


def test_an_effect_of_nothing_is_ruled_out_as_often_as_promised():
    error = ruling_out_error(3.0, 0.05)
    estimates = np.random.default_rng(1).normal(0, error, 100_000)
    assert (np.abs(estimates) + 1.959964 * error < 3.0).mean() == pytest.approx(0.8, abs=0.005)


def test_further_votes_by_hand():
    # To rule out: (2 / 0.925494)^2 = 4.66996, that is 3.66996 times 1,000 votes more.
    assert needed_votes(0.0, 2.0, margin=3.0, alpha=0.05, votes=1_000) == 3_670
    # To detect 5 points: 5 / 2.80158 = 1.78471 is less than (5 - 3) / 0.84162 = 2.37637; (2 / 1.78471)^2 = 1.25582.
    assert needed_votes(-5.0, 2.0, margin=3.0, alpha=0.05, votes=1_000) == 256
    # Beside four other tests, at 1 %: 5 / (2.57583 + 0.84162) = 1.46308, (2 / 1.46308)^2 = 1.86866.
    assert needed_votes(-5.0, 2.0, margin=3.0, alpha=0.05, votes=1_000, tests=5) == 869
    # 3.3 points hardly leave the margin: (3.3 - 3) / 0.841621 = 0.356455, (2 / 0.356455)^2 = 31.4811.
    assert needed_votes(3.3, 2.0, margin=3.0, alpha=0.05, votes=1_000) == 30_482


def test_an_effect_beyond_the_margin_is_detected_as_often_as_promised():
    votes = 1_000 + (needed_votes(3.3, 2.0, margin=3.0, alpha=0.05, votes=1_000) or 0)
    error = 2.0 * (1_000 / votes) ** 0.5
    estimates = np.random.default_rng(1).normal(3.3, error, 100_000)
    assert ((estimates > 3.0) & (estimates > 1.959964 * error)).mean() == pytest.approx(0.8, abs=0.005)


def test_no_number_of_votes_settles_an_effect_at_the_margin():
    assert needed_votes(2.9, 0.5, margin=3.0, alpha=0.05, votes=1_000) is None
    assert needed_votes(3.01, 2.0, margin=3.0, alpha=0.05, votes=1_000) is None
    assert not out_of_reach(2.0, margin=3.0, alpha=0.05, votes=1_000)
    # (40 / 0.925494)^2 = 1,868 times 1,000 votes: it is not the margin that is too near.
    assert needed_votes(0.0, 40.0, margin=3.0, alpha=0.05, votes=1_000) is None
    assert out_of_reach(40.0, margin=3.0, alpha=0.05, votes=1_000)
