"""D2, position: does a judge's answer depend on which response it was shown first?

Where both orders were asked on comparison i, with y_i1 and y_i2 the mean verdicts (1 for A, 1/2 for neither) with A and
with B first, the first position gains

    d_i = (y_i1 - y_i2) / 2

of the verdicts; the effect is mean(d_i), 0 where McNemar's two counts (first chosen twice, second chosen twice) are
equal. Changing the order also changes answers by chance: the excess of flips is

    P(answers differ | orders differ) - P(answers differ | same order asked again)

(Shi et al. 2024, arXiv 2406.07791). Both with the bootstrap over prompts. Where each comparison was asked in one order,
the pull pi of the affinity model, given people's votes, takes the place of mean(d_i).
"""

from dataclasses import replace

import numpy as np
from scipy.stats import binomtest, norm

from firsthand.evaluate.audit.affinity import design, fit
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.detectors.measured import LEAST_PROMPTS, in_points, measured, not_testable, settled
from firsthand.evaluate.audit.detectors.said import length_column, people_counts
from firsthand.evaluate.audit.effect import effect
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.lineage import Lineages
from firsthand.evaluate.audit.table import P_A, AuditTable, Votes
from firsthand.evaluate.audit.targets import own_target
from firsthand.evaluate.bootstrap import FloatArray, Sums, ratio, resample_prompts
from firsthand.evaluate.table import counted

DETECTOR = "position"
FIRST, ORDER = "the response shown first", "the order"
LEAST_DOUBLED = 30
"""Comparisons with two people's votes without which the pull in one order is not fitted."""
ASK_BOTH = "ask the judge in both orders (firsthand collect judge does), and take only verdicts that agree"
ASK_AGAIN = "ask the judge again in the same order on some comparisons: repeats tell an order effect from noise"


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
    if not both.any():
        return _pull(table, number, lineages, settings)
    gain = first_gain(counts[both])
    rows = {"gain": np.stack([gain, np.ones(len(gain))], axis=1)}
    resampled = resample_prompts(rows, table.prompt[both], draws=settings.draws, seed=settings.seed)
    figure = measured(resampled, lambda sums: ratio(sums["gain"][..., 0], sums["gain"][..., 1]))
    first, second = int((gain >= 0.5).sum()), int((gain <= -0.5).sum())
    if figure is None:
        why = (
            f"{judge} was asked in both orders on {counted(int(both.sum()), 'comparison')} of "
            f"{counted(len(np.unique(table.prompt[both])), 'prompt')}, {first + second} of which it turned round; "
            f"{LEAST_PROMPTS} prompts with differing answers are needed"
        )
        return not_testable(DETECTOR, judge, why, ASK_BOTH, FIRST, int(both.sum()))
    exact = f", McNemar's exact p = {binomtest(first, first + second).pvalue:.3g}" if first + second else ""
    return in_points(
        Finding(
            detector=DETECTOR,
            judge=judge,
            target=FIRST,
            verdict=Verdict.INCONCLUSIVE,
            direction="favours" if figure.value > 0 else "disfavours",
            unit="share of verdicts",
            n=int(both.sum()),
            n_prompts=figure.clusters,
            why=f"asked in both orders, {judge} chose the first response both times on {first:,} comparisons and the "
            f"second both times on {second:,}{exact}",
            next_step=ASK_BOTH,
        ),
        figure,
        settings,
    )


def _pull(table: AuditTable, number: int, lineages: Lineages, settings: AuditConfig) -> Finding:
    """The finding on the first position where each comparison was asked in one order."""
    judge, votes = table.judges[number], table.judged.of(number)
    if not (votes.first != 0).any():
        why = f"the data do not say which response {judge} was shown first in any of its verdicts"
        return not_testable(DETECTOR, judge, why, "import shown_first, or ask in both orders", FIRST)
    doubled = int((people_counts(table)[np.unique(votes.pair)].sum(axis=1) >= 2).sum())
    if doubled < LEAST_DOUBLED or len(np.unique(votes.first[votes.first != 0])) < 2:
        why = (
            f"{judge} was asked in one order only, and two people rated {doubled} of those comparisons; the pull of "
            f"the first position needs {LEAST_DOUBLED}, with A first on some and B first on others"
        )
        return not_testable(DETECTOR, judge, why, ASK_BOTH, FIRST, doubled)
    own = own_target(table, judge, lineages)
    targets = {own.name: own.sign(table)} if own else {}
    given = design(table, number, targets, {"length": length_column(table)})
    found = fit(given)
    contrast = (np.array(given.names) == "order_pull").astype(np.float64)
    side = given.by_offset[:, -1]
    pulled = effect(given, found, contrast, side)
    if not found.converged or pulled.error <= 0:
        return not_testable(DETECTOR, judge, f"the fit for {judge} did not converge", ASK_BOTH, FIRST, doubled)
    reach = float(norm.isf(settings.alpha / 2))
    each = reach + float(norm.ppf(0.8))
    rows = given.given.judge.any(axis=1) & (side != 0)
    return Finding(
        detector=DETECTOR,
        judge=judge,
        target=FIRST,
        verdict=Verdict.INCONCLUSIVE,
        direction="favours" if pulled.logits > 0 else "disfavours",
        estimate=pulled.logits,
        unit="logit",
        ci=(pulled.logits - reach * pulled.error, pulled.logits + reach * pulled.error),
        points=pulled.points,
        points_ci=(pulled.points - reach * pulled.points_error, pulled.points + reach * pulled.points_error),
        flipped_per_1000=pulled.flipped_per_1000,
        p=float(2 * norm.sf(abs(pulled.logits) / pulled.error)),
        mde_points=each * pulled.points_error,
        n=int(rows.sum()),
        n_prompts=len(np.unique(given.prompt[rows])),
        why=f"asked in one order, {judge} leans to the response it saw first by {pulled.points:+.1f} percentage "
        "points, given people's votes",
        caveats=("from one order, by the affinity model: both orders would need no model",),
        next_step=ASK_BOTH,
    )


def _order(table: AuditTable, number: int, settings: AuditConfig) -> Finding:
    """The finding on answers that change with the order."""
    judge, votes = table.judges[number], table.judged.of(number)
    rows = flip_rows(order_counts(votes, len(table)))
    asked = rows[:, [1, 3]].any(axis=1)
    both, again = int(rows[:, 1].sum()), int(rows[:, 3].sum())
    resampled = resample_prompts({"flips": rows[asked]}, table.prompt[asked], draws=settings.draws, seed=settings.seed)
    if not both:
        return _stated(table, number, settings)
    figure = measured(resampled, excess_flips) if again else None
    if figure is None:
        rate = measured(resampled, flip_rate)
        why = (
            f"asked in both orders, {judge} changed its answer on {rows[:, 0].sum() / both:.1%} of {both:,} comparisons"
        )
        missing = not_testable(DETECTOR, judge, f"{why}; {_no_repeats(again)}", ASK_AGAIN, ORDER, both)
        if rate is None:
            return missing
        unit = "share of comparisons"
        return replace(
            missing, estimate=rate.value, unit=unit, ci=rate.interval(settings.alpha), n_prompts=rate.clusters
        )
    return in_points(
        Finding(
            detector=DETECTOR,
            judge=judge,
            target=ORDER,
            verdict=Verdict.INCONCLUSIVE,
            direction="changes answers" if figure.value > 0 else "steadies answers",
            unit="difference of shares",
            n=both,
            n_prompts=figure.clusters,
            why=f"{judge} changed its answer on {rows[:, 0].sum() / both:.1%} of {both:,} comparisons when the order "
            f"changed, and on {rows[:, 2].sum() / again:.1%} of {again:,} when asked the same again",
            next_step=ASK_BOTH,
        ),
        figure,
        settings,
    )


def _stated(table: AuditTable, number: int, settings: AuditConfig) -> Finding:
    """Where one verdict stands for both orders, and says whether they agreed."""
    judge, votes = table.judges[number], table.judged.of(number)
    said = np.full(len(votes), np.nan) if votes.consistent is None else votes.consistent
    known = ~np.isnan(said)
    if not known.any():
        return not_testable(DETECTOR, judge, f"{judge} was not asked in both orders", ASK_BOTH, ORDER)
    turned = 1 - said[known]
    rows = {"flips": np.stack([turned, np.ones(len(turned))], axis=1)}
    prompts = table.prompt[votes.pair[known]]
    figure = measured(resample_prompts(rows, prompts, draws=settings.draws, seed=settings.seed), flip_rate)
    return Finding(
        detector=DETECTOR,
        judge=judge,
        target=ORDER,
        verdict=Verdict.NOT_TESTABLE,
        estimate=float(turned.mean()),
        unit="share of comparisons",
        ci=figure.interval(settings.alpha) if figure else None,
        n=len(turned),
        n_prompts=len(np.unique(prompts)),
        why=f"{judge} answered inconsistently on {int(turned.sum()):,} of {counted(len(turned), 'comparison')} "
        f"({turned.mean():.1%}) when the order changed; the two answers themselves are not in the data, so that a pull "
        "to one position can't be told from noise",
        caveats=("an inconsistent verdict stands in the data as a tie",),
        next_step="import both orders' verdicts, each with shown_first; some comparisons asked twice in one order",
    )


def _no_repeats(again: int) -> str:
    if not again:
        return "none was asked again in the same order, so that order can't be told from noise"
    return f"{again:,} were asked again in the same order, too few to tell order from noise"
