"""Every knob of a simulated world does what it says: checked on many comparisons, where chance is small."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.evaluate.audit.table import NEITHER, P_A, AuditTable, B
from firsthand.evaluate.simulate import Judge, World, simulate

PAIRS = 8_000
CHANCE = 5 * 0.5 / np.sqrt(PAIRS)
"""Five standard errors of a share of so many."""
LARGE = World(own_pairs=PAIRS, other_pairs=0, spread=0.0, votes=2)
BLIND = Judge(sharpness=0.0)
"""Follows no quality, so that what else it follows shows."""


def of(judge: Judge, **knobs: object) -> AuditTable:
    return simulate(replace(LARGE, judges=(judge,), **knobs), 1)


def own(table: AuditTable) -> FloatArray:
    return (table.author[:, 0] == 0).astype(float) - (table.author[:, 1] == 0)


def chosen(table: AuditTable, side: FloatArray | IntArray, judge: int = 0) -> float:
    """How often the judge chose the response on `side` (N,), +1 for A and -1 for B."""
    votes = table.judged.of(judge)
    for_a = P_A[votes.outcome]
    return float(np.where(side[votes.pair] > 0, for_a, 1 - for_a)[side[votes.pair] != 0].mean())


def sign_of_style(table: AuditTable) -> FloatArray:
    counts = table.styles["bold"]
    return np.sign(counts[:, 0] - counts[:, 1])


def test_authors_lie_apart_in_quality() -> None:
    def decided(apart: float) -> float:
        table = of(Judge(sharpness=1.0), own_pairs=0, other_pairs=PAIRS, apart=apart)
        pair = np.bincount(table.people.pair, P_A[table.people.outcome])
        return float(np.isin(pair, (0.0, 2.0)).mean())

    # Without quality two people agree in half of the comparisons; ten log-odds apart, in nearly all.
    assert decided(0.0) == pytest.approx(0.5, abs=CHANCE)
    assert decided(10.0) > 0.8


def test_affinity_and_order_pull_are_log_odds() -> None:
    table = of(replace(BLIND, affinity=0.7))
    assert chosen(table, own(table)) == pytest.approx(expit(0.7), abs=CHANCE)
    table = of(replace(BLIND, order_pull=0.5))
    votes = table.judged
    first = np.where(votes.first > 0, P_A[votes.outcome], 1 - P_A[votes.outcome])
    assert first.mean() == pytest.approx(expit(0.5), abs=CHANCE)


def test_people_lean_to_the_first_and_to_the_better_author() -> None:
    people = of(BLIND, rater_order_pull=0.5).people
    strength = np.where(people.first > 0, P_A[people.outcome], 1 - P_A[people.outcome])
    # Authors differ in strength, which pulls the share a little towards one half.
    assert strength.mean() == pytest.approx(expit(0.5), abs=0.02)
    better = [of(BLIND, advantage=advantage) for advantage in (-1.0, 1.0)]
    shares = [(own(table)[table.people.pair] * (2 * P_A[table.people.outcome] - 1)).mean() for table in better]
    assert shares[0] < -0.3 < 0.3 < shares[1]


def test_a_tie_is_as_likely_as_indifference_is_wide() -> None:
    # Without any difference: P(neither) = sigma(w) - sigma(-w).
    table = of(replace(BLIND, tie_width=0.4))
    assert (table.judged.outcome == NEITHER).mean() == pytest.approx(expit(0.4) - expit(-0.4), abs=CHANCE)
    assert not (table.people.outcome == NEITHER).any()
    assert (of(BLIND, tie_width=0.4).people.outcome == NEITHER).any()


def test_both_orders_and_probabilities() -> None:
    table = of(replace(BLIND, both_orders=True, affinity=0.3, soft=True, order_pull=0.2))
    votes = table.judged
    assert sorted(zip(votes.pair, votes.first, strict=True)) == [(n, side) for n in range(PAIRS) for side in (-1, 1)]
    assert votes.p_a == pytest.approx(expit(0.3 * own(table)[votes.pair] + 0.2 * votes.first))
    assert (votes.outcome == np.where(votes.p_a > 0.5, 0, B)).all()


@pytest.mark.parametrize(("knob", "told"), [("shared", True), ("taste", False)])
def test_what_judges_share_makes_them_agree_and_what_is_their_own_does_not(knob: str, told: bool) -> None:
    judge = replace(BLIND, **{knob: 3.0})
    table = simulate(replace(LARGE, judges=(judge, judge)), 1)
    one, other = (table.judged.of(number).outcome for number in (0, 1))
    agree = float((one == other).mean())
    assert agree > 0.65 if told else agree == pytest.approx(0.5, abs=CHANCE)


def test_own_responses_are_longer_and_have_more_of_the_style_by_so_many_deviations() -> None:
    for knobs in ({"own_longer": 1.0}, {"own_styled": 1.0}):
        table = of(BLIND, style_counted=True, **knobs)
        length, style = np.log(table.length), table.styles["bold"]
        found = [
            (own(table) * (logs[:, 0] - logs[:, 1])).mean() / scale for logs, scale in ((length, 0.25), (style, 0.5))
        ]
        assert found == pytest.approx([float("own_longer" in knobs), float("own_styled" in knobs)], abs=0.1)
    assert of(BLIND).styles == {}


def test_tastes_for_length_and_style_choose_more_of_it_whoever_wrote_it() -> None:
    table = of(replace(BLIND, length_taste=1.0), style_counted=True)
    longer = np.sign(table.length[:, 0] - table.length[:, 1])
    assert chosen(table, longer) > 0.6
    assert chosen(table, sign_of_style(table)) == pytest.approx(0.5, abs=0.03)
    table = of(replace(BLIND, style_taste=1.0), style_counted=True)
    assert chosen(table, sign_of_style(table)) > 0.6
    assert chosen(table, own(table)) == pytest.approx(0.5, abs=0.03)


def test_a_taste_for_a_style_that_own_responses_have_more_of_chooses_them() -> None:
    table = of(replace(BLIND, style_taste=1.0), own_styled=1.0)
    assert chosen(table, own(table)) > 0.6


def test_people_value_length_where_it_is_worth_something() -> None:
    shares = []
    for value in (0.0, 1.0):
        table = of(BLIND, length_value=value)
        longer = np.sign(table.length[:, 0] - table.length[:, 1])
        shares.append((longer[table.people.pair] * (2 * P_A[table.people.outcome] - 1)).mean())
    assert abs(shares[0]) < 0.05
    assert shares[1] > 0.2


def test_a_fickle_judge_is_of_one_mind_on_a_prompt_and_of_none_on_average() -> None:
    def alike(table: AuditTable) -> float:
        """How often two verdicts for or against own on one prompt agree."""
        for_own = own(table) * (2 * P_A[table.judged.outcome] - 1)
        by_prompt = for_own[np.argsort(table.prompt, kind="stable")].reshape(-1, 4)
        return float((by_prompt[:, 0] == by_prompt[:, 1]).mean())

    steady, fickle = (of(replace(BLIND, fickle=spread), per_prompt=4) for spread in (0.0, 3.0))
    assert alike(steady) == pytest.approx(0.5, abs=2 * CHANCE)
    assert alike(fickle) > 0.65
    assert chosen(fickle, own(fickle)) == pytest.approx(0.5, abs=2 * CHANCE)


def test_votes_prompts_authors_and_labels_are_as_many_as_asked_for() -> None:
    table = of(BLIND, votes=3, doubled=0.25, per_prompt=5, unequal=True, mislabelled=0.1)
    votes = np.bincount(table.people.pair)
    assert set(votes) == {1, 3}
    assert (votes == 3).mean() == pytest.approx(0.25, abs=CHANCE)
    assert (np.bincount(table.prompt) == 5).all()
    # 10 % of the own authors are called another's.
    assert (table.author == 0).any(axis=1).mean() == pytest.approx(0.9, abs=CHANCE)
    others = np.bincount(of(BLIND, unequal=True).author.ravel())[1:] / PAIRS
    assert others == pytest.approx(np.array([8, 4, 2, 1]) / 15, abs=CHANCE)


def test_quality_has_the_spread_the_tails_and_the_raters_asked_for() -> None:
    def split(**knobs: object) -> float:
        """How often two people differ."""
        outcome = of(BLIND, **knobs).people.outcome.reshape(-1, 2)
        return float((outcome[:, 0] != outcome[:, 1]).mean())

    plain = split(spread=3.0)
    assert plain < split() - 0.1
    assert split(spread=3.0, tails=2.5) > plain + 0.02  # as much variance, more of it in a few comparisons
    assert split(spread=3.0, clustering=1.0) == pytest.approx(plain, abs=0.05)
    assert split(spread=1.0, rater_spread=2.0) != split(spread=1.0)


def test_quality_that_belongs_to_an_author_on_a_prompt_is_shared_there() -> None:
    def alike(clustering: float) -> float:
        table = of(BLIND, spread=4.0, per_prompt=2, clustering=clustering, others=1)
        lean = own(table) * np.bincount(table.people.pair, 2 * P_A[table.people.outcome] - 1)
        one, other = np.sign(lean[np.argsort(table.prompt, kind="stable")].reshape(-1, 2)).T
        return float((one == other).mean())

    assert alike(1.0) > alike(0.0) + 0.2


def test_equal_seeds_give_equal_worlds() -> None:
    one, same, other = (simulate(World(), seed) for seed in (3, 3, 4))
    assert (one.people.outcome == same.people.outcome).all()
    assert (one.judged.outcome == same.judged.outcome).all()
    assert (one.judged.outcome != other.judged.outcome).any()
