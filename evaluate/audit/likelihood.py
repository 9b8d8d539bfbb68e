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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.ordered import slopes
from firsthand.hardware import threads

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
    groups = [slice(start, start + AT_ONCE) for start in range(0, len(mean), AT_ONCE)]

    def part(rows: slice) -> tuple[FloatArray, FloatArray, FloatArray]:
        return _part(given.part(rows), mean[rows], offset[rows], shared, nodes)

    if len(groups) == 1 or threads() == 1:
        parts = [part(rows) for rows in groups]
    else:
        with ThreadPoolExecutor(threads()) as pool:  # NumPy leaves the interpreter to the others while it counts
            parts = list(pool.map(part, groups))
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
    people = _people(given.people, delta, shared)
    log_odds = shared.sharpness * delta + (shared.between * mean + offset)[:, None]
    judge = slopes(log_odds, shared.judge_width, given.judge)
    value = log_weights + judge.value + people["value"]
    top = value.max(axis=1)
    posterior = np.exp(value - top[:, None])
    total = posterior.sum(axis=1)
    posterior /= total[:, None]
    values = given.weight * (top + np.log(total))
    of_judge = {
        "judge u": judge.u,
        "judge uu": judge.uu,
        "judge uc": shared.judge_width * judge.uc,
        "judge c": shared.judge_width * judge.c,
        "judge cc": shared.judge_width**2 * judge.cc + shared.judge_width * judge.c,
    }
    scores, squares = _first(people, of_judge, mean, posterior, away, shared)
    bends = _second(people | of_judge, mean, posterior, away, shared)
    bends += squares - scores[:, None] * scores
    weight = given.weight
    return values, (scores * weight).T, (bends * weight).transpose(2, 0, 1)


def _people(votes: FloatArray, delta: FloatArray, shared: Shared) -> dict[str, FloatArray]:
    """People's log-likelihood at each node and its derivatives by quality, width and side pull: (C, Q) each.

    `pull` and `pull u` weigh with the side shown first, `pull pull` with its square; what no vote tells is left out.
    """
    found: dict[str, FloatArray] = {}

    def add(name: str, part: FloatArray | float) -> None:
        found[name] = found[name] + part if name in found else np.asarray(part)

    for index, side in enumerate(SIDES):
        counts = votes[:, index]
        if not counts.any():
            continue
        one = slopes(delta + shared.rater_pull * side, shared.width, counts)
        for name, part in (("value", one.value), ("u", one.u), ("uu", one.uu)):
            add(name, part)
        if shared.width > 0:
            add("c", shared.width * one.c)
            add("uc", shared.width * one.uc)
            add("cc", shared.width**2 * one.cc + shared.width * one.c)
        if side:
            add("pull", side * one.u)
            add("pull u", side * one.uu)
            add("pull pull", one.uu)
            if shared.width > 0:
                add("pull c", side * shared.width * one.uc)
    return found or dict.fromkeys(("value", "u", "uu"), np.zeros_like(delta))


def _first(
    people: dict[str, FloatArray],
    judge: dict[str, FloatArray],
    mean: FloatArray,
    posterior: FloatArray,
    away: FloatArray,
    shared: Shared,
) -> tuple[FloatArray, FloatArray]:
    """The complete-data scores' posterior mean (L, C) and that of their products (L, L, C).

    Every score is a weighted sum of a few functions of the node; only the products of those are summed over nodes.
    """
    functions = [people["u"], people["u"] * away, judge["judge u"], judge["judge u"] * away]
    alone = [(LOG_WIDTH, people.get("c")), (RATER_PULL, people.get("pull"))]
    alone.append((LOG_JUDGE_WIDTH, judge["judge c"] if shared.judge_width > 0 else None))
    known = [(place, function) for place, function in alone if function is not None]
    functions += [function for _, function in known]
    weighted = [posterior * function for function in functions]
    means = np.stack([one.sum(axis=1) for one in weighted])
    products = np.empty((len(functions), len(functions), len(mean)))
    for row, one in enumerate(weighted):
        for column in range(row, len(functions)):
            products[row, column] = products[column, row] = np.einsum("cq,cq->c", one, functions[column])

    def scores_of(parts: FloatArray) -> FloatArray:
        """The scores (L, ..., C) out of the functions' (F, ..., C)."""
        scores = np.zeros((len(LOCAL), *parts.shape[1:]))
        quality, quality_away, verdict, verdict_away = parts[:4]
        scores[MEAN] = quality + (shared.sharpness + shared.between) * verdict
        scores[OFFSET] = verdict
        scores[LOG_SPREAD] = quality_away + shared.sharpness * verdict_away
        scores[SHARPNESS] = mean * verdict + verdict_away
        scores[BETWEEN] = mean * verdict
        for (place, _), part in zip(known, parts[4:], strict=True):
            scores[place] = part
        return scores

    half = scores_of(products)
    return scores_of(means), scores_of(half.swapaxes(0, 1))


def _second(
    parts: dict[str, FloatArray], mean: FloatArray, posterior: FloatArray, away: FloatArray, shared: Shared
) -> FloatArray:
    """The complete-data second derivatives' posterior mean: (L, L, C).

    Quality is mean + away: the entries are sums of posterior means of a derivative times a power of `away`.
    """
    powers = np.stack([np.ones_like(away), away, away**2], axis=1)
    zero = np.zeros((3, len(mean)))

    def moments(name: str) -> FloatArray:
        """Of the powers 0, 1 and 2: (3, C)."""
        found: FloatArray = ((posterior * parts[name]) @ powers).T if name in parts else zero
        return found

    within, whole = shared.sharpness, shared.sharpness + shared.between
    u, uu, uc, cc = (moments(name) for name in ("u", "uu", "uc", "cc"))
    pull_u, pull_c, pull_pull = (moments(name) for name in ("pull u", "pull c", "pull pull"))
    ju, juu = moments("judge u"), moments("judge uu")
    juc, jcc = (moments(name) if shared.judge_width > 0 else zero for name in ("judge uc", "judge cc"))
    # Quality delta times the judge's bend, and delta squared times it.
    delta_juu, delta_juu_away = mean * juu[0] + juu[1], mean * juu[1] + juu[2]
    bends = np.zeros((len(LOCAL), len(LOCAL), len(mean)))
    entries = {
        (MEAN, MEAN): uu[0] + whole**2 * juu[0],
        (MEAN, LOG_SPREAD): uu[1] + whole * within * juu[1],
        (LOG_SPREAD, LOG_SPREAD): uu[2] + within**2 * juu[2] + u[1] + within * ju[1],
        (MEAN, LOG_WIDTH): uc[0],
        (LOG_SPREAD, LOG_WIDTH): uc[1],
        (LOG_WIDTH, LOG_WIDTH): cc[0],
        (MEAN, RATER_PULL): pull_u[0],
        (LOG_SPREAD, RATER_PULL): pull_u[1],
        (LOG_WIDTH, RATER_PULL): pull_c[0],
        (RATER_PULL, RATER_PULL): pull_pull[0],
        (MEAN, OFFSET): whole * juu[0],
        (LOG_SPREAD, OFFSET): within * juu[1],
        (OFFSET, OFFSET): juu[0],
        (MEAN, SHARPNESS): ju[0] + whole * delta_juu,
        (LOG_SPREAD, SHARPNESS): ju[1] + within * delta_juu_away,
        (OFFSET, SHARPNESS): delta_juu,
        (SHARPNESS, SHARPNESS): mean * delta_juu + delta_juu_away,
        (MEAN, BETWEEN): ju[0] + whole * mean * juu[0],
        (LOG_SPREAD, BETWEEN): within * mean * juu[1],
        (OFFSET, BETWEEN): mean * juu[0],
        (SHARPNESS, BETWEEN): mean * delta_juu,
        (BETWEEN, BETWEEN): mean**2 * juu[0],
        (MEAN, LOG_JUDGE_WIDTH): whole * juc[0],
        (LOG_SPREAD, LOG_JUDGE_WIDTH): within * juc[1],
        (OFFSET, LOG_JUDGE_WIDTH): juc[0],
        (SHARPNESS, LOG_JUDGE_WIDTH): mean * juc[0] + juc[1],
        (BETWEEN, LOG_JUDGE_WIDTH): mean * juc[0],
        (LOG_JUDGE_WIDTH, LOG_JUDGE_WIDTH): jcc[0],
    }
    for (row, column), entry in entries.items():
        bends[row, column] = bends[column, row] = entry
    return bends
