import numpy as np
import pytest
from scipy.stats import binom, norm
from training_worlds import rise_then_fall, run_of

from firsthand.train.falls import find_falls, rise_shown


def test_two_looks_by_hand() -> None:
    # 100 prompts: 9 right before and wrong now, 1 the other way. sum D = 8, sum D^2 = 10, T = 8 / sqrt(10) = 2.530.
    # One contrast of two looks, so c is the normal's 95 % point, 1.645. The drop is 8 points; c sqrt(0.1 / 100) = 5.2.
    before, now = np.ones(100), np.ones(100)
    now[:9], before[9] = 0, 0
    (fall,) = find_falls(np.stack([before, now]), planned=2, alpha=0.05, draws=200_000)
    assert (fall.since, fall.shown) == (0, True)
    assert fall.drop == pytest.approx(0.08)
    assert fall.visible == pytest.approx(norm.isf(0.05) * np.sqrt(0.1 / 100), rel=0.01)
    assert fall.low == pytest.approx(0.08 - fall.visible)
    assert not find_falls(np.stack([now, before]), planned=2, alpha=0.05)[0].shown
    # 1.645 < 2.530 < norm.isf(0.005) = 2.576
    assert not find_falls(np.stack([before, now]), planned=2, alpha=0.005, draws=200_000)[0].shown


def test_the_fall_is_told_from_the_look_that_shows_it_best() -> None:
    right = np.ones((4, 100))
    right[0, :40], right[1, :5], right[3, :30] = 0, 0, 0
    assert [fall.since for fall in find_falls(right, planned=4, alpha=0.05)] == [0, 1, 2]


def test_what_a_look_says_does_not_change_later() -> None:
    right = run_of(rise_then_fall(0.8, 0.2, 8), 150, 0.9, np.random.default_rng(0))
    whole = find_falls(right, planned=8, alpha=0.05)
    for looks in range(2, 8):
        found = find_falls(right[:looks], planned=8, alpha=0.05)
        assert [(fall.since, fall.shown) for fall in found] == [(fall.since, fall.shown) for fall in whole[: looks - 1]]
        assert [fall.visible for fall in found] == pytest.approx([fall.visible for fall in whole[: looks - 1]])


def test_where_no_verdict_changed_nothing_is_shown_and_nothing_is_spent() -> None:
    same = np.tile(np.arange(50) % 2.0, (3, 1))
    assert [(fall.shown, fall.visible) for fall in find_falls(same, planned=3, alpha=0.05)] == [(False, None)] * 2


def test_a_fall_of_every_prompt_is_shown_and_a_pause_before_it_costs_nothing() -> None:
    # T = sum D / sqrt(sum D^2) = 30 / sqrt(30) = 5.48, though D does not vary
    right = np.ones((4, 30))
    right[3] = 0
    falls = find_falls(right, planned=4, alpha=0.05)
    assert [fall.shown for fall in falls] == [False, False, True]
    assert falls[2].since == 2


def test_looks_beyond_the_plan_show_nothing() -> None:
    right = np.ones((3, 200))
    right[1, :2], right[2, :100] = 0, 0
    planned, beyond = find_falls(right, planned=2, alpha=0.05), find_falls(right, planned=3, alpha=0.05)
    assert not planned[1].shown
    assert beyond[1].shown


def test_alpha_is_shared_evenly_among_the_looks() -> None:
    """New simulated runs, from the covariance alone and by another generator, against the critical values found."""
    looks, prompts, alpha = 6, 300, 0.2
    right = run_of([0.7] * looks, prompts, 0.8, np.random.default_rng(3))
    falls = find_falls(right, planned=looks, alpha=alpha, draws=100_000)
    drawn = np.random.default_rng(99).multivariate_normal(np.zeros(looks), right @ right.T / prompts, size=100_000)
    crossed = np.zeros(len(drawn), np.bool_)
    for look, fall in enumerate(falls, start=1):
        spread = np.sqrt(np.mean((right[:look] - right[look]) ** 2, axis=1))
        assert fall.visible is not None
        critical = fall.visible / (spread[fall.since] / np.sqrt(prompts))
        crossed |= ((drawn[:, :look] - drawn[:, [look]]) / spread > critical).any(axis=1)
        assert crossed.mean() == pytest.approx(alpha * look / (looks - 1), abs=0.004)


def test_runs_without_a_fall_are_called_falling_no_more_often_than_alpha_says() -> None:
    """The reduced form of tests/calibration: 300 runs, an exact bound at 99.9 %."""
    generator = np.random.default_rng(11)
    false = sum(
        any(fall.shown for fall in find_falls(run_of([0.7] * 8, 150, 0.9, generator), 8, 0.05, draws=1_000))
        for _ in range(300)
    )
    assert false <= binom.isf(0.001, 300, 0.05)


def test_a_fall_of_fifteen_points_is_seen_on_four_hundred_prompts() -> None:
    generator = np.random.default_rng(12)
    seen = [find_falls(run_of(rise_then_fall(0.75, 0.15, 10), 400, 0.9, generator), 10, 0.05) for _ in range(20)]
    assert all(falls[-1].shown and falls[-1].since > 1 for falls in seen)


def test_a_rise_by_hand() -> None:
    # 6 up, 1 down: T = 5 / sqrt(7) = 1.890 > 1.645; 4 up, 1 down: T = 3 / sqrt(5) = 1.342
    before, after = np.zeros(20), np.zeros(20)
    before[0], after[1:7] = 1, 1
    assert rise_shown(before, after, 0.05)
    after[5:7] = 0
    assert not rise_shown(before, after, 0.05)
    assert not rise_shown(before, before, 0.05)
