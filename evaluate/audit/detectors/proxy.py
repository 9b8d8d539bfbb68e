"""D5, the quality-matched proxy: whether a judge chooses its own kind more often than equally good others.

After the evaluator-quality baseline (arXiv 2601.22548), which sets a judge's errors for itself beside its errors for
an equally capable model. Each of the judge's own comparisons is turned so that its own kind is A; comparisons between
other authors count both ways round. Both are sorted into cells k of equal quality, by the posterior mean of delta
(quality.py), and of similar length. With n_k own comparisons in a cell, y_k and q_k their mean verdict and quality, and
c_k and r_k those of others,

    effect = sum_k n_k (y_k - c_k - b (q_k - r_k)) / sum_k n_k,

b being the slope of the verdicts on quality among others in one cell. Its variance is that of the bootstrap over
prompts, the qualities held, and (b e)^2, e being the standard error of the own ones' mean quality. Null: the judge's
verdicts depend on quality and length alone, by any curve.
"""

from dataclasses import dataclass, replace

import numpy as np

from firsthand.bootstrap import FloatArray, IntArray, Sums, ratio, resample_prompts
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.detectors.measured import (
    in_points,
    measured,
    not_testable,
    settled,
    unmeasured,
)
from firsthand.evaluate.audit.detectors.quality import Quality, posterior_quality
from firsthand.evaluate.audit.detectors.said import judge_score, length_column, people_votes, with_authors
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.lineage import Lineages
from firsthand.evaluate.audit.resting import ASK_BOTH, by_order, order_lean
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import Target, own_target
from firsthand.evaluate.audit.testable import no_authors, no_people
from firsthand.evaluate.table import counted, plain

DETECTOR = "proxy"
LEAST_PAIRS = 50
"""Own comparisons, and others, without which nothing is matched."""
LEAST_MATCHED = 0.8
"""Share of the own comparisons that must have others of their quality and length beside them."""
PER_CELL = 12
QUALITY_CELLS, LENGTH_CELLS = 4, 3
RATE_MORE = "Let two people rate comparisons of the judge's own kind, and of other authors among themselves."


@dataclass(frozen=True, slots=True)
class Matched:
    """Sums over own and other comparisons by prompt and cell.

    sums: (C, K, 3 + 5): of own comparisons their number, verdicts y and qualities q; of others the same, q^2 and q y.
    own, others: how many of each there are. quality_error: standard error of the own ones' mean quality.
    """

    sums: FloatArray
    quality_error: float
    own: int
    others: int


def proxy_findings(table: AuditTable, lineages: Lineages, settings: AuditConfig) -> list[Finding]:
    """One finding a judge, for the authors closest to it."""
    table = with_authors(table)
    refusals = [no_people(table, number) or no_authors(table, number) for number in range(len(table.judges))]
    quality = posterior_quality(table) if None in refusals else None
    findings = []
    for number, (judge, refusal) in enumerate(zip(table.judges, refusals, strict=True)):
        own = own_target(table, judge, lineages)
        if refusal is not None:
            said = (refusal.why, refusal.next_step, own.name if own else "")
            findings.append(not_testable(DETECTOR, judge, *said, needed=refusal.needed))
        elif own is None:
            why = f"No author of a comparison is known to be related to {plain(judge)}."
            findings.append(not_testable(DETECTOR, judge, why, "Add responses of its own kind, or state the families."))
        elif quality is None:
            why = "The model of people's votes did not converge, so that they do not tell quality from noise."
            step = "Collect votes of several people on more comparisons."
            findings.append(not_testable(DETECTOR, judge, why, step, own.name))
        else:
            findings.append(_of_judge(table, number, own, quality, settings))
    return settled(findings, settings, [people_votes(table, number) for number in range(len(table.judges))])


def match(table: AuditTable, number: int, own: Target, quality: Quality) -> Matched:
    """The judge's comparisons by cell."""
    sign = own.sign(table)
    verdict, length = judge_score(table, number), length_column(table)
    usable = np.isfinite(quality.mean) & np.isfinite(verdict)
    theirs = usable & (sign != 0)
    neither = ~np.isin(table.author, own.authors).any(axis=1) & (table.author >= 0).all(axis=1)
    others = np.flatnonzero(usable & neither)
    turned = sign[theirs]
    own_cells = np.stack([turned * quality.mean[theirs], turned * length[theirs]], axis=1)
    own_verdict = np.where(turned > 0, verdict[theirs], 1 - verdict[theirs])
    other_cells = np.concatenate(
        [np.stack([way * quality.mean[others], way * length[others]], axis=1) for way in (1, -1)]
    )
    other_verdict = np.concatenate([verdict[others], 1 - verdict[others]])
    cell, cells = _cells(own_cells, other_cells)
    _, prompt = np.unique(table.prompt[np.concatenate([np.flatnonzero(theirs), others, others])], return_inverse=True)
    split = len(own_verdict)
    mine = _sums(prompt[:split], cell[:split], cells, np.ones(split), own_verdict, own_cells[:, 0])
    half, quality_there = np.full(len(other_verdict), 0.5), other_cells[:, 0]
    theirs_too = _sums(
        prompt[split:],
        cell[split:],
        cells,
        *(
            half * values
            for values in (1, other_verdict, quality_there, quality_there**2, quality_there * other_verdict)
        ),
    )
    prompts = max(len(mine), len(theirs_too))
    padded = (np.pad(part, ((0, prompts - len(part)), (0, 0), (0, 0))) for part in (mine, theirs_too))
    moved = turned @ quality.slope[theirs] / max(split, 1)
    error = float(np.sqrt(moved @ quality.covariance @ moved))
    return Matched(np.concatenate(list(padded), axis=2), error, split, len(others))


def matched_gap(sums: Sums) -> FloatArray:
    """The effect of the module's docstring, over the cells that hold both."""
    own, y, q, others, c, r, _, _ = np.moveaxis(sums["cells"], -1, 0)
    slope = verdict_slope(sums)[..., None]
    gap = y - own * ratio(c, others) - slope * (q - own * ratio(r, others))
    return ratio(np.nansum(gap, axis=-1), np.where(others > 0, own, 0).sum(axis=-1))


def verdict_slope(sums: Sums) -> FloatArray:
    """The slope b of others' verdicts on their quality, within cells."""
    others, c, r, rr, rc = np.moveaxis(sums["cells"][..., 3:], -1, 0)
    within = np.nansum(rc - ratio(r * c, others), axis=-1)
    return ratio(within, np.nansum(rr - ratio(r * r, others), axis=-1))


def _sums(prompt: IntArray, cell: IntArray, cells: int, *columns: FloatArray) -> FloatArray:
    """The sums of the columns (R,) by prompt and cell: (C, cells, columns)."""
    prompts = int(prompt.max()) + 1 if len(prompt) else 0
    place = prompt * cells + cell
    summed = [np.bincount(place, column, prompts * cells).reshape(prompts, cells) for column in columns]
    return np.stack(summed, axis=2)


def _cells(own: FloatArray, others: FloatArray) -> tuple[IntArray, int]:
    """The cell of each row, own before others, and how many cells: quantiles of quality, then of length in each."""
    bins = int(np.clip(len(own) // PER_CELL // LENGTH_CELLS, 2, QUALITY_CELLS))
    both = np.concatenate([own, others])
    by_quality = _quantile_bin(own[:, 0], both[:, 0], bins)
    cell = np.zeros(len(both), np.int64)
    for number in range(bins):
        inside = by_quality == number
        mine = own[inside[: len(own)], 1]
        by_length = _quantile_bin(mine, both[inside, 1], LENGTH_CELLS) if len(mine) else 0
        cell[inside] = number * LENGTH_CELLS + by_length
    return cell, bins * LENGTH_CELLS


def _quantile_bin(of: FloatArray, values: FloatArray, bins: int) -> IntArray:
    edges = np.quantile(of, np.arange(1, bins) / bins) if len(of) else np.zeros(bins - 1)
    return np.searchsorted(edges, values, side="right").astype(np.int64)


def _of_judge(table: AuditTable, number: int, own: Target, quality: Quality, settings: AuditConfig) -> Finding:
    judge = table.judges[number]
    matched = match(table, number, own, quality)
    if min(matched.own, matched.others) < LEAST_PAIRS:
        why = (
            f"{plain(judge)} and people both judged {counted(matched.own, 'comparison')} of {plain(own.name)} with "
            f"others and {matched.others} among other authors; {LEAST_PAIRS} of each are needed."
        )
        missing = max(0, LEAST_PAIRS - matched.own) + max(0, LEAST_PAIRS - matched.others)
        return not_testable(DETECTOR, judge, why, RATE_MORE, own.name, matched.own, missing)
    if lean := order_lean(table, number, own):
        return not_testable(DETECTOR, judge, by_order(judge, own, lean), ASK_BOTH, own.name, matched.own)
    total = matched.sums.sum(axis=0)
    share = total[total[:, 3] > 1, 0].sum() / total[:, 0].sum()
    prompts = np.arange(len(matched.sums))
    resampled = resample_prompts({"cells": matched.sums}, prompts, draws=settings.draws, seed=settings.seed)
    figure = measured(resampled, matched_gap)
    if share < LEAST_MATCHED:
        why = (
            f"{share:.0%} of the {matched.own} comparisons of {plain(own.name)} have comparisons of other authors of "
            f"the same quality and length beside them; {LEAST_MATCHED:.0%} are needed."
        )
        return not_testable(DETECTOR, judge, why, "Add comparisons between other authors.", own.name, matched.own)
    if figure is None:
        return unmeasured(DETECTOR, judge, own.name, matched.own, len(matched.sums))
    slope = float(verdict_slope(resampled.total))
    figure = replace(figure, error=float(np.hypot(figure.error, slope * matched.quality_error)))
    return in_points(
        Finding(
            detector=DETECTOR,
            judge=judge,
            target=own.name,
            relation=own.relation,
            verdict=Verdict.INCONCLUSIVE,
            direction="favours" if figure.value > 0 else "disfavours",
            unit="share of verdicts",
            n=matched.own,
            n_prompts=figure.clusters,
            why=f"{plain(judge)} chose {plain(own.name)} on {total[:, 1].sum() / matched.own:.1%} of {matched.own:,} "
            f"comparisons, {100 * figure.value:+.1f} percentage points beside other authors' responses of the same "
            "quality and length.",
            caveats=(
                "A proxy: quality is matched in cells; styles other than length, and the order, are not. In simulated "
                "worlds without bias it raises 8 to 10 % false alarms where 5 % are allowed: the affinity model is the "
                "stronger test.",
            ),
            next_step=f"Let people judge comparisons that contain {plain(own.name)}.",
        ),
        figure,
        settings,
    )
