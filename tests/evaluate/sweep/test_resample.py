from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t
from sweep_tables import figure, point, sweep_of, table_of

from firsthand.evaluate.sweep.cells import against, alone, cells_of
from firsthand.evaluate.sweep.measures import accuracy
from firsthand.evaluate.sweep.resample import Figure, Wanted, figures


def wanted(table, cells):
    return {
        "accuracy": Wanted(accuracy(table), alone(cells, range(len(cells)))),
        "difference": Wanted(accuracy(table), against(cells, [1], 0)),
    }


def test_without_training_again_the_error_is_that_of_the_anchor():
    # Right on 3 of 4 prompts: deviations 1/4, 1/4, 1/4, -3/4, by 4 rows; their squares sum to 0.75 / 16; x 4 / 3.
    table = table_of([1.0] * 4)
    sweep = sweep_of(table, [point("add", 0.0, [1, 1, 1, -1]), point("add", 0.5, [1, 1, 1, 1])])
    cells = cells_of(sweep.points)
    found = figures(sweep, None, wanted(table, cells), 100, 0)
    assert found["accuracy"][0].value == 0.75
    assert found["accuracy"][0].error == pytest.approx(np.sqrt(0.75 / 16 * 4 / 3))
    assert found["difference"][0].value == pytest.approx(0.25)
    assert found["difference"][0].error == pytest.approx(np.sqrt(0.75 / 16 * 4 / 3))


def test_models_that_agree_everywhere_differ_by_nothing():
    table = table_of([1.0, 0.0] * 10)
    gap = np.tile([1.0, 1.0, -1.0, -1.0], 5)
    sweep = sweep_of(table, [point("add", 0.0, gap), point("add", 0.5, gap)])
    found = figures(sweep, None, wanted(table, cells_of(sweep.points)), 0, 0)["difference"][0]
    assert (found.value, found.error) == (0.0, 0.0)
    assert found.p() == 1.0


def test_training_on_other_prompts_adds_to_the_error():
    generator = np.random.default_rng(0)
    table = table_of([1.0] * 400)
    quality = generator.normal(0.3, 1, 400)
    sweep = sweep_of(table, [point("add", 0.0, quality), point("add", 0.5, quality)])

    def refit(counts):
        luck = (counts[:25].sum() - 25) / 10  # how good the model is hangs on which prompts it saw
        return point("add", 0.0, quality + luck), point("add", 0.5, quality)

    cells = cells_of(sweep.points)
    fixed = figures(sweep, None, wanted(table, cells), 200, 0)["accuracy"]
    again = figures(sweep, refit, wanted(table, cells), 200, 0)["accuracy"]
    assert again[1].error == pytest.approx(fixed[1].error)
    assert again[0].error > 1.5 * fixed[0].error


def test_the_full_engines_error_takes_training_from_the_models_that_were_trained_again():
    # Halves of 50 prompts differ by 0.2 in accuracy on the same comparisons: V_train is 0.2^2 / 4 less what the two
    # halves owe to the anchor. Two seeds, 4 and 6 of 10 right: means 0.5, variance 0.02.
    table = table_of([1.0] * 10)
    models = [
        point("add", 0.0, np.where(np.arange(10) < right, 1.0, -1.0), seed=seed) for seed, right in ((0, 4), (1, 6))
    ]
    low, high = (np.where(np.arange(10) < right, 1.0, -1.0) for right in (4, 6))

    def refit(counts):
        return (point("add", 0.0, high if counts[0] else low),)

    sweep = sweep_of(table, models)
    errors = {
        name: figures(replace(sweep, engine=name), refit, {"a": Wanted(accuracy(table), np.eye(1))}, 2, 0)["a"][0].error
        for name in ("fast", "full")
    }
    # What a prompt adds: (right - mean) / 10. Between 4 and 6 it moves by (1 - 0.2) / 10 on two and by -0.02 on eight:
    # 2 0.0064 + 8 0.0004 = 0.016 in all. V_train = (0.04 - 0.016) / 4 = 0.006, V_seed = 0.02 - 0.016 / 2 = 0.012.
    # V_anchor, of means 1 on 4, 1/2 on 2, 0 on 4 about 1/2: 8 0.0025 10 / 9 = 0.02 10 / 9.
    anchor = 0.02 * 10 / 9
    assert errors["full"] == pytest.approx(np.sqrt(anchor + 0.006 + 0.012 / 2))
    assert errors["fast"] == pytest.approx(np.sqrt(anchor + max(0.006 - 0.012 / 2, 0.006 / 2)))


def test_what_models_share_does_not_widen_their_difference():
    generator = np.random.default_rng(0)
    table = table_of([1.0] * 400)
    quality = generator.normal(0.3, 1, 400)
    sweep = sweep_of(table, [point("add", 0.0, quality), point("add", 0.5, quality)])

    def refit(counts):
        luck = (counts[:25].sum() - 25) / 10
        return point("add", 0.0, quality + luck), point("add", 0.5, quality + luck)

    assert figures(sweep, refit, wanted(table, cells_of(sweep.points)), 50, 0)["difference"][0].error == 0.0


def test_chance_flips_of_a_retrained_model_are_not_counted_twice():
    # Each draw flips the same share of fresh comparisons at random: on many comparisons no draw is better than another,
    # so that training adds nothing, though accuracies on this anchor differ from draw to draw.
    generator = np.random.default_rng(3)
    table = table_of([1.0] * 300)
    gap = np.where(generator.random(300) < 0.8, 1.0, -1.0)
    sweep = sweep_of(table, [point("add", 0.0, gap), point("add", 0.5, gap)])

    def refit(counts):
        drawn = [np.where(generator.random(300) < 0.8, 1.0, -1.0) for _ in range(2)]
        return point("add", 0.0, drawn[0]), point("add", 0.5, drawn[1])

    cells = cells_of(sweep.points)
    fixed = figures(sweep, None, wanted(table, cells), 300, 0)["accuracy"][0]
    again = figures(sweep, refit, wanted(table, cells), 300, 0)["accuracy"][0]
    assert again.error < 1.1 * fixed.error


def test_equal_seeds_give_equal_figures():
    table = table_of([1.0] * 30)
    gap = np.random.default_rng(0).normal(size=30)
    sweep = sweep_of(table, [point("add", 0.0, gap), point("add", 0.5, gap + 0.1)])

    def refit(counts):
        return point("add", 0.0, gap + counts[0]), point("add", 0.5, gap + counts[1])

    cells = cells_of(sweep.points)
    first, second = (figures(sweep, refit, wanted(table, cells), 20, 7) for _ in range(2))
    assert first == second


def test_seeds_must_hold_the_same_cells():
    table = table_of([1.0, 0.0])
    points = [point("add", 0.0, [1, 1]), point("add", 0.5, [1, 1]), point("add", 0.0, [1, 1], seed=1)]
    with pytest.raises(ValueError, match="same arms and ratios"):
        cells_of(sweep_of(table, points).points)


def test_the_interval_of_a_share_ends_at_one():
    # 0.99 -+ 2.262 x 0.02 (Student's t, 9 degrees of freedom) would reach 1.035.
    assert Figure(0.99, 0.02, 10, 40).share_interval(0.05) == (pytest.approx(0.945, abs=5e-4), 1.0)
    assert Figure(0.01, 0.02, 10, 40).share_interval(0.05) == (0.0, pytest.approx(0.055, abs=5e-4))
    assert Figure(0.5, 0.02, 1, 40).share_interval(0.05) is None


def test_an_interval_of_few_prompts_is_students():
    found = figure(0.1, 0.02, prompts=16)
    assert found.interval(0.05) == pytest.approx((0.1 - t.isf(0.025, 15) * 0.02, 0.1 + t.isf(0.025, 15) * 0.02))
    assert found.p() == pytest.approx(2 * t.sf(5, 15))
    assert figure(0.1, 0.02, prompts=1).interval(0.05) is None
