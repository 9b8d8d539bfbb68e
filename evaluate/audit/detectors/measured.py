"""A figure with its error over prompts, and the verdicts on several effects that stand beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm, t

from firsthand.bootstrap import MAX_UNDEFINED, FloatArray, IntArray, Resampled, Statistic
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.finding import Finding, Interval, Verdict, verdict_of
from firsthand.evaluate.audit.power import mde, needed_votes
from firsthand.evaluate.multiple import holm
from firsthand.evaluate.table import counted, plain

LEAST_PROMPTS = 10
"""An effect on fewer prompts is not tested: the t distribution would not hold its level."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with the standard deviation that drawing other prompts gives it; clusters: the prompts."""

    value: float
    error: float
    clusters: int

    @property
    def p(self) -> float:
        """Two-sided, by t = value / error on clusters - 1 degrees of freedom."""
        return float(2 * t.sf(abs(self.value) / self.error, self.clusters - 1))

    def interval(self, alpha: float) -> Interval:
        """The value +- t_{1 - alpha / 2} error."""
        reach = float(t.isf(alpha / 2, self.clusters - 1)) * self.error
        return self.value - reach, self.value + reach


def measured(resampled: Resampled, statistic: Statistic) -> Measured | None:
    """The statistic with its bootstrap error.

    None with fewer than LEAST_PROMPTS prompts, and where it is undefined, or the same in every draw.
    """
    value = float(statistic(resampled.total))
    if resampled.clusters < LEAST_PROMPTS or not np.isfinite(value):
        return None
    drawn = np.asarray(statistic(resampled.draws))
    defined = np.isfinite(drawn)
    if 1 - defined.mean() > MAX_UNDEFINED:
        return None
    error = float(drawn[defined].std(ddof=1))
    return Measured(value, error, resampled.clusters) if error > 1e-12 else None


def in_points(found: Finding, figure: Measured, settings: AuditConfig, scale: float = 100.0) -> Finding:
    """`found` with the figures of one of which `scale` gives percentage points; its verdict is left open."""
    low, high = figure.interval(settings.alpha)
    return replace(
        found,
        estimate=figure.value,
        ci=(low, high),
        points=scale * figure.value,
        points_ci=(scale * low, scale * high),
        p=figure.p,
        mde_points=mde(scale * figure.error, settings.margin_points, settings.alpha),
    )


def settled(findings: Sequence[Finding], settings: AuditConfig, votes: Sequence[int] | None = None) -> list[Finding]:
    """The findings with p adjusted over those that have one (Holm), and the verdicts that follow.

    votes: of people that each finding rests on; None where more of them would not tell. The next step of a finding is
    what to do where it is detected; where it is ruled out there is none, and where it is inconclusive it is the votes
    that would tell, if a number of them would. Both that number and mde_points allow for all that are tested.
    """
    tested = [number for number, finding in enumerate(findings) if finding.p is not None]
    adjusted = holm([finding.p for finding in findings if finding.p is not None])
    done = list(findings)
    for number, p in zip(tested, adjusted, strict=True):
        on = None if votes is None else votes[number]
        done[number] = _with_verdict(findings[number], p, settings, on, len(tested))
    return done


def votes_missing(votes: FloatArray, prompt: IntArray, least: int) -> int | None:
    """Human votes missing at least until `least` prompts have a comparison that two people voted on; None where 0.

    votes: (N,), of people on each comparison that counts; prompt: (N,), whose it is.
    """
    _, of = np.unique(prompt, return_inverse=True)
    most = np.zeros(of.max(initial=-1) + 1)
    np.maximum.at(most, of, np.minimum(votes, 2))
    short = np.sort(2 - most)[:least]
    return int(short.sum()) + 2 * (least - len(short)) or None


def not_testable(
    detector: str, judge: str, why: str, next_step: str, target: str = "", n: int = 0, needed: int | None = None
) -> Finding:
    """A finding that says what is missing; needed: further human votes, where they would help."""
    return Finding(
        detector=detector,
        judge=judge,
        target=target,
        verdict=Verdict.NOT_TESTABLE,
        why=why,
        next_step=next_step,
        n=n,
        needed=needed,
    )


def unmeasured(detector: str, judge: str, target: str, n: int, prompts: int) -> Finding:
    """Why n comparisons of so many prompts do not tell an effect of the verdicts: `measured` gave none."""
    if prompts >= LEAST_PROMPTS:
        why = f"Verdicts of {plain(judge)} are alike on all of {counted(n, 'comparison')}: there is no error to tell."
        return not_testable(detector, judge, why, "Ask in a way that lets the judge choose.", target, n)
    why = f"The verdicts of {plain(judge)} are on {counted(prompts, 'prompt')}; {LEAST_PROMPTS} are needed."
    step = f"Add comparisons on {counted(LEAST_PROMPTS - prompts, 'further prompt')}."
    return not_testable(detector, judge, why, step, target, n)


def _with_verdict(finding: Finding, p_adjusted: float, settings: AuditConfig, votes: int | None, tests: int) -> Finding:
    if finding.points is None or finding.points_ci is None:
        return finding
    margin, alpha = settings.margin_points, settings.alpha
    verdict = verdict_of(finding.points, finding.points_ci, p_adjusted, margin, alpha)
    low, high = finding.points_ci
    error = (high - low) / 2 / float(norm.isf(alpha / 2))
    smallest = None if finding.mde_points is None else mde(error, margin, alpha / tests)
    found = replace(finding, p_adjusted=p_adjusted, verdict=verdict, mde_points=smallest)
    if verdict is Verdict.DETECTED:
        return replace(found, needed=0)
    if verdict is Verdict.RULED_OUT:
        return replace(found, needed=0, next_step="")
    needed = None if votes is None else needed_votes(finding.points, error, margin, alpha, votes, tests)
    if needed is None:
        return found
    step = f"About {counted(needed, 'further human vote')} on comparisons like these would tell."
    return replace(found, needed=needed, next_step=step)
