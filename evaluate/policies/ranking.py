"""Who is preferred to whom: strengths, win rates and ranks, with intervals by resampling prompts."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import binom
from scipy.stats import t as student

from firsthand.bootstrap import FloatArray, IntArray, Resampled, Sums, ratio, resample_prompts
from firsthand.estimates import Estimate
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.multiple import holm
from firsthand.evaluate.policies.config import PoliciesConfig
from firsthand.evaluate.policies.read import Compared
from firsthand.evaluate.policies.strengths import fit_strengths
from firsthand.score_gaps import correct

FEWEST_PROMPTS = 10
"""Prompts of either policy below which the two are not told apart: so few tell too little of the error."""
NOTHING = 1e-9
"""Less than this is rounding."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How one author fares.

    points: the chance that its response is preferred to that of another author drawn at random, ties half, by the
    model; strength: the same in logits, 0 for the mean of all authors. observed: its share of the points in the
    comparisons it was in, whoever the others were. best_rank, worst_rank: the ranks that the pairs told apart leave
    open. length: mean characters of its responses. n: comparisons.
    """

    author: str
    points: Estimate
    strength: Estimate
    observed: Estimate
    best_rank: int
    worst_rank: int
    length: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Pair:
    """One author against another.

    observed: the first's share of the points, ties half, in the n comparisons of the two; fitted: what the model says
    of it, from all comparisons. ties: their share. p: two-sided, that both are of one strength, None where that can't
    be tested; p_adjusted: by Holm over all pairs that can. verdict: detected where they differ, ruled out where the
    fitted share lies within the margin of one half.
    """

    first: str
    second: str
    observed: Estimate
    fitted: Estimate
    ties: float | None
    n: int
    p: float | None
    p_adjusted: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Ranking:
    """The policies, the strongest first, and every pair of them, the stronger first.

    tie_rate: Davidson's nu. longer: how often the longer of two responses was preferred, where one was.
    """

    compared: Compared
    policies: tuple[Policy, ...]
    pairs: tuple[Pair, ...]
    tie_rate: float
    longer: Estimate

    def pair(self, one: str, other: str) -> Pair:
        """The pair of two authors, in the order in which the ranking has them."""
        return next(pair for pair in self.pairs if {pair.first, pair.second} == {one, other})


def rank_policies(compared: Compared, config: PoliciesConfig) -> Ranking:
    """Rank the authors of `compared`.

    Every draw of prompts is fitted anew. Two authors are told apart by the difference of their strengths over its
    bootstrap standard error, against Student's t with as many degrees of freedom as the one of fewer prompts has
    prompts, less one; where no draw differs from another, by a sign test over prompts.
    """
    resampled = _resampled(compared, config)
    fit, fits = (fit_strengths(sums["wins"], sums["ties"]) for sums in (resampled.total, resampled.draws))
    fitted = Resampled(
        {"theta": fit.theta, "points": fit.points(), "chance": _points_of_pairs(fit.chances())},
        {"theta": fits.theta, "points": fits.points(), "chance": _points_of_pairs(fits.chances())},
        resampled.clusters,
    )
    order = np.argsort(-fit.theta, kind="stable")
    pairs = _pairs(compared, order, resampled, fitted, config)
    policies = tuple(_policy(compared, index, resampled, fitted, pairs) for index in order.tolist())
    return Ranking(compared, policies, pairs, float(fit.nu), _longer(compared, config))


def _resampled(compared: Compared, config: PoliciesConfig) -> Resampled:
    """The wins (P, P), the first's over the second, and ties (P, P), both ways, of all comparisons and of each draw."""
    count, prompts = len(compared.authors), compared.prompts
    first, second = compared.pair.T
    cells = count * count

    def by_prompt(row: IntArray, column: IntArray, share: FloatArray) -> FloatArray:
        place = (compared.prompt * count + row) * count + column
        sums: FloatArray = np.bincount(place, share, prompts * cells).astype(np.float64)
        return sums.reshape(prompts, count, count)

    a, tie, b = compared.outcome.T
    rows = {
        "wins": by_prompt(first, second, a) + by_prompt(second, first, b),
        "ties": by_prompt(first, second, tie) + by_prompt(second, first, tie),
    }
    return resample_prompts(rows, np.arange(prompts), draws=config.draws, seed=config.seed)


def _points_of_pairs(chances: tuple[FloatArray, FloatArray]) -> FloatArray:
    win, tie = chances
    return win + tie / 2


def _pairs(
    compared: Compared, order: IntArray, resampled: Resampled, fitted: Resampled, config: PoliciesConfig
) -> tuple[Pair, ...]:
    numbers = list(combinations(order.tolist(), 2))
    p = [_p_value(compared, fitted, i, j) for i, j in numbers]
    adjusted = iter(holm([each for each in p if each is not None]))
    return tuple(
        _pair(compared, i, j, resampled, fitted, each, None if each is None else next(adjusted), config)
        for (i, j), each in zip(numbers, p, strict=True)
    )


def _p_value(compared: Compared, fitted: Resampled, i: int, j: int) -> float | None:
    """That i, the stronger by the model, and j are of one strength; None where that can't be tested."""
    prompts = min(_prompts_of(compared, i), _prompts_of(compared, j))
    if prompts < FEWEST_PROMPTS:
        return None
    difference = fitted.total["theta"][i] - fitted.total["theta"][j]
    error = float(np.std(fitted.draws["theta"][:, i] - fitted.draws["theta"][:, j], ddof=1))
    if error < NOTHING:
        return sign_test(compared, i, j)
    return float(2 * student.sf(abs(difference) / error, prompts - 1))


def _prompts_of(compared: Compared, i: int) -> int:
    """On how many prompts the author met another."""
    return len(np.unique(compared.prompt[(compared.pair == i).any(axis=1)]))


def met_on(compared: Compared, i: int, j: int) -> int:
    """On how many prompts the two authors met."""
    return len(np.unique(compared.prompt[(np.sort(compared.pair, axis=1) == sorted((i, j))).all(axis=1)]))


def sign_test(compared: Compared, i: int, j: int) -> float | None:
    """Exact p-value, over prompts, that author i is no stronger than author j: min(1, 2 P(K >= k)), K ~ Bin(n, 1/2).

    n: the prompts in which one of the two has more points of their comparisons; k: those in which it is i. None for
    n = 0.
    """
    a, _, b = compared.outcome.T
    sides = (compared.pair == (i, j)).all(axis=1).astype(np.float64) - (compared.pair == (j, i)).all(axis=1)
    lead = np.bincount(compared.prompt, (a - b) * sides)
    ahead, behind = int((lead > NOTHING).sum()), int((lead < -NOTHING).sum())
    return min(1.0, 2 * float(binom.sf(ahead - 1, ahead + behind, 0.5))) if ahead + behind else None


def _pair(
    compared: Compared,
    i: int,
    j: int,
    resampled: Resampled,
    fitted: Resampled,
    p: float | None,
    p_adjusted: float | None,
    config: PoliciesConfig,
) -> Pair:
    def won(sums: Sums) -> FloatArray:
        wins, ties = sums["wins"], sums["ties"]
        lost = wins[..., j, i]
        return ratio(wins[..., i, j] + ties[..., i, j] / 2, wins[..., i, j] + lost + ties[..., i, j])

    both = np.sort(compared.pair, axis=1)
    n = int(((both[:, 0] == min(i, j)) & (both[:, 1] == max(i, j))).sum())
    share = fitted.estimate(lambda s: s["chance"][..., i, j])
    return Pair(
        first=compared.authors[i],
        second=compared.authors[j],
        observed=resampled.estimate(won, "nobody compared the two"),
        fitted=share,
        ties=float(resampled.total["ties"][i, j]) / n if n else None,
        n=n,
        p=p,
        p_adjusted=p_adjusted,
        verdict=_verdict(share, p_adjusted, config),
    )


def _verdict(share: Estimate, p_adjusted: float | None, config: PoliciesConfig) -> Verdict:
    if p_adjusted is None:
        return Verdict.NOT_TESTABLE
    if p_adjusted < config.alpha:
        return Verdict.DETECTED
    if share.ci is None:
        return Verdict.INCONCLUSIVE
    margin = config.margin_points / 100
    return Verdict.RULED_OUT if 0.5 - margin < share.ci[0] and share.ci[1] < 0.5 + margin else Verdict.INCONCLUSIVE


def _policy(compared: Compared, index: int, resampled: Resampled, fitted: Resampled, pairs: tuple[Pair, ...]) -> Policy:
    author = compared.authors[index]

    def observed(sums: Sums) -> FloatArray:
        half = sums["ties"][..., index, :].sum(axis=-1) / 2
        won, lost = sums["wins"][..., index, :].sum(axis=-1), sums["wins"][..., :, index].sum(axis=-1)
        return ratio(won + half, won + lost + 2 * half)

    told_apart = [pair for pair in pairs if pair.verdict is Verdict.DETECTED]
    mine = compared.pair == index
    lengths = compared.length[mine & ~np.isnan(compared.length)]
    return Policy(
        author=author,
        points=fitted.estimate(lambda s: s["points"][..., index]),
        strength=fitted.estimate(lambda s: s["theta"][..., index]),
        observed=resampled.estimate(observed),
        best_rank=1 + sum(pair.second == author for pair in told_apart),
        worst_rank=len(compared.authors) - sum(pair.first == author for pair in told_apart),
        length=float(lengths.mean()) if len(lengths) else None,
        n=int(mine.sum()),
    )


def _longer(compared: Compared, config: PoliciesConfig) -> Estimate:
    a, _, b = compared.outcome.T
    length_a, length_b = compared.length.T
    decided = (a != b) & (length_a != length_b) & ~np.isnan(compared.length).any(axis=1)
    agree = correct((a - b)[decided] * np.sign(length_a - length_b)[decided], np.zeros(int(decided.sum())))
    rows = {"agree": agree, "rows": np.ones(len(agree))}
    drawn = resample_prompts(rows, compared.prompt[decided], draws=config.draws, seed=config.seed)
    return drawn.estimate(lambda s: ratio(s["agree"], s["rows"]), "the lengths of the responses are unknown")
