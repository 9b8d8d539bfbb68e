"""The likelihood of the affinity model: people's and a judge's votes on comparisons of unknown quality.

The quality of A over B in comparison i is delta_i ~ Normal(m_i, tau^2) in people's log-odds. People vote by the ordered
logit (ordered.py) at delta_i + rho f, where f is +1 or -1 for the side shown first; the judge votes by it at
kappa delta_i + xi m_i + e_i, where e_i holds its affinity, its tastes and its order pull, and xi says how much more
it follows what is expected of the authors than what is special to one response. Each contribution

    l_i = log integral P(people's votes | delta) P(judge's verdict | delta) Normal(delta; m_i, tau^2) d delta

is summed over equally spaced nodes, whose error falls exponentially with their number (Trefethen and Weideman 2014,
section 5); the wider the spread, the more it takes. Its derivatives are exact (Louis 1982): with complete-data scores
D_q and second derivatives l''_q at node q and posterior weights w_q, the score is sum w_q D_q and the second
derivative sum w_q (l''_q + D_q D_q') - score score'.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.ordered import Slopes, slopes

REACH = 6
"""Standard deviations that the nodes cover on either side."""
WIDEST_GAP = 1.0
"""Between nodes, in log-odds of whoever is sharpest."""
FINEST = 10
"""Times that the gap may shrink by the root of 2."""
AT_ONCE = 4_096
LOCAL = ("mean", "offset", "log_spread", "log_width", "rater_pull", "sharpness", "between", "log_judge_width")
"""What a contribution depends on: its mean m and offset e, and six numbers that all share."""
MEAN, OFFSET, LOG_SPREAD, LOG_WIDTH, RATER_PULL, SHARPNESS, BETWEEN, LOG_JUDGE_WIDTH = range(len(LOCAL))
SIDES = (0, 1, -1)


@dataclass(frozen=True, slots=True)
class Contributions:
    """C contributions to the likelihood: what people said of a comparison, and at most one verdict of the judge.

    people: (C, 3, 3), votes by side shown first (in the order of SIDES) and outcome. judge: (C, 3), the outcome's
    indicator, all 0 where the judge did not vote. weight: (C,).
    """

    people: FloatArray
    judge: FloatArray
    weight: FloatArray

    def part(self, rows: slice) -> "Contributions":
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


def evaluate(
    given: Contributions, mean: FloatArray, offset: FloatArray, shared: Shared, nodes: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weighted log-likelihoods (C,), scores (C, L) and second derivatives (C, L, L), by LOCAL.

    mean, offset: (C,), m and e of each contribution. nodes: how many, as `nodes_for` says.
    """
    parts = []
    for start in range(0, len(mean), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        parts.append(_part(given.part(rows), mean[rows], offset[rows], shared, nodes))
    values, scores, bends = zip(*parts, strict=True)
    return np.concatenate(values), np.concatenate(scores), np.concatenate(bends)


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


def _part(
    given: Contributions, mean: FloatArray, offset: FloatArray, shared: Shared, nodes: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    points, log_weights = standard_normal(nodes)
    away = shared.spread * points
    delta = mean[:, None] + away
    sides = [(side, index) for index, side in enumerate(SIDES) if given.people[:, index].any()]
    people = [
        (side, slopes(delta + shared.rater_pull * side, shared.width, given.people[:, index])) for side, index in sides
    ]
    means = mean[:, None]
    log_odds = shared.sharpness * delta + shared.between * means + offset[:, None]
    judge = slopes(log_odds, shared.judge_width, given.judge)
    value = log_weights + judge.value + sum(one.value for _, one in people)
    top = value.max(axis=1, keepdims=True)
    posterior = np.exp(value - top)
    total = posterior.sum(axis=1, keepdims=True)
    posterior /= total
    first = _first(people, judge, means, away, shared)
    scores = np.einsum("lcq,cq->cl", first, posterior)
    values = given.weight * (top + np.log(total))[:, 0]
    by_node = first.transpose(1, 0, 2)
    bends = (by_node * posterior[:, None, :]) @ by_node.transpose(0, 2, 1)
    for (row, column), second in _second(people, judge, means, away, shared).items():
        entry = np.einsum("cq,cq->c", second, posterior)
        bends[:, row, column] += entry
        if row != column:
            bends[:, column, row] += entry
    bends -= scores[:, :, None] * scores[:, None, :]
    return values, scores * given.weight[:, None], bends * given.weight[:, None, None]


def _first(
    people: list[tuple[int, Slopes]], judge: Slopes, mean: FloatArray, away: FloatArray, shared: Shared
) -> FloatArray:
    """First derivatives of the complete-data log-likelihood: (L, C, Q)."""
    delta = mean + away
    first = np.zeros((len(LOCAL), *delta.shape))
    for side, one in people:
        first[MEAN] += one.u
        first[LOG_WIDTH] += shared.width * one.c
        first[RATER_PULL] += side * one.u
    first[LOG_SPREAD] = (first[MEAN] + shared.sharpness * judge.u) * away
    first[MEAN] += (shared.sharpness + shared.between) * judge.u
    first[OFFSET] = judge.u
    first[SHARPNESS] = delta * judge.u
    first[BETWEEN] = mean * judge.u
    first[LOG_JUDGE_WIDTH] = shared.judge_width * judge.c
    return first


def _second(
    people: list[tuple[int, Slopes]], judge: Slopes, mean: FloatArray, away: FloatArray, shared: Shared
) -> dict[tuple[int, int], FloatArray]:
    """Second derivatives that are not 0, each (C, Q), one of each symmetric pair."""
    delta = mean + away
    within, whole = shared.sharpness, shared.sharpness + shared.between
    width, judge_width = shared.width, shared.judge_width
    slope, bend, cross, width_bend, pull_bend, pull_cross, pull_square = (np.zeros_like(delta) for _ in range(7))
    for side, one in people:
        slope += one.u
        bend += one.uu
        cross += width * one.uc
        width_bend += width**2 * one.cc + width * one.c
        pull_bend += side * one.uu
        pull_cross += side * width * one.uc
        pull_square += side**2 * one.uu
    by_width = judge_width * judge.uc
    return {
        (MEAN, MEAN): bend + whole**2 * judge.uu,
        (MEAN, LOG_SPREAD): (bend + whole * within * judge.uu) * away,
        (LOG_SPREAD, LOG_SPREAD): (bend + within**2 * judge.uu) * away**2 + (slope + within * judge.u) * away,
        (MEAN, LOG_WIDTH): cross,
        (LOG_SPREAD, LOG_WIDTH): cross * away,
        (LOG_WIDTH, LOG_WIDTH): width_bend,
        (MEAN, RATER_PULL): pull_bend,
        (LOG_SPREAD, RATER_PULL): pull_bend * away,
        (LOG_WIDTH, RATER_PULL): pull_cross,
        (RATER_PULL, RATER_PULL): pull_square,
        (MEAN, OFFSET): whole * judge.uu,
        (LOG_SPREAD, OFFSET): within * judge.uu * away,
        (OFFSET, OFFSET): judge.uu,
        (MEAN, SHARPNESS): judge.u + whole * delta * judge.uu,
        (LOG_SPREAD, SHARPNESS): (judge.u + within * delta * judge.uu) * away,
        (OFFSET, SHARPNESS): delta * judge.uu,
        (SHARPNESS, SHARPNESS): delta**2 * judge.uu,
        (MEAN, BETWEEN): judge.u + whole * mean * judge.uu,
        (LOG_SPREAD, BETWEEN): within * mean * judge.uu * away,
        (OFFSET, BETWEEN): mean * judge.uu,
        (SHARPNESS, BETWEEN): delta * mean * judge.uu,
        (BETWEEN, BETWEEN): mean**2 * judge.uu,
        (MEAN, LOG_JUDGE_WIDTH): whole * by_width,
        (LOG_SPREAD, LOG_JUDGE_WIDTH): within * by_width * away,
        (OFFSET, LOG_JUDGE_WIDTH): by_width,
        (SHARPNESS, LOG_JUDGE_WIDTH): delta * by_width,
        (BETWEEN, LOG_JUDGE_WIDTH): mean * by_width,
        (LOG_JUDGE_WIDTH, LOG_JUDGE_WIDTH): judge_width**2 * judge.cc + judge_width * judge.c,
    }
