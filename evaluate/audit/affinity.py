"""D4, the affinity of a judge for its own kind: what its verdicts owe to who wrote a response, beyond its quality.

People's votes say how good the responses are: in comparison i, A is better than B by

    delta_i = theta_a - theta_b + beta x_i + N(0, tau^2)

in people's log-odds, with theta the authors' strengths and x covariates such as length (A minus B). The judge follows
that quality with its own sharpness, kappa for what is special to the two responses and kappa + xi for what is expected
of their authors (people share tastes in single responses that a judge has no part in, so the two differ; with one
sharpness for both, an author that is truly better would look favoured). To that it adds (compare Play Favorites,
arXiv 2508.06709, where a vote stands in place of the latent quality)

    e_i = sum_f gamma_f s_if + lambda x_i + pi o_i + nu u_i,

s_if = +1 where A and -1 where B belongs to target f, o the side shown first, u = 1 where no order is recorded (then
the pull is to A). gamma is the affinity. A judge's several
verdicts on one comparison (orders, repeats, both outcomes of a soft label) share its weight of 1: a composite
likelihood, whose variance is the sandwich H^-1 B H^-1 with B from the scores summed by prompt (Varin et al. 2011).
"""

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray, IntArray, sums_by
from firsthand.evaluate.audit.likelihood import LOCAL, MEAN, OFFSET, Contributions, Shared, evaluate, nodes_for
from firsthand.evaluate.audit.table import NEITHER, AuditTable, B, Votes, without_order
from firsthand.hardware import threads

SHARED = LOCAL[OFFSET + 1 :]
"""The parameters between those of the means and those of the offsets."""
START = {"sharpness": 1.0, "log_width": math.log(0.5), "log_judge_width": math.log(0.5)}
"""Where a fit starts; at 0 for all others."""
PRIOR_PRECISION = 0.01
"""Of a normal prior around 0 on every parameter: keeps a fit finite where one value has been seen only."""
MOST_PRIOR = 0.5
"""Share of what is known of an effect that the prior may say."""
STEPS = 100
TOLERANCE, ROUGHLY = 1e-5, 0.1
"""The last step of a climb, and of one that only leads to where another begins."""
LARGEST_STEP = 2.0
FIRST_ROWS = 10_000
"""Contributions that the first steps take of many."""
AT_ONCE = 1_024
"""Contributions whose nodes fit into the processor's nearest memory together."""
Point: TypeAlias = tuple[float, FloatArray, FloatArray, FloatArray]
"""Penalised log-likelihood, its gradient and Hessian over the free parameters, and the scores (free, C)."""


@dataclass(frozen=True, slots=True)
class Design:
    """What the model is fitted to: C contributions, in an order of their own.

    by_mean, by_offset: (C, P) and (C, R), what the parameters of the mean and of the judge's offset are multiplied
    with; names: of all parameters in their order; free: which of them the votes can tell. pair, prompt: (C,), what
    each is of.
    """

    given: Contributions
    by_mean: FloatArray
    by_offset: FloatArray
    pair: IntArray
    prompt: IntArray
    names: tuple[str, ...]
    free: npt.NDArray[np.bool_]

    def part(self, rows: slice | IntArray) -> "Design":
        """Some of the contributions."""
        given, by_mean, by_offset = self.given.part(rows), self.by_mean[rows], self.by_offset[rows]
        pair, prompt = self.pair[rows], self.prompt[rows]
        return replace(self, given=given, by_mean=by_mean, by_offset=by_offset, pair=pair, prompt=prompt)


@dataclass(frozen=True, slots=True)
class Fit:
    """The estimate of every parameter, their covariance (sandwich, clustered by prompt), and whether it converged.

    influence: (prompts, P), what each prompt adds to the estimates, to first order. inverse: (P, P), that of the
    negative Hessian with the prior's part in it, 0 for parameters that are not free.
    """

    names: tuple[str, ...]
    value: FloatArray
    covariance: FloatArray
    influence: FloatArray
    inverse: FloatArray
    converged: bool
    log_likelihood: float

    def of(self, name: str) -> tuple[float, float]:
        """Estimate and standard error of a parameter."""
        place = self.names.index(name)
        return float(self.value[place]), float(np.sqrt(self.covariance[place, place]))

    def untold(self, contrast: FloatArray) -> bool:
        """Whether the prior, not the votes, holds the weighted sum `contrast` (P,) of the parameters.

        With H the negative Hessian and P the prior's part in it, c' H^-1 P H^-1 c / c' H^-1 c is the prior's share in
        what is known of c: 1 where two columns of the design are one, and small where the votes tell them apart. The
        sandwich does not show it: in a direction that the votes are silent on, no score varies.
        """
        moved = self.inverse @ contrast
        return bool(PRIOR_PRECISION * float(moved @ moved) > MOST_PRIOR * float(contrast @ moved))

    def values(self) -> dict[str, float]:
        """The estimates by name."""
        return dict(zip(self.names, self.value, strict=True))


@dataclass(frozen=True, slots=True)
class Around:
    """The log-likelihood near a fit: its slope and bend by the parameters `names` there, also by those it left at 0."""

    names: tuple[str, ...]
    value: FloatArray
    slope: FloatArray
    bend: FloatArray

    def top(self, names: Sequence[str]) -> dict[str, float]:
        """About where a model with the parameters `names` alone has its greatest likelihood: a Newton step on."""
        kept = np.isin(self.names, names)
        slope = self.slope[kept] - self.bend[np.ix_(kept, ~kept)] @ self.value[~kept]
        step = _bounded(_ascent(slope, self.bend[np.ix_(kept, kept)]))
        return dict(zip(np.array(self.names)[kept], self.value[kept] + step, strict=True))


def design(
    table: AuditTable,
    judge: int,
    targets: dict[str, FloatArray],
    covariates: dict[str, FloatArray],
    one_slope: bool = False,
) -> Design:
    """The design for one judge; targets, covariates: name -> (N,), A minus B.

    one_slope: hold xi at 0: the judge follows differences between authors as it follows those between responses.
    """
    people = _people(table)
    seen = people.sum(axis=(1, 2)) > 0
    pair, outcome, first, nowhere, weight = _verdicts(table.judged.of(judge), seen)
    alone = np.setdiff1d(np.flatnonzero(seen), pair)
    pairs = np.concatenate([pair, alone])
    indicator = np.zeros((len(pairs), 3))
    indicator[np.arange(len(pair)), outcome] = 1.0
    side = np.concatenate([first, np.zeros(len(alone))])
    unordered = np.concatenate([nowhere, np.zeros(len(alone))])
    weight = np.concatenate([weight, np.ones(len(alone))])
    # Those whose people saw the same sides stand together: a block leaves out the sides that nobody in it saw.
    order = np.argsort(people[pairs].any(axis=2) @ [1, 2, 4], kind="stable")
    pairs, indicator, weight = pairs[order], indicator[order], weight[order]
    side, unordered = side[order], unordered[order]
    authors = _author_columns(table)
    by_mean = np.column_stack([authors[pairs], *(column[pairs] for column in covariates.values())])
    by_offset = np.column_stack(
        [
            *(column[pairs] for column in targets.values()),
            *(column[pairs] for column in covariates.values()),
            unordered,
            side,
        ]
    )
    given = Contributions(people[pairs], indicator, weight)
    names = (
        *(f"strength of {name}" for name in table.authors),
        *(f"value of {name}" for name in covariates),
        *SHARED,
        *(f"affinity for {name}" for name in targets),
        *(f"taste for {name}" for name in covariates),
        "side_pull",
        "order_pull",
    )
    free = np.ones(len(names), bool)
    free[names.index("log_width")] = people[:, :, NEITHER].any()
    free[names.index("log_judge_width")] = indicator[:, NEITHER].any()
    free[names.index("rater_pull")] = people[:, 1:].any()
    free[names.index("side_pull")] = unordered.any()
    free[names.index("order_pull")] = side.any()
    free[names.index("between")] = not one_slope
    return Design(given, by_mean, by_offset, pairs, table.prompt[pairs], names, free)


def fit(given: Design, start: Mapping[str, float] | None = None) -> Fit:
    """Maximise the likelihood by Newton's method, halving steps that do not climb.

    start: values of parameters to climb from, such as those of a design that shares them. Without it, xi is held at 0
    at first: where people hardly disagree, a climb with xi from far away may end on a lesser top, sure of an affinity
    that is not there.
    """
    value = _values(given, START | dict(start or {}))
    if start is None:
        many = len(given.prompt) > 2 * FIRST_ROWS
        first = _thinned(given) if many else given
        value, _, _ = _climb(_one_slope(first), value, ROUGHLY)
        if many:
            value, _, _ = _climb(first, value)
    value, (now, _, bend, scores), converged = _climb(given, value)
    inverse = _inverse(given, bend)
    influence = _influence(given, inverse, scores)
    prompts = len(influence)
    covariance = influence.T @ influence * (prompts / max(prompts - 1, 1))
    return Fit(given.names, value, covariance, influence, inverse, converged, now)


def around(given: Design, found: Fit) -> Around:
    """The log-likelihood of a design at the values of a fit that shares parameters with it, 0 for the others."""
    value = _values(given, found.values())
    _, slope, bend, _ = _at(given, value, nodes_for(shared_numbers(given, value)))
    names = tuple(name for name, free in zip(given.names, given.free, strict=True) if free)
    return Around(names, value[given.free], slope, bend)


def shared_numbers(given: Design, value: FloatArray) -> Shared:
    """The numbers that all contributions share, out of the parameters."""
    start = given.by_mean.shape[1]
    by_name = dict(zip(SHARED, value[start:], strict=False))
    free = dict(zip(SHARED, given.free[start:], strict=False))
    return Shared(
        spread=float(np.exp(by_name["log_spread"])),
        width=float(np.exp(by_name["log_width"])) if free["log_width"] else 0.0,
        rater_pull=float(by_name["rater_pull"]),
        sharpness=float(by_name["sharpness"]),
        between=float(by_name["between"]),
        judge_width=float(np.exp(by_name["log_judge_width"])) if free["log_judge_width"] else 0.0,
    )


def _values(given: Design, known: Mapping[str, float]) -> FloatArray:
    """`known` in the order of the design's parameters, 0 for others; those that nothing tells stay at their START."""
    return np.array(
        [(known if free else START).get(name, 0.0) for name, free in zip(given.names, given.free, strict=True)]
    )


def _thinned(given: Design) -> Design:
    """Evenly spaced contributions, FIRST_ROWS or a few more."""
    return given.part(slice(None, None, len(given.prompt) // FIRST_ROWS))


def _one_slope(given: Design) -> Design:
    """The design with xi held where it is."""
    return replace(given, free=given.free & (np.array(given.names) != "between"))


def _climb(given: Design, value: FloatArray, tolerance: float = TOLERANCE) -> tuple[FloatArray, Point, bool]:
    """Up the likelihood from `value` on; whether the top was found, to a step of `tolerance`."""
    nodes = 0
    for _ in range(STEPS):
        if nodes != nodes_for(shared_numbers(given, value)):
            nodes = nodes_for(shared_numbers(given, value))
            at = _at(given, value, nodes)
        now, slope, bend, _ = at
        step = _full(given, _ascent(slope, bend))
        if np.abs(step).max(initial=0.0) < tolerance:
            return value, at, True
        step = _bounded(step)
        for _halving in range(30):
            new = _at(given, value + step, nodes)
            if new[0] >= now - 1e-9 * abs(now):
                break
            step *= 0.5
        value, at = value + step, new
    return value, at, False


def _at(given: Design, value: FloatArray, nodes: int) -> Point:
    """Penalised log-likelihood, its gradient and Hessian over the free parameters, and the scores (free, C)."""
    blocks = [slice(start, start + AT_ONCE) for start in range(0, len(given.prompt), AT_ONCE)]

    def part(rows: slice) -> tuple[float, FloatArray, FloatArray]:
        return _part(given.part(rows), value, nodes)

    if len(blocks) == 1 or threads() == 1:
        parts = [part(rows) for rows in blocks]
    else:
        with ThreadPoolExecutor(threads()) as pool:  # NumPy leaves the interpreter to the others while it counts
            parts = list(pool.map(part, blocks))
    values, all_scores, bends = zip(*parts, strict=True)
    kept = given.free
    scores = np.concatenate(all_scores, axis=1)[kept]
    bend = np.triu(sum(bends))
    bend += np.triu(bend, 1).T - PRIOR_PRECISION * np.eye(len(value))
    total = sum(values) - PRIOR_PRECISION / 2 * float((value[kept] ** 2).sum())
    return total, scores.sum(axis=1) - PRIOR_PRECISION * value[kept], bend[np.ix_(kept, kept)], scores


def _part(given: Design, value: FloatArray, nodes: int) -> tuple[float, FloatArray, FloatArray]:
    """The log-likelihood of some contributions, their scores (P, C) and the Hessian's upper triangle, over all P."""
    means = given.by_mean.shape[1]
    offsets = means + len(SHARED)
    of_mean, _, of_offset = np.split(value, [means, offsets])
    numbers = shared_numbers(given, value)
    values, local, bends = evaluate(given.given, given.by_mean @ of_mean, given.by_offset @ of_offset, numbers, nodes)
    rest = slice(OFFSET + 1, len(LOCAL))
    by_mean, by_offset = given.by_mean.T, given.by_offset.T
    scores = np.concatenate([local[MEAN] * by_mean, local[rest], local[OFFSET] * by_offset])
    bend = np.zeros((len(value), len(value)))
    mean_block, rest_block, offset_block = slice(0, means), slice(means, offsets), slice(offsets, None)
    bend[mean_block, mean_block] = (bends[MEAN, MEAN] * by_mean) @ given.by_mean
    bend[mean_block, offset_block] = (bends[MEAN, OFFSET] * by_mean) @ given.by_offset
    bend[offset_block, offset_block] = (bends[OFFSET, OFFSET] * by_offset) @ given.by_offset
    bend[mean_block, rest_block] = by_mean @ bends[MEAN, rest].T
    bend[rest_block, offset_block] = bends[OFFSET, rest] @ given.by_offset
    bend[rest_block, rest_block] = bends[rest, rest].sum(axis=2)
    return float(values.sum()), scores, bend


def _ascent(slope: FloatArray, bend: FloatArray) -> FloatArray:
    """The Newton step; where the Hessian is not negative definite, it climbs along its eigenvectors all the same."""
    values, vectors = np.linalg.eigh(-bend)
    floor = 1e-6 * values.max()
    values = np.where(values > floor, values, np.maximum(np.abs(values), floor))
    step: FloatArray = vectors @ ((vectors.T @ slope) / values)
    return step


def _bounded(step: FloatArray) -> FloatArray:
    """The step, shortened where it goes further than LARGEST_STEP."""
    bounded: FloatArray = step * min(1.0, LARGEST_STEP / max(float(np.abs(step).max(initial=0.0)), LARGEST_STEP))
    return bounded


def _full(given: Design, step: FloatArray) -> FloatArray:
    full = np.zeros(len(given.names))
    full[given.free] = step
    return full


def _inverse(given: Design, bend: FloatArray) -> FloatArray:
    """-H^-1 over all parameters: (P, P)."""
    inverse = np.zeros((len(given.names), len(given.names)))
    inverse[np.ix_(given.free, given.free)] = np.linalg.inv(-bend)
    return inverse


def _influence(given: Design, inverse: FloatArray, scores: FloatArray) -> FloatArray:
    """The sums of each prompt's scores times -H^-1: (prompts, P); C / (C - 1) times its square is the sandwich."""
    _, cluster = np.unique(given.prompt, return_inverse=True)
    influence = np.zeros((cluster.max() + 1, len(given.names)))
    influence[:, given.free] = sums_by(scores.T, cluster) @ inverse[np.ix_(given.free, given.free)]
    return influence


def _people(table: AuditTable) -> FloatArray:
    """Votes of people by comparison, side shown first and outcome: (N, 3, 3)."""
    votes = table.people
    side = np.choose(votes.first + 1, [2, 0, 1])
    cell = (votes.pair * 3 + side) * 3 + votes.outcome
    return np.bincount(cell, minlength=9 * len(table)).reshape(len(table), 3, 3).astype(float)


def _verdicts(
    votes: Votes, seen: npt.NDArray[np.bool_]
) -> tuple[IntArray, IntArray, FloatArray, FloatArray, FloatArray]:
    """The judge's verdicts on comparisons that people saw, soft labels as two rows.

    pair, outcome, side shown first, 1 where no order is recorded, and weight.
    """
    votes = votes.where(seen[votes.pair])
    soft = ~np.isnan(votes.p_a)
    pair = np.concatenate([votes.pair, votes.pair[soft]])
    outcome = np.concatenate([np.where(soft, 0, votes.outcome), np.full(soft.sum(), B)])
    first = np.concatenate([votes.first, votes.first[soft]]).astype(float)
    unordered = without_order(votes)
    nowhere = np.concatenate([unordered, unordered[soft]]).astype(float)
    share = np.concatenate([np.where(soft, votes.p_a, 1.0), 1.0 - votes.p_a[soft]])
    asked = np.bincount(votes.pair, minlength=len(seen))
    weight = share / asked[pair]
    kept = weight > 0
    return pair[kept], outcome[kept], first[kept], nowhere[kept], weight[kept]


def _author_columns(table: AuditTable) -> FloatArray:
    """+1 for the author of A, -1 for the author of B: (N, authors)."""
    columns = np.zeros((len(table), len(table.authors)))
    for side, sign in ((0, 1.0), (1, -1.0)):
        known = table.author[:, side] >= 0
        np.add.at(columns, (np.flatnonzero(known), table.author[known, side]), sign)
    return columns
