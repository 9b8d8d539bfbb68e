"""When a rater's work warns, then pauses them: the limits of the configuration held against the figures."""

from dataclasses import dataclass
from typing import Literal

from firsthand.collect.admin.figures import Conduct, Measured, RaterFigures
from firsthand.collect.serve_config import Rule, Rules
from firsthand.estimates import Estimate

Level = Literal["warn", "pause"]


@dataclass(frozen=True, slots=True)
class Decision:
    """That a rater crossed a limit: the rule's name in the configuration, how far, the evidence as one sentence."""

    rater: str
    rule: str
    level: Level
    evidence: str


def decide(figures: RaterFigures, rules: Rules) -> list[Decision]:
    """The limits that the rater's conduct since they were last resumed crosses, pauses first.

    A rule is silent before `least` observations, and a limit is crossed beyond it, not on it. A pull to the second
    side counts as much as one to the first: the larger of the two shares is held against the limit.
    """
    found = [
        Decision(figures.name, check.name, level, _evidence(check, level))
        for check in _checks(figures.since_resume, rules)
        if (level := _level(check))
    ]
    return sorted(found, key=lambda decision: decision.level != "pause")


@dataclass(frozen=True, slots=True)
class _Check:
    """A figure, the rule it is held against, and the words for it; {value} and {n} stand for what was measured."""

    name: str
    rule: Rule | None
    measured: Measured
    crossed: Literal["below", "above"]
    words: str
    unit: Literal["%", "s"] = "%"


def _checks(conduct: Conduct, rules: Rules) -> list[_Check]:
    side, pull = _pull(conduct.first_side)
    pulled = f"{{value}} of {{n}} decisive verdicts went to the response shown {side}"
    repeated = "{value} of {n} repeats with swapped sides got the same verdict"
    timed = "half of {n} verdicts took {value} or less"
    return [
        _Check("gold_accuracy", rules.gold_accuracy, conduct.gold, "below", "{value} of {n} gold verdicts are right"),
        _Check("self_consistency", rules.self_consistency, conduct.consistency, "below", repeated),
        _Check("first_side_share", rules.first_side_share, pull, "above", pulled),
        _Check("median_seconds", rules.median_seconds, conduct.seconds, "below", timed, "s"),
    ]


def _pull(first_side: Measured) -> tuple[str, Measured]:
    """The side chosen more often, and the share of verdicts for it."""
    share = first_side.estimate
    if share.value is None or share.ci is None or share.value >= 0.5:
        return "first", first_side
    return "second", Measured(Estimate(1 - share.value, (1 - share.ci[1], 1 - share.ci[0])), first_side.n)


def _level(check: _Check) -> Level | None:
    value, rule = check.measured.estimate.value, check.rule
    if rule is None or value is None or check.measured.n < rule.least:
        return None
    sign = 1 if check.crossed == "above" else -1
    return "pause" if sign * value > sign * rule.pause else "warn" if sign * value > sign * rule.warn else None


def _evidence(check: _Check, level: Level) -> str:
    value, ci = check.measured.estimate.value, check.measured.estimate.ci
    limit = getattr(check.rule, level)
    interval = f" (95 % interval {_written(ci[0], check.unit)} to {_written(ci[1], check.unit)})" if ci else ""
    said = check.words.format(value=_written(value or 0.0, check.unit) + interval, n=f"{check.measured.n:,}")
    return f"{said}; {check.crossed} {_written(limit, check.unit)} {level}s"


def _written(value: float, unit: str) -> str:
    return f"{100 * value:.0f} %" if unit == "%" else f"{value:.1f} s"
