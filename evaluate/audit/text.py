"""An audit as a person reads it in a terminal."""

from firsthand.evaluate.audit.biases import detected, holding
from firsthand.evaluate.audit.finding import GRAVEST, Finding, Interval
from firsthand.evaluate.audit.run import Audit
from firsthand.evaluate.audit.words import confidence, pair_name
from firsthand.evaluate.table import counted, plain, table

LONGEST = 600
"""Characters of a sentence: it holds names from the data."""
_COUNTED = "counted by --fail-on"
_NOT_COUNTED = "not counted by --fail-on, since it is detected alone but not beside all that was tested"


def audit_text(audit: Audit) -> str:
    """What was read, a line for each finding, and the sentences of those that call for something."""
    counts, config = audit.counts, audit.config
    parts = [
        f"Audit of {counted(counts['judges'], 'judge')} ({counts['synthetic']:,} verdicts) against "
        f"{counted(counts['human'], 'vote')} of {counted(counts['raters'], 'person')} on "
        f"{counted(counts['comparisons'], 'comparison')} of {counted(counts['prompts'], 'prompt')}.".replace(
            "persons", "people"
        ),
        _simulated(counts),
        table(
            ["detector", "judge", "target", "verdict", "points", "interval", "p adjusted", "n"],
            [_row(finding) for finding in audit.findings],
        ),
        "\n".join(_sentences(audit.findings)),
        "\n".join(f"left out: {row['votes']:,} {row['reason']}" for row in audit.tables["left_out"]),
        f"points: percentage points of the judge's verdicts; margin {config.margin_points:g}; "
        f"intervals {confidence(config.alpha)}; p adjusted by Holm; seed {config.seed}.",
    ]
    return "\n\n".join(part for part in parts if part)


def fail_on_lines(audit: Audit) -> list[str]:
    """Which findings --fail-on counts, and which it does not though they are detected."""
    held = holding(audit.findings, audit.config.alpha)
    return [
        f"{_COUNTED if finding in held else _NOT_COUNTED}: {finding.detector}, {plain(pair_name(finding), LONGEST)}"
        for finding in detected(audit.findings)
    ]


def _row(finding: Finding) -> list[str]:
    return [
        finding.detector,
        plain(finding.judge),
        plain(finding.target),
        finding.verdict.value,
        "" if finding.points is None else f"{finding.points:+.1f}",
        _interval(finding.points_ci),
        "" if finding.p_adjusted is None else f"{finding.p_adjusted:.3f}",
        f"{finding.n:,}",
    ]


def _interval(ci: Interval | None) -> str:
    return "" if ci is None else f"({ci[0]:+.1f} to {ci[1]:+.1f})"


def _sentences(findings: list[Finding]) -> list[str]:
    """What was found out, what could not be, and the steps; most pressing first."""
    return [
        f"[{verdict.value}] {plain(finding.why, LONGEST)} {plain(finding.next_step, LONGEST)}".rstrip()
        for verdict in GRAVEST
        for finding in findings
        if finding.verdict is verdict and finding.detector != "disagreement"
    ]


def _simulated(counts: dict[str, int]) -> str:
    if not counts["simulated_raters"]:
        return ""
    return (
        f"{counts['simulated_raters']:,} of {counts['raters']:,} raters are simulated: scripts answered in their name. "
        "This says nothing about people."
    )
