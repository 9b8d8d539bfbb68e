"""D6, crossover: whether two judges each prefer the author of their own kind over the other's.

On comparisons between an author of judge 1's kind and one of judge 2's, both judged by both, with y_j the mean verdict
of judge j for judge 1's author, no people are needed: d = mean(y_1) - mean(y_2) is 0 where neither favours its own and
both are equally sharp, and (d / 2) is what each owes to its own on average. The preference leakage score is

    PLS = [(W_11 - A_12) / A_12 + (W_22 - A_21) / A_21] / 2,   A_ij = (W_ii + W_ij) / 2,

W_ij the win rate of author i under judge j (arXiv 2502.01534, equations 1 and 2). A judge that is noisier than the
other pulls its rate towards 1/2, which looks like crossover where one author is better. Sharpness is compared where
neither judge has kin: with c_j the mean product of judge j's verdict (+1, 0, -1) and a third voice's (people's, or that
of further judges), r = c_1 / c_2, and

    d' = d - 2 (r - 1) / (r + 1) (mean(y) - 1/2)

is free of it to first order. Where unequal slopes might make up more than the margin, the test is refused.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from firsthand.bootstrap import (
    FloatArray,
    Resampled,
    Sums,
    percentile_interval,
    ratio,
    resample_prompts,
)
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.detectors.measured import in_points, measured, not_testable, settled, unmeasured
from firsthand.evaluate.audit.detectors.said import judge_score, people_counts, score
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.lineage import Lineages
from firsthand.evaluate.audit.resting import ASK_BOTH, by_order, order_lean
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import Target, own_target
from firsthand.evaluate.table import counted

DETECTOR = "crossover"
LEAST_PAIRS = 30
"""Comparisons of the two authors, and of others that a third voice judged, without which nothing is tested."""


def crossover_findings(table: AuditTable, lineages: Lineages, settings: AuditConfig) -> list[Finding]:
    """One finding for every two judges whose own kinds are different authors; one that says so where there are none."""
    own = {number: own_target(table, judge, lineages) for number, judge in enumerate(table.judges)}
    findings = [_of_pair(table, one, other, settings) for one, other in _pairs(own)]
    if not findings:
        why = "No two judges have responses of their own, and different, kinds among the comparisons."
        step = "Let two unrelated models each judge comparisons of the other's responses with its own."
        findings = [not_testable(DETECTOR, ", ".join(table.judges), why, step)]
    return settled(findings, settings)


def crossover_rows(
    first: FloatArray, second: FloatArray, voice: FloatArray, between: np.ndarray
) -> dict[str, FloatArray]:
    """What each comparison adds to the sums below: (N,) arguments.

    first, second: verdicts of the two judges for judge 1's author (for A elsewhere); voice: the third voice's, NaN
    where it is silent; between: whether the comparison is between the two judges' kin; else neither's.
    """
    products = np.stack([(2 * first - 1) * (2 * voice - 1), (2 * second - 1) * (2 * voice - 1)], axis=1)
    heard = ~between & np.isfinite(voice)
    return {
        "verdicts": np.stack([first, second, np.ones(len(first))], axis=1) * between[:, None],
        "slopes": np.where(heard[:, None], np.nan_to_num(products), 0.0),
    }


def crossover(sums: Sums) -> FloatArray:
    """The crossover d' of the module's docstring."""
    first, second = _rates(sums)
    return first - second - _slope_share(sums) * ((first + second) / 2 - 0.5)


def leakage_score(sums: Sums) -> FloatArray:
    """The preference leakage score."""
    first, second = _rates(sums)
    return (_leak(first, second) + _leak(1 - second, 1 - first)) / 2


def slope_gap(sums: Sums) -> FloatArray:
    """How much of d unequal slopes make up: 2 (r - 1) / (r + 1) (mean(y) - 1/2)."""
    first, second = _rates(sums)
    return _slope_share(sums) * ((first + second) / 2 - 0.5)


def _rates(sums: Sums) -> tuple[FloatArray, FloatArray]:
    verdicts = sums["verdicts"]
    return ratio(verdicts[..., 0], verdicts[..., 2]), ratio(verdicts[..., 1], verdicts[..., 2])


def _slope_share(sums: Sums) -> FloatArray:
    """2 (r - 1) / (r + 1), that is 2 (c_1 - c_2) / (c_1 + c_2)."""
    first, second = sums["slopes"][..., 0], sums["slopes"][..., 1]
    return 2 * ratio(first - second, np.where(first + second > 0, first + second, 0))


def _leak(own: FloatArray, under_other: FloatArray) -> FloatArray:
    average = (own + under_other) / 2
    return ratio(own - average, average)


def _pairs(own: dict[int, Target | None]) -> Iterator[tuple[tuple[int, Target], tuple[int, Target]]]:
    known = [(number, target) for number, target in own.items() if target is not None]
    for one, other in combinations(known, 2):
        if not set(one[1].authors) & set(other[1].authors):
            yield one, other


def _of_pair(table: AuditTable, one: tuple[int, Target], other: tuple[int, Target], settings: AuditConfig) -> Finding:
    (first_number, first_own), (second_number, second_own) = one, other
    names = f"{table.judges[first_number]}, {table.judges[second_number]}"
    target = f"{first_own.name} and {second_own.name}"
    first, second = judge_score(table, first_number), judge_score(table, second_number)
    voice = _third_voice(table, first_number, second_number)
    first_side, second_side = first_own.sign(table), second_own.sign(table)
    both = np.isfinite(first) & np.isfinite(second)
    between = both & (first_side * second_side < 0)
    neither = ~np.isin(table.author, (*first_own.authors, *second_own.authors)).any(axis=1)
    others = both & neither & np.isfinite(voice)
    if min(between.sum(), others.sum()) < LEAST_PAIRS:
        why = (
            f"Both judges judged {counted(int(between.sum()), 'comparison')} of {target}, and {int(others.sum())} of "
            f"other authors that people or a further judge judged too; {LEAST_PAIRS} of each are needed."
        )
        step = "Let both judge the same comparisons: of their own responses, and of others that people rated."
        return not_testable(DETECTOR, names, why, step, target, int(between.sum()))
    for number in (first_number, second_number):
        if lean := order_lean(table.part(between), number, first_own):
            why = by_order(table.judges[number], first_own, lean)
            return not_testable(DETECTOR, names, why, ASK_BOTH, target, int(between.sum()))
    kept = between | others
    turned = np.where(between & (first_side < 0), -1.0, 1.0)
    first, second = (0.5 + turned * (verdict - 0.5) for verdict in (first, second))
    rows = crossover_rows(first[kept], second[kept], voice[kept], between[kept])
    resampled = resample_prompts(rows, table.prompt[kept], draws=settings.draws, seed=settings.seed)
    return _tested(resampled, names, target, int(between.sum()), settings)


def _tested(resampled: Resampled, names: str, target: str, pairs: int, settings: AuditConfig) -> Finding:
    figure = measured(resampled, crossover)
    if figure is None:
        return unmeasured(DETECTOR, names, target, pairs, resampled.clusters)
    gaps = slope_gap(resampled.draws)
    told = gaps[np.isfinite(gaps)]
    low, high = percentile_interval(told, 1 - settings.alpha) if len(told) else (-1.0, 1.0)
    most = 50 * max(abs(low), abs(high))
    if most > settings.margin_points:
        why = (
            f"Unequal slopes: {names.replace(', ', ' and ')} may follow quality unequally, and one of the two authors "
            f"is better, which alone might make up {most:.1f} percentage points; {settings.margin_points:g} are "
            "allowed."
        )
        step = "Compare the judges on more comparisons that people rated, or read the affinity findings."
        return not_testable(DETECTOR, names, why, step, target, pairs)
    score_now, drawn = float(leakage_score(resampled.total)), leakage_score(resampled.draws)
    low, high = percentile_interval(drawn[np.isfinite(drawn)], 1 - settings.alpha)
    first, second = _rates(resampled.total)
    found = Finding(
        detector=DETECTOR,
        judge=names,
        target=target,
        verdict=Verdict.INCONCLUSIVE,
        direction="favours" if figure.value > 0 else "disfavours",
        unit="difference of win rates",
        n=pairs,
        n_prompts=figure.clusters,
        why=f"The first author wins {float(first):.1%} under its own judge and {float(second):.1%} under the other's; "
        f"preference leakage score {score_now:+.1%} ({low:+.1%} to {high:+.1%}).",
        caveats=(
            "It tells of both judges together, not which of them favours its own; the order is not held constant.",
        ),
        next_step="Read the affinity findings of both judges.",
    )
    return in_points(found, figure, settings, scale=50.0)


def _third_voice(table: AuditTable, one: int, other: int) -> FloatArray:
    """People's mean vote for A; where people are silent, that of the further judges; NaN where they are too."""
    people = score(people_counts(table))
    rest = [judge_score(table, number) for number in range(len(table.judges)) if number not in (one, other)]
    if not rest:
        return people
    verdicts = np.stack(rest)
    heard = np.isfinite(verdicts)
    further = ratio(np.nansum(verdicts, axis=0), heard.sum(axis=0))
    return np.where(np.isfinite(people), people, further)
