"""What `evaluate judges` prints for the terminal."""

from collections.abc import Sequence

from firsthand.admission import Rule
from firsthand.bootstrap import LEVEL
from firsthand.estimates import Estimate
from firsthand.evaluate.judges.admitting import LOWEST
from firsthand.evaluate.judges.alternative import EPSILONS
from firsthand.evaluate.judges.bound import MOST_ROWS
from firsthand.evaluate.judges.figures import LABELS
from firsthand.evaluate.judges.findings import Findings, JudgeFindings
from firsthand.evaluate.judges.groups import Group
from firsthand.evaluate.judges.groups_text import groups_line
from firsthand.evaluate.judges.order import OrderBias
from firsthand.evaluate.judges.sureness import Refused
from firsthand.evaluate.table import number, percent, plain, shown, table

OUTSTANDING = ("worse", "better")
SIMULATED = "Scripts answered for some of the people or judges here: these figures say nothing about people."


def findings_text(found: Findings) -> str:
    """The figures as a person reads them in a terminal."""
    return "\n\n".join(part for part in (*_head(found), *_tables(found), *_foot(found)) if part)


def percent_of(estimate: Estimate) -> str:
    """A share with its interval, in percent."""
    if estimate.value is None:
        return "undefined"
    interval = "" if estimate.ci is None else f" ({100 * estimate.ci[0]:.1f} to {100 * estimate.ci[1]:.1f})"
    return f"{percent(estimate.value)}{interval}"


def points(estimate: Estimate) -> str:
    """A difference of shares with its interval, in percentage points."""
    if estimate.value is None:
        return "undefined"
    interval = "" if estimate.ci is None else f" ({100 * estimate.ci[0]:+.1f} to {100 * estimate.ci[1]:+.1f})"
    return f"{100 * estimate.value:+.1f} points{interval}"


def order_line(order: OrderBias) -> str:
    """What a change of order does, in a sentence."""
    if order.both_orders:
        text = f"{percent_of(order.flips)} of {order.both_orders:,} comparisons change their answer with the order"
        if order.noise.value is not None:
            text += f", {percent_of(order.noise)} from one time to the next in one order: excess {points(order.excess)}"
        else:
            text += "; no repeats, so that noise and order can't be told apart"
        if order.p is not None:
            text += f". Chose the first shown both times: {order.first_both:,}, the second: {order.second_both:,}"
            text += f" (McNemar p = {order.p:.2g})"
        return text
    if order.pull.value is None:
        return f"not testable: {order.flips.why}; {order.pull.why}"
    by_chance = "" if order.p is None else f" (p = {order.p:.2g})"
    return f"asked in one order only. Chose the first shown {points(order.pull)} more often than people did{by_chance}"


def alternative_line(judge: JudgeFindings) -> str:
    """Whether the judge may stand in for a person, in a sentence."""
    test = judge.alternative
    if test.omega is None or test.rho is None:
        return f"refused: {test.refused}"
    rates = ", ".join(f"{test.omega[word]:.2f} ({word})" for word in EPSILONS)
    passed = [word for word in EPSILONS if test.passes(word)]
    verdict = f"may stand in for {' or '.join(passed)} annotators" if passed else "may not stand in for a person"
    return (
        f"{verdict}. Share of {test.people} people beaten (omega, 0.50 passes): {rates}; as good as a person on "
        f"{percent(test.rho)} of the comparisons (rho)"
    )


def ceiling_lines(found: Findings) -> list[str]:
    """Where people agree with each other less than a judge, that more labels may help, would have to with them."""
    waiting = {rule.judge for rule in found.admission.rules if rule.more_labels}
    return [
        f"{plain(judge.judge.name)}: on these comparisons one person agrees with the majority of the others on "
        f"{percent(ceiling)}, below the target of {percent(found.admission.target)}: votes of more people on each "
        "comparison would help more than more comparisons"
        for judge in found.judges
        if judge.judge.name in waiting
        and (ceiling := judge.people["accuracy"].value) is not None
        and ceiling < found.admission.target
    ]


def admits_text(rule: Rule) -> str:
    """Which labels the rule admits."""
    if rule.threshold is None:
        return "none"
    return "every label" if rule.threshold == LOWEST else f"from {100 * rule.threshold:.2f} % sure"


def more_text(rule: Rule) -> str:
    """How many more human labels the rule needs."""
    if rule.admitted or not rule.more_labels:
        return "" if rule.admitted else "would not help"
    return f"{'over' if rule.more_labels >= MOST_ROWS else 'about'} {rule.more_labels:,}"


def tag_text(tag: dict[str, str | None]) -> str:
    """A rule's tag in words."""
    return ", ".join(f"{name}: {plain(value) if value is not None else '(none)'}" for name, value in tag.items())


def _head(found: Findings) -> list[str]:
    people, undecided = found.bench.people, int((found.bench.majority < 0).sum())
    return [
        f"Judges against people: {len(people.raters):,} people, {int(people.counted.sum()):,} votes on "
        f"{people.units:,} comparisons of {people.prompts:,} prompts; {undecided:,} without a majority.",
        SIMULATED if found.simulated else "",
    ]


def _tables(found: Findings) -> list[str]:
    facts = [
        [plain(f.judge.name), f"{len(f.judge.unit):,}", f"{f.prompts:,}", f"{f.changed:,}", f"{f.judge.alone:,}"]
        for f in found.judges
    ]
    heads = ["judge", "held against people", "prompts", "changed with the order", "not rated by people"]
    return [
        table(heads, facts) if facts else "No judge labelled a comparison that people rated.",
        *(_figures_table(judge) for judge in found.judges),
        "\n".join(f"Order, {plain(judge.judge.name)}: {order_line(judge.order)}." for judge in found.judges),
        "\n".join(f"Alternative annotator test, {plain(f.judge.name)}: {alternative_line(f)}." for f in found.judges),
        "\n".join(_calibration_line(judge) for judge in found.judges),
        _groups_table([group for judge in found.judges for group in judge.groups]),
        "\n".join(f"In groups, {plain(f.judge.name)}: {groups_line(f.groups)}." for f in found.judges if f.groups),
        _panel_line(found),
        _rules_table(found),
    ]


def _foot(found: Findings) -> list[str]:
    return [
        "\n".join(ceiling_lines(found)),
        f"Intervals: {LEVEL:.0%}, {found.draws:,} resamples of prompts, seed {found.seed}.",
    ]


def _figures_table(found: JudgeFindings) -> str:
    rows = [[label, *shown(found.figures[name]), *shown(found.people[name])] for name, label in LABELS.items()]
    return table([plain(found.judge.name), "judge", "", "people", ""], rows)


def _calibration_line(found: JudgeFindings) -> str:
    name = f"Calibration, {plain(found.judge.name)}: "
    if isinstance(found.calibration, Refused):
        return f"{name}not testable: {found.calibration.why}."
    error = found.calibration
    return (
        f"{name}error {' '.join(shown(error.ece))}, {number(error.ece_if_calibrated)} if calibrated; "
        f"log loss {' '.join(shown(error.log_loss))}."
    )


def _groups_table(groups: Sequence[Group]) -> str:
    told = [group for group in groups if group.verdict in OUTSTANDING]
    if not told:
        return f"No difference shown between {len(groups):,} groups (tag, author pair, length)." if groups else ""
    rows = [
        [
            f"{plain(group.judge)}, {group.family}: {plain(group.value)}",
            f"{group.rows:,}",
            number(group.figures["accuracy"].value),
            points(group.difference),
            f"{group.p_adjusted:.2g}",
        ]
        for group in told
    ]
    heads = [f"unlike the rest ({len(told)} of {len(groups)} groups)", "labels", "accuracy", "to the rest", "p (Holm)"]
    return table(heads, rows)


def _panel_line(found: Findings) -> str:
    panel = found.panel
    if panel is None:
        return ""
    if panel.effective.value is None:
        return f"Panel: {panel.effective.why}."
    return (
        f"Panel: {len(panel.judges)} judges err together (correlation {' '.join(shown(panel.correlation, 2))} on "
        f"{panel.comparisons:,} comparisons); they are worth {' '.join(shown(panel.effective, 2))} independent ones."
    )


def _rules_table(found: Findings) -> str:
    rows = [
        [
            f"{plain(rule.judge)}{'' if rule.tag is None else f', {tag_text(rule.tag)}'}",
            admits_text(rule),
            percent(rule.agreement) if rule.agreement is not None else "",
            percent(rule.lower_bound) if rule.lower_bound is not None else "",
            f"{rule.n:,}",
            more_text(rule),
        ]
        for rule in found.admission.rules
    ]
    target = f"admitted at {percent(found.admission.target)}"
    return table([target, "admits", "agreement", "at least", "labels", "more human labels"], rows)
