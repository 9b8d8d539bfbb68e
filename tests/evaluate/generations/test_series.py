"""Slopes, contrasts and ratios against worked examples and other implementations."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import t as student

from firsthand.evaluate.generations.amplification import even_choice
from firsthand.evaluate.generations.fieller import fieller
from firsthand.evaluate.generations.growth import growth
from firsthand.evaluate.generations.series import (
    Figures,
    Series,
    against_twin,
    last_weights,
    log_means,
    means,
    pooled,
    slope_weights,
)


def test_slope_weights():
    # g = 1, 2, 3 lie -1, 0, 1 from their mean, whose squares add up to 2.
    assert slope_weights([1, 2, 3]) == pytest.approx([-0.5, 0, 0.5])
    values = np.array([0.2, 0.5, 0.4, 1.1])
    assert slope_weights([1, 2, 3, 4]) @ values == pytest.approx(np.polyfit([1, 2, 3, 4], values, 1)[0])
    assert against_twin(last_weights(2)) == pytest.approx([0, 1, 0, -1])


def test_the_error_of_a_mean_is_the_one_clustered_by_prompt():
    chance = np.random.default_rng(0)
    prompt = np.repeat(np.arange(12), 3)
    rows = chance.normal(size=(36, 2)) + chance.normal(size=12)[prompt][:, None]
    found = pooled([means(rows, prompt)]).of(np.array([1.0, -1.0]))
    difference = rows[:, 0] - rows[:, 1]
    other = sm.OLS(difference, np.ones(36)).fit(
        cov_type="cluster", cov_kwds={"groups": prompt, "use_correction": False}, use_t=True
    )
    assert found.value == pytest.approx(other.params[0])
    assert found.error == pytest.approx(other.bse[0] * np.sqrt(12 / 11))
    assert found.degrees == pytest.approx(11)
    assert found.interval(0.05)[1] - found.value == pytest.approx(student.isf(0.025, 11) * found.error)


def test_a_worked_contrast_of_two_seeds():
    # Prompts: influences of the mean over the seeds 0.1 and -0.1, so 2/1 * (0.01 + 0.01) = 0.04. Seeds: values 1.0 and
    # 1.4, variance 0.08, over two 0.04. Together 0.08, with (0.08)^2 / (0.04^2 / 1 + 0.04^2 / 1) = 2 degrees.
    seeds = [Series(np.array([value]), np.array([[0.1], [-0.1]])) for value in (1.0, 1.4)]
    found = pooled(seeds).of(np.ones(1))
    assert (found.value, found.error**2, found.degrees) == pytest.approx((1.2, 0.08, 2.0))


def test_a_ratio_of_means_has_the_error_that_resampling_shows():
    chance = np.random.default_rng(1)
    rows = chance.gamma(9.0, 0.1, (200, 2)) * chance.gamma(9.0, 0.1, (200, 1))
    found = pooled([log_means(rows)]).of(np.array([1.0, -1.0]))
    assert np.exp(found.value) == pytest.approx(rows[:, 0].mean() / rows[:, 1].mean())
    drawn = rows[chance.integers(0, 200, (4_000, 200))].mean(axis=1)
    assert found.error == pytest.approx(np.log(drawn[:, 0] / drawn[:, 1]).std(), rel=0.06)


def test_fiellers_interval_of_a_worked_example():
    # 6 / 3 with variances 0.25 and 0.09, no covariance, t = 2: g = 4 * 0.09 / 9 = 0.04; the root is
    # 0.25 + 4 * 0.09 - 0.04 * 0.25 = 0.6; (2 -+ 2/3 * sqrt(0.6)) / 0.96.
    low, high = fieller(6.0, 3.0, 0.25, 0.09, 0.0, 2.0)
    assert (low, high) == pytest.approx(((2 - 0.5163978) / 0.96, (2 + 0.5163978) / 0.96))


def test_fiellers_interval_is_all_ratios_that_a_t_test_does_not_refuse():
    above, below, var_above, var_below, cov, t = -1.2, 0.9, 0.05, 0.04, 0.02, 2.1
    found = fieller(above, below, var_above, var_below, cov, t)
    ratios = np.linspace(-10, 10, 2_000_001)
    kept = ratios[(above - ratios * below) ** 2 <= t**2 * (var_above - 2 * ratios * cov + ratios**2 * var_below)]
    assert found == pytest.approx((kept.min(), kept.max()), abs=1e-4)


def test_a_ratio_to_what_may_be_nothing_is_refused():
    assert fieller(1.0, 0.39, 0.01, 0.04, 0.0, 2.0) is None  # 0.39 is less than two errors of 0.2 from 0
    assert fieller(1.0, 0.41, 0.01, 0.04, 0.0, 2.0) is not None
    assert fieller(1.0, 0.0, 0.01, 0.0, 0.0, 2.0) is None


def test_fiellers_interval_holds_the_ratio_as_often_as_it_says():
    chance = np.random.default_rng(2)
    root = np.linalg.cholesky([[0.09, 0.03], [0.03, 0.04]])
    held = []
    for above, below in np.array([1.5, 1.0]) + chance.normal(size=(4_000, 2)) @ root.T:
        found = fieller(above, below, 0.09, 0.04, 0.03, 1.96)
        held.append(found is None or found[0] <= 1.5 <= found[1])
    assert np.mean(held) == pytest.approx(0.95, abs=0.01)


def test_growth_takes_the_covariance_of_two_generations_into_account():
    # Perfectly correlated and proportional: 0.5 and 1.0 with errors 0.05 and 0.1 are twice as much without any doubt.
    covariance = np.outer([0.05, 0.1], [0.05, 0.1])
    figures = Figures(np.array([0.5, 1.0]), covariance, np.zeros((2, 2)), prompts=100, seeds=1)
    times, ci = growth(figures, 0, 0.05)
    assert times == pytest.approx(2)
    assert ci == pytest.approx((2, 2))


def test_points_of_an_even_choice():
    assert even_choice(0.0) == 0
    assert even_choice(np.log(3)) == pytest.approx(25)  # from 1:1 to 3:1, 50 % to 75 %


def test_figures_that_nothing_tells_apart_have_no_error_to_go_by():
    rows = np.random.default_rng(0).random((30, 1))
    same = pooled([means(np.concatenate([rows, rows], axis=1), np.arange(30))] * 2).of(np.array([1.0, -1.0]))
    assert (same.value, same.error, same.p()) == (0, 0, 1)
