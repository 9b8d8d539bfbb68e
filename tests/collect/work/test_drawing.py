"""The chances with which work is drawn."""

import random
from collections import Counter

import pytest
from rating_work import assignment

from firsthand.collect.work.drawing import Draw, draw
from firsthand.collect.work.information import Votes, information
from firsthand.collect.work.turns import Pool

FRESH, BEGUN, HALF, TELLING = (
    Pool("", False, 0, 5),
    Pool("", False, 1, 5),
    Pool("law", True, 1, 5),
    Pool("law", False, 1, 10),
)


def chances(sizes, plan, draws=4_000):
    """How often each pool was drawn, and the propensity that was stated for it."""
    chance = random.Random(11)
    drawn = [draw(sizes, plan, chance) for _ in range(draws)]
    return Counter(one.pool for one in drawn), {one.pool: one.propensity for one in drawn}


@pytest.mark.parametrize("policy", ["random", "least_covered", "informative"])
@pytest.mark.parametrize("share", [0.2, 1.0])
def test_the_stated_chances_sum_to_one_and_are_the_real_ones(policy, share):
    sizes = {FRESH: 6, BEGUN: 3, TELLING: 1}
    counts, stated = chances(sizes, assignment(order={"policy": policy, "random_share": share}))
    assert sum(sizes[pool] * stated[pool] for pool in sizes) == pytest.approx(1)
    for pool, size in sizes.items():
        p = size * stated[pool]
        # Four standard deviations of a share of 4,000 draws.
        assert abs(counts[pool] / 4_000 - p) < 4 * (p * (1 - p) / 4_000) ** 0.5


def test_the_chances_of_a_small_draw_are_these():
    # s = 0.2, N = 10; least covered are the n = 6 fresh ones: 0.2/10 + 0.8/6 = 0.1533 each, the others 0.2/10 = 0.02.
    plan = assignment(order={"policy": "least_covered", "random_share": 0.2})
    _, stated = chances({FRESH: 6, BEGUN: 3, TELLING: 1}, plan)
    assert stated == {
        FRESH: pytest.approx(0.2 / 10 + 0.8 / 6),
        BEGUN: pytest.approx(0.02),
        TELLING: pytest.approx(0.02),
    }


def test_begun_overlap_comes_before_all_else():
    drawn = draw({FRESH: 90, HALF: 4}, assignment(0.3), random.Random(0))
    assert drawn == Draw(HALF, "overlap", 1 / 4)


@pytest.mark.parametrize(
    ("votes", "tenths"),
    [
        (Votes(), 10),  # t ~ Beta(1, 1): P(t < 1/2) = 1/2
        (Votes(for_a=1), 5),  # Beta(2, 1): 1/4
        (Votes(for_a=2), 2),  # Beta(3, 1): 1/8, and 2.5 tenths are rounded to even
        (Votes(for_a=1, for_b=1), 10),  # Beta(2, 2)
        (Votes(for_a=1, judges_p_a=0.0), 10),  # Beta(2, 2): a judge and a person disagree
        (Votes(for_a=1, judges_p_a=1.0), 2),  # Beta(3, 1): they agree
        (Votes(neither=2), 10),  # Beta(2, 2)
        (Votes(for_a=9), 0),  # Beta(10, 1): 1/1024
    ],
)
def test_information_is_how_uncertain_the_votes_leave_it(votes, tenths):
    assert information(votes) == tenths
