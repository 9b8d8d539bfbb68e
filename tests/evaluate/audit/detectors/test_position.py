"""D2: answers that depend on the order."""

from dataclasses import replace

import numpy as np
import pytest
from detector_worlds import SETTINGS, A, B, N, lineages, table, votes
from scipy.stats import binomtest

from firsthand.evaluate.audit.detectors.position import first_gain, flip_rows, order_counts, position_findings
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.table import AuditTable, Votes
from firsthand.evaluate.simulate import Judge, World, simulate


def found(given: AuditTable) -> tuple[Finding, Finding]:
    first, order = position_findings(given, lineages(given), SETTINGS)
    return first, order


def test_a_worked_example() -> None:
    judged = votes(
        [
            *((0, 0, A, 1), (0, 0, B, -1)),  # the first both times: + 1/2
            *((1, 0, B, 1), (1, 0, A, -1)),  # the second both times: - 1/2
            *((2, 0, A, 1), (2, 0, A, -1)),  # the same response: 0
            *((3, 0, A, 1), (3, 0, N, -1)),  # the first, then a tie: (1 - 1/2) / 2
            *((4, 0, A, 1), (4, 0, A, 1), (4, 0, N, 1)),  # one order: 2 of 3 pairs differ
        ]
    )
    counts = order_counts(judged, 5)
    assert first_gain(counts[:4]) == pytest.approx([0.5, -0.5, 0, 0.25])
    assert flip_rows(counts) == pytest.approx(
        np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 2 / 3, 1]])
    )


def test_the_first_position_is_mcnemars_test() -> None:
    # 40 comparisons: the first chosen twice on 18, the second twice on 6: (18 - 6) / 2 / 40 = 15 points.
    judged = []
    for pair in range(40):
        one, two = (A, B) if pair < 18 else (B, A) if pair < 24 else (A, A)
        judged += [(pair, 0, one, 1), (pair, 0, two, -1)]
    first, _ = found(table([], judged, comparisons=40))
    assert first.points == pytest.approx(15)
    exact = binomtest(18, 24).pvalue
    assert f"18 comparisons and the second both times on 6, McNemar's exact p = {exact:.3g}" in first.why
    # (b - c) / sqrt(b + c - (b - c)^2 / n) = 12 / sqrt(24 - 3.6)
    assert first.p is not None
    assert first.p == pytest.approx(0.011, abs=0.004)


def test_flips_are_held_against_repeats_of_the_same_comparisons() -> None:
    # 30 easy comparisons never flip; 30 hard ones flip at random, and only these were asked again: no excess.
    judged = [(pair, 0, A, first) for pair in range(30) for first in (1, -1)]
    chance = np.random.default_rng(1)
    for pair in range(30, 60):
        judged += [(pair, 0, int(chance.choice([A, B])), first) for first in (1, 1, -1, -1)]
    _, order = found(table([], judged, comparisons=60))
    assert order.verdict is not Verdict.DETECTED
    assert order.why.startswith("On 30 comparisons asked in both orders and again,")
    assert order.n == 30


def test_a_few_comparisons_asked_in_both_orders_do_not_stand_for_the_rest() -> None:
    pulled = simulate(World(own_pairs=300, other_pairs=300, judges=(Judge(order_pull=0.8),)), 1)
    judged = pulled.judged
    few = replace(judged.where(judged.pair < 3), first=-judged.first[judged.pair < 3])
    both = replace(
        judged,
        **{
            name: np.concatenate([getattr(judged, name), getattr(few, name)])
            for name in ("pair", "voter", "outcome", "first", "p_a")
        },
    )
    alone, with_few = (found(replace(pulled, judged=votes))[0] for votes in (judged, both))
    assert alone.verdict is Verdict.DETECTED
    assert with_few.verdict is Verdict.DETECTED
    assert with_few.why.startswith("Asked in one order")


def test_an_order_pull_is_found_and_noise_is_not_taken_for_one() -> None:
    pulled = simulate(World(judges=(Judge(order_pull=0.4, both_orders=True),)), 1)
    assert (found(pulled)[0].verdict, found(pulled)[0].direction) == (Verdict.DETECTED, "favours")
    world = World(own_pairs=100, other_pairs=100, advantage=0.5, per_prompt=4, judges=(Judge(both_orders=True),))
    p = [found(simulate(world, seed))[0].p for seed in range(60)]
    assert sum(value is not None and value < 0.05 for value in p) <= 8


def test_flips_are_told_from_noise_by_repeats() -> None:
    table_once = simulate(World(judges=(Judge(order_pull=0.8, both_orders=True),)), 2)
    _, order = found(table_once)
    assert order.verdict is Verdict.NOT_TESTABLE
    assert order.estimate is not None
    assert order.estimate > 0.3
    assert "none was asked again" in order.why

    def asked_again(pull: float) -> AuditTable:
        world = World(judges=(Judge(order_pull=pull, both_orders=True),) * 2)
        given = simulate(world, 3)
        one = given.judged
        return replace(given, judges=("judge-0",), judged=replace(one, voter=np.zeros_like(one.voter)))

    assert found(asked_again(0.0))[1].verdict is not Verdict.DETECTED
    turned = found(asked_again(1.2))[1]
    assert (turned.verdict, turned.direction) == (Verdict.DETECTED, "changes answers")


def test_a_stated_inconsistency_is_reported_though_not_testable() -> None:
    given = table([], [(pair, 0, N if pair < 6 else A, 0) for pair in range(40)], comparisons=40)
    said = replace(given, judged=replace(given.judged, consistent=(given.judged.outcome == A).astype(float)))
    first, order = found(said)
    assert first.verdict is Verdict.NOT_TESTABLE
    assert "stand for both orders; its answer in each is not in the data" in first.why
    assert (order.verdict, order.n) == (Verdict.NOT_TESTABLE, 40)
    assert order.estimate == pytest.approx(6 / 40)
    assert order.ci is not None
    assert "answered inconsistently on 6 of 40 comparisons (15.0%)" in order.why


@pytest.mark.parametrize("stated", [False, True], ids=["both orders", "stated"])
def test_a_judge_that_no_order_moves_is_cleared_by_enough_comparisons(stated: bool) -> None:
    # None of n prompts: up to 1 - 0.025^(1 / n), 8.81 % of 40 and 2.43 % of 150, where 3 points matter.
    for prompts, most, verdict in ((40, 8.81, Verdict.INCONCLUSIVE), (150, 2.43, Verdict.RULED_OUT)):
        sides = (0,) if stated else (1, -1)
        given = table([], [(pair, 0, A, side) for pair in range(prompts) for side in sides], comparisons=prompts)
        if stated:
            given = replace(given, judged=replace(given.judged, consistent=np.ones(prompts)))
        for finding in found(given):
            assert (finding.verdict, finding.n, finding.points) == (verdict, prompts, 0.0)
            assert finding.points_ci == pytest.approx((-most, most), abs=0.01)
            assert finding.why == f"In both orders judge-0 gave the same answer on all of {prompts} comparisons."
            # log 0.025 / log 0.97 = 121.1
            assert finding.next_step == ("Ask it in both orders on 82 further prompts." if prompts == 40 else "")


@pytest.mark.parametrize("orders", ["both", "one", "both, again"])
def test_a_judge_that_always_chooses_the_first_is_detected(orders: str) -> None:
    # On all of 40 prompts: p = 2^(1 - 40), and at most 1 - 0.025^(1 / 40) = 8.81 % of prompts may be otherwise.
    sides = {"both": (1, -1), "one": (0,), "both, again": (1, 1, -1, -1)}[orders]
    judged = []
    for pair in range(40):
        judged += [(pair, 0, A if side > 0 else B, side) for side in (side or (-1) ** pair for side in sides)]
    first, order = found(table([], judged, comparisons=40))
    assert (first.verdict, first.direction, first.points, first.p) == (Verdict.DETECTED, "favours", 50.0, 2.0**-39)
    assert first.points_ci == pytest.approx((50 - 8.81, 50), abs=0.01)
    assert first.why == "On all of 40 comparisons, judge-0 chose the response shown first, whichever it was."
    assert order.verdict is (Verdict.DETECTED if orders == "both, again" else Verdict.NOT_TESTABLE)
    seconds = [(pair, voter, B if outcome == A else A, side) for pair, voter, outcome, side in judged]
    assert found(table([], seconds, comparisons=40))[0].points == -50
    few = found(table([], judged[: 6 * len(sides)], comparisons=6))[0]
    assert (few.verdict, few.next_step) == (Verdict.NOT_TESTABLE, "Ask it in both orders on 4 further prompts.")


def test_one_order_is_held_against_peoples_votes() -> None:
    pulled, _ = found(simulate(World(own_pairs=500, other_pairs=300, judges=(Judge(order_pull=0.5),)), 4))
    assert (pulled.verdict, pulled.unit) == (Verdict.DETECTED, "logit")
    assert pulled.ci is not None
    assert pulled.ci[0] < 0.5 < pulled.ci[1]
    world = World(advantage=0.8, rater_order_pull=0.3, judges=(Judge(sharpness=0.5),))
    p = [found(simulate(world, seed))[0].p for seed in range(12)]
    # Of 12 nulls at 5 %, more than 3 come with a chance of 0.2 %.
    assert sum(value is not None and value < 0.05 for value in p) <= 3


def test_one_order_without_people_is_refused() -> None:
    given = simulate(World(own_pairs=50, other_pairs=30), 5)
    nobody = replace(given, people=given.people.where(np.zeros(len(given.people), bool)))
    first, _ = found(nobody)
    assert first.verdict is Verdict.NOT_TESTABLE
    assert "No person has voted" in first.why
    one_side = Votes(*(getattr(given.judged, name) for name in ("pair", "voter", "outcome", "first", "p_a")))
    one_side = replace(one_side, first=np.ones_like(one_side.first))
    assert "the other side first" in found(replace(given, judged=one_side))[0].why
