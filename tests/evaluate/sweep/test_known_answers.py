"""The calibration in small: few worlds, so that only a gross fault shows (tests/calibration/test_sweep_worlds.py)."""

from dataclasses import replace

import numpy as np
from sweep_worlds import KINDS, outcome, page, truth

SMALLER = {"anchor": 1_000, "seeds": 2}


def test_the_true_tolerance_ratio_is_in_its_interval():
    world = replace(KINDS["affinity-1"].world, **SMALLER, ratios=(0.0, 0.25, 0.5, 0.75, 1.0))
    true = truth(world, worlds=15, anchor=2_000)
    outcomes = [outcome(world, seed, 20, true) for seed in range(12)]
    assert 0.05 < true["ratio"] < 0.6
    # Of 12 intervals of 95 %, 9 or fewer hold the truth with a chance of 0.2 %.
    assert sum(each["covered"] for each in outcomes) > 9
    errors = np.sqrt(np.mean([each["error"] ** 2 for each in outcomes]))
    assert 0.6 < errors / np.std([each["inherited"] for each in outcomes], ddof=1) < 2.2


def test_a_judge_without_affinity_is_seldom_said_to_cross():
    world = replace(KINDS["unbiased"].world, human=800, synthetic=800, anchor=1_500, ratios=(0.0, 0.5, 1.0))
    outcomes = [outcome(world, seed, 20, {"ratio": None}) for seed in range(8)]
    assert sum(each["not_detected"] for each in outcomes) >= 7


def test_accurate_labels_help_and_biased_ones_hurt():
    nothing = {"ratio": None}
    helping = replace(KINDS["accurate-0.9"].world, synthetic=1_200, add=(0.0, 0.85))
    assert sum(outcome(helping, seed, 20, nothing)["helps"] for seed in range(4)) >= 3
    hurting = KINDS["tasteful-0.6"].world
    assert all(outcome(hurting, seed, 10, nothing)["hurts"] for seed in range(3))


def test_the_page_tells_bounds_and_gates():
    kept = {"refits": 4, "truth": {"difference": [0.05], "ratio": None}, "outcomes": []}
    kept["outcomes"] = [{"helps": seed > 0, "hurts": False, "no_help": seed == 0} for seed in range(20)]
    text = page({"accurate-0.9": kept})
    # 19 of 20: Clopper and Pearson's bounds are 75.1 % to 99.9 %.
    assert "help 95.0% (75.1% to 99.9%)" in text
    assert "open (95%)" in text
