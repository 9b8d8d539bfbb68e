"""D2, position: whether a judge's answer depends on which response it was shown first.

Where both orders were asked on comparison i, with y_i1 and y_i2 the mean verdicts (1 for A, 1/2 for neither) with A and
with B first, the first position gains

    d_i = (y_i1 - y_i2) / 2

of the verdicts; the effect is mean(d_i), 0 where McNemar's two counts (first chosen twice, second chosen twice) are
equal. Changing the order also changes answers by chance: the excess of flips is

    P(answers differ | orders differ) - P(answers differ | same order asked again)

(Shi et al. 2024, arXiv 2406.07791), both over the comparisons that tell both, since those asked again may be harder
than others. Errors by the bootstrap over prompts. Where no answer differs, the interval is that of the share of prompts
in which one may, +-(1 - (alpha / 2)^(1 / C)) for C of them (Clopper and Pearson 1934); where every answer goes to the
same position, the interval ends at the whole effect times 1 less twice that share, and p is the sign test's, 2^(1 - C).
Where too few comparisons were asked in both orders, the pull pi of the affinity model, given people's votes, takes the
place of mean(d_i).
"""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from firsthand.bootstrap import FloatArray, Resampled, Sums, ratio, resample_prompts
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.detectors.measured import (
    LEAST_PROMPTS,
    Measured,
    in_points,
    measured,
    not_testable,
    settled,
)
from firsthand.evaluate.audit.detectors.mediation import apart, no_fit, styled, told_apart
from firsthand.evaluate.audit.effect import effect
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.lineage import Lineages
from firsthand.evaluate.audit.table import P_A, AuditTable, Votes, one_position
from firsthand.evaluate.audit.targets import own_target, voted
from firsthand.evaluate.table import counted, plain
from firsthand.lineage import Relation

DETECTOR = "position"
FIRST, ORDER = "the response shown first", "the order"
ASK_BOTH = "Ask the judge in both orders (firsthand collect judge does), and take only verdicts that agree."
IMPORT_BOTH = "Import both orders' verdicts, each with shown_first."
ASK_AGAIN = "Ask the judge again in the same order on some comparisons: repeats tell an order effect from noise."


def position_findings(table: AuditTable, lineages: Lineages, settings: AuditConfig) -> list[Finding]:
    """For each judge, a finding on the response shown first and one on answers that change with the order."""
    findings = []
    for number in range(len(table.judges)):
        findings += [_first(table, number, lineages, settings), _order(table, number, settings)]
    return settled(findings, settings)


def order_counts(votes: Votes, comparisons: int) -> FloatArray:
    """Verdicts by comparison, order (A first, B first) and outcome: (N, 2, 3)."""
    known = votes.where(votes.first != 0)
    cell = (known.pair * 2 + (known.first < 0)) * 3 + known.outcome
    return np.bincount(cell, minlength=6 * comparisons).reshape(comparisons, 2, 3).astype(np.float64)


def first_gain(counts: FloatArray) -> FloatArray:
    """d_i from the counts (N, 2, 3) of comparisons asked in both orders: (N,)."""
    scores = ratio(counts @ P_A, counts.sum(axis=2))
    gain: FloatArray = (scores[:, 0] - scores[:, 1]) / 2
    return gain


def flip_rows(counts: FloatArray) -> FloatArray:
    """Per comparison: P(differ across orders), asked in both, P(differ in one order), asked again: (N, 4)."""
    asked = counts.sum(axis=2)
    across = 1 - ratio((counts[:, 0] * counts[:, 1]).sum(axis=1), asked[:, 0] * asked[:, 1])
    pairs = (asked * (asked - 1)).sum(axis=1)
    within = 1 - ratio((counts * (counts - 1)).sum(axis=(1, 2)), pairs)
    both = (asked > 0).all(axis=1)
    return np.stack([np.where(both, across, 0), both, np.where(pairs > 0, within, 0), pairs > 0], axis=1)


def flip_rate(sums: Sums) -> FloatArray:
    """P(answers differ | orders differ)."""
    return ratio(sums["flips"][..., 0], sums["flips"][..., 1])


def excess_flips(sums: Sums) -> FloatArray:
    """P(answers differ | orders differ) - P(answers differ | same order)."""
    return flip_rate(sums) - ratio(sums["flips"][..., 2], sums["flips"][..., 3])


def _first(table: AuditTable, number: int, lineages: Lineages, settings: AuditConfig) -> Finding:
    """The finding on the first position."""
    judge, votes = table.judges[number], table.judged.of(number)
    counts = order_counts(votes, len(table))
    both = (counts.sum(axis=2) > 0).all(axis=1)
    if (position := one_position(votes)) and len(np.unique(votes.first)) == 2:
        return _always(table, number, FIRST, position, settings)
    if len(np.unique(table.prompt[both])) < LEAST_PROMPTS and 2 * both.sum() < len(np.unique(votes.pair)):
        return _pull(table, number, lineages, settings)
    gain = first_gain(counts[both])
    rows = {"gain": np.stack([gain, np.ones(len(gain))], axis=1)}
    resampled = resample_prompts(rows, table.prompt[both], draws=settings.draws, seed=settings.seed)
    figure = measured(resampled, lambda sums: ratio(sums["gain"][..., 0], sums["gain"][..., 1]))
    first, second = int((gain >= 0.5).sum()), int((gain <= -0.5).sum())
    if figure is None and not gain.any():
        return _never(table, judge, both, FIRST, settings)
    if figure is None:
        prompts = len(np.unique(table.prompt[both]))
        why = (
            f"{plain(judge)} was asked in both orders on {counted(int(both.sum()), 'comparison')} of "
            f"{counted(prompts, 'prompt')}, {first + second} of which it turned round; {LEAST_PROMPTS} prompts are "
            "needed, on which it does not always do the same."
        )
        return not_testable(DETECTOR, judge, why, _further(LEAST_PROMPTS - prompts), FIRST, int(both.sum()))
    exact = f", McNemar's exact p = {binomtest(first, first + second).pvalue:.3g}" if first + second else ""
    return in_points(
        _open(
            judge,
            FIRST,
            direction="favours" if figure.value > 0 else "disfavours",
            unit="share of verdicts",
            n=int(both.sum()),
            n_prompts=figure.clusters,
            why=f"Asked in both orders, {plain(judge)} chose the first response both times on {first:,} comparisons "
            f"and the second both times on {second:,}{exact}.",
            next_step=ASK_BOTH,
        ),
        figure,
        settings,
    )


def _pull(table: AuditTable, number: int, lineages: Lineages, settings: AuditConfig) -> Finding:
    """The finding on the first position where each comparison was asked in one order."""
    judge, first = table.judges[number], table.judged.of(number).first
    if not first.any() and (told := _told(table.judged.of(number))).any():
        votes = table.judged.of(number)
        if told.all() and _turned(votes).sum() == 0:
            return _never(table, judge, voted(table, votes.pair), FIRST, settings)
        why = f"The verdicts of {plain(judge)} stand for both orders; its answer in each is not in the data."
        return not_testable(DETECTOR, judge, why, IMPORT_BOTH, FIRST)
    if len(np.unique(first[first != 0])) < 2:
        shown = "which response came first in any verdict" if not first.any() else "verdicts with the other side first"
        why = f"The data do not hold {shown} of {plain(judge)}."
        return not_testable(DETECTOR, judge, why, "Import shown_first, or ask the judge in both orders.", FIRST)
    refusal = no_fit(table, number)
    if refusal is not None:
        why = f"{plain(judge)} was asked in one order only. {refusal.why}"
        return not_testable(DETECTOR, judge, why, ASK_BOTH, FIRST, needed=refusal.needed)
    own = own_target(table, judge, lineages)
    used, fitted = apart(table, number, own)
    model = styled(used, number, fitted, settings)
    if not model.found.converged:
        why = f"The affinity model of {plain(judge)} did not converge."
        return not_testable(DETECTOR, judge, why, ASK_BOTH, FIRST)
    pull = (np.array(model.found.names) == "order_pull").astype(np.float64)
    if model.found.untold(pull):
        why = f"By the design of these comparisons, a pull of {plain(judge)} to a position can't be told from the rest."
        return not_testable(DETECTOR, judge, why, ASK_BOTH, FIRST)
    side = model.given.by_offset[:, -1]
    figure = Measured(*model.found.of("order_pull"), len(model.found.influence))
    moved = effect(model.given, model.found, pull, side)
    in_share = Measured(moved.points / 100, moved.points_error / 100, figure.clusters)
    low, high = in_share.interval(settings.alpha)
    found = in_points(
        _open(
            judge,
            FIRST,
            direction="favours" if figure.value > 0 else "disfavours",
            unit="logit",
            n=int(model.given.given.weight[side != 0].sum().round()),
            n_prompts=figure.clusters,
            why=f"Asked in one order, {plain(judge)} leans to the response it saw first by "
            f"{moved.points:+.1f} percentage points ({100 * low:+.1f} to {100 * high:+.1f}), given people's votes.",
            caveats=("From one order, by the affinity model: with both orders no model would be needed.",),
            next_step=ASK_BOTH,
        ),
        in_share,
        settings,
    )
    found = replace(found, estimate=figure.value, ci=figure.interval(settings.alpha), p=figure.p)
    return told_apart(found, table, used, own)


def _order(table: AuditTable, number: int, settings: AuditConfig) -> Finding:
    """The finding on answers that change with the order."""
    judge, votes = table.judges[number], table.judged.of(number)
    rows = flip_rows(order_counts(votes, len(table)))
    turned = rows[:, 1] > 0
    paired = np.logical_and(turned, rows[:, 3] > 0)
    both, again = int(turned.sum()), int(paired.sum())
    if not both:
        return _stated(table, number, settings)
    if again and one_position(votes):
        return _always(table, number, ORDER, 1, settings)
    figure = measured(_resampled(table, rows, paired, settings), excess_flips) if again else None
    if figure is None and not rows[turned, 0].any():
        return _never(table, judge, turned, ORDER, settings)
    if figure is None:
        rate = measured(_resampled(table, rows, turned, settings), flip_rate)
        share = rows[:, 0].sum() / both
        why = f"Asked in both orders, {plain(judge)} changed its answer on {share:.1%} of {both:,} comparisons"
        missing = not_testable(DETECTOR, judge, f"{why}; {_no_repeats(again)}.", ASK_AGAIN, ORDER, both)
        if rate is None:
            return missing
        unit = "share of comparisons"
        return replace(
            missing, estimate=rate.value, unit=unit, ci=rate.interval(settings.alpha), n_prompts=rate.clusters
        )
    return in_points(
        _open(
            judge,
            ORDER,
            direction="changes answers" if figure.value > 0 else "steadies answers",
            unit="difference of shares",
            n=again,
            n_prompts=figure.clusters,
            why=f"On {again:,} comparisons asked in both orders and again, {plain(judge)} changed its answer on "
            f"{rows[paired, 0].mean():.1%} when the order changed, and on {rows[paired, 2].mean():.1%} when asked the "
            "same again.",
            next_step=ASK_BOTH,
        ),
        figure,
        settings,
    )


def _open(judge: str, target: str, **fields: Any) -> Finding:
    """A finding whose verdict `settled` reads from its interval."""
    relation, verdict = Relation.UNRELATED, Verdict.INCONCLUSIVE
    return Finding(detector=DETECTOR, judge=judge, target=target, relation=relation, verdict=verdict, **fields)


def _resampled(table: AuditTable, rows: FloatArray, chosen: npt.NDArray[np.bool_], settings: AuditConfig) -> Resampled:
    prompts = table.prompt[chosen]
    return resample_prompts({"flips": rows[chosen]}, prompts, draws=settings.draws, seed=settings.seed)


def _stated(table: AuditTable, number: int, settings: AuditConfig) -> Finding:
    """Where one verdict stands for both orders, and says whether they agreed."""
    judge, votes = table.judges[number], table.judged.of(number)
    known = _told(votes)
    if not known.any():
        return not_testable(DETECTOR, judge, f"{plain(judge)} was not asked in both orders.", ASK_BOTH, ORDER)
    turned = _turned(votes.where(known))
    if not turned.any():
        return _never(table, judge, voted(table, votes.pair[known]), ORDER, settings)
    rows = {"flips": np.stack([turned, np.ones(len(turned))], axis=1)}
    prompts = table.prompt[votes.pair[known]]
    figure = measured(resample_prompts(rows, prompts, draws=settings.draws, seed=settings.seed), flip_rate)
    return Finding(
        detector=DETECTOR,
        judge=judge,
        target=ORDER,
        relation=Relation.UNRELATED,
        verdict=Verdict.NOT_TESTABLE,
        estimate=float(turned.mean()),
        unit="share of comparisons",
        ci=figure.interval(settings.alpha) if figure else None,
        n=len(turned),
        n_prompts=len(np.unique(prompts)),
        why=f"{plain(judge)} answered inconsistently on {int(turned.sum()):,} of {counted(len(turned), 'comparison')} "
        f"({turned.mean():.1%}) when the order changed; the two answers themselves are not in the data, so that a pull "
        "to one position can't be told from noise.",
        caveats=("An inconsistent verdict stands in the data as a tie.",),
        next_step=f"{IMPORT_BOTH[:-1]}, and some comparisons asked twice in one order.",
    )


def _never(table: AuditTable, judge: str, pairs: npt.NDArray[np.bool_], target: str, settings: AuditConfig) -> Finding:
    """The finding on a judge that gave the same answer in both orders on all of `pairs` (N,)."""
    n, prompts = int(pairs.sum()), len(np.unique(table.prompt[pairs]))
    why = f"In both orders {plain(judge)} gave the same answer on all of {counted(n, 'comparison')}."
    if prompts < LEAST_PROMPTS:
        return not_testable(DETECTOR, judge, why, _further(LEAST_PROMPTS - prompts), target, n)
    most = _most(prompts, settings)
    return _open(
        judge,
        target,
        estimate=0.0,
        unit="share of verdicts",
        ci=(-most, most),
        points=0.0,
        points_ci=(-100 * most, 100 * most),
        p=1.0,
        n=n,
        n_prompts=prompts,
        why=why,
        next_step=_further(_enough(settings) - prompts),
    )


def _always(table: AuditTable, number: int, target: str, sign: int, settings: AuditConfig) -> Finding:
    """The finding on a judge that chose the same position in all of its verdicts; sign: of the effect."""
    judge, pairs = table.judges[number], table.judged.of(number).pair
    n, prompts = len(np.unique(pairs)), len(np.unique(table.prompt[pairs]))
    chosen = "first" if one_position(table.judged.of(number)) > 0 else "second"
    why = f"On all of {counted(n, 'comparison')}, {plain(judge)} chose the response shown {chosen}, whichever it was."
    if prompts < LEAST_PROMPTS:
        return not_testable(DETECTOR, judge, why, _further(LEAST_PROMPTS - prompts), target, n)
    value = sign * (0.5 if target == FIRST else 1.0)
    low, high = sorted((value, value * (1 - 2 * _most(prompts, settings))))
    directions = {FIRST: ("disfavours", "favours"), ORDER: ("", "changes answers")}
    return _open(
        judge,
        target,
        direction=directions[target][sign > 0],
        estimate=value,
        unit="share of verdicts" if target == FIRST else "difference of shares",
        ci=(low, high),
        points=100 * value,
        points_ci=(100 * low, 100 * high),
        p=2.0 ** (1 - prompts),
        n=n,
        n_prompts=prompts,
        why=why,
        next_step="Do not use its verdicts: they say nothing of the responses. Ask in another way, or another judge.",
    )


def _most(prompts: int, settings: AuditConfig) -> float:
    """The largest share of all prompts on which a judge may do what it did on none of `prompts`."""
    return float(1 - (settings.alpha / 2) ** (1 / prompts))


def _enough(settings: AuditConfig) -> int:
    """On how many prompts a judge must never change its answer for `_most` to be below the margin."""
    return int(np.log(settings.alpha / 2) / np.log1p(-settings.margin_points / 100)) + 1


def _further(prompts: int) -> str:
    return f"Ask it in both orders on {counted(prompts, 'further prompt')}." if prompts > 0 else ASK_BOTH


def _turned(votes: Votes) -> FloatArray:
    """1 where the answers of verdicts that say so differed between the orders: (V,)."""
    return np.zeros(0) if votes.consistent is None else 1 - votes.consistent


def _told(votes: Votes) -> npt.NDArray[np.bool_]:
    """Which verdicts stand for both orders, and say whether these agreed: (V,)."""
    return np.zeros(len(votes), np.bool_) if votes.consistent is None else ~np.isnan(votes.consistent)


def _no_repeats(again: int) -> str:
    if not again:
        return "none was asked again in the same order, so that order can't be told from noise"
    return f"{again:,} were asked again in the same order, too few to tell order from noise"
