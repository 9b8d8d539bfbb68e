import numpy as np
import pytest
from scipy.stats import binom
from worlds import simulated_counts

from firsthand import bootstrap
from firsthand.bootstrap import percentile_interval, ratio, resample_each, resample_prompts, sums_by
from firsthand.evaluate.agreement import alpha_nominal, pair_agreement, unit_rows


def mean(sums):
    return ratio(sums["value"][..., 0], sums["value"][..., 1])


def rows_of(values):
    return {"value": np.stack([values, np.ones(len(values))], axis=1)}


def test_total_and_draws_keep_the_shape_of_a_rows_value():
    rows = {"matrix": np.arange(24.0).reshape(6, 2, 2), "scalar": np.arange(6.0)}
    found = resample_prompts(rows, np.array([7, 7, 9, 9, 9, 4]), draws=11)
    assert found.total["matrix"].tolist() == rows["matrix"].sum(axis=0).tolist()
    assert found.total["scalar"] == 15
    assert found.draws["matrix"].shape == (11, 2, 2)
    assert found.draws["scalar"].shape == (11,)
    assert found.clusters == 3


def test_each_draw_holds_whole_prompts():
    # Three prompts of sums 3, 0 and 30, drawn three times with replacement.
    found = resample_prompts({"value": np.array([1.0, 2, 0, 30])}, np.array([0, 0, 1, 2]), draws=500)
    possible = {a + b + c for a in (3, 0, 30) for b in (3, 0, 30) for c in (3, 0, 30)}
    assert set(found.draws["value"].tolist()) == possible


def test_equal_seeds_give_equal_draws_and_chunks_do_not_show(monkeypatch):
    rows, prompts = rows_of(np.arange(50.0)), np.arange(50)
    whole = resample_prompts(rows, prompts, seed=3).draws["value"]
    assert np.array_equal(whole, resample_prompts(rows, prompts, seed=3).draws["value"])
    assert not np.array_equal(whole, resample_prompts(rows, prompts, seed=4).draws["value"])
    monkeypatch.setattr(bootstrap, "WEIGHTS_AT_ONCE", 1_000)
    in_chunks = resample_prompts(rows, prompts, seed=3).draws["value"]
    assert in_chunks.shape == whole.shape
    assert in_chunks.mean() == pytest.approx(whole.mean(), rel=0.02)


def test_sets_resampled_together_are_resampled_as_if_alone():
    generator = np.random.default_rng(1)
    prompts = [np.repeat(np.arange(10), 3), np.repeat(np.arange(10), 3), np.arange(30)]
    sets = [{"value": generator.random(30)} for _ in prompts]
    for found, rows, of_set in zip(resample_each(sets, prompts, draws=50), sets, prompts, strict=True):
        alone = resample_prompts(rows, of_set, draws=50)
        assert found.clusters == alone.clusters
        assert found.total["value"] == pytest.approx(alone.total["value"])
        assert found.draws["value"] == pytest.approx(alone.draws["value"])


def test_the_interval_of_a_mean_is_close_to_the_normal_one():
    values = np.random.default_rng(0).normal(5, 2, 400)
    found = resample_prompts(rows_of(values), np.arange(400)).estimate(mean)
    error = 1.96 * values.std() / 20
    assert found.value == pytest.approx(values.mean())
    assert found.ci == pytest.approx((values.mean() - error, values.mean() + error), abs=0.03)


def test_sums_by_group():
    assert sums_by(np.array([[1.0, 10], [2, 20], [4, 40]]), np.array([1, 0, 1])).tolist() == [[2, 20], [5, 50]]


def test_percentile_interval_cuts_equal_tails():
    assert percentile_interval(np.arange(1001.0), level=0.9) == pytest.approx((50.0, 950.0))


@pytest.mark.parametrize(
    ("values", "prompts", "value", "why"),
    [
        ([], [], None, "no rows"),
        ([1.0, 0.0], [5, 5], 0.5, "at least two prompts"),
        ([1.0, 1.0, 1.0], [0, 1, 2], 1.0, "all 3 prompts agree"),
    ],
)
def test_what_has_no_interval_says_why(values, prompts, value, why):
    found = resample_prompts(rows_of(np.array(values)), np.array(prompts, int)).estimate(mean)
    assert (found.value, found.ci) == (value, None)
    assert why in found.why
    assert found.as_json() == {"value": value, "ci": None, "why": found.why}


def test_a_statistic_that_most_draws_leave_undefined_has_no_interval():
    # Only one of ten prompts has a denominator; 0.9^10 = 35 % of the draws miss it.
    rows = {"value": np.array([[1.0, 2.0], *[[0.0, 0.0]] * 9])}
    found = resample_prompts(rows, np.arange(10)).estimate(mean)
    assert found.value == 0.5
    assert found.ci is None
    assert "undefined in 3" in found.why


def test_intervals_cover_the_truth_as_often_as_they_say_only_when_prompts_are_drawn():
    """Prompts differ in difficulty, and with their comparisons an interval that draws rows is too short."""
    worlds, draws = 200, 300
    covered = {"alpha": 0, "agreement": 0, "agreement, rows drawn": 0}
    # A rater reports the true verdict with chance q, else any of three: two raters agree with chance
    # q^2 + (1 - q^2) / 3, and alpha = 1 - (1 - agreement) / (1 - 1/3) = q^2; over prompts q is 0.3 or 0.95.
    alpha = (0.3**2 + 0.95**2) / 2
    agreement = alpha + (1 - alpha) / 3
    for world in range(worlds):
        counts, prompts = simulated_counts(np.random.default_rng(world))
        rows = unit_rows(counts)
        by_prompt = resample_prompts(rows, prompts, draws=draws, seed=world)
        by_row = resample_prompts(rows, np.arange(len(prompts)), draws=draws, seed=world)
        covered["alpha"] += covers(by_prompt.estimate(lambda s: alpha_nominal(s["nominal"])), alpha)
        covered["agreement"] += covers(by_prompt.estimate(lambda s: pair_agreement(s["pairs"])), agreement)
        covered["agreement, rows drawn"] += covers(by_row.estimate(lambda s: pair_agreement(s["pairs"])), agreement)
    lowest, highest = binom.ppf([0.001, 0.999], worlds, 0.945)
    assert lowest <= covered["alpha"] <= highest
    assert lowest <= covered["agreement"] <= highest
    assert covered["agreement, rows drawn"] < lowest


def covers(estimate, truth):
    low, high = estimate.ci
    return low <= truth <= high
