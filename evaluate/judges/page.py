"""The page of `evaluate judges --report`: who may enter a mix first, then the figures behind it."""

from pathlib import Path

from firsthand.admission import Rule
from firsthand.bootstrap import LEVEL
from firsthand.evaluate.charts import reliability_plot, share_bar
from firsthand.evaluate.judges.figures import LABELS
from firsthand.evaluate.judges.findings import Findings, JudgeFindings
from firsthand.evaluate.judges.groups import Group
from firsthand.evaluate.judges.groups_text import HEADS, LEGEND, group_rows
from firsthand.evaluate.judges.report import (
    SIMULATED,
    admits_text,
    alternative_line,
    ceiling_lines,
    more_text,
    order_line,
    percent_of,
    points,
    tag_text,
)
from firsthand.evaluate.judges.sureness import Refused
from firsthand.evaluate.table import number, percent, shown
from firsthand.markup import Html, element, join
from firsthand.page import data_table, document, facts, simulated_notice


def write_judges_page(found: Findings, path: Path) -> None:
    """Write the page to `path`; raises OSError where that can't be done."""
    path.write_text(judges_page(found), encoding="utf-8")


def judges_page(found: Findings) -> str:
    """The whole page as HTML."""
    notice = [simulated_notice(SIMULATED)] if found.simulated else []
    sections = [*notice, *_verdicts(found)]
    if found.judges:
        sections += [_accuracy(found), *(_details(judge) for judge in found.judges)]
    return document("firsthand: judges held against people", *sections, _panel(found), _methods(found))


def _verdicts(found: Findings) -> list[Html]:
    admitted = [rule for rule in found.admission.rules if rule.admitted]
    names = sorted({rule.judge for rule in admitted})
    tone, mark = ("good", "✓") if admitted else ("bad", "✕")
    status = f"{mark}  {len(admitted)} of {len(found.admission.rules)} rules admit labels"
    sentence = (
        f"{_listed(names)} may enter a mix where the rules below say so."
        if names
        else f"No judge is shown to agree with people on {found.admission.target:.0%} of its labels."
    )
    warnings = [element("p", line, class_="warning") for line in ceiling_lines(found)]
    verdict = element(
        "section",
        element("p", status, class_="status"),
        element("p", sentence, class_="sentence"),
        *warnings,
        class_=f"verdict {tone}",
    )
    lead = (
        f"With {found.admission.confidence:.0%} confidence for all rules together, admitted labels agree with the "
        f"majority of people on {found.admission.target:.0%} or more. “At least” is the bound that a rule has to "
        "reach; “more labels” is about how many more comparisons people would have to label for it to be reached."
    )
    heads = ["judge", "admits", "agreement", "at least", "labels", "more labels"]
    rules = element(
        "section",
        element("h2", "Admission"),
        element("p", lead, class_="lead"),
        data_table(heads, [_rule(rule) for rule in found.admission.rules]),
    )
    return [verdict, rules]


def _rule(rule: Rule) -> list[str]:
    name = rule.judge if rule.tag is None else f"{rule.judge}, {tag_text(rule.tag)}"
    return [
        name,
        admits_text(rule),
        "" if rule.agreement is None else percent(rule.agreement),
        "" if rule.lower_bound is None else percent(rule.lower_bound),
        f"{rule.n:,}",
        more_text(rule),
    ]


def _accuracy(found: Findings) -> Html:
    lead = (
        "How often a judge says what most people say (a, b or neither), beside one person against the majority of the "
        f"others on the same comparisons. The dashed line is 50 %; thin lines are {LEVEL:.0%} intervals."
    )
    groups = [
        element(
            "div",
            element(
                "h3", judge.judge.name, element("span", f" {len(judge.judge.unit):,} labels, {judge.prompts:,} prompts")
            ),
            share_bar("judge", judge.figures["accuracy"], "model"),
            share_bar("one person", judge.people["accuracy"], "other"),
            class_="group",
        )
        for judge in found.judges
    ]
    return element("section", element("h2", "Agreement with people"), element("p", lead, class_="lead"), *groups)


def _details(judge: JudgeFindings) -> Html:
    rows = [
        [label.strip(), " ".join(shown(judge.figures[name])), " ".join(shown(judge.people[name]))]
        for name, label in LABELS.items()
    ]
    return element(
        "section",
        element("h2", judge.judge.name),
        data_table(["figure", "judge", "people"], rows, judge.judge.name),
        facts([("order", order_line(judge.order)), ("instead of a person", alternative_line(judge))]),
        *_calibration(judge),
        *_groups(judge.groups),
    )


def _calibration(judge: JudgeFindings) -> list[Html]:
    found = judge.calibration
    if isinstance(found, Refused):
        return [element("p", f"How sure it may be can't be tested: {found.why}.", class_="lead")]
    bins = [
        [
            f"{percent(cell.low)} to {percent(cell.high)}",
            f"{cell.rows:,}",
            percent(cell.confidence) if cell.confidence is not None else "",
            percent(cell.accuracy) if cell.accuracy is not None else "",
        ]
        for cell in found.bins
    ]
    note = (
        f"Error {' '.join(shown(found.ece))}; {number(found.ece_if_calibrated)} if it were calibrated. "
        f"Log loss {' '.join(shown(found.log_loss))}; a coin's is 0.693. Points below the dashed line: the judge is "
        "surer than it is right. Larger points hold more labels."
    )
    numbers = element(
        "details",
        element("summary", "The plot's figures"),
        data_table(["sure", "labels", "mean sure", "right"], bins, judge.judge.name),
    )
    return [
        element("h3", "Calibration"),
        element(
            "div",
            element("div", element("p", "how often most people agreed"), reliability_plot(found.bins, "the judge")),
            element("div", element("p", note), numbers),
            class_="plots",
        ),
    ]


def _groups(groups: list[Group]) -> list[Html]:
    if not groups:
        return []
    rows = [
        [
            f"{group.family}: {group.value}",
            f"{group.rows:,}",
            percent_of(group.figures["accuracy"]),
            percent_of(group.people["accuracy"]),
            points(group.difference),
            "" if group.p_adjusted is None else f"{group.p_adjusted:.2g}",
            group.verdict,
        ]
        for group in groups
    ]
    unlike = sum(group.verdict in ("worse", "better") for group in groups)
    title = f"{unlike} of {len(groups)} groups differ from the judge's other labels"
    heads = ["group", "labels", "accuracy", "one person", "to the rest", "p (Holm)", "verdict"]
    name = groups[0].judge
    tests = "Order, calibration, and whether it may stand in for a person, in each group"
    lead = element("p", LEGEND, class_="lead")
    return [
        element("details", element("summary", title), data_table(heads, rows, name)),
        element("details", element("summary", tests), lead, data_table(HEADS, group_rows(groups), name)),
    ]


def _panel(found: Findings) -> Html:
    panel = found.panel
    people = found.bench.people
    pairs = [
        ("people", f"{len(people.raters):,}, with {int(people.counted.sum()):,} votes"),
        ("comparisons", f"{people.units:,} of {people.prompts:,} prompts"),
        ("without a majority", f"{int((found.bench.majority < 0).sum()):,}"),
    ]
    if panel is not None:
        pairs.append(("judges' errors", f"correlation {' '.join(shown(panel.correlation, 2))}"))
        pairs.append(("panel of all judges", f"worth {' '.join(shown(panel.effective, 2))} independent judges"))
    return element("section", element("h2", "What was measured"), facts(pairs))


def _methods(found: Findings) -> Html:
    texts = [
        "A judge's label is the one a mix would take: orders and repeats merged, each order counting the same. An "
        "answer that turns with the order, and leaves neither response ahead, agrees with nobody.",
        "Admission counts labels that prefer one response. A tie of people, or votes without a majority, is no "
        "agreement. "
        f"{found.admission.split}. {found.admission.method}.",
        f"Intervals: percentile bootstrap over prompts, {found.draws:,} draws, seed {found.seed}. Differences between "
        "groups: the same draws, normal approximation, Holm-corrected over all judges and groups.",
        "Alternative annotator test: Calderon et al. 2025. docs/judges.md explains every figure.",
    ]
    return element("section", element("h2", "How"), join(element("p", text) for text in texts))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
