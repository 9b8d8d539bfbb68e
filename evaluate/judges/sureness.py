"""Whether a judge is as often right as it is sure."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from firsthand.evaluate.calibration import Calibration, measure_calibration
from firsthand.evaluate.judges.bench import DECISIVE, A, Bench, Judge, too_few

SUREST = 1e-6
"""Probabilities nearer to 0 or 1 are taken as this near, so that their log loss is finite."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no calibration."""

    why: str


def calibration_of(bench: Bench, judge: Judge, draws: int, seed: int, least_prompts: int = 1) -> Calibration | Refused:
    """Of the judge's probabilities, where both it and the majority of people chose a or b."""
    if not judge.has_p.any():
        return Refused("it gave no probabilities")
    majority = bench.majority[judge.unit]
    rows = judge.has_p & np.isin(judge.choice, DECISIVE) & np.isin(majority, DECISIVE)
    prompts = bench.prompt[judge.unit[rows]]
    if why := too_few(prompts, least_prompts):
        return Refused(why)
    p_chosen_by_people = np.where(majority[rows] == A, judge.p_a[rows], 1.0 - judge.p_a[rows])
    difference = logit(np.clip(p_chosen_by_people, SUREST, 1.0 - SUREST))
    return measure_calibration(difference, prompts, draws, seed)
