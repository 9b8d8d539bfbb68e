import numpy as np
import pytest
from policy_worlds import compared, policy_world, true_points

from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.policies.config import PoliciesConfig
from firsthand.evaluate.policies.ranking import rank_policies
from firsthand.evaluate.policies.words import headline

CONFIG = PoliciesConfig(draws=300)


def test_points_ties_and_observed_shares_of_a_pair():
    rows = [("x", "y", "a")] * 5 + [("y", "x", "b")] * 3 + [("x", "y", "tie")] * 4 + [("y", "x", "a")] * 4
    found = rank_policies(compared(rows, ["x", "y"]), CONFIG)
    (pair,) = found.pairs
    # x won 5 + 3, tied 4 and lost 4 of 16: 8 + 4/2 = 10 of 16.
    assert (pair.first, pair.second, pair.n) == ("x", "y", 16)
    assert pair.observed.value == pytest.approx(10 / 16)
    assert pair.ties == pytest.approx(4 / 16)
    assert [policy.observed.value for policy in found.policies] == pytest.approx([10 / 16, 6 / 16])
    assert found.policies[0].points.value == pytest.approx(pair.fitted.value)
    assert found.policies[0].strength.value == pytest.approx(-found.policies[1].strength.value)


def test_a_comparison_counts_once_by_the_shares_of_its_votes():
    thirds = rank_policies(compared([("x", "y", (2 / 3, 0, 1 / 3))] * 12, ["x", "y"]), CONFIG)
    assert thirds.policies[0].observed.value == pytest.approx(2 / 3)


def test_policies_never_compared_are_set_against_each_other_through_a_third():
    rows = [("x", "y", "a"), ("x", "y", "a"), ("x", "y", "b")] * 20 + [("y", "z", "a"), ("z", "y", "b")] * 25
    found = rank_policies(compared(rows, ["x", "y", "z"]), CONFIG)
    assert [policy.author for policy in found.policies] == ["x", "y", "z"]
    pair = found.pair("z", "x")
    assert (pair.first, pair.n, pair.ties, pair.observed.value) == ("x", 0, None, None)
    assert pair.observed.why == "nobody compared the two"
    assert pair.fitted.value > 0.9


def test_ranks_are_what_the_pairs_told_apart_leave_open():
    found = rank_policies(policy_world(np.random.default_rng(1), [1.2, 1.1, -1.0, -1.1], prompts=150), CONFIG)
    assert [(policy.best_rank, policy.worst_rank) for policy in found.policies] == [(1, 2), (1, 2), (3, 4), (3, 4)]
    assert {policy.author for policy in found.policies[:2]} == {"policy-0", "policy-1"}
    assert found.pair("policy-0", "policy-1").verdict is Verdict.INCONCLUSIVE
    assert found.pair("policy-0", "policy-2").verdict is Verdict.DETECTED


def test_many_comparisons_rule_a_difference_that_matters_out():
    found = rank_policies(policy_world(np.random.default_rng(2), [0.0, 0.0], prompts=2_000), CONFIG)
    assert found.pairs[0].verdict is Verdict.RULED_OUT
    assert abs(found.pairs[0].fitted.value - 0.5) < 0.03


def test_a_policy_that_was_hardly_compared_is_told_apart_from_nobody():
    # z won all of its 4 comparisons: by chance alone that happens once in 16.
    known = [("x", "y", "a"), ("x", "y", "b")] * 20
    found = rank_policies(compared([*known, *[("z", "x", "a")] * 4], ["x", "y", "z"]), CONFIG)
    assert {pair.verdict for pair in found.pairs if "z" in (pair.first, pair.second)} == {Verdict.NOT_TESTABLE}
    assert found.pair("x", "y").p is not None
    more = rank_policies(compared([*known, *[("z", "x", "a")] * 12], ["x", "y", "z"]), CONFIG)
    assert more.pair("z", "x").verdict is Verdict.DETECTED


def test_few_prompts_tell_nothing_apart():
    found = rank_policies(compared([("x", "y", "a")] * 30, ["x", "y"], prompt=[n % 9 for n in range(30)]), CONFIG)
    assert (found.pairs[0].p, found.pairs[0].verdict) == (None, Verdict.NOT_TESTABLE)
    assert (found.policies[0].best_rank, found.policies[0].worst_rank) == (1, 2)
    assert found.policies[0].observed.ci is None


def test_where_every_prompt_says_the_same_a_sign_test_tells_the_two_apart():
    # 12 of 12 prompts have x ahead: p = 2 / 2^12; the two comparisons of a prompt are one sign.
    rows = [("x", "y", "a"), ("y", "x", (0, 1 / 3, 2 / 3))] * 12
    found = rank_policies(compared(rows, ["x", "y"], prompt=np.arange(24) // 2), CONFIG)
    assert found.pairs[0].p == pytest.approx(2 / 2**12)
    assert found.pairs[0].verdict is Verdict.DETECTED
    assert [(policy.best_rank, policy.worst_rank) for policy in found.policies] == [(1, 1), (2, 2)]
    assert headline(found).endswith("it is shown to be the stronger of the two.")
    level = rank_policies(compared([("x", "y", "tie")] * 12, ["x", "y"]), CONFIG)
    assert (level.pairs[0].p, level.pairs[0].verdict) == (None, Verdict.NOT_TESTABLE)


def test_a_pair_that_nothing_can_test_leaves_the_others_their_verdicts():
    # In every prompt x beats y and y beats z, once each: x and z never met, and no draw tells their strengths apart.
    rows = [("x", "y", "a"), ("z", "y", "b")] * 12
    found = rank_policies(compared(rows, ["x", "y", "z"], prompt=np.arange(24) // 2), CONFIG)
    assert (found.pair("x", "z").p, found.pair("x", "z").verdict) == (None, Verdict.NOT_TESTABLE)
    for pair in (found.pair("x", "y"), found.pair("y", "z")):
        assert pair.p_adjusted == pytest.approx(2 * 2 / 2**12)  # Holm over the two that have a p-value
        assert pair.verdict is Verdict.DETECTED


def test_comparisons_of_one_prompt_count_as_one_piece_of_evidence():
    rows = [("x", "y", outcome) for outcome in "aabaabaabaab" for _ in range(4)]
    together, apart = (
        rank_policies(compared(rows, ["x", "y"], prompt=prompts), CONFIG).policies[0].points.ci
        for prompts in ([number // 4 for number in range(48)], range(48))
    )
    # Four rows that always agree say as much as one: the interval is sqrt(4) times as long.
    assert (together[1] - together[0]) / (apart[1] - apart[0]) == pytest.approx(2, rel=0.15)


def test_how_often_the_longer_response_was_preferred():
    rows = [("x", "y", "a")] * 6 + [("x", "y", "b")] * 3 + [("x", "y", "tie")] * 3 + [("x", "y", "a")] * 2
    lengths = [(9, 5)] * 12 + [(5, 5), (np.nan, 4)]
    found = rank_policies(compared(rows, ["x", "y"], length=lengths), CONFIG)
    assert found.longer.value == pytest.approx(6 / 9)  # ties, equal and unknown lengths say nothing of it
    assert found.policies[0].length == pytest.approx((9 * 12 + 5) / 13)


def test_intervals_hold_the_truth_and_equal_policies_stay_together():
    # The reduced form of tests/calibration/test_policy_intervals.py: 30 worlds, four policies each.
    theta = [1.0, 0.4, 0.0, -1.4]
    truth, held, told = true_points(theta), 0, 0
    for world in range(30):
        config = PoliciesConfig(draws=200)
        for policy in rank_policies(policy_world(np.random.default_rng(world), theta), config).policies:
            low, high = policy.points.ci
            held += low <= truth[int(policy.author[-1])] <= high
        equal = rank_policies(policy_world(np.random.default_rng(world), [0.0] * 4), config)
        told += any(pair.verdict is Verdict.DETECTED for pair in equal.pairs)
    assert held >= 0.88 * 120
    assert told <= 5  # of 30, at 5 %: more in one of 300 runs
