"""report.html: a sweep as one page that needs no network, what to do first; it prints, and reads without colour."""

from collections.abc import Sequence
from importlib.resources import files

from firsthand.evaluate.audit.cards import cards
from firsthand.evaluate.audit.words import name, p_words, sentence
from firsthand.evaluate.sweep.analysis import Analysis
from firsthand.evaluate.sweep.methods import methods
from firsthand.evaluate.sweep.mix_ready import mix_yaml
from firsthand.evaluate.sweep.pictures import accuracy_plot, best_of_plot, learning_plot, skew_plot
from firsthand.evaluate.sweep.verdicts import Effect, Help
from firsthand.evaluate.sweep.words import engines_words, points, rows_words, worth_words
from firsthand.markup import Html, element, join
from firsthand.page import data_table, document, facts

STYLE = "".join(
    files(package).joinpath(sheet).read_text(encoding="utf-8")
    for package, sheet in (("firsthand.evaluate.audit", "audit.css"), ("firsthand.evaluate.sweep", "sweep.css"))
)
TONES = {Help.HELP: "good", Help.HURT: "bad"}
MARKS = {Help.HELP: "▲", Help.HURT: "▼", Help.NO_EVIDENCE: "●", Help.NOT_TESTABLE: "?"}


def sweep_page(analysis: Analysis) -> str:
    """The whole page as HTML."""
    sections = [
        _verdict(analysis),
        _accuracy(analysis),
        _worth(analysis),
        _skew(analysis),
        _best_of(analysis),
        cards(analysis.sweep.judge, analysis.findings, {}, analysis.config.margin_points),
        _engines(analysis),
        _what_was_swept(analysis),
        methods(analysis),
    ]
    title = f"firsthand sweep: labels of {name(analysis.sweep.judge)} beside people's"
    return document(title, *(section for section in sections if section), style=STYLE)


def _verdict(analysis: Analysis) -> Html:
    said = analysis.recommendation
    too_much = said.verdict is Help.HELP and not said.ratio
    word = "Help, but lean too far" if too_much else said.verdict.value.capitalize()
    status = element("p", f"{MARKS[said.verdict]} {word}", class_="status")
    warnings = [element("p", sentence(text), class_="warning") for text in said.warnings]
    mix = mix_yaml(analysis.sweep, said)
    ready = (
        [] if mix is None else [element("details", element("summary", "The mix, ready to use"), element("pre", mix))]
    )
    return element(
        "section",
        status,
        element("p", sentence(said.sentence), class_="sentence"),
        *warnings,
        *ready,
        class_=f"verdict {'bad' if too_much else TONES.get(said.verdict, 'open')}",
    )


def _accuracy(analysis: Analysis) -> Html:
    lead = (
        "How often the model sides with most people on comparisons that no model was trained on. Bands: "
        f"{1 - analysis.config.alpha:.0%} intervals. Longer wins: preferring the longer response, without reading it. "
        "Points: accuracy less that of human rows alone. Rows: human + synthetic."
    )
    whole = [effect for effect in analysis.effects if not effect.tag]
    tags = [effect for effect in analysis.effects if effect.tag]
    parts = [
        element("h2", "Do the synthetic rows help?"),
        element("p", lead, class_="lead"),
        accuracy_plot(analysis),
        _effects(whole, analysis.config.alpha),
    ]
    if tags:
        parts.append(element("h3", "By tag"))
        parts.append(_effects(tags, analysis.config.alpha))
    return element("section", *parts, _every_model(analysis))


def _effects(effects: Sequence[Effect], alpha: float) -> Html:
    heads = ["synthetic", "verdict", "points", "p adjusted", "accuracy", "rows"]
    tagged = any(effect.tag for effect in effects)
    rows = [
        [
            f"{effect.ratio:.0%} ({name(effect.arm)})" + (f", {name(effect.tag)}" if tagged else ""),
            f"{MARKS[effect.verdict]} {effect.verdict.value}",
            points(effect.difference, alpha),
            p_words(effect.p_adjusted),
            f"{effect.accuracy.value:.1%}" if effect.accuracy.rows else "",
            f"{effect.human_rows:,.0f} + {effect.synthetic_rows:,.0f}",
        ]
        for effect in effects
    ]
    return element("div", data_table(heads, rows, "tags" if tagged else ""), class_="sweep-table")


def _every_model(analysis: Analysis) -> Html:
    alpha = analysis.config.alpha
    rows = [
        [
            f"{name(each.cell.arm.name)}, {each.cell.arm.design}",
            f"{each.cell.ratio:.0%}",
            rows_words(each.cell),
            f"{each.accuracy.value:.1%}",
            points(each.minus_longer, alpha),
        ]
        for each in analysis.accuracy
    ]
    heads = ["arm, design", "synthetic", "rows", "accuracy", "points against longer wins"]
    return element("details", element("summary", "Every model"), data_table(heads, rows, "every model"))


def _worth(analysis: Analysis) -> Html:
    if not analysis.worth:
        return Html("")
    lead = (
        "The learning curve of human rows alone, and where the model of the largest synthetic share meets it. A "
        "synthetic row is worth the human rows that it stands for."
    )
    most = max(analysis.worth, key=lambda each: each.ratio)
    others = [element("li", worth_words(each)) for each in analysis.worth if each is not most]
    parts = [
        element("h2", "What is a synthetic row worth?"),
        element("p", worth_words(most)),
        element("p", lead, class_="lead"),
        learning_plot(analysis, most),
    ]
    if others:
        parts.append(element("details", element("summary", "At the other shares"), element("ul", *others)))
    return element("section", *parts)


def _skew(analysis: Analysis) -> Html:
    if not analysis.skew:
        return Html("")
    lead = (
        "On comparisons that people are split on: how many percentage points more often than its human-only twin, "
        "trained on as many rows, the model prefers the side. The dashed line is the margin, "
        f"{analysis.config.margin_points:g} points."
    )
    plots = [
        join(
            [
                element("h3", f"{name(curve.target.name).capitalize()} ({name(curve.arm)})"),
                skew_plot(curve, analysis.config),
            ]
        )
        for curve in analysis.skew
        if curve.inherited[-1].rows >= analysis.config.least_rows
    ]
    if not plots:
        return Html("")
    return element("section", element("h2", "Inherited skew"), element("p", lead, class_="lead"), *plots)


def _best_of(analysis: Analysis) -> Html:
    if not analysis.picked or analysis.picked[0].n[-1] < 3:
        return Html("")
    lead = (
        "Of the answers that people compared for a prompt, the model picks the best of n. Promised: how often the "
        "model expects people to prefer its pick to another answer, the more the sharper its scores. Held: how often "
        "they do."
    )
    plots = [best_of_plot(each) for each in analysis.picked]
    return element("section", element("h2", "Best of n: promised and held"), element("p", lead, class_="lead"), *plots)


def _engines(analysis: Analysis) -> Html:
    found = analysis.engines
    if found is None:
        return Html("")
    heads = ["arm, design", "synthetic", found.this, found.other, f"{found.this} - {found.other}", "same direction"]
    rows = [
        [
            f"{name(each.cell.arm.name)}, {each.cell.arm.design}",
            f"{each.cell.ratio:.0%}",
            f"{each.this:.1%}",
            f"{each.other:.1%}",
            f"{100 * (each.this - each.other):+.1f}",
            "no" if each in found.misled else "not told" if each.this_moved * each.other_moved < 0 else "yes",
        ]
        for each in found.cells
    ]
    title = f"Engine {found.this} against engine {found.other}"
    return element("section", element("h2", title), element("p", engines_words(found)), data_table(heads, rows))


def _what_was_swept(analysis: Analysis) -> Html:
    sweep = analysis.sweep
    own = ", ".join(name(sweep.table.authors[number]) for number in sweep.own) or "none in the data"
    seeds = len({point.seed for point in sweep.points})
    again = "trained again" if sweep.engine == "fast" else "fast models trained again"
    pairs = [
        ("judge", name(sweep.judge)),
        ("its own kind", f"{own} ({sweep.relation.value})" if sweep.own else own),
        ("engine", sweep.engine),
        ("models", f"{len(sweep.points):,}: {len(analysis.cells)} of each of {seeds} seeds"),
        ("anchor", f"{len(sweep.table):,} comparisons, {analysis.longer_wins.rows:,} of them decided"),
        (again, f"{analysis.config.refits if analysis.refitted else 0:,} times, for the intervals"),
        *((name(label), name(str(value))) for label, value in sweep.facts.items()),
    ]
    return element("section", element("h2", "What was swept"), facts(pairs))
