"""An audit's findings as HTML, for the report and for the Audit page: what was found, the picture, and what to do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from firsthand.evaluate.audit.biases import holding
from firsthand.evaluate.audit.charts import LEGEND, effects_chart, picture_chart
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.finding import GRAVEST, Finding, Verdict
from firsthand.evaluate.audit.picture import Picture, picture
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import other_targets, own_target, without
from firsthand.evaluate.audit.testable import untested_kin
from firsthand.evaluate.audit.words import (
    AFFINITY,
    MARKS,
    NOTHING,
    OF_AUTHORS,
    QUESTIONS,
    TONES,
    confidence,
    estimate_words,
    headlines,
    name,
    p_words,
    pair_name,
    points_words,
    sentence,
)
from firsthand.evaluate.table import counted
from firsthand.lineage import Lineage
from firsthand.markup import Html, element, join
from firsthand.page import facts

PICTURE_WORDS = (
    "Each picture: how often people and the judge chose the target, a tie as half, and how often the judge would have "
    "without the affinity, which is the dashed line. What then remains between the judge and people is its sharpness "
    "and its tastes, which do not depend on who wrote a response."
)
LONGEST = 40
"""Characters of a target that sentences show whole; several authors together have more."""
MOST_CARDS = 4
"""Of one detector but affinity; more are folded behind their chart."""
Pictures = Mapping[tuple[str, str], Picture]
"""By judge and target."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the findings say as a whole: the tone, the word and the sentences."""

    tone: str
    word: str
    sentences: tuple[str, ...]


def summary(findings: Sequence[Finding], alpha: float) -> Summary:
    """What is said of each judge and its own kind decides; the gravest verdict is told.

    Other biases that hold beside all that was tested are named after it, and then nothing looks clean.
    """
    own = headlines(findings)
    others = [finding for finding in holding(findings, alpha) if finding not in own]
    found = _of_own_kinds(own)
    if not others:
        return found
    named = ", ".join(f"{pair_name(finding)} ({finding.detector})" for finding in others)
    tone = "open" if found.tone == "good" else found.tone
    return Summary(tone, found.word, (*found.sentences, f"Other biases detected: {named}."))


def _of_own_kinds(own: Sequence[Finding]) -> Summary:
    for verdict in GRAVEST:
        found = [finding for finding in own if finding.verdict is verdict]
        if found:
            word = f"{MARKS[verdict]} {verdict.value.capitalize()}"
            return Summary(TONES.get(verdict, "open"), word, tuple(sentence(finding.why) for finding in found))
    return Summary("open", f"{MARKS[Verdict.NOT_TESTABLE]} Not testable", ("No judge's affinity could be looked for.",))


def pictures_of(
    findings: Sequence[Finding], table: AuditTable, lineages: Mapping[str, Lineage], config: AuditConfig
) -> dict[tuple[str, str], Picture]:
    """The pictures of the affinities that were measured."""
    known = table.attributed()
    authors = authors_by_target(table, lineages)
    rests_on = tables_of_controls(known, lineages)
    own = {finding.judge: finding.target for finding in headlines(findings)}
    drawn = {}
    for finding in findings:
        key = (finding.judge, finding.target)
        if finding.detector == AFFINITY and key in authors:
            rows = known if own[finding.judge] == finding.target else rests_on[finding.judge]
            found = picture(rows, finding, authors[key], config.draws, config.seed)
            if found is not None:
                drawn[key] = found
    return drawn


def authors_by_target(table: AuditTable, lineages: Mapping[str, Lineage]) -> dict[tuple[str, str], tuple[int, ...]]:
    """The authors (indices) that a finding's judge and target stand for."""
    table, found = table.attributed(), {}
    for judge in table.judges:
        own = own_target(table, judge, lineages)
        for target in ([own] if own else []) + other_targets(table, judge, lineages):
            found[judge, target.name] = target.authors
    return found


def tables_of_controls(table: AuditTable, lineages: Mapping[str, Lineage]) -> dict[str, AuditTable]:
    """By judge, the comparisons that its affinities for others than its own kind rest on."""
    found = {}
    for judge in table.judges:
        apart = authors_apart(table, judge, lineages)
        found[judge] = without(table, apart) if apart else table
    return found


def authors_apart(table: AuditTable, judge: str, lineages: Mapping[str, Lineage]) -> list[int]:
    """The authors (indices) without whose comparisons a judge's affinities for others than its own kind are fitted."""
    kin = untested_kin(table, table.judges.index(judge), lineages)
    return [author for target in kin for author in target.authors]


def effects(findings: Sequence[Finding], config: AuditConfig) -> Html:
    """All affinities beside each other, those of judges for their own kind first."""
    measured = [finding for finding in findings if finding.detector == AFFINITY and finding.points is not None]
    if not measured:
        return element("p", "No affinity could be measured.", class_="lead")
    lead = (
        "By how many percentage points each affinity moves the judge's verdicts on comparisons with a response of the "
        f"target. {LEGEND.format(level=confidence(config.alpha))}"
    )
    return join([element("p", lead, class_="lead"), effects_chart(measured, config.margin_points)])


def cards(
    judge: str,
    findings: Sequence[Finding],
    pictures: Pictures,
    margin: float,
    more: Callable[[Finding], Html] | None = None,
) -> Html:
    """The findings about one judge by detector, each detector under the question that it asks.

    more: what the page adds to a card.
    """
    theirs = [finding for finding in findings if finding.judge == judge]
    parts = [element("h2", f"Judge {name(judge)}" if judge else "All judges")]
    for detector in dict.fromkeys(finding.detector for finding in theirs):
        parts.append(element("h3", QUESTIONS.get(detector, name(detector))))
        if detector == AFFINITY:
            parts.append(element("p", PICTURE_WORDS, class_="lead"))
        found = [finding for finding in theirs if finding.detector == detector]
        common = _common(found)
        if common:
            parts.append(_mind(common, "Mind, of all of them:"))
        drawn = [_card(finding, common, pictures, [more(finding)] if more else []) for finding in found]
        parts += drawn if detector == AFFINITY or len(found) <= MOST_CARDS else [_folded(found, drawn, margin)]
    return element("section", *parts, class_="findings")


def _folded(findings: Sequence[Finding], drawn: Sequence[Html], margin: float) -> Html:
    """Many findings of one detector: their chart, and the cards to unfold."""
    whole = element("summary", f"All {len(findings)}, one by one")
    return join([effects_chart(findings, margin), element("details", whole, *drawn, class_="many")])


def _common(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The caveats of every one of several findings that have any: they are told once."""
    told = [finding.caveats for finding in findings if finding.caveats]
    return tuple(caveat for caveat in told[0] if all(caveat in others for others in told)) if len(told) > 1 else ()


def _mind(caveats: Sequence[str], head: str) -> Html:
    items = (element("li", sentence(caveat)) for caveat in caveats)
    return join([element("p", element("b", head)), element("ul", *items)])


def _card(finding: Finding, common: Sequence[str], pictures: Pictures, more: Sequence[Html]) -> Html:
    """One finding: the verdict first, then the picture, the evidence, its own caveats and the next step."""
    verdict = element("span", f"{MARKS[finding.verdict]} {finding.verdict.value}", class_="chip")
    parts = [
        element("h4", pair_name(finding), " ", verdict),
        element("p", sentence(finding.why), class_="why"),
    ]
    drawn = pictures.get((finding.judge, finding.target)) if finding.detector == AFFINITY else None
    if drawn:
        parts += [picture_chart(drawn, finding), element("p", _judged_words(drawn), class_="lead")]
    if finding.next_step:
        parts.append(element("p", element("b", "Next: "), sentence(finding.next_step)))
    own = [caveat for caveat in finding.caveats if caveat not in common]
    if own:
        parts.append(_mind(own, "Mind:"))
    figures = element("details", element("summary", "The figures"), facts(_evidence(finding)))
    parts += [figures, *more]
    # Without a direction it describes a judge: what it detects is no bias by itself.
    tone = TONES.get(finding.verdict, "open") if finding.direction else "open"
    return element("article", *parts, class_=f"finding {tone}")


def findings_table(findings: Sequence[Finding]) -> Html:
    """Every finding in one row, sortable by every column."""
    heads = "judge,detector,target,relation,verdict,points,p adjusted,comparisons,votes needed".split(",")
    rows = [element("tr", *_cells(heads, finding)) for finding in findings]
    head = element("tr", *(element("th", text, scope="col") for text in heads))
    whole = element("table", element("thead", head), element("tbody", *rows), class_="sortable")
    return element("div", whole, class_="scroll", tabindex="0", role="region", aria_label="Table: all findings")


def _cells(heads: Sequence[str], finding: Finding) -> list[Html]:
    words = (finding.judge, finding.detector, finding.target, finding.relation.value, finding.verdict.value)
    figures = (
        (points_words(finding, "") or NOTHING, finding.points),
        (p_words(finding.p_adjusted), finding.p_adjusted),
        (f"{finding.n:,}", finding.n),
        (NOTHING if finding.needed is None else f"{finding.needed:,}", finding.needed),
    )
    cells = [*((name(word), name(word)) for word in words), *figures]
    return [
        element("td", text, data_label=head, data_value="" if value is None else value)
        for head, (text, value) in zip(heads, cells, strict=True)
    ]


def _judged_words(drawn: Picture) -> str:
    return f"On {counted(drawn.n, 'comparison')} that people and the judge both judged."


def _evidence(finding: Finding) -> list[tuple[str, str]]:
    pairs = [
        ("all of them", sentence(finding.target) if len(finding.target) > LONGEST else ""),
        ("relation", finding.relation.value if finding.detector in OF_AUTHORS else ""),
        ("estimate", estimate_words(finding)),
        ("points", points_words(finding)),
        ("labels flipped per 1,000", _number(finding.flipped_per_1000)),
        ("p, adjusted", f"{p_words(finding.p)}, {p_words(finding.p_adjusted)}"),
        ("comparisons, prompts", f"{finding.n:,}, {finding.n_prompts:,}"),
        ("found with a chance of 80 %", "" if finding.mde_points is None else f"{finding.mde_points:.1f} points"),
        ("further human votes needed", "" if finding.needed is None else f"{finding.needed:,}"),
    ]
    return [(title, text) for title, text in pairs if text and text not in (NOTHING, f"{NOTHING}, {NOTHING}")]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
