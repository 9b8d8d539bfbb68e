import numpy as np
import pytest
from sweep_tables import point, sweep_of, table_of

from firsthand.evaluate.sweep.cells import cells_of
from firsthand.evaluate.sweep.resample import figures
from firsthand.evaluate.sweep.settings import AnalysisConfig
from firsthand.evaluate.sweep.worth import wanted_worth, worths


def right_on(share, count=1_000):
    return np.where(np.arange(count) < share * count, 1.0, -1.0)


def worth_of(synthetic_only, curve=((10, 0.6), (100, 0.7))):
    table = table_of([1.0] * 1_000)
    points = [point("human", 0.0, right_on(share), human=rows) for rows, share in curve]
    points += [point("replace", 0.0, right_on(0.8), human=1_000)]
    points += [point("replace", 1.0, right_on(synthetic_only), human=1_000)]
    cells = cells_of(points)
    found = figures(sweep_of(table, points), None, wanted_worth(table, cells), 0, 0)
    return worths(cells, found, AnalysisConfig())


def test_a_row_is_worth_the_human_rows_it_stands_for():
    # The curve: 10 rows 60 %, 100 rows 70 %, 1,000 rows 80 %. 75 % lies half way from log 100 to log 1,000: 316 rows.
    (found,) = worth_of(0.75)
    assert found.as_human == pytest.approx(np.sqrt(100 * 1_000))
    assert found.value == pytest.approx(0.316, abs=0.001)
    assert found.low is not None
    assert found.low < found.value


def test_in_a_mix_the_human_rows_are_taken_off():
    table = table_of([1.0] * 1_000)
    points = [point("human", 0.0, right_on(share), human=rows) for rows, share in ((10, 0.6), (100, 0.7))]
    points += [point("replace", ratio, right_on(share), human=1_000) for ratio, share in ((0.0, 0.8), (0.5, 0.79))]
    cells = cells_of(points)
    found = figures(sweep_of(table, points), None, wanted_worth(table, cells), 0, 0)
    (mixed,) = worths(cells, found, AnalysisConfig())
    # As accurate as 10^2.9 = 794 human rows: of 500 synthetic ones each stands for (794 - 500) / 500.
    assert mixed.value == pytest.approx((10**2.9 - 500) / 500)


def test_better_than_the_whole_curve_is_more_than_can_be_told():
    (found,) = worth_of(0.9)
    assert (found.as_human, found.value, found.high) == (None, None, None)
    assert found.most_rows == 1_000


def test_labels_no_better_than_a_coin_are_worth_a_row():
    (found,) = worth_of(0.5)
    assert found.as_human == pytest.approx(1.0)


def test_without_a_learning_curve_nothing_is_told():
    assert worth_of(0.75, curve=()) == []
