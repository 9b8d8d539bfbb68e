"""What people and the judge chose, and the judge without its affinity."""

import numpy as np
import pytest
from findings import finding, small_table

from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.audit.picture import picture, shares

OWN = (1,)


def test_the_shares_are_those_counted_by_hand() -> None:
    drawn = picture(small_table(), finding(), OWN)
    assert drawn is not None
    # People chose own in (1 + 0.5 + 0.75 + 0) / 4 of its comparisons, a tie as half; the judge in all.
    assert drawn.people.value == pytest.approx((1 + 0.5 + 0.75 + 0) / 4)
    assert drawn.judge.value == pytest.approx(1.0)
    # 20 points of affinity (5 to 35): without it 0.80 (0.65 to 0.95).
    assert drawn.without.value == pytest.approx(0.80)
    assert drawn.without.ci == pytest.approx((0.65, 0.95))
    assert drawn.n == 4


def test_a_share_never_leaves_0_to_1() -> None:
    drawn = picture(small_table(), finding(points=-20.0, points_ci=(-35.0, -5.0)), OWN)
    assert drawn is not None
    assert drawn.without.value == 1.0
    assert drawn.without.ci == (1.0, 1.0)


def test_there_is_no_picture_of_what_was_not_measured() -> None:
    table = small_table()
    assert picture(table, finding(points=None, verdict=Verdict.NOT_TESTABLE), OWN) is None
    assert picture(table, finding(judge="nobody"), OWN) is None
    assert picture(table, finding(), ()) is None


def test_comparisons_that_only_one_side_judged_do_not_count() -> None:
    table = small_table()
    table.people.pair[table.people.pair == 3] = 0
    drawn = picture(table, finding(), OWN)
    assert drawn is not None
    assert drawn.n == 3
    assert np.isnan(shares(table.people, 4)[3])
