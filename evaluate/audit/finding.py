"""What a detector found about a judge, and the rules by which a figure becomes a verdict."""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeAlias

from firsthand.lineage import Relation

Interval: TypeAlias = tuple[float, float]


class Verdict(StrEnum):
    """What an audit says of an effect; nothing is ever `clean` for want of data."""

    DETECTED = "detected"
    RULED_OUT = "ruled out"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTABLE = "not testable"


GRAVEST = (Verdict.DETECTED, Verdict.INCONCLUSIVE, Verdict.NOT_TESTABLE, Verdict.RULED_OUT)
"""Verdicts in the order in which they are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One effect of one judge, looked for by one detector.

    target: the author, family or thing the judge may favour; relation: of the judge to it. direction: `favours`,
    `disfavours`, or empty where that has no meaning. estimate and ci in `unit`; points and points_ci in percentage
    points of the judge's verdicts. flipped_per_1000: labels that would differ without the effect. p: two-sided, with
    p_adjusted for the findings it stands beside. n, n_prompts: comparisons and prompts it rests on. mde_points: the
    smallest effect found with a chance of 80 %. needed: further human votes for a clear verdict, None where no number
    helps or none can be told. why: one sentence a person can act on; caveats: what it rests on; next_step: what to do.
    """

    detector: str
    judge: str
    verdict: Verdict
    why: str
    target: str = ""
    relation: Relation = Relation.UNKNOWN
    direction: str = ""
    estimate: float | None = None
    unit: str = ""
    ci: Interval | None = None
    points: float | None = None
    points_ci: Interval | None = None
    flipped_per_1000: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    n: int = 0
    n_prompts: int = 0
    mde_points: float | None = None
    needed: int | None = None
    caveats: tuple[str, ...] = ()
    next_step: str = ""


JSON_KEYS = (
    "detector judge target relation verdict direction estimate unit ci points points_ci flipped_per_1000 p p_adjusted"
    " n n_prompts mde_points needed why caveats next_step"
).split()


def finding_json(finding: Finding) -> dict[str, Any]:
    """The finding as `evaluate audit --json` prints it."""
    values = {field.name: getattr(finding, field.name) for field in fields(finding)}
    return {key: list(values[key]) if isinstance(values[key], tuple) else values[key] for key in JSON_KEYS}


def verdict_of(points: float, points_ci: Interval, p_adjusted: float, margin: float, alpha: float) -> Verdict:
    """The verdict on an effect of `points` percentage points.

    detected: p_adjusted < alpha and |points| > margin; ruled out: the interval lies inside the margin.
    """
    low, high = points_ci
    if p_adjusted < alpha and abs(points) > margin:
        return Verdict.DETECTED
    if -margin < low and high < margin:
        return Verdict.RULED_OUT
    return Verdict.INCONCLUSIVE
