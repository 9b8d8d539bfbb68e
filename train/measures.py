"""What an evaluation says of one source's held-out pairs: agreement, margin and calibration, each with an interval."""

from functools import partial

import numpy as np
from scipy.special import expit

from firsthand.bootstrap import FloatArray, IntArray, Sums, ratio, resample_prompts
from firsthand.score_gaps import bin_rows, brier, correct, expected_error

INTERVALS = ("accuracy", "reward_gap", "brier", "ece")
"""Figures that come with an interval, as NAME_low and NAME_high where there is one."""


def measure(rewards: FloatArray, prompts: IntArray) -> dict[str, float]:
    """Figures of N pairs from their rewards (N, 2), the chosen response's first, and their prompts (N,).

    accuracy: a tie is half right, since seeing no difference is a coin's guess. reward_gap: mean difference of rewards.
    brier, ece: how good and how well calibrated sigmoid(gap) is as the probability that people, or judges, chose so.
    Intervals are 95 %, by drawing prompts (firsthand.bootstrap); one that can't be had is left out.
    """
    chosen, rejected = rewards[:, 0], rewards[:, 1]
    gap = chosen - rejected
    right = correct(chosen, rejected)
    rows = {
        "rows": np.ones_like(gap),
        "accuracy": right,
        "reward_gap": gap,
        "brier": brier(gap),
        "cells": bin_rows(expit(np.abs(gap)), right),
    }
    resampled = resample_prompts(rows, prompts)
    figures = {"reward_chosen": float(chosen.mean()), "reward_rejected": float(rejected.mean())}
    for name in INTERVALS:
        estimate = resampled.estimate(partial(_statistic, name))
        if estimate.value is not None:
            figures[name] = estimate.value
        if estimate.ci is not None:
            figures[f"{name}_low"], figures[f"{name}_high"] = estimate.ci
    return figures


def _statistic(name: str, sums: Sums) -> FloatArray:
    return expected_error(sums["cells"]) if name == "ece" else ratio(sums[name], sums["rows"])
