"""The Bradley-Terry head, against another optimiser and worked arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from firsthand.errors import InputError
from firsthand.evaluate.sweep.head import PENALTIES, Tally, choose_penalty, fit_head


def a_world(seed: int = 0, rows: int = 300, width: int = 5) -> tuple[np.ndarray, Tally, np.ndarray]:
    chance = np.random.default_rng(seed)
    x = chance.normal(size=(rows, width))
    truth = chance.normal(size=width)
    for_a = (chance.random(rows) < 1 / (1 + np.exp(-x @ truth))).astype(float)
    weight = chance.integers(1, 4, rows).astype(float)
    return x, Tally(weight, weight * for_a), chance.integers(0, 40, rows)


@pytest.mark.parametrize("penalty", [0.1, 3.0, 300.0])
def test_the_head_is_scikit_learns_weighted_logistic_regression_without_an_intercept(penalty: float) -> None:
    x, tally, _ = a_world()
    reference = LogisticRegression(C=1 / penalty, fit_intercept=False, tol=1e-10, max_iter=10_000)
    reference.fit(x, tally.target > 0, sample_weight=tally.weight)
    assert fit_head(x, tally, penalty) == pytest.approx(reference.coef_[0], abs=1e-5)


def test_one_feature_by_hand() -> None:
    # Three labels for A and one against, all at x = 1: 4 sigma(b) - 3 + 0.5 b = 0. At b = 0.68: sigma = 0.66374,
    # 2.65497 - 3 + 0.34 = -0.00503; the slope there is 4 * 0.66374 * 0.33626 + 0.5 = 1.39275; 0.00503 / 1.39275 =
    # 0.00361: the root is 0.68361 or just above.
    head = fit_head(np.ones((2, 1)), Tally(np.array([3.0, 1.0]), np.array([3.0, 0.0])), 0.5)
    assert head[0] == pytest.approx(0.68362, abs=2e-5)
    assert 4 / (1 + np.exp(-head[0])) - 3 + 0.5 * head[0] == pytest.approx(0, abs=1e-6)


def test_a_weight_of_two_is_the_row_twice_and_a_soft_label_two_rows_that_disagree() -> None:
    x, tally, _ = a_world()
    twice = Tally(np.ones(600), np.tile(tally.target / tally.weight, 2))
    assert fit_head(np.tile(x, (2, 1)), twice, 1.0) == pytest.approx(
        fit_head(x, Tally(np.full(300, 2.0), 2 * tally.target / tally.weight), 1.0), abs=1e-7
    )
    soft = Tally(np.full(300, 4.0), np.full(300, 3.0))
    apart = Tally(np.repeat([3.0, 1.0], 300), np.repeat([3.0, 0.0], 300))
    assert fit_head(x, soft, 1.0) == pytest.approx(fit_head(np.tile(x, (2, 1)), apart, 1.0), abs=1e-7)


@given(st.integers(0, 50))
def test_wherever_it_starts_the_head_is_the_same_and_exchanging_a_and_b_changes_nothing(seed: int) -> None:
    x, tally, _ = a_world(seed, rows=60)
    found = fit_head(x, tally, 1.0)
    far = fit_head(x, tally, 1.0, start=np.random.default_rng(seed).normal(size=5) * 5)
    exchanged = fit_head(-x, Tally(tally.weight, tally.weight - tally.target), 1.0)
    assert far == pytest.approx(found, abs=1e-6)
    assert exchanged == pytest.approx(found, abs=1e-6)


def test_cross_validation_penalises_noise_hard_and_signal_little() -> None:
    x, tally, groups = a_world(rows=600)
    noise = Tally(tally.weight, tally.weight * np.random.default_rng(1).integers(0, 2, 600))
    assert choose_penalty(x, noise, groups, seed=3) > 30 * choose_penalty(x, tally, groups, seed=3)
    assert choose_penalty(x, tally, groups, seed=3) in PENALTIES


def test_a_prompt_is_left_out_as_a_whole() -> None:
    # Each prompt repeats one comparison, its label drawn by chance, told apart by a column of its own: rows left out
    # one by one would be predicted from their copies, prompts left out can't be.
    chance = np.random.default_rng(5)
    prompt = np.repeat(np.arange(30), 10)
    x = np.eye(30)[prompt]
    tally = Tally(np.ones(300), chance.integers(0, 2, 30)[prompt].astype(float))
    assert choose_penalty(x, tally, prompt, seed=0) == PENALTIES[0]
    assert choose_penalty(x, tally, np.arange(300), seed=0) < PENALTIES[0]


def test_a_feature_that_is_no_number_is_named() -> None:
    x, tally, _ = a_world()
    x[3, 2] = np.nan
    with pytest.raises(InputError, match="not a finite number"):
        fit_head(x, tally, 1.0)
