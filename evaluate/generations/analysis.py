"""All statistics of a run of loops, and what they say of every ratio."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from firsthand.evaluate.audit.finding import Finding, Verdict, finding_json
from firsthand.evaluate.generations import agreement, amplification, collapse, inherited
from firsthand.evaluate.generations.config import GenerationsConfig
from firsthand.evaluate.generations.curves import Curve
from firsthand.evaluate.generations.outcome import Loops
from firsthand.evaluate.table import counted

SCHEMA = 1
HARM = (collapse.DETECTOR, agreement.ANCHOR, agreement.CLOSURE, inherited.DETECTOR)


@dataclass(frozen=True, slots=True)
class OfRatio:
    """What was found at one ratio: `harm` names the detectors that found something, `open` those that can't tell."""

    ratio: float
    collapsed: Verdict
    harm: tuple[str, ...]
    open: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """The findings, the curves behind them, and a line for every ratio."""

    loops: Loops
    config: GenerationsConfig
    findings: list[Finding]
    curves: list[Curve]
    ratios: list[OfRatio]

    def sentences(self) -> list[str]:
        """Where the loop collapses, and at which ratio it does not; then what else was found, and the warnings."""
        return [_collapse_sentence(self), *_harm_sentences(self), *self.loops.warnings]


def analyse(loops: Loops, config: GenerationsConfig) -> Analysis:
    """L1 to L5 of every loop."""
    diverse = collapse.diversity(loops, config)
    amplified = amplification.amplification(loops, config)
    agreed = agreement.agreement(loops, config)
    findings = [*diverse.findings, *amplified.findings, *agreed.findings]
    curves = [*diverse.curves, *amplified.curves, *agreed.curves]
    return Analysis(loops, config, findings, curves, [_of_ratio(ratio, findings) for ratio in loops.ratios()])


def analysis_json(found: Analysis) -> dict[str, Any]:
    """The analysis as `--json` prints it and generations.json holds it."""
    loops = found.loops
    return {
        "schema": SCHEMA,
        "engine": loops.engine,
        "judge": loops.judge,
        "alpha": found.config.alpha,
        "margin_points": found.config.margin_points,
        "keeps": found.config.keeps,
        "generations": loops.generations(),
        "seeds": loops.seeds(),
        "anchor": {"comparisons": len(loops.anchor), "votes": len(loops.anchor.people)},
        "facts": dict(loops.facts),
        "collapses_at": loops.collapses_at,
        "sentences": found.sentences(),
        "ratios": [
            {"ratio": one.ratio, "collapsed": one.collapsed.value, "harm": one.harm, "open": one.open}
            for one in found.ratios
        ],
        "findings": [finding_json(finding) for finding in found.findings],
        "curves": [one.as_json() for one in found.curves],
        "models": [
            {
                "ratio": model.ratio,
                "generation": model.generation,
                "seed": model.seed,
                "human_rows": model.human_rows,
                "synthetic_rows": model.synthetic_rows,
            }
            for model in loops.models
        ],
    }


def ratio_of(finding: Finding) -> float:
    """The ratio that a finding is about."""
    return float(finding.target.rpartition("ratio ")[2])


def _of_ratio(ratio: float, findings: Sequence[Finding]) -> OfRatio:
    own = [finding for finding in findings if ratio_of(finding) == ratio]
    lost = [finding.verdict for finding in own if finding.detector == collapse.DETECTOR]
    harm = [one.detector for one in own if one.verdict is Verdict.DETECTED and _is_harm(one)]
    unclear = [one.detector for one in own if one.verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_TESTABLE)]
    return OfRatio(ratio, _gravest(lost), tuple(dict.fromkeys(harm)), tuple(dict.fromkeys(unclear)))


def _is_harm(finding: Finding) -> bool:
    """Growth alone is none: a model that goes on learning follows everything more strongly."""
    if finding.unit == inherited.TIMES:
        return False
    if finding.detector in (collapse.DETECTOR, agreement.ANCHOR):
        return finding.direction == "disfavours"
    return finding.direction == "favours"


def _gravest(verdicts: Sequence[Verdict]) -> Verdict:
    order = (Verdict.DETECTED, Verdict.INCONCLUSIVE, Verdict.RULED_OUT, Verdict.NOT_TESTABLE)
    return next((verdict for verdict in order if verdict in verdicts), Verdict.NOT_TESTABLE)


def _collapse_sentence(found: Analysis) -> str:
    by_verdict = {verdict: [one.ratio for one in found.ratios if one.collapsed is verdict] for verdict in Verdict}
    last = found.loops.generations()[-1]
    parts = []
    if by_verdict[Verdict.DETECTED]:
        parts.append(f"The loop collapses at {_ratios(by_verdict[Verdict.DETECTED])}")
    if by_verdict[Verdict.RULED_OUT]:
        start = "it does not" if parts else "The loop does not collapse"
        parts.append(f"{start} at {_ratios(by_verdict[Verdict.RULED_OUT])}")
    if by_verdict[Verdict.INCONCLUSIVE]:
        start = "it can't be told" if parts else "It can't be told whether the loop collapses"
        parts.append(f"{start} at {_ratios(by_verdict[Verdict.INCONCLUSIVE])}")
    if by_verdict[Verdict.NOT_TESTABLE]:
        start = "it could not be tested" if parts else "Collapse could not be tested"
        parts.append(f"{start} at {_ratios(by_verdict[Verdict.NOT_TESTABLE])}")
    kept = f"keeping less than {found.config.keeps:.0%} of the human-only twin's diversity"
    return f"{'; '.join(parts)} (after {counted(last, 'generation')}; collapse: {kept})."


def _harm_sentences(found: Analysis) -> list[str]:
    worst = [
        finding
        for finding in found.findings
        if finding.verdict is Verdict.DETECTED and _is_harm(finding) and finding.detector != collapse.DETECTOR
    ]
    # Of one detector the smallest ratio that shows it says most.
    first = {finding.detector: finding for finding in sorted(worst, key=ratio_of, reverse=True)}
    return [first[detector].why for detector in HARM if detector in first]


def _ratios(ratios: Sequence[float]) -> str:
    names = [f"{ratio:g}" for ratio in ratios]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{'ratio' if len(names) == 1 else 'ratios'} {listed}"
