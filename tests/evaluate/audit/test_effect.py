from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from firsthand.evaluate.audit.affinity import design, fit
from firsthand.evaluate.audit.effect import effect
from firsthand.evaluate.simulate import Judge, World, simulate

WORLD = World(
    own_pairs=500,
    other_pairs=300,
    advantage=0.5,
    tie_width=0.3,
    own_longer=0.4,
    judges=(Judge(sharpness=1.4, affinity=0.6, length_taste=0.2, order_pull=0.3, tie_width=0.2),),
)


def own_sign(table):
    return (table.author[:, 0] == 0).astype(float) - (table.author[:, 1] == 0)


@pytest.fixture(scope="module")
def fitted():
    table = simulate(WORLD, seed=5)
    length = np.log(table.length[:, 0] / table.length[:, 1])
    given = design(table, 0, {"own": own_sign(table)}, {"length": length / length.std()})
    found = fit(given)
    contrast = (np.array(found.names) == "affinity for own").astype(float)
    sign = given.by_offset[:, 0]
    return given, found, contrast, sign


def test_points_where_all_responses_are_alike(fitted):
    given, found, contrast, sign = fitted
    # Quality 0 and no spread, taste, pull or ties: s(0.6) - s(0) = 0.6456563 - 0.5.
    plain = dict.fromkeys(found.names, 0.0) | {
        "affinity for own": 0.6,
        "log_spread": -30.0,
        "log_judge_width": -30.0,
    }
    alike = replace(found, value=np.array([plain[name] for name in found.names]))
    known = effect(given, alike, contrast, sign)
    assert known.logits == 0.6
    assert known.points == pytest.approx(14.56563, abs=1e-5)
    # The judge labelled 800 comparisons, 500 of them its own: 1000 * 0.1456563 * 500 / 800.
    assert known.flipped_per_1000 == pytest.approx(91.0352, abs=1e-4)


def test_points_are_what_the_world_would_lose(fitted):
    given, found, contrast, sign = fitted
    chance = np.random.default_rng(2)
    number = dict(zip(found.names, found.value, strict=True))
    rows = sign != 0
    means = given.by_mean.shape[1]
    mean = np.repeat(given.by_mean[rows] @ found.value[:means], 400)
    quality = mean + np.exp(number["log_spread"]) * chance.normal(size=len(mean))
    offset = np.repeat(given.by_offset[rows] @ found.value[-given.by_offset.shape[1] :], 400)
    side = np.repeat(sign[rows], 400)
    width = np.exp(number["log_judge_width"])

    def for_own(log_odds):
        return side * (expit(log_odds + width) + expit(log_odds - width)) / 2

    log_odds = number["sharpness"] * quality + number["between"] * mean + offset
    gained = for_own(log_odds) - for_own(log_odds - number["affinity for own"] * side)
    assert effect(given, found, contrast, sign).points == pytest.approx(100 * gained.mean(), abs=0.1)


def test_the_error_of_points_is_that_of_the_delta_method(fitted):
    given, found, contrast, sign = fitted

    def points(value):
        return effect(given, replace(found, value=value), contrast, sign).points

    step = 1e-5
    slope = np.array(
        [(points(found.value + e) - points(found.value - e)) / (2 * step) for e in step * np.eye(len(found.value))]
    )
    expected = np.sqrt(slope @ found.covariance @ slope)
    assert effect(given, found, contrast, sign).points_error == pytest.approx(expected, rel=1e-6)


def test_a_contrast_of_two_affinities(fitted):
    table = simulate(WORLD, seed=6)
    columns = {"own": own_sign(table), "one": (table.author == 1) @ np.array([1.0, -1.0])}
    given = design(table, 0, columns, {})
    found = fit(given)
    contrast = np.zeros(len(found.names))
    contrast[found.names.index("affinity for own")] = 1.0
    contrast[found.names.index("affinity for one")] = -1.0
    own, one = found.of("affinity for own")[0], found.of("affinity for one")[0]
    known = effect(given, found, contrast, given.by_offset[:, 0])
    assert known.logits == pytest.approx(own - one)
    variance = contrast @ found.covariance @ contrast
    assert known.error == pytest.approx(np.sqrt(variance))
