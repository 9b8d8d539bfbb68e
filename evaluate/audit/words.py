"""How an audit's findings are put into words on a page."""

from collections.abc import Sequence

from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.table import plain

AFFINITY = "affinity"
OF_AUTHORS = frozenset({AFFINITY, "lineage", "proxy", "crossover", "mediation"})
"""Detectors whose targets are authors."""
LONGEST_NAME, LONGEST_SENTENCE = 60, 2_000
"""Characters."""
NOTHING = "—"

MARKS = {Verdict.DETECTED: "■", Verdict.RULED_OUT: "□", Verdict.INCONCLUSIVE: "●", Verdict.NOT_TESTABLE: "?"}
TONES = {Verdict.DETECTED: "bad", Verdict.RULED_OUT: "good"}
"""What is neither looks open."""
QUESTIONS = {
    "affinity": "Affinity: does the judge choose the target more, or less, than the quality people see explains?",
    "lineage": "Lineage: how is the judge related to those who wrote the responses?",
    "ceiling": "Ceiling: does the judge agree with people as far as people agree with each other?",
    "position": "Order: does it matter to the judge which response comes first?",
    "disagreement": "Disagreement: where does the judge differ from people more than people differ?",
    "style": "Style: does the judge like a style, such as length, more than people do?",
    "proxy": "Proxy: does the judge choose its own more often than others' of the same quality?",
    "crossover": "Crossover: does each of two judges favour its own against the other's?",
    "mediation": "Mediation: how much of the affinity is carried by style?",
    "panel": "Panel: how many independent votes are the judges worth together?",
    "inherited-skew": "Inherited skew: where people are split, does the model lean to a side more than its twin?",
    "gold-gap": "Gold gap: is the model righter where people chose a side than where they chose against it?",
    "tolerance": "Tolerance: from which share of synthetic rows on does the model lean too far?",
    "proxy-gold": "Best of n: does the model promise more of the answer it picks than people confirm?",
    "permuted-control": "Control: is the skew the judge's doing, or does it stay with its labels permuted?",
}


def name(text: str) -> str:
    """A name as a page may show it."""
    return plain(text, LONGEST_NAME)


def sentence(text: str) -> str:
    """A sentence of a finding as a page may show it: it holds names out of the data."""
    return plain(text, LONGEST_SENTENCE)


def pair_name(finding: Finding) -> str:
    """`gpt-4 for gpt-4`, or of what is no author's `gpt-4: the response shown first`."""
    between = " for" if finding.detector in OF_AUTHORS else ":"
    return f"{name(finding.judge)}{between} {name(finding.target)}" if finding.target else name(finding.judge)


def headlines(findings: Sequence[Finding]) -> list[Finding]:
    """Of each judge, the affinity for its own kind: the first that is told of it (affinity_findings.py).

    Not the closest relation: of an author that is closer still there may be too few comparisons to test.
    """
    first: dict[str, Finding] = {}
    for finding in findings:
        if finding.detector == AFFINITY:
            first.setdefault(finding.judge, finding)
    return list(first.values())


def signed(value: float | None, places: int = 1) -> str:
    """`+8.2`, `-0.4`, or NOTHING."""
    return NOTHING if value is None else f"{value:+.{places}f}" if value else "0"


def interval(ci: tuple[float, float] | None, places: int = 1) -> str:
    """`+3.4 to +12.6`, or nothing."""
    return "" if ci is None else f"{signed(ci[0], places)} to {signed(ci[1], places)}"


def points_words(finding: Finding, unit: str = " points") -> str:
    """`+8.2 points (+3.4 to +12.6)`."""
    if finding.points is None:
        return ""
    return f"{signed(finding.points)}{unit}" + (f" ({interval(finding.points_ci)})" if finding.points_ci else "")


def estimate_words(finding: Finding) -> str:
    """`1.07 logit (0.42 to 1.67)`."""
    if finding.estimate is None:
        return NOTHING
    unit = f" {finding.unit}" if finding.unit else ""
    return f"{signed(finding.estimate, 2)}{unit}" + (f" ({interval(finding.ci, 2)})" if finding.ci else "")


def confidence(alpha: float) -> str:
    """The level of an interval that errs with a chance of `alpha`: `95 %`, `99.9 %`."""
    return f"{100 * (1 - alpha):g} %"


def p_words(p: float | None) -> str:
    """`0.004`, `< 0.001`."""
    return NOTHING if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"
