"""Where a judge agrees with people more, or less, than elsewhere: per tag, author pair and length band."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from firsthand.bootstrap import FloatArray, IntArray, Sums, resample_prompts
from firsthand.estimates import Estimate
from firsthand.evaluate.agreement import pair_agreement
from firsthand.evaluate.judges.bench import Bench, Judge
from firsthand.evaluate.judges.figures import Figures, judge_figures, right_rows
from firsthand.evaluate.multiple import holm

ALPHA = 0.05
LEAST_PROMPTS = 10
"""A group or its rest on fewer prompts is not tested."""
UNTAGGED = "(none)"


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a judge's labels.

    difference: its accuracy less that on all other labels of the judge; p: two-sided, None where it can't be tested;
    p_adjusted: over every group of every judge (Holm); verdict: worse, better, or no difference shown.
    """

    judge: str
    family: str
    value: str
    rows: int
    prompts: int
    figures: Figures
    people: Figures
    difference: Estimate
    p: float | None
    p_adjusted: float | None = None
    verdict: str = "not testable"


def judge_groups(bench: Bench, judge: Judge, draws: int, seed: int) -> list[Group]:
    """Every group of the judge's labels, not yet corrected for one another."""
    families = {"author pair": bench.pair, "length": bench.band}
    if bench.tag is not None and bench.people.unit_tag is not None:
        tags = [value if isinstance(value, str) else UNTAGGED for value in bench.people.unit_tag]
        families = {f"tag {bench.tag}": np.array(tags, dtype=object), **families}
    return [
        group
        for family, values in families.items()
        for group in _family(bench, judge, family, values[judge.unit], draws, seed)
    ]


def corrected(groups: Sequence[Group]) -> list[Group]:
    """The groups with their p-values adjusted over all of them, and the verdicts that follow."""
    p_values = {number: group.p for number, group in enumerate(groups) if group.p is not None}
    adjusted = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    return [
        replace(group, p_adjusted=adjusted[number], verdict=_verdict(group, adjusted[number]))
        if number in adjusted
        else group
        for number, group in enumerate(groups)
    ]


def _family(
    bench: Bench, judge: Judge, family: str, values: npt.NDArray[np.object_], draws: int, seed: int
) -> list[Group]:
    names, member = np.unique(values.astype(str), return_inverse=True)
    if len(names) < 2:
        return []
    prompts, majority = bench.prompt[judge.unit], bench.majority[judge.unit]
    right = right_rows(majority, judge.choice)
    inside = np.eye(len(names))[member]
    rows = {"right": right, "inside": inside[:, :, None] * right[:, None, :]}
    resampled = resample_prompts(rows, prompts, draws=draws, seed=seed)
    found = []
    for number, name in enumerate(names):
        own = member == number
        unit = judge.unit[own]
        figures, people = judge_figures(bench.counts[unit], majority[own], judge.choice[own], prompts[own], draws, seed)

        def difference(sums: Sums, number: int = number) -> FloatArray:
            within = sums["inside"][..., number, :]
            return pair_agreement(within) - pair_agreement(sums["right"] - within)

        estimate = resampled.estimate(difference)
        testable = min(len(np.unique(prompts[own])), len(np.unique(prompts[~own]))) >= LEAST_PROMPTS
        spread = float(np.nanstd(difference(resampled.draws))) if testable and estimate.ci else 0.0
        p = 2 * float(norm.sf(abs(estimate.value) / spread)) if spread > 0 and estimate.value is not None else None
        found.append(
            Group(judge.name, family, str(name), int(own.sum()), _count(prompts[own]), figures, people, estimate, p)
        )
    return found


def _count(prompts: IntArray) -> int:
    return len(np.unique(prompts))


def _verdict(group: Group, p_adjusted: float) -> str:
    if p_adjusted > ALPHA or group.difference.value is None:
        return "no difference shown"
    return "worse" if group.difference.value < 0 else "better"
