"""report.html: what a loop does over generations, as one page that needs no network, the verdict first."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from firsthand.evaluate.audit.finding import GRAVEST, Finding, Verdict
from firsthand.evaluate.audit.report import STYLE as FINDINGS_STYLE
from firsthand.evaluate.audit.words import MARKS, TONES, name, p_words, points_words, sentence
from firsthand.evaluate.generations import agreement, amplification, collapse, inherited
from firsthand.evaluate.generations.analysis import Analysis, ratio_of
from firsthand.evaluate.generations.charts import curves_chart
from firsthand.evaluate.generations.text import curve_rows, estimate_text, loop_name
from firsthand.markup import Html, element, join
from firsthand.page import data_table, document, facts, simulated_notice

STYLE = files("firsthand.evaluate.generations").joinpath("generations.css").read_text(encoding="utf-8")
MOST_CARDS = 3
"""Of one detector that are shown unfolded."""
QUESTIONS = {
    collapse.DETECTOR: "Diversity: does the loop lose what its human-only twin keeps?",
    inherited.DETECTOR: "Amplification: does the affinity that the models inherit grow?",
    agreement.ANCHOR: "Anchor: do the models still agree with people?",
    agreement.CLOSURE: "Closure: do the models come to agree with the judge, and not with people?",
}
LEADS = {
    agreement.PEOPLE: "How often a model's choice is a person's, on the fixed anchor.",
    agreement.JUDGE: "How often a model's choice is the judge's, on the same comparisons.",
    amplification.SHARPNESS: "How strongly a model follows quality as people see it; people: 1. No interval.",
}
METHODS = (
    (
        "Twin",
        "The human-only twin is trained as often, on as many rows, all of them people's. What happens to the twin too "
        "is not the judge's doing: every finding is of the loop against its twin.",
    ),
    (
        "Diversity",
        "Of each probe prompt as many responses of every model, cut to as many words. distinct-2: different pairs of "
        "neighbouring words over all; self-BLEU: how well the other responses predict one; dispersion: one minus the "
        "mean cosine of the responses' counts of words and pairs of words.",
    ),
    (
        "Affinity",
        "Each model is held against people as the audit holds a judge: its log-odds for the target beyond what quality "
        "as people see it explains. L1 is the slope over generations, less the twin's; L2, the growth in the last "
        "generation, has Fieller's interval and is refused where the affinity before is not told from 0.",
    ),
    (
        "Anchor and closure",
        "A model chooses the response of the higher score, a DPO model's being what training made likelier. Closure: "
        "agreement with the judge less that with people in the last generation, less the same of the twin; the first "
        "model agrees with nobody more than by chance.",
    ),
    (
        "Intervals",
        "By prompts; with several seeds also by how training falls out. p values are adjusted (Holm) among the "
        "findings of one kind.",
    ),
)


def write_report(found: Analysis, path: Path) -> None:
    """Write the page to `path`; raises OSError where that can't be done."""
    path.write_text(report_page(found), encoding="utf-8")


def report_page(found: Analysis) -> str:
    """The whole page as HTML."""
    sections = [
        *_simulated(found),
        _verdict(found),
        _curves(found),
        _by_ratio(found),
        _findings(found),
        _what_was_run(found),
        _methods(),
    ]
    return document("firsthand generations: the loop beside its twin", *sections, style=FINDINGS_STYLE + STYLE)


def _simulated(found: Analysis) -> list[Html]:
    if found.loops.engine == "simulator":
        return [simulated_notice("A world with a known answer: no model was trained, no person asked.")]
    scripts = len(found.loops.anchor.simulated)
    if not scripts:
        return []
    return [simulated_notice(f"{scripts:,} of {len(found.loops.anchor.raters):,} raters of the anchor are scripts.")]


def _verdict(found: Analysis) -> Html:
    verdict = next(each for each in GRAVEST if any(one.collapsed is each for one in found.ratios))
    words = {
        Verdict.DETECTED: "Collapse",
        Verdict.RULED_OUT: "No collapse",
        Verdict.INCONCLUSIVE: "Not told",
        Verdict.NOT_TESTABLE: "Not testable",
    }
    first, *rest = found.sentences()
    parts = [
        element("p", f"{MARKS[verdict]} {words[verdict]}", class_="status"),
        element("p", sentence(first), class_="sentence"),
        *(element("p", sentence(text), class_="warning") for text in rest),
    ]
    if found.loops.engine == "simulator":
        at = found.loops.collapses_at
        exact = "no ratio makes this world collapse" if at is None else f"this world collapses from ratio {at:.2f} on"
        parts.append(element("p", f"With endless data, exactly: {exact}.", class_="exact"))
    return element("section", *parts, class_=f"verdict {TONES.get(verdict, 'open')}")


def _curves(found: Analysis) -> Html:
    measures = list(dict.fromkeys(curve.measure for curve in found.curves))
    dotted = " Dotted: the truth of this world with endless data." if found.loops.exact else ""
    lead = (
        "A line for each ratio of judged rows, and the human-only twin, dashed. Whiskers: "
        f"{1 - found.config.alpha:.0%} intervals.{dotted}"
    )
    charts = [_chart(found, measure) for measure in measures]
    heads = ["measure", "loop", *(f"generation {number}" for number in [0, *found.loops.generations()])]
    figures = element("details", element("summary", "The figures"), data_table(heads, curve_rows(found), "the curves"))
    return element(
        "section",
        element("h2", "Over the generations"),
        element("p", lead, class_="lead"),
        element("div", *charts, class_="curves"),
        figures,
    )


def _chart(found: Analysis, measure: str) -> Html:
    curves = sorted((curve for curve in found.curves if curve.measure == measure), key=lambda curve: curve.ratio)
    return element(
        "div",
        element("h3", _title(measure)),
        element("p", _lead(measure)),
        curves_chart(curves, percent=not _in_log_odds(measure)),
    )


def _title(measure: str) -> str:
    shown = name(measure)
    return shown[0].upper() + shown[1:]


def _lead(measure: str) -> str:
    if measure in LEADS:
        return LEADS[measure]
    if _in_log_odds(measure):
        return "What a model adds for the target beyond quality, in log-odds."
    return "Diversity of the responses to one prompt, higher is more."


def _in_log_odds(measure: str) -> bool:
    return measure == amplification.SHARPNESS or measure.startswith(amplification.AFFINITY)


def _by_ratio(found: Analysis) -> Html:
    heads = ["ratio", *(question.partition(":")[0] for question in QUESTIONS.values())]
    rows = [
        [f"{ratio:g}", *(_worst(found.findings, ratio, detector) for detector in QUESTIONS)]
        for ratio in found.loops.ratios()
    ]
    lead = "The gravest verdict of each kind: ■ detected, □ ruled out, ● inconclusive, ? not testable."
    return element(
        "section",
        element("h2", "Ratio by ratio"),
        element("p", lead, class_="lead"),
        element("div", data_table(heads, rows, "verdicts by ratio"), class_="by-ratio"),
    )


def _worst(findings: Sequence[Finding], ratio: float, detector: str) -> str:
    theirs = [one for one in findings if one.detector == detector and ratio_of(one) == ratio]
    there = {one.verdict for one in theirs if one.unit != inherited.TIMES}
    verdict = next((each for each in GRAVEST if each in there), Verdict.NOT_TESTABLE)
    return f"{MARKS[verdict]} {verdict.value}"


def _findings(found: Analysis) -> Html:
    """The findings by detector, the gravest first; of many the rest is folded away."""
    parts = [element("h2", "Findings")]
    for detector, question in QUESTIONS.items():
        theirs = [finding for finding in found.findings if finding.detector == detector]
        theirs.sort(key=lambda finding: (finding.unit == inherited.TIMES, GRAVEST.index(finding.verdict)))
        cards = [_card(finding) for finding in theirs]
        if not cards:
            continue
        parts += [element("h3", question), *cards[:MOST_CARDS]]
        if rest := cards[MOST_CARDS:]:
            whole = element("summary", f"{len(rest)} more")
            parts.append(element("details", whole, *rest, class_="many"))
    return element("section", *parts, class_="findings")


def _card(finding: Finding) -> Html:
    chip = element("span", f"{MARKS[finding.verdict]} {finding.verdict.value}", class_="chip")
    parts = [element("h4", name(finding.target), " ", chip), element("p", sentence(finding.why), class_="why")]
    if finding.next_step:
        parts.append(element("p", element("b", "Next: "), sentence(finding.next_step)))
    if finding.caveats:
        parts.append(element("p", element("b", "Mind: "), " ".join(map(sentence, finding.caveats))))
    pairs = [
        ("estimate", estimate_text(finding)),
        ("points", points_words(finding)),
        ("p, adjusted", f"{p_words(finding.p)}, {p_words(finding.p_adjusted)}"),
        ("comparisons, prompts", f"{finding.n:,}, {finding.n_prompts:,}"),
        ("found with a chance of 80 %", "" if finding.mde_points is None else f"{finding.mde_points:.1f} points"),
    ]
    if finding.estimate is not None:
        known = facts((title, text) for title, text in pairs if text)
        parts.append(element("details", element("summary", "The figures"), known))
    # Growth alone is neither good nor bad: a model that goes on learning follows everything more strongly.
    tone = "open" if finding.unit == inherited.TIMES else TONES.get(finding.verdict, "open")
    return element("article", *parts, class_=f"finding {tone}")


def _what_was_run(found: Analysis) -> Html:
    loops = found.loops
    pairs = [
        ("judge", name(loops.judge)),
        ("generations", str(loops.generations()[-1])),
        ("ratios of judged rows", ", ".join(f"{ratio:g}" for ratio in loops.ratios())),
        ("seeds", ", ".join(map(str, loops.seeds()))),
        ("anchor", f"{len(loops.anchor):,} comparisons, {len(loops.anchor.people):,} votes of people"),
        ("collapse", f"keeping less than {found.config.keeps:.0%} of the twin's diversity"),
        ("margin", f"{found.config.margin_points:g} percentage points"),
        *((key, "unknown" if value is None else str(value)) for key, value in loops.facts.items()),
    ]
    heads = ["model", "generation", "seed", "human rows", "judged rows", "words a response"]
    rows = [
        [
            "the first model" if not model.generation else loop_name(model.ratio),
            str(model.generation),
            str(model.seed),
            f"{model.human_rows:,}",
            f"{model.synthetic_rows:,}",
            "" if model.words is None else f"{model.words:.1f}",
        ]
        for model in loops.models
    ]
    models = element("details", element("summary", "Every model"), data_table(heads, rows, "the models"))
    return element("section", element("h2", "What was run"), facts(pairs), models)


def _methods() -> Html:
    return element(
        "section",
        element("h2", "How it was measured"),
        element("dl", *(join([element("dt", title), element("dd", text)]) for title, text in METHODS)),
        class_="methods",
    )
