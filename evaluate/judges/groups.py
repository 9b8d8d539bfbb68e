"""One judge again per tag, author pair and length band: its figures, and whether it agrees less there than elsewhere.

Three kinds of verdict come from p-values: unlike the rest, leaning to a position, standing in for a person. Each kind
is corrected over every group of every judge (Holm).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray, IntArray, Sums, resample_prompts
from firsthand.estimates import Estimate
from firsthand.evaluate.agreement import pair_agreement
from firsthand.evaluate.calibration import Calibration
from firsthand.evaluate.judges.alternative import EPSILONS, AlternativeTest, alternative_of
from firsthand.evaluate.judges.bench import LEAST_PROMPTS, Bench, Judge
from firsthand.evaluate.judges.figures import Figures, judge_figures, right_rows
from firsthand.evaluate.judges.order import OrderBias, order_bias
from firsthand.evaluate.judges.sureness import Refused, calibration_of
from firsthand.evaluate.multiple import holm

ALPHA = 0.05
LEANS = ("leans to the first", "leans to the second")
UNTAGGED = "(none)"


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a judge's labels.

    difference: its accuracy less that on all other labels of the judge; p: two-sided, None where it can't be tested,
    p_adjusted: over every group of every judge (Holm); verdict: worse, better, or no difference shown.
    order_p_adjusted, alternative_p_adjusted: the p of `order` and `alternative` so adjusted, the latter by the words of
    EPSILONS.
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
    alternative: AlternativeTest
    order: OrderBias
    calibration: Calibration | Refused
    p_adjusted: float | None = None
    verdict: str = ""
    order_p_adjusted: float | None = None
    alternative_p_adjusted: dict[str, float] = field(default_factory=dict)

    @property
    def order_verdict(self) -> str:
        """Whether the judge leans to a position here."""
        if self.order_p_adjusted is None or self.order.pull.value is None:
            return "not testable"
        if self.order_p_adjusted > ALPHA:
            return "no lean shown"
        return LEANS[self.order.pull.value < 0]

    def passes(self, word: str) -> bool | None:
        """Whether the judge may stand in for such people here; None where the test is refused."""
        return self.alternative_p_adjusted[word] <= ALPHA if self.alternative_p_adjusted else None


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
    differences = _holm([group.p for group in groups])
    orders = _holm([group.order.p for group in groups])
    instead = {word: _holm([_alternative_p(group, word) for group in groups]) for word in EPSILONS}
    return [
        replace(
            group,
            p_adjusted=differences[number],
            verdict=_verdict(group, differences[number]),
            order_p_adjusted=orders[number],
            alternative_p_adjusted={
                word: p for word, p_values in instead.items() if (p := p_values[number]) is not None
            },
        )
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
        testable = min(_count(prompts[own]), _count(prompts[~own])) >= LEAST_PROMPTS and estimate.ci is not None
        part = judge.part(own)
        found.append(
            Group(
                judge=judge.name,
                family=family,
                value=str(name),
                rows=int(own.sum()),
                prompts=_count(prompts[own]),
                figures=figures,
                people=people,
                difference=estimate,
                p=resampled.p_value(difference) if testable else None,
                alternative=alternative_of(bench, part),
                order=order_bias(bench, part, draws, seed, LEAST_PROMPTS),
                calibration=calibration_of(bench, part, draws, seed, LEAST_PROMPTS),
            )
        )
    return found


def _count(prompts: IntArray) -> int:
    return len(np.unique(prompts))


def _holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Each adjusted over all there are; None stays None."""
    adjusted = iter(holm([p for p in p_values if p is not None]))
    return [None if p is None else next(adjusted) for p in p_values]


def _alternative_p(group: Group, word: str) -> float | None:
    return None if group.alternative.p is None else group.alternative.p[word]


def _verdict(group: Group, p_adjusted: float | None) -> str:
    if p_adjusted is None or group.difference.value is None:
        return "not testable"
    if p_adjusted > ALPHA:
        return "no difference shown"
    return "worse" if group.difference.value < 0 else "better"
