"""What `evaluate winrate` prints: each author's win rate by a judge, by people, and by both together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from firsthand.bootstrap import LEVEL, IntArray
from firsthand.estimates import Estimate
from firsthand.evaluate.table import number, plain, shown, table
from firsthand.evaluate.winrate.corrected import BoolArray, Bound, Corrected, corrected_mean
from firsthand.evaluate.winrate.outcomes import Outcomes

SCHEMA = 1
FEWEST_LABELS = 2
"""Labels that a stratum needs; those with fewer join the next one."""


@dataclass(frozen=True, slots=True)
class WinRate:
    """How often an author's response is the better one, ties counting half.

    judge_verdicts, judge_score: the judge's own win rate and mean probability, over all comparisons. people: from
    labels alone. corrected: from both. judge_minus_people: how far the judge's score is off where people looked.
    power and worth are those of Corrected; None where nothing is labelled.
    """

    outcomes: Outcomes
    judge_verdicts: float
    judge_score: float
    people: Estimate
    corrected: Estimate
    judge_minus_people: Estimate
    power: float | None
    worth: float | None
    strata: int

    @property
    def labelled(self) -> int:
        """Comparisons that people judged."""
        return int((~np.isnan(self.outcomes.label)).sum())


def measure_win_rates(
    outcomes: Iterable[Outcomes], bound: Bound = "both", values: Mapping[str, int] | None = None
) -> list[WinRate]:
    """The win rates, with two-sided intervals or one-sided bounds.

    values: what each comparison's label was worth before people saw it, where they were sent to the worthiest ones:
    labels are then a random part of the comparisons of one worth only, and are weighed so.
    """
    return [_win_rate(one, bound, values) for one in outcomes]


def win_rate_json(found: list[WinRate], bound: Bound) -> dict[str, Any]:
    """The figures as `--json` prints them."""
    return {
        "schema": SCHEMA,
        "interval": {"level": LEVEL, "bound": bound, "method": "prediction-powered, power-tuned, t, by prompts"},
        "win_rates": [_as_json(one) for one in found],
    }


def win_rate_text(found: list[WinRate], bound: Bound) -> str:
    """The figures as a person reads them in a terminal."""
    parts = [
        f"Judge {plain(judge)}:\n{_table(list(rates))}"
        for judge, rates in groupby(found, key=lambda one: one.outcomes.judge)
    ]
    whys = dict.fromkeys(one.corrected.why for one in found if one.corrected.why)
    sides = {"both": "intervals", "lower": "lower bounds", "upper": "upper bounds"}[bound]
    scripted = sum(one.outcomes.simulated for one in found)
    notes = [
        *whys,
        f"Win rates: ties count half. {LEVEL:.0%} {sides}, by prompts. "
        "Worth: so many labels of people alone would tell as much.",
        *([f"Simulated: scripts gave verdicts in {scripted} of {len(found)} rows."] if scripted else []),
    ]
    return "\n\n".join([*parts, "\n".join(notes)])


def _win_rate(outcomes: Outcomes, bound: Bound, values: Mapping[str, int] | None) -> WinRate:
    verdicts, score = float(outcomes.verdict.mean()), float(outcomes.score.mean())
    known = ~np.isnan(outcomes.label)
    if not known.any():
        nothing = Estimate(None, None, "people labelled none of these comparisons")
        return WinRate(outcomes, verdicts, score, nothing, nothing, nothing, None, None, 0)
    worth = np.zeros(len(known), np.int64)
    if values is not None:
        worth = np.array([values.get(id_, 0) for id_ in outcomes.comparison], np.int64)
    stratum = _with_labels(worth, known)
    found = corrected_mean(outcomes.label, outcomes.score, outcomes.prompt, stratum)
    off = corrected_mean(outcomes.score - outcomes.label, np.zeros(len(known)), outcomes.prompt, stratum)
    return WinRate(
        outcomes,
        verdicts,
        score,
        people=found.people.estimate(bound),
        corrected=found.mean.estimate(bound),
        judge_minus_people=off.people.estimate(),
        power=found.power,
        worth=_worth(found),
        strata=len(np.unique(stratum)),
    )


def _worth(found: Corrected) -> float | None:
    return found.worth if found.mean.estimate().ci else None


def _with_labels(values: IntArray, known: BoolArray) -> IntArray:
    """The values as strata, least first; one with fewer than FEWEST_LABELS labels is joined with its neighbours."""
    stratum, number_, labels = np.zeros_like(values), 0, 0
    for value in np.unique(values):
        if labels >= FEWEST_LABELS:
            number_, labels = number_ + 1, 0
        stratum[values == value] = number_
        labels += int(known[values == value].sum())
    if labels < FEWEST_LABELS and number_ > 0:
        stratum[stratum == number_] = number_ - 1
    return stratum


def _as_json(one: WinRate) -> dict[str, Any]:
    return {
        "judge": one.outcomes.judge,
        "author": one.outcomes.author,
        "comparisons": len(one.outcomes.score),
        "labelled": one.labelled,
        "prompts": len(np.unique(one.outcomes.prompt)),
        "strata": one.strata,
        "simulated": one.outcomes.simulated,
        "judge_verdicts": one.judge_verdicts,
        "judge_score": one.judge_score,
        "people": one.people.as_json(),
        "corrected": one.corrected.as_json(),
        "judge_minus_people": one.judge_minus_people.as_json(),
        "power": one.power,
        "worth": one.worth,
    }


def _table(rates: list[WinRate]) -> str:
    heads = ["author", "compared", "labelled", "judge", "its score", "people", "", "corrected", "", "worth"]
    rows = [
        [
            plain(one.outcomes.author),
            f"{len(one.outcomes.score):,}",
            f"{one.labelled:,}",
            number(one.judge_verdicts),
            number(one.judge_score),
            *shown(one.people),
            *shown(one.corrected),
            "" if one.worth is None else f"{one.worth:,.0f}",
        ]
        for one in rates
    ]
    return table(heads, rows)
