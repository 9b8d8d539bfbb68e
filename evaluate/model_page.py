"""The page of `evaluate model --report`: the verdict first, then the figures behind it."""

from pathlib import Path

from firsthand.bootstrap import LEVEL
from firsthand.evaluate.charts import reliability_plot, share_bar
from firsthand.evaluate.model_report import Evaluation, Group, Status, deciding_group, left_out_lines
from firsthand.evaluate.table import number, percent, shown
from firsthand.markup import Html, element, join
from firsthand.page import data_table, document, facts, simulated_notice

TONES = {Status.BEATS: "good", Status.DOES_NOT_BEAT: "bad", Status.NOT_MEASURABLE: "open"}
MARKS = {Status.BEATS: "✓", Status.DOES_NOT_BEAT: "✕", Status.NOT_MEASURABLE: "?"}


def write_model_page(found: Evaluation, path: Path) -> None:
    """Write the page to `path`; raises OSError where that can't be done."""
    path.write_text(model_page(found), encoding="utf-8")


def model_page(found: Evaluation) -> str:
    """The whole page as HTML."""
    sections = [*_simulated(found.groups), _verdict(found)]
    if found.groups:
        sections += [_accuracy(found.groups), _calibration(found.groups)]
    return document(
        f"firsthand evaluation of {found.model.folder.name}", *sections, _what_was_measured(found), _methods(found)
    )


def _simulated(groups: list[Group]) -> list[Html]:
    touched = [f"“{group.title}”" for group in groups if group.simulated is not False]
    if not touched:
        return []
    return [
        simulated_notice(
            f"Scripts, not people or real judges, gave all or some of the verdicts behind {' and '.join(touched)}. "
            "Those figures say nothing about people."
        )
    ]


def _verdict(found: Evaluation) -> Html:
    status = element("p", f"{MARKS[found.status]}  {found.status.value.capitalize()}", class_="status")
    warnings = [element("p", text, class_="warning") for text in [*found.warnings, *left_out_lines(found)]]
    sentence = element("p", found.sentence, class_="sentence")
    return element("section", status, sentence, *warnings, class_=f"verdict {TONES[found.status]}")


def _accuracy(groups: list[Group]) -> Html:
    lead = (
        "How often the model scores the chosen response above the other one, beside picking the longer response. "
        f"The dashed line is a coin, right on 50 %; thin lines are {LEVEL:.0%} intervals."
    )
    return element(
        "section",
        element("h2", "Accuracy"),
        element("p", lead, class_="lead"),
        *(_accuracy_of(group) for group in groups),
    )


def _accuracy_of(group: Group) -> Html:
    accuracy = group.accuracy
    low, high = accuracy.minus_longer.ci or (None, None)
    difference = "" if accuracy.minus_longer.value is None else f"{100 * accuracy.minus_longer.value:+.1f} points"
    interval = f" ({100 * low:+.1f} to {100 * high:+.1f})" if low is not None and high is not None else ""
    why = f"; {accuracy.minus_longer.why}" if accuracy.minus_longer.why else ""
    size = f" {accuracy.rows:,} rows, {accuracy.prompts:,} prompts"
    return element(
        "div",
        element("h3", group.title, element("span", size)),
        share_bar("model", accuracy.model, "model"),
        share_bar("longer wins", accuracy.longer_wins, "other"),
        element("p", f"Model minus longer wins: {difference}{interval}{why}"),
        class_="group",
    )


def _calibration(groups: list[Group]) -> Html:
    plotted = deciding_group(groups) or groups[0]
    rows = [
        [
            group.title,
            " ".join(shown(group.calibration.ece)),
            number(group.calibration.ece_if_calibrated),
            " ".join(shown(group.calibration.log_loss)),
        ]
        for group in groups
    ]
    lead = (
        "A score difference claims how likely the chosen response is the better one. Points below the dashed line: the "
        f"model is surer than it is right. Larger points hold more rows. The plot shows: {plotted.title}."
    )
    note = (
        "Error is the mean distance from the dashed line. Few rows alone cause some: “if calibrated” tells how much a "
        "perfectly calibrated model would show on as many. "
        "A coin's log loss is 0.693; lower is better."
    )
    bins = [
        [
            f"{percent(cell.low)} to {percent(cell.high)}",
            f"{cell.rows:,}",
            percent(cell.confidence) if cell.confidence is not None else "",
            percent(cell.accuracy) if cell.accuracy is not None else "",
        ]
        for cell in plotted.calibration.bins
    ]
    numbers = element(
        "details", element("summary", "The plot's figures"), data_table(["sure", "rows", "mean sure", "right"], bins)
    )
    return element(
        "section",
        element("h2", "Calibration"),
        element("p", lead, class_="lead"),
        element(
            "div",
            element("div", element("p", "how often it was right"), reliability_plot(plotted.calibration.bins)),
            element("div", element("p", note), numbers),
            class_="plots",
        ),
        data_table(["calibration on", "error", "if calibrated", "log loss"], rows),
    )


def _what_was_measured(found: Evaluation) -> Html:
    model = found.model
    pairs = [
        ("model", str(model.folder)),
        ("kind", "implicit reward of a DPO model" if model.kind == "dpo" else "reward model"),
        ("base model", model.base_model or "not recorded"),
        ("mix", str(found.mix)),
        ("content of the mix", found.mix_sha256),
        ("longest text", "no limit" if model.max_length is None else f"{model.max_length:,} tokens"),
    ]
    if model.beta is not None:
        pairs.insert(3, ("beta", f"{model.beta:g}"))
    return element("section", element("h2", "What was measured"), facts(pairs))


def _methods(found: Evaluation) -> Html:
    score = (
        "beta times the log-probability of the response under the model less that under its base model, summed over "
        "the response's tokens"
        if found.model.kind == "dpo"
        else "the reward model's output for the whole conversation"
    )
    texts = [
        f"Score: {score}. Equal scores count half.",
        "Longer wins: the response with more characters is called the better one; equal lengths count half. A model "
        "that does not beat it may have learned length alone.",
        f"Intervals: percentile bootstrap over prompts, {found.draws:,} draws, seed {found.seed}; the difference to "
        "longer wins is taken within each draw. The verdict needs both differences, to longer wins and to the coin, to "
        "lie above 0 over their whole intervals, on the anchor that people labelled; where all prompts differ alike, "
        "on at least six of them.",
        "Rows of synthetic_heldout measure agreement with the judges that made them, not with people.",
    ]
    return element("section", element("h2", "How"), join(element("p", text) for text in texts))
