"""The picture of an affinity: how often people and the judge chose the target, and the judge without the affinity."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firsthand.bootstrap import DRAWS, SEED, FloatArray, ratio, resample_prompts
from firsthand.estimates import Estimate
from firsthand.evaluate.audit.finding import Finding
from firsthand.evaluate.audit.table import P_A, AuditTable, Votes


@dataclass(frozen=True, slots=True)
class Picture:
    """Shares of the target's comparisons in which it was chosen, ties half; n: how many of them both judged."""

    people: Estimate
    judge: Estimate
    without: Estimate
    n: int


def picture(
    table: AuditTable, finding: Finding, authors: Sequence[int], draws: int = DRAWS, seed: int = SEED
) -> Picture | None:
    """The picture of a finding about `authors` (indices), over comparisons that people and the judge both judged.

    people, judge: the mean over comparisons of the mean share of their votes, intervals by resampling prompts. without:
    the judge's share less the finding's points. None where the finding has no points, or nothing was judged by both.
    """
    if finding.points is None or finding.judge not in table.judges:
        return None
    people = shares(table.people, len(table))
    judge = shares(table.judged.of(table.judges.index(finding.judge)), len(table))
    sign = np.isin(table.author, authors) @ np.array([1, -1])
    rows = np.flatnonzero((sign != 0) & ~np.isnan(people) & ~np.isnan(judge))
    if not len(rows):
        return None
    sums = {"rows": np.ones(len(rows))}
    for name, share in (("people", people[rows]), ("judge", judge[rows])):
        sums[name] = np.where(sign[rows] > 0, share, 1 - share)
    drawn = resample_prompts(sums, table.prompt[rows], draws=draws, seed=seed)
    by_people = drawn.estimate(lambda s: ratio(s["people"], s["rows"]))
    by_judge = drawn.estimate(lambda s: ratio(s["judge"], s["rows"]))
    return Picture(by_people, by_judge, _without(by_judge, finding), len(rows))


def shares(votes: Votes, comparisons: int) -> FloatArray:
    """The share of A in each comparison's votes, ties half: (N,), NaN where there are none."""
    share = np.where(np.isnan(votes.p_a), P_A[votes.outcome], votes.p_a)
    return ratio(np.bincount(votes.pair, share, comparisons), np.bincount(votes.pair, minlength=comparisons))


def _without(judge: Estimate, finding: Finding) -> Estimate:
    if judge.value is None or finding.points is None:
        return judge
    ci = None
    if finding.points_ci is not None:
        low, high = finding.points_ci
        ci = (_share(judge.value - high / 100), _share(judge.value - low / 100))
    return Estimate(_share(judge.value - finding.points / 100), ci)


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
