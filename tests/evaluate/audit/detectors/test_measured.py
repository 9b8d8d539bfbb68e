"""Figures with their errors, and verdicts that stand beside each other."""

from dataclasses import replace

import numpy as np
import pytest
from detector_worlds import SETTINGS
from scipy.stats import t, ttest_1samp

from firsthand.bootstrap import Sums, resample_prompts
from firsthand.evaluate.audit.detectors.measured import (
    Measured,
    in_points,
    measured,
    not_testable,
    settled,
    votes_missing,
)
from firsthand.evaluate.audit.finding import Finding, Verdict


def mean(sums: Sums) -> np.ndarray:
    return sums["x"][..., 0] / sums["x"][..., 1]


def rows(values: np.ndarray) -> dict[str, np.ndarray]:
    return {"x": np.stack([values, np.ones(len(values))], axis=1)}


def test_a_mean_has_the_error_of_the_t_test() -> None:
    values = np.random.default_rng(1).normal(0.3, 1, 400)
    found = measured(resample_prompts(rows(values), np.arange(400), draws=4000, seed=2), mean)
    assert found is not None
    assert found.value == pytest.approx(values.mean())
    assert found.error == pytest.approx(values.std(ddof=1) / 20, rel=0.05)
    assert found.p == pytest.approx(ttest_1samp(values, 0).pvalue, rel=0.5)


def test_p_and_interval_of_a_worked_example() -> None:
    # t = 2 / 1 on 9 degrees of freedom; t_{0.975} = 2.262.
    found = Measured(2.0, 1.0, 10)
    assert found.p == pytest.approx(0.0766, abs=1e-4)
    assert found.interval(0.05) == pytest.approx((-0.262, 4.262), abs=1e-3)
    assert found.p == pytest.approx(2 * t.sf(2, 9))


def test_few_prompts_or_equal_rows_are_not_measured() -> None:
    values = np.random.default_rng(3).normal(size=60)
    assert measured(resample_prompts(rows(values), np.arange(60) % 9, draws=200), mean) is None
    assert measured(resample_prompts(rows(np.ones(60)), np.arange(60), draws=200), mean) is None
    assert measured(resample_prompts(rows(values), np.arange(60) % 10, draws=200), mean) is not None


def test_missing_votes_of_a_worked_example() -> None:
    # The best comparison of each prompt has 2, 0 and 1 votes: 0, 1 and 2 are missing, and 2 on a fourth prompt.
    assert votes_missing(np.array([2.0, 1, 0, 1]), np.array([0, 0, 1, 2]), 4) == 5
    assert votes_missing(np.zeros(0), np.zeros(0, np.int64), 10) == 20
    assert votes_missing(np.array([3.0, 2]), np.array([0, 1]), 2) is None


def test_verdicts_are_adjusted_for_each_other() -> None:
    def finding(name: str, value: float, error: float) -> Finding:
        found = Finding(detector="d", judge=name, verdict=Verdict.INCONCLUSIVE, why="")
        return in_points(found, Measured(value, error, 10_000), SETTINGS)

    # p of 0.03 alone is detected; beside a second test 2 x 0.03 = 0.06 is not.
    doubtful = finding("x", 0.0651, 0.03)
    assert settled([doubtful], SETTINGS)[0].verdict is Verdict.DETECTED
    nothing = finding("y", 0.0, 0.005)
    assert doubtful.p is not None
    refused = not_testable("d", "z", "why", "step")
    open_one = replace(finding("w", 0.05, 0.04), next_step="Heed it.")
    steps = [one.next_step for one in settled([doubtful, open_one], SETTINGS, [100, 100])]
    # 5 points, 2 beyond the margin, and an error of 4 points that must fall to min(5 / (2.241 + 0.842), 2 / 0.842), at
    # alpha / 2: ((4 / 1.622)^2 - 1) 100 votes. Alone 5 / (1.960 + 0.842) would do: ((4 / 1.785)^2 - 1) 100.
    assert steps[1] == "About 509 further human votes on comparisons like these would tell."
    alone, beside = settled([open_one], SETTINGS, [100])[0], settled([open_one, doubtful], SETTINGS, [100, 100])[0]
    assert (alone.needed, beside.needed) == (403, 509)
    assert (alone.mde_points, beside.mde_points) == pytest.approx((4 * 2.802, 4 * 3.083), abs=0.02)
    assert settled([open_one], SETTINGS)[0].next_step == "Heed it."
    assert settled([replace(nothing, next_step="Heed it.")], SETTINGS)[0].next_step == ""
    first, second, third = settled([doubtful, nothing, refused], SETTINGS)
    assert first.p_adjusted == pytest.approx(2 * doubtful.p)
    assert (first.verdict, second.verdict, third.verdict) == (
        Verdict.INCONCLUSIVE,
        Verdict.RULED_OUT,
        Verdict.NOT_TESTABLE,
    )
