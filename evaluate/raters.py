"""What each rater did: agreement with the others, ties, pull to the first position, time."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import DRAWS, SEED, FloatArray, IntArray, resample_prompts
from firsthand.estimates import Estimate
from firsthand.evaluate.agreement import cohen_kappa, ordered_counts, pair_agreement
from firsthand.evaluate.conduct import share
from firsthand.evaluate.ratings import Ratings

CHOICE = np.array([2, 0, 1, 1])
"""Column of the ordered counts (b, neither, a) for each of VERDICTS."""
MOST_PAIRED_RATERS = 20


@dataclass(frozen=True, slots=True)
class Rater:
    """One rater's figures.

    overlap: comparisons that others rated too. agreement: share of the others' votes on them with the same choice
    (a, b or neither). ties, both_bad: shares of the rater's votes. first_position: share of decisive votes for the
    response shown first, of `shown_first_known` such votes. median_seconds: None where no vote has a time.
    """

    name: str
    simulated: bool
    votes: int
    overlap: int
    agreement: Estimate
    ties: float
    both_bad: float
    first_position: Estimate
    shown_first_known: int
    median_seconds: float | None


def rater_figures(
    ratings: Ratings, draws: int = DRAWS, seed: int = SEED, only: Collection[str] | None = None
) -> list[Rater]:
    """The figures of every rater, or of those in `only`, by name."""
    others = _same_choice_by_others(ratings)
    order = np.argsort(ratings.rater, kind="stable")
    bounds = np.searchsorted(ratings.rater[order], np.arange(len(ratings.raters) + 1))
    return [
        _rater(ratings, number, order[start:stop], others, draws, seed)
        for number, (start, stop) in enumerate(pairwise(bounds))
        if only is None or ratings.raters[number] in only
    ]


def pair_figures(ratings: Ratings) -> list[dict[str, Any]] | None:
    """Agreement and Cohen's kappa (a, b, neither) of every two raters who share comparisons; None beyond 20 raters."""
    if len(ratings.raters) > MOST_PAIRED_RATERS:
        return None
    choices = np.full((len(ratings.raters), ratings.units), -1)
    choices[ratings.rater[ratings.counted], ratings.unit[ratings.counted]] = CHOICE[ratings.verdict[ratings.counted]]
    found = []
    for one, other in combinations(range(len(ratings.raters)), 2):
        shared = (choices[one] >= 0) & (choices[other] >= 0)
        if shared.any():
            table = joint_counts(choices[one][shared], choices[other][shared])
            names = [ratings.raters[one], ratings.raters[other]]
            found.append({"raters": names, "comparisons": int(shared.sum()), **_pair(table)})
    return found


def joint_counts(one: IntArray, other: IntArray) -> FloatArray:
    """How often two raters gave each pair of choices (0 to 2): (3, 3)."""
    return np.bincount(one * 3 + other, minlength=9).reshape(3, 3).astype(np.float64)


def first_position_share(chose_first: FloatArray) -> Estimate:
    """Share of votes for the response shown first, with the exact binomial interval (Clopper and Pearson 1934).

    chose_first: (N,), 1 first, 0 second, NaN unknown. Where sides are drawn at random, 0.5 is no pull.
    """
    known = chose_first[np.isfinite(chose_first)]
    return share(int(known.sum()), len(known), "no decisive vote says which response was shown first").estimate


def _rater(
    ratings: Ratings, number: int, rows: npt.NDArray[np.intp], others: FloatArray, draws: int, seed: int
) -> Rater:
    paired = rows[others[rows, 1] > 0]
    prompts = ratings.unit_prompt[ratings.unit[paired]]
    resampled = resample_prompts({"pairs": others[paired]}, prompts, draws=draws, seed=seed)
    verdicts = ratings.verdict[rows]
    seconds = ratings.seconds[rows]
    seconds = seconds[np.isfinite(seconds)]
    chose_first = ratings.chose_first[rows]
    return Rater(
        name=ratings.raters[number],
        simulated=ratings.simulated[number],
        votes=len(rows),
        overlap=len(paired),
        agreement=resampled.estimate(
            lambda sums: pair_agreement(sums["pairs"]), "no other rater saw these comparisons"
        ),
        ties=float((verdicts == 2).mean()),
        both_bad=float((verdicts == 3).mean()),
        first_position=first_position_share(chose_first),
        shown_first_known=int(np.isfinite(chose_first).sum()),
        median_seconds=float(np.median(seconds)) if len(seconds) else None,
    )


def _same_choice_by_others(ratings: Ratings) -> FloatArray:
    """For each vote (N, 2): the other raters' votes on its unit with the same choice, and all of theirs."""
    choices = ordered_counts(ratings.counts())
    own = CHOICE[ratings.verdict]
    same = choices[ratings.unit, own] - 1.0
    every = choices.sum(axis=1)[ratings.unit] - 1.0
    return np.stack([same, every], axis=1) * ratings.counted[:, None]


def _pair(table: FloatArray) -> dict[str, float | None]:
    kappa = float(cohen_kappa(table))
    return {"agreement": float(np.trace(table) / table.sum()), "kappa": kappa if np.isfinite(kappa) else None}
