"""Which findings tell a bias, and which of them hold beside all that an audit looks for."""

from collections.abc import Sequence

from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.words import headlines
from firsthand.evaluate.multiple import holm

DESCRIPTIVE = frozenset({"lineage", "ceiling", "disagreement", "proxy"})
"""Detectors that say what a judge is like, not that it is biased; proxy raises 8 to 10 % false alarms at 5 %."""


def detected(findings: Sequence[Finding]) -> list[Finding]:
    """The biases that were detected, each beside the others of its detector."""
    return [finding for finding in _biases(findings) if finding.verdict is Verdict.DETECTED]


def holding(findings: Sequence[Finding], alpha: float) -> list[Finding]:
    """The biases that are detected beside everything the audit looks for: what --fail-on counts.

    Half of alpha is for the affinities of judges for their own kind, half for all else, each by Holm's method, so
    that the whole audit raises a false alarm with a chance of at most alpha.
    """
    own = headlines(findings)
    of_own = [finding for finding in _biases(findings) if finding in own]
    all_else = [finding for finding in _biases(findings) if finding not in own]
    return [*_detected_among(of_own, alpha / 2), *_detected_among(all_else, alpha / 2)]


def _biases(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.detector not in DESCRIPTIVE]


def _detected_among(findings: Sequence[Finding], level: float) -> list[Finding]:
    """Those detected whose p, adjusted over all of `findings`, is below `level`."""
    tested = [(finding, finding.p) for finding in findings if finding.p is not None]
    adjusted = holm([p for _, p in tested])
    return [
        finding
        for (finding, _), p in zip(tested, adjusted, strict=True)
        if p < level and finding.verdict is Verdict.DETECTED
    ]
