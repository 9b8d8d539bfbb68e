"""The likelihood of a comparison's votes: against adaptive quadrature, and its derivatives against differences."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from firsthand.evaluate.audit.likelihood import (
    BETWEEN,
    LOG_JUDGE_WIDTH,
    LOG_SPREAD,
    LOG_WIDTH,
    MEAN,
    OFFSET,
    RATER_PULL,
    SHARPNESS,
    Contributions,
    Shared,
    evaluate,
    nodes_for,
)

SHARED = Shared(spread=1.2, width=0.4, rater_pull=0.3, sharpness=0.8, between=0.5, judge_width=0.25)
NODES = nodes_for(SHARED)
STEP = 1e-5


def votes() -> Contributions:
    people = np.zeros((2, 3, 3))
    people[0, 1] = [2, 1, 0]  # A shown first: two for A, one for neither
    people[0, 2] = [0, 0, 1]  # B shown first: one for B
    people[1, 0] = [0, 1, 1]  # side unknown
    return Contributions(people, np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]), np.array([1.0, 0.5]))


@pytest.mark.parametrize(
    ("spread", "sharpness", "nodes"),
    # 6 standard deviations on either side, apart at most 1 log-odds of the sharper one, in steps of the root of 2:
    # 1 < 1.2 < 1.41, hence 2 * 9 + 1 (6 * 1.41 = 8.5); 2.83 < 1.2 * 2.5 < 4, 2 * 24 + 1; 8 < 9 < 11.3, 2 * 68 + 1.
    [(1.2, 0.8, 19), (1.2, 2.5, 49), (9.0, 0.8, 137)],
)
def test_the_value_is_the_integral(spread: float, sharpness: float, nodes: int) -> None:
    shared = replace(SHARED, spread=spread, sharpness=sharpness)
    assert nodes_for(shared) == nodes

    def chances(u: float, c: float) -> tuple[float, float, float]:
        return expit(u - c), 1 - expit(u - c) - expit(-u - c), expit(-u - c)

    def integrand(delta: float) -> float:
        a_first, b_first = chances(delta + 0.3, 0.4), chances(delta - 0.3, 0.4)
        judge = chances(sharpness * delta + 0.5 * 0.5 - 0.2, 0.25)
        return a_first[0] ** 2 * a_first[1] * b_first[2] * judge[1] * norm.pdf(delta, 0.5, spread)

    values, _, _ = evaluate(votes(), np.array([0.5, -0.4]), np.array([-0.2, 0.1]), shared, nodes)
    exact = quad(integrand, 0.5 - 10 * spread, 0.5 + 10 * spread, points=[0.0], limit=200)[0]
    assert values[0] == pytest.approx(np.log(exact), abs=1e-4)


def test_a_weight_scales_the_contribution() -> None:
    half, whole = (
        evaluate(replace(votes(), weight=np.array([1.0, weight])), np.zeros(2), np.zeros(2), SHARED, NODES)
        for weight in (0.5, 1.0)
    )
    for one, two in zip(half, whole, strict=True):
        assert 2 * one[..., 1] == pytest.approx(two[..., 1])
        assert one[..., 0] == pytest.approx(two[..., 0])


def test_scores_and_second_derivatives_are_those_of_the_value() -> None:
    mean, offset = np.array([0.5, -0.4]), np.array([-0.2, 0.1])

    def at(place: int, step: float) -> tuple[np.ndarray, np.ndarray]:
        changed = SHARED
        if place == LOG_SPREAD:
            changed = replace(SHARED, spread=SHARED.spread * np.exp(step))
        elif place == LOG_WIDTH:
            changed = replace(SHARED, width=SHARED.width * np.exp(step))
        elif place == RATER_PULL:
            changed = replace(SHARED, rater_pull=SHARED.rater_pull + step)
        elif place == SHARPNESS:
            changed = replace(SHARED, sharpness=SHARED.sharpness + step)
        elif place == BETWEEN:
            changed = replace(SHARED, between=SHARED.between + step)
        elif place == LOG_JUDGE_WIDTH:
            changed = replace(SHARED, judge_width=SHARED.judge_width * np.exp(step))
        moved_mean, moved_offset = mean + step * (place == MEAN), offset + step * (place == OFFSET)
        values, scores, _ = evaluate(votes(), moved_mean, moved_offset, changed, NODES)
        return values, scores

    _, scores, bends = evaluate(votes(), mean, offset, SHARED, NODES)
    assert bends is not None
    for place in range(len(scores)):
        above, below = at(place, STEP), at(place, -STEP)
        assert scores[place] == pytest.approx((above[0] - below[0]) / (2 * STEP), abs=1e-6)
        assert bends[place] == pytest.approx((above[1] - below[1]) / (2 * STEP), abs=1e-6)
