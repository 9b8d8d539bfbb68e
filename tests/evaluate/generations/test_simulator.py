"""The simulator against worked examples, closed forms and the theorem it stands for."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from firsthand.evaluate.generations.config import World
from firsthand.evaluate.generations.simulator import (
    collapse_ratio,
    described,
    distinct_share,
    evolve,
    exact_curves,
    fit,
    types_of,
)


@pytest.mark.parametrize(("ratio", "learned"), [(0.0, (1.0, 0.0)), (1.0, (0.8, 1.5))])
def test_one_generation_learns_exactly_what_its_labels_follow(ratio, learned):
    world = World(sharpness=0.8, affinity=1.5)
    _, after = evolve(world, ratio, 1)
    assert (after.a, after.c) == pytest.approx(learned, abs=1e-6)


def test_a_mix_teaches_the_reward_of_least_cross_entropy():
    world = World(affinity=1.0, quality_of_style=0.4)
    types = types_of(world)
    _, after = evolve(world, 0.5, 1)

    def cross_entropy(value):
        total = 0.0
        for x in range(len(types.first)):
            score = expit(value[0] * (types.quality[x] - types.quality) + value[1] * (types.style[x] - types.style))
            by_people = expit(types.quality[x] - types.quality)
            by_judge = expit(types.quality[x] - types.quality + types.style[x] - types.style)
            share = (by_people + by_judge) / 2
            total -= types.first[x] * types.first @ (share * np.log(score) + (1 - share) * np.log(1 - score))
        return total

    best = minimize(cross_entropy, [0.5, 0.5], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12})
    assert (after.a, after.c) == pytest.approx(best.x, abs=1e-4)


def test_dpo_tilts_its_reference_by_the_reward():
    # Only people's labels: a = 1, c = 0. Each of two steps of 0.5 multiplies p by exp(0.5 q): in all by exp(q).
    world = World(step=0.5)
    types = types_of(world)
    *_, last = evolve(world, 0.0, 2)
    expected = types.first * np.exp(types.quality)
    assert last.p == pytest.approx(expected / expected.sum(), abs=1e-8)
    *_, from_base = evolve(World(step=0.5, start="base"), 0.0, 2)
    expected = types.first * np.exp(0.5 * types.quality)
    assert from_base.p == pytest.approx(expected / expected.sum(), abs=1e-8)


def test_retraining_on_the_chosen_weighs_each_type_by_how_often_it_wins():
    world = World(update="retrain", affinity=0.7)
    types = types_of(world)
    _, after = evolve(world, 1.0, 1)
    reward = types.quality + 0.7 * types.style
    wins = [sum(p * expit(one - other) for p, other in zip(types.first, reward, strict=True)) for one in reward]
    assert after.p == pytest.approx(2 * types.first * np.array(wins), abs=1e-12)
    assert after.p.sum() == pytest.approx(1)


def test_a_closed_loop_maximises_the_curators_reward_and_one_with_real_data_does_not():
    """Ferbach et al. 2024: without real data only the types of the highest reward are left; with them, others stay."""
    world = World(update="retrain")
    types = types_of(world)
    reward = types.quality + types.style
    states = list(evolve(world, 1.0, 400))
    means = [state.p @ reward for state in states]
    assert (np.diff(means) > 0).all()
    assert states[-1].p[reward == reward.max()].sum() > 0.99
    *_, mixed = evolve(world, 0.5, 400)
    assert mixed.p[reward == reward.max()].sum() < 0.1


def test_the_reward_of_a_generator_is_read_off_how_it_differs_from_the_first():
    world = World()
    types = types_of(world)
    tilted = types.first * np.exp(0.7 * types.quality - 0.2 * types.style)
    found = described(types, tilted / tilted.sum())
    assert (found.a, found.c) == pytest.approx((0.7, -0.2), abs=1e-6)


def test_newtons_fit_is_that_of_a_general_optimiser():
    chance = np.random.default_rng(0)
    columns, weight = chance.normal(size=(50, 2)), chance.random(50)
    share = chance.random(50)

    def loss(value):
        fitted = expit(columns @ value)
        return -(weight * (share * np.log(fitted) + (1 - share) * np.log(1 - fitted))).sum() + 0.05 * value @ value

    assert fit(columns, share, weight, ridge=0.1) == pytest.approx(minimize(loss, [0.0, 0.0]).x, abs=1e-4)


def test_the_expected_share_of_different_types():
    # Two types, 1/2 each, three samples: 1 - 2^-3 of each type is seen: 2 * 7/8 / 3.
    assert distinct_share(np.array([0.5, 0.5]), 3) == pytest.approx(2 * 7 / 8 / 3)
    drawn = np.random.default_rng(0).choice(4, (40_000, 3), p=[0.4, 0.3, 0.2, 0.1])
    simulated = np.mean([len(set(row)) for row in drawn.tolist()]) / 3
    assert distinct_share(np.array([0.4, 0.3, 0.2, 0.1]), 3) == pytest.approx(simulated, abs=0.005)


def test_the_ratio_at_which_a_world_collapses_parts_the_loops_that_do_from_those_that_do_not():
    world = World(step=1.0)
    at = collapse_ratio(world, 4, 0.8)
    assert at == pytest.approx(0.736, abs=0.001)
    twin = exact_curves(world, 0.0, 4)["diversity"][-1]
    assert exact_curves(world, at + 0.002, 4)["diversity"][-1] < 0.8 * twin
    assert exact_curves(world, at - 0.002, 4)["diversity"][-1] > 0.8 * twin
    assert collapse_ratio(World(step=1.0, affinity=0.0), 4, 0.8) is None


def test_a_judge_without_affinity_and_with_peoples_sharpness_is_a_person():
    world = World(affinity=0.0)
    twin, loop = (exact_curves(world, ratio, 3) for ratio in (0.0, 1.0))
    for name, curve in twin.items():
        assert loop[name] == pytest.approx(curve, abs=1e-6)
