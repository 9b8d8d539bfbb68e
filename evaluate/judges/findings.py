"""Everything `evaluate judges` finds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from firsthand.admission import Admission, Rule
from firsthand.bootstrap import DRAWS, SEED
from firsthand.evaluate.calibration import Calibration
from firsthand.evaluate.judges.admitting import admission_of
from firsthand.evaluate.judges.alternative import AlternativeTest, alternative_of
from firsthand.evaluate.judges.bench import CHANGED, Bench, Judge, read_bench
from firsthand.evaluate.judges.figures import Figures, judge_figures
from firsthand.evaluate.judges.groups import Group, corrected, judge_groups
from firsthand.evaluate.judges.order import OrderBias, order_bias
from firsthand.evaluate.judges.panel import Panel, panel_size
from firsthand.evaluate.judges.sureness import Refused, calibration_of

TARGET, CONFIDENCE = 0.85, 0.95


@dataclass(frozen=True, slots=True)
class JudgeFindings:
    """What was found of one judge; people: the figures that people reach on the same comparisons.

    changed: labels whose answer turned with the order.
    """

    judge: Judge
    prompts: int
    changed: int
    figures: Figures
    people: Figures
    alternative: AlternativeTest
    order: OrderBias
    calibration: Calibration | Refused
    groups: list[Group]
    rules: list[Rule]


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of all judges."""

    bench: Bench
    judges: list[JudgeFindings]
    panel: Panel | None
    admission: Admission
    draws: int
    seed: int

    @property
    def simulated(self) -> bool:
        """Whether scripts answered for people or judges."""
        return any(self.bench.people.simulated) or any(found.judge.simulated for found in self.judges)


def find(
    votes: pd.DataFrame,
    tag: str | None = None,
    target: float = TARGET,
    confidence: float = CONFIDENCE,
    draws: int = DRAWS,
    seed: int = SEED,
    panels: Collection[str] = (),
) -> Findings:
    """Hold every judge in a table of votes (bench.COLUMNS) against the people in it.

    panels: the judges that are panels of others. Raises InputError where there are no people or no judges.
    """
    bench = read_bench(votes, tag)
    admission = admission_of(bench, target, confidence, seed)
    rated = [judge for judge in bench.judges if len(judge.unit)]
    groups = corrected([group for judge in rated for group in judge_groups(bench, judge, draws, seed)])
    return Findings(
        bench=bench,
        judges=[_judge(bench, judge, groups, admission, draws, seed) for judge in rated],
        panel=panel_size(bench, panels, draws, seed),
        admission=admission,
        draws=draws,
        seed=seed,
    )


def _judge(
    bench: Bench, judge: Judge, groups: Sequence[Group], admission: Admission, draws: int, seed: int
) -> JudgeFindings:
    prompts = bench.prompt[judge.unit]
    counts, majority = bench.counts[judge.unit], bench.majority[judge.unit]
    figures, people = judge_figures(counts, majority, judge.choice, prompts, draws, seed)
    return JudgeFindings(
        judge=judge,
        prompts=len(np.unique(prompts)),
        changed=int((judge.choice == CHANGED).sum()),
        figures=figures,
        people=people,
        alternative=alternative_of(bench, judge),
        order=order_bias(bench, judge, draws, seed),
        calibration=calibration_of(bench, judge, draws, seed),
        groups=[group for group in groups if group.judge == judge.name],
        rules=[rule for rule in admission.rules if rule.judge == judge.name],
    )
