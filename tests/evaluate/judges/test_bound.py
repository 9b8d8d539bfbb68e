import numpy as np
import pytest
from judge_worlds import Truth
from krippendorff import alpha
from scipy.stats import binom, binomtest
from statsmodels.stats.proportion import proportion_confint

from firsthand.evaluate.judges.bound import Agreed, count_agreed, rows_needed


def test_one_row_a_prompt_gives_clopper_and_pearsons_bound() -> None:
    found = count_agreed(np.array([1.0] * 46 + [0.0] * 4), np.arange(50))
    assert (found.rows, found.prompts, found.agreed, found.effective) == (50, 50, 46, 50)
    # One-sided 95 % is the lower end of the two-sided 90 %.
    assert found.lower(0.05) == pytest.approx(proportion_confint(46, 50, alpha=0.1, method="beta")[0])
    assert found.upper(0.05) == pytest.approx(proportion_confint(46, 50, alpha=0.1, method="beta")[1])
    assert found.p_value(0.85) == pytest.approx(binomtest(46, 50, 0.85, alternative="greater").pvalue)


def test_the_bound_and_the_test_say_the_same() -> None:
    found = Agreed(200, 60, 181, 83.7)
    assert found.p_value(found.lower(0.03)) == pytest.approx(0.03)


def test_equal_rows_of_a_prompt_count_once() -> None:
    # 40 prompts of 5 rows, each prompt all right or all wrong: 40 independent rows, 36 of them right. n_w = 5, and the
    # correlation is 1 with the added prompt too, so that 200 / (1 + 4 * 1) = 40.
    agrees = np.repeat([1.0] * 36 + [0.0] * 4, 5)
    found = count_agreed(agrees, np.repeat(np.arange(40), 5))
    assert found.effective == pytest.approx(40)
    assert found.lower(0.05) == pytest.approx(proportion_confint(36, 40, alpha=0.1, method="beta")[0])


def test_where_no_row_disagrees_the_prompts_are_counted() -> None:
    assert count_agreed(np.ones(100), np.repeat(np.arange(20), 5)).effective == pytest.approx(20)


def test_the_correlation_is_krippendorffs_alpha_with_one_more_prompt() -> None:
    generator = np.random.default_rng(5)
    prompts = np.sort(generator.integers(0, 30, 120))
    agrees = (generator.random(120) < generator.beta(4, 1, 30)[prompts]).astype(float)
    sizes = np.bincount(prompts)[np.unique(prompts)]
    mean = 120 / len(sizes)
    counts = [[agrees[prompts == p].sum(), (1 - agrees[prompts == p]).sum()] for p in np.unique(prompts)]
    # The package wants whole counts: multiplied up, alpha of the counts themselves is only the same in the limit.
    within = alpha(value_counts=np.array(counts), level_of_measurement="nominal")
    found = count_agreed(agrees, prompts)
    own = (sizes**2).sum() / 120
    correlation = (120 / found.effective - 1) / (own - 1)
    assert own > 1
    assert within < correlation < within + 3 * mean / 30


def test_rows_needed_is_the_least_that_passes_four_times_in_five() -> None:
    needed = rows_needed(0.92, 0.85, 0.05, design_effect=1.0)
    assert needed is not None
    least = binom.isf(0.05, needed, 0.85) + 1
    assert binom.sf(least - 1, needed, 0.85) <= 0.05
    assert binom.sf(least - 1, needed, 0.92) >= 0.8
    assert 0.9 * needed < (1.645 * (0.85 * 0.15) ** 0.5 + 0.842 * (0.92 * 0.08) ** 0.5) ** 2 / 0.07**2 < 1.1 * needed
    assert rows_needed(0.92, 0.85, 0.05, design_effect=2.0) == 2 * needed
    assert rows_needed(0.85, 0.85, 0.05, design_effect=1.0) is None


def test_nothing_counted_proves_nothing() -> None:
    none = count_agreed(np.zeros(0), np.zeros(0, np.int64))
    assert (none.p_value(0.85), none.lower(0.05), none.upper(0.05)) == (1.0, 0.0, 1.0)


def test_a_judge_just_below_the_target_seldom_passes() -> None:
    """The reduced form of tests/calibration/test_admission_keeps_its_promise.py."""
    truth, generator = Truth(0.862, correlation=0.5), np.random.default_rng(2)
    assert 0.83 < truth.agreement(0.5) < 0.85
    passed = 0
    for _ in range(200):
        world = truth.draw(generator, 80)
        passed += count_agreed(world.agrees, world.prompts).p_value(0.85) <= 0.05
    assert passed <= 18  # P(more than 18 of 200 at 5 %) = 0.5 %
