from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr
from sweep_tables import point, sweep_of, table_of

from firsthand.evaluate.sweep.baselines import _apart, _ordered, _trained, engines, rights, wanted_accuracy
from firsthand.evaluate.sweep.cells import cells_of
from firsthand.evaluate.sweep.resample import figures
from firsthand.evaluate.sweep.words import engines_words


def right_on(share):
    return np.where(np.arange(100) < 100 * share, 1.0, -1.0)


def test_longer_wins_stands_beside_every_model():
    # A is longer on 65 of 100, and people chose A everywhere.
    table = table_of([1.0] * 100, length=[(2, 1)] * 65 + [(1, 2)] * 35)
    points = [point("add", 0.0, right_on(0.6)), point("add", 0.5, right_on(0.7))]
    cells = cells_of(points)
    found, longer = rights(cells, figures(sweep_of(table, points), None, wanted_accuracy(table, cells), 0, 0))
    assert longer.value == pytest.approx(0.65)
    assert [each.minus_longer.value for each in found] == pytest.approx([-0.05, 0.05])
    assert found[0].minus_longer.rows == 100


def swept_twice(fast, full):
    table = table_of([1.0] * 100)
    made = [[point("add", ratio, right_on(share)) for ratio, share in each.items()] for each in (fast, full)]
    sweep = sweep_of(table, made[0])
    return type(sweep)(
        sweep.table, sweep.judge, sweep.own, sweep.points, "fast", 50, other=tuple(made[1]), other_engine="full"
    )


def test_two_engines_are_compared_on_the_cells_that_both_trained():
    fast, full = {0.0: 0.6, 0.25: 0.65, 0.5: 0.7, 0.75: 0.62}, {0.0: 0.55, 0.25: 0.5, 0.5: 0.75}
    found = engines(swept_twice(fast, full), 0.05)
    assert [each.cell.ratio for each in found.cells] == [0.0, 0.25, 0.5]
    assert found.rank == pytest.approx(spearmanr([0.6, 0.65, 0.7], [0.55, 0.5, 0.75]).statistic)
    assert (found.apart.this, found.apart.other) == pytest.approx((0.65, 0.5))
    assert [each.cell.ratio for each in found.misled] == [0.25]
    # The same with the full engine run last: it is still the fast one that misleads.
    turned = engines(replace(swept_twice(full, fast), engine="full", other_engine="fast"), 0.05)
    for each in (found, turned):
        assert "Fast misleads at 25% (all, add): full moves them the other way." in engines_words(each)


def test_movements_that_noise_explains_mislead_nobody():
    # Fast gains 2 of 100, full loses 2 others: x is 1 on 4 and 0 on 96, sum (x - 0.04)^2 = 3.84, p is 0.045.
    fast, full = {0.0: 0.6, 0.5: 0.62}, {0.0: 0.6, 0.5: 0.58}
    sweep = swept_twice(fast, full)
    this, other = (_trained(sweep.table, points) for points in (sweep.points, sweep.other))
    found = _apart(this, other, 1, 1)
    assert (found.value, found.error) == pytest.approx((0.04, np.sqrt(3.84 / 100 / 99)))
    assert len(engines(sweep, 0.05).misled) == 1
    assert "are they shown to move" in engines_words(engines(sweep, 0.04))
    # Three seeds against one, the variance between seeds 0.0003: (2 x 0.0003 + 0) / 2 x (1/3 + 1) = 0.0004 beside it.
    drawn = replace(this, of_seeds=np.array([0.0, 0.0003]), seeds=3)
    assert _apart(drawn, other, 1, 1).error == pytest.approx(np.sqrt(3.84 / 100 / 99 + 0.0004))
    assert _apart(other, drawn, 1, 1).error == pytest.approx(np.sqrt(3.84 / 100 / 99 + 0.0004))


def test_an_order_that_chance_explains_is_not_called_one():
    # More on 20 of 100: sum (x - 0.2)^2 = 20 0.64 + 80 0.04 = 16, error sqrt(16 / 100 / 99), t = 4.98. On 2 of 100:
    # 2 0.9604 + 98 0.0004 = 1.96, t = 1.42, p = 0.158. Fast orders two of three pairs, full none.
    fast, full = {0.0: 0.5, 0.25: 0.7, 0.5: 0.72}, {0.0: 0.52, 0.25: 0.51, 0.5: 0.5}
    found = engines(swept_twice(fast, full), 0.05)
    assert (found.rank, found.ordered) == (-1.0, (2, 0))
    assert (
        "Of 3 pairs of these models, fast is shown to find 2 unequally accurate, full 0: this order, and the "
        "correlation, may be chance."
    ) in engines_words(found)
    agreed = engines(swept_twice(fast, fast), 0.05)
    assert agreed.ordered == (2, 2)
    assert "fast is shown to find 2 unequally accurate, full 2. At no ratio" in engines_words(agreed)


def test_the_draws_of_the_seeds_are_pooled_over_the_pairs():
    # Shares by the two seeds: 0.5 and 0.5, 0.7 and 0.7, 0.7 and 0.9. Between the seeds the last moves by 20 of 100
    # from either other: variance 0.02, of which the prompts owe (20 0.64 + 80 0.04) / 100^2 / 2 = 0.0008. Pooled over
    # the pairs: (0 + 2 0.0192) / 3 = 0.0128, halved for two seeds 0.0064. Of the means, prompts give 16, 16 and 4
    # (20 0.16 + 80 0.01) over 100 99: t = 0.2 / sqrt(0.008016) = 2.234, 0.3 / sqrt(0.008016) = 3.351 and
    # 0.1 / sqrt(0.006804) = 1.212, p = 0.0277, 0.00114 and 0.228, by Holm 0.0555, 0.0034 and 0.228.
    shares = [(0.0, (0.5, 0.5)), (0.25, (0.7, 0.7)), (0.5, (0.7, 0.9))]
    points = [
        replace(point("add", ratio, right_on(share)), seed=seed)
        for ratio, each in shares
        for seed, share in enumerate(each)
    ]
    for alpha, shown in ((0.003, 0), (0.004, 1), (0.05, 1), (0.06, 2)):
        assert _ordered(table_of([1.0] * 100), points, [0, 1, 2], alpha) == shown


def test_ratios_that_lie_close_are_each_compared_with_their_own():
    shares = {0.0: 0.6, 0.01: 0.4, 0.02: 0.7, 0.05: 0.5}
    found = engines(swept_twice(shares, shares), 0.05)
    assert [each.cell.ratio for each in found.cells] == [0.0, 0.01, 0.02, 0.05]
    assert found.rank == pytest.approx(1.0)
    # Without a ratio of 1 % the other engine has nothing to hold against it: people's rows alone are another cell.
    fewer = engines(swept_twice({0.0: 0.6, 0.01: 0.4, 0.05: 0.5}, {0.0: 0.6, 0.05: 0.5}), 0.05)
    assert [each.cell.ratio for each in fewer.cells] == [0.0, 0.05]


def test_one_engine_or_one_common_cell_is_nothing_to_compare():
    assert engines(swept_twice({0.0: 0.6, 0.5: 0.7}, {0.0: 0.6}), 0.05) is None
    assert engines(sweep_of(table_of([1.0]), [point("add", 0.0, [1.0])]), 0.05) is None
