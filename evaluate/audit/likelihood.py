"""The likelihood of the affinity model: people's and a judge's votes on comparisons of unknown quality.

The quality of A over B in comparison i is delta_i ~ Normal(m_i, tau^2) in people's log-odds. People vote by the ordered
logit (ordered.py) at delta_i + rho f, where f is +1 or -1 for the side shown first; the judge votes by it at
kappa delta_i + xi m_i + e_i, where e_i holds its affinity, its tastes and its order pull, and xi says how much more
it follows what is expected of the authors than what is special to one response. Each contribution

    l_i = log integral P(people's votes | delta) P(judge's verdict | delta) Normal(delta; m_i, tau^2) d delta

is summed over equally spaced nodes, whose error falls exponentially with their number (Trefethen and Weideman 2014,
section 5); the wider the spread, the more it takes. Its derivatives are exact (Louis 1982): with complete-data scores
D_q and second derivatives l''_q at node q and posterior weights w_q, the score is sum w_q D_q and the second
derivative sum w_q (l''_q + D_q D_q') - score score'. What differs from node to node depends on a few arguments only
(the log-odds of people and of the judge, the side pull, the widths); its posterior means with 1, z and z^2, z being
delta - m, are taken over the nodes, and the chain rule leads from them to the parameters. Arrays are (Q, C), nodes
first, which sums over nodes fastest.
"""

import math
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement
from typing import TypeVar

import numpy as np

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.evaluate.audit.ordered import slopes

REACH = 6
"""Standard deviations that the nodes cover on either side."""
WIDEST_GAP = 1.0
"""Between nodes, in log-odds of whoever is sharpest."""
FINEST = 10
"""Times that the gap may shrink by the root of 2."""
LOCAL = ("mean", "offset", "log_spread", "log_width", "rater_pull", "sharpness", "between", "log_judge_width")
"""What a contribution depends on: its mean m and offset e, and six numbers that all share."""
MEAN, OFFSET, LOG_SPREAD, LOG_WIDTH, RATER_PULL, SHARPNESS, BETWEEN, LOG_JUDGE_WIDTH = range(len(LOCAL))
SIDES = (0, 1, -1)
PEOPLE, PULL, WIDTH, JUDGE, JUDGE_WIDTH = "people", "pull", "width", "judge", "judge width"
"""What the chances at a node depend on: the two log-odds, the side pull, and the logs of the two widths."""
ALONE = {PULL: RATER_PULL, WIDTH: LOG_WIDTH, JUDGE_WIDTH: LOG_JUDGE_WIDTH}
"""Those that are parameters themselves."""
Key = TypeVar("Key", str, tuple[str, str])


@dataclass(frozen=True, slots=True)
class Contributions:
    """C contributions to the likelihood: what people said of a comparison, and at most one verdict of the judge.

    people: (C, 3, 3), votes by side shown first (in the order of SIDES) and outcome. judge: (C, 3), the outcome's
    indicator, all 0 where the judge did not vote. weight: (C,).
    """

    people: FloatArray
    judge: FloatArray
    weight: FloatArray

    def part(self, rows: slice | IntArray) -> "Contributions":
        """Some of the contributions."""
        return Contributions(self.people[rows], self.judge[rows], self.weight[rows])


@dataclass(frozen=True, slots=True)
class Shared:
    """The numbers that all contributions share; widths of 0 where nobody voted `neither`; between is xi."""

    spread: float
    width: float
    rater_pull: float
    sharpness: float
    between: float
    judge_width: float


@dataclass(slots=True)
class Told:
    """A log-likelihood at each node and its derivatives by what it depends on, PEOPLE to JUDGE_WIDTH: (Q, C) each."""

    value: FloatArray
    first: dict[str, FloatArray]
    second: dict[tuple[str, str], FloatArray]


def evaluate(
    given: Contributions, mean: FloatArray, offset: FloatArray, shared: Shared, nodes: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weighted log-likelihoods (C,), scores (L, C) and second derivatives (L, L, C), by LOCAL.

    mean, offset: (C,), m and e of each contribution. nodes: how many, as `nodes_for` says.
    """
    points, log_weights = standard_normal(nodes)
    away = shared.spread * points
    told = _told(given, mean + away[:, None], shared.between * mean + offset, shared)
    value = told.value + log_weights[:, None]
    top = value.max(axis=0)
    posterior = np.exp(value - top)
    total = posterior.sum(axis=0)
    posterior /= total
    scores, bends = _derivatives(told, posterior, mean, away, shared)
    return given.weight * (top + np.log(total)), given.weight * scores, given.weight * bends


def nodes_for(shared: Shared) -> int:
    """How many nodes the likelihood takes: at most a standard deviation, and WIDEST_GAP, apart."""
    width = shared.spread * max(1.0, abs(shared.sharpness))
    finer = min(FINEST, max(0, math.ceil(2 * math.log2(width / WIDEST_GAP))))
    return 2 * math.ceil(REACH * 2 ** (finer / 2)) + 1


@cache
def standard_normal(count: int) -> tuple[FloatArray, FloatArray]:
    """Equally spaced points for a standard normal and the logs of their weights: (count,) each."""
    points = np.linspace(-REACH, REACH, count)
    weights = np.exp(-(points**2) / 2)
    return points, np.log(weights / weights.sum())


def _told(given: Contributions, quality: FloatArray, offset: FloatArray, shared: Shared) -> Told:
    """What people and the judge say at each node, `offset` being the judge's log-odds at quality 0."""
    judge = slopes(shared.sharpness * quality + offset, shared.judge_width, given.judge)
    told = Told(judge.value, {JUDGE: judge.u}, {(JUDGE, JUDGE): judge.uu})
    if shared.judge_width > 0:
        told.first[JUDGE_WIDTH] = judge.c
        told.second |= {(JUDGE, JUDGE_WIDTH): judge.uc, (JUDGE_WIDTH, JUDGE_WIDTH): judge.cc}
    told.first[PEOPLE], told.second[PEOPLE, PEOPLE] = np.zeros((2, *quality.shape))
    for index, side in enumerate(SIDES):
        counts = given.people[:, index]
        if not counts.any():
            continue
        one = slopes(quality + shared.rater_pull * side, shared.width, counts)
        told.value += one.value
        first, second = {PEOPLE: one.u}, {(PEOPLE, PEOPLE): one.uu}
        if shared.width > 0:
            first[WIDTH] = one.c
            second |= {(PEOPLE, WIDTH): one.uc, (WIDTH, WIDTH): one.cc}
        if side:
            first[PULL] = side * one.u
            second |= {(PEOPLE, PULL): side * one.uu, (PULL, PULL): one.uu}
            if shared.width > 0:
                second[PULL, WIDTH] = side * one.uc
        _add(told.first, first)
        _add(told.second, second)
    return told


def _add(sums: dict[Key, FloatArray], parts: dict[Key, FloatArray]) -> None:
    for key, part in parts.items():
        sums[key] = sums[key] + part if key in sums else part


def _derivatives(
    told: Told, posterior: FloatArray, mean: FloatArray, away: FloatArray, shared: Shared
) -> tuple[FloatArray, FloatArray]:
    """Scores (L, C) and second derivatives (L, L, C)."""
    powers = away ** np.arange(3)[:, None]
    weighted = {name: posterior * part for name, part in told.first.items()}
    within, whole = shared.sharpness, shared.sharpness + shared.between

    def moments(one: str, other: str) -> FloatArray:
        """Posterior means of a second derivative with the product of the first ones, by power of z: (3, C)."""
        product = weighted[one] * told.first[other]
        if (one, other) in told.second:
            product += posterior * told.second[one, other]
        found: FloatArray = powers @ product
        return found

    def chained(people: FloatArray, judge: FloatArray) -> dict[int, FloatArray]:
        """From the moments (2 or 3, C) of something by PEOPLE and by JUDGE to its derivatives by the parameters."""
        return {
            MEAN: people[0] + whole * judge[0],
            OFFSET: judge[0],
            LOG_SPREAD: people[1] + within * judge[1],
            SHARPNESS: mean * judge[0] + judge[1],
            BETWEEN: mean * judge[0],
        }

    people, judge = powers[:2] @ weighted[PEOPLE], powers[:2] @ weighted[JUDGE]
    of_people, of_both, of_judge = moments(PEOPLE, PEOPLE), moments(PEOPLE, JUDGE), moments(JUDGE, JUDGE)
    scores, bends = np.zeros((len(LOCAL), len(mean))), np.zeros((len(LOCAL), len(LOCAL), len(mean)))
    alone = {name: place for name, place in ALONE.items() if name in told.first}
    for place, entry in chained(people, judge).items():
        scores[place] = entry
    by_place = {
        MEAN: (of_people + whole * of_both, of_both + whole * of_judge),
        OFFSET: (of_both, of_judge),
        LOG_SPREAD: ((of_people + within * of_both)[1:], (of_both + within * of_judge)[1:]),
        SHARPNESS: (mean * of_both[:2] + of_both[1:], mean * of_judge[:2] + of_judge[1:]),
        BETWEEN: (mean * of_both, mean * of_judge),
    } | {place: (moments(PEOPLE, name), moments(JUDGE, name)) for name, place in alone.items()}
    for place, parts in by_place.items():
        for other, entry in chained(*parts).items():
            bends[place, other] = bends[other, place] = entry
    for name, place in alone.items():
        scores[place] = weighted[name].sum(axis=0)
    for first, second in combinations_with_replacement(alone, 2):
        row, column = alone[first], alone[second]
        bends[row, column] = bends[column, row] = moments(first, second)[0]
    # The log-odds themselves bend with the parameters.
    bends[LOG_SPREAD, LOG_SPREAD] += people[1] + within * judge[1]
    for row, column, entry in (
        (MEAN, SHARPNESS, judge[0]),
        (LOG_SPREAD, SHARPNESS, judge[1]),
        (MEAN, BETWEEN, judge[0]),
    ):
        bends[row, column] += entry
        bends[column, row] += entry
    bends -= scores[:, None] * scores
    return scores, bends
