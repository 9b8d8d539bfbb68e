"""The alternative annotator test: may the judge stand in for one of the people.

Calderon et al. 2025, arXiv 2501.10970. Each person j is left out in turn. On item i, the judge and person j are each
scored by how many of the other people they agree with, S(f, i) and S(h_j, i). The judge does at least as well where
S(f, i) >= S(h_j, i), the person where S(h_j, i) >= S(f, i). With d_ij = [S(h_j) >= S(f)] - [S(f) >= S(h_j)], a
one-sided t test of mean(d_j) < epsilon says that the judge does as well as person j, given that it costs epsilon less.
Benjamini and Yekutieli's procedure at q = 0.05 goes over the people; the winning rate omega is the share of people who
are beaten, rho the mean share of items on which the judge does at least as well. omega >= 1/2 passes: the least q at
which it does is kept as p, so that tests of many groups can be corrected for one another.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control, t

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.evaluate.judges.bench import Bench, Judge
from firsthand.evaluate.raters import CHOICE

EPSILONS = {"crowd": 0.1, "skilled": 0.15, "expert": 0.2}
"""What the judge saves, by who is spared."""
LEAST_ITEMS, LEAST_PEOPLE, Q, PASSES = 30, 3, 0.05, 0.5


@dataclass(frozen=True, slots=True)
class AlternativeTest:
    """What the test found; omega and p, by the words of EPSILONS, are None where it is refused; `refused` says why.

    people: how many were left out in turn; items: on how many comparisons each, at least and at most.
    """

    people: int
    items: tuple[int, int] | None
    rho: float | None
    omega: dict[str, float] | None
    p: dict[str, float] | None
    refused: str = ""

    def passes(self, word: str) -> bool | None:
        """Whether the judge may stand in for such people; None where the test is refused."""
        return None if self.omega is None else self.omega[word] >= PASSES


def alternative_of(bench: Bench, judge: Judge) -> AlternativeTest:
    """The test of `judge` on the votes of the comparisons that it labelled."""
    people = bench.people
    place = np.full(people.units, -1)
    place[judge.unit] = np.arange(len(judge.unit))
    item = place[people.unit]
    votes = people.counted & (item >= 0)
    choices = CHOICE[people.verdict[votes]]
    return alternative_test(bench.counts[judge.unit], judge.choice, item[votes], people.rater[votes], choices)


def alternative_test(
    counts: FloatArray, choice: IntArray, unit: IntArray, rater: IntArray, vote: IntArray
) -> AlternativeTest:
    """The test on M items and N votes on them.

    counts: (M, 3), votes for each choice; choice: (M,), the judge's, index into CHOICES; unit, rater, vote: (N,), the
    item, the person and the choice of each vote.
    """
    alone = counts.sum(axis=1)[unit] < 2
    unit, rater, vote = unit[~alone], rater[~alone], vote[~alone]
    others = np.pad(counts[unit] - np.eye(3)[vote], ((0, 0), (0, 1)))
    rows = np.arange(len(unit))
    person, judge = others[rows, vote], others[rows, choice[unit]]
    judge_wins = judge >= person
    difference = (person >= judge).astype(np.float64) - judge_wins
    _, who = np.unique(rater, return_inverse=True)
    items = np.bincount(who) if len(who) else np.zeros(0, np.int64)
    enough = np.flatnonzero(items >= LEAST_ITEMS)
    if len(enough) < LEAST_PEOPLE:
        return AlternativeTest(len(enough), None, None, None, None, _refusal(items, len(enough)))
    by_person = [difference[who == number] for number in enough]
    return AlternativeTest(
        people=len(enough),
        items=(int(items[enough].min()), int(items[enough].max())),
        rho=float(np.mean([judge_wins[who == number].mean() for number in enough])),
        omega={word: winning_rate(by_person, epsilon) for word, epsilon in EPSILONS.items()},
        p={word: passing_level(by_person, epsilon) for word, epsilon in EPSILONS.items()},
    )


def winning_rate(differences: list[FloatArray], epsilon: float) -> float:
    """omega: the share of people for whom mean(d) < epsilon is shown, from each one's d: (n,)."""
    return float((_adjusted(differences, epsilon) <= Q).mean())


def passing_level(differences: list[FloatArray], epsilon: float) -> float:
    """The least q at which the share PASSES of the people are beaten: winning_rate >= PASSES where it is <= Q."""
    return float(np.sort(_adjusted(differences, epsilon))[int(np.ceil(PASSES * len(differences))) - 1])


def _adjusted(differences: list[FloatArray], epsilon: float) -> FloatArray:
    p_values = np.array([_p_value(difference, epsilon) for difference in differences])
    adjusted: FloatArray = false_discovery_control(p_values, method="by")
    return adjusted


def _p_value(difference: FloatArray, epsilon: float) -> float:
    """One-sided t test of mean(d) < epsilon; where all d are equal, 0 or 1 as the mean is."""
    gap, spread = difference.mean() - epsilon, difference.std(ddof=1)
    if spread == 0:
        return 0.0 if gap < 0 else 1.0
    return float(t.cdf(gap / (spread / np.sqrt(len(difference))), len(difference) - 1))


def _refusal(items: IntArray, enough: int) -> str:
    most = (
        f"; the {LEAST_PEOPLE} with most have {', '.join(str(n) for n in sorted(items, reverse=True)[:LEAST_PEOPLE])}"
    )
    return (
        f"needs {LEAST_PEOPLE} people with {LEAST_ITEMS} comparisons each that others rated too; {enough} have so many"
        f"{most if len(items) else ''}"
    )
