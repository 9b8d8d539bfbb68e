"""What `evaluate generations` prints."""

from firsthand.evaluate.audit.finding import Finding
from firsthand.evaluate.audit.words import estimate_words
from firsthand.evaluate.generations.analysis import Analysis
from firsthand.evaluate.generations.collapse import OF_TWIN
from firsthand.evaluate.generations.inherited import TIMES
from firsthand.evaluate.generations.outcome import TWIN
from firsthand.evaluate.table import plain, table


def analysis_text(found: Analysis) -> str:
    """The sentences, the curves as a table, and every finding."""
    return "\n\n".join(["\n".join(found.sentences()), curves_table(found), _findings(found)])


def loop_name(ratio: float) -> str:
    """`human-only twin`, or the ratio of a loop."""
    return "human-only twin" if ratio == TWIN else f"ratio {ratio:g}"


def curve_rows(found: Analysis) -> list[list[str]]:
    """Each curve as measure, loop and its value in generations 0 to G."""
    generations = [0, *found.loops.generations()]
    rows = []
    for curve in sorted(found.curves, key=lambda curve: (_place(found, curve.measure), curve.ratio)):
        by_generation = dict(zip(curve.generations, curve.value, strict=True))
        values = [_shown(by_generation.get(generation)) for generation in generations]
        rows.append([curve.measure, loop_name(curve.ratio), *values])
    return rows


def curves_table(found: Analysis) -> str:
    """The curves for the terminal."""
    heads = ["measure", "loop", *(f"gen {generation}" for generation in [0, *found.loops.generations()])]
    return table(heads, curve_rows(found))


def estimate_text(finding: Finding) -> str:
    """`61 % of the twin's (51 to 72)`, `1.37 times a generation (1.23 to 1.58)`."""
    if finding.estimate is None or finding.ci is None or finding.unit not in (TIMES, OF_TWIN):
        return estimate_words(finding)
    scale, places, sign = (100, 0, " %") if finding.unit == OF_TWIN else (1, 2, "")
    value, low, high = (f"{scale * number:.{places}f}" for number in (finding.estimate, *finding.ci))
    return f"{value}{sign} {finding.unit} ({low} to {high})"


def _place(found: Analysis, measure: str) -> int:
    return [curve.measure for curve in found.curves].index(measure)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _findings(found: Analysis) -> str:
    rows = [
        [finding.verdict.value, finding.detector, plain(finding.target), estimate_text(finding)]
        for finding in found.findings
    ]
    return table(["verdict", "detector", "of", "estimate"], rows)
