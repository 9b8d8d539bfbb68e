"""The admin page's sections on the work as a whole, as HTML."""

from collections.abc import Sequence
from datetime import datetime

from firsthand.collect.admin.charts import NOTHING, course_chart, percent, throughput_chart
from firsthand.collect.admin.figures import Coverage, Measured, Quality
from firsthand.collect.admin.log import Event, event_words
from firsthand.estimates import Estimate
from firsthand.markup import Html, element, join

MEASURING = "The first figures are being measured; they come in a few seconds."


def tiles(quality: Quality) -> Html:
    """The state of the whole in five figures."""
    given = quality.wanted_votes - quality.open_votes
    done = given / quality.wanted_votes if quality.wanted_votes else 0.0
    left, pace, alpha = quality.hours_left, quality.per_hour, quality.alpha
    skips = f", {quality.skips:,} skipped" if quality.skips else ""
    return join(
        [
            _tile("Verdicts", f"{quality.votes:,}", f"{given:,} of {quality.wanted_votes:,} wanted{skips}", done),
            _tile("Agreement", _value(alpha, "{:.2f}"), f"Krippendorff's alpha. {_interval(alpha, '{:.2f}')}"),
            _tile("Pace", _value(pace, "{:,.0f} / h"), _interval(pace, "{:,.0f}")),
            _tile("Time to completion", _duration(left.value), _durations(left)),
            _tile("Contradictions", _percent(quality.disagreement), _of(quality.disagreement, "shared comparisons")),
        ]
    )


def course(quality: Quality) -> Html:
    """How agreement moved."""
    if len(quality.course) < 2:
        why = "It takes two groups of 20 comparisons with several raters to show how agreement moves."
        return element("p", why, class_="empty")
    size = quality.course[0].comparisons
    legend = f"Each point: about {size:,} comparisons, in the order of their last verdict. Dashed: all together."
    return join([course_chart(quality.course, quality.alpha), element("p", legend, class_="legend")])


def throughput(quality: Quality) -> Html:
    """How many verdicts came when."""
    if not sum(count for _, count in quality.throughput.counts):
        return element("p", "No verdict in the last 30 days.", class_="empty")
    legend = f"Verdicts by {quality.throughput.unit}, UTC; the last one is still running."
    return join([throughput_chart(quality.throughput), element("p", legend, class_="legend")])


def coverage(rows: Sequence[Coverage]) -> Html:
    """How far each tag has come, the least covered first."""
    if not rows:
        return element("p", "No comparison that is to be rated carries a tag.", class_="empty")
    return join(_coverage(row) for row in sorted(rows, key=lambda row: (row.given / max(1, row.wanted), row.value)))


def log(events: Sequence[Event]) -> Html:
    """What happened to accounts lately, newest first."""
    if not events:
        return element("p", "Nothing has happened yet.", class_="empty")
    return element("ol", *(_event(event) for event in events), class_="log")


def _tile(name: str, value: str, detail: str, done: float | None = None) -> Html:
    parts = [element("h2", name), element("p", value, class_="value"), element("p", detail, class_="detail")]
    if done is not None:
        bar = element("progress", value=done, max=1, aria_label=f"{name}: {percent(done)} of those wanted")
        parts.append(bar)
    return element("div", *parts, class_="tile")


def _coverage(row: Coverage) -> Html:
    share = row.given / row.wanted if row.wanted else 1.0
    done = f"{row.given:,} of {row.wanted:,}"
    return element(
        "div",
        element("span", row.value, class_="name"),
        element("progress", value=share, max=1, aria_label=f"{row.value}: {done} verdicts"),
        element("span", element("b", percent(share)), element("small", done), class_="cell"),
        class_="coverage",
    )


def _event(event: Event) -> Html:
    at = element("time", f"{datetime.fromisoformat(event.at):%-d %b, %H:%M}", datetime=event.at)
    return element("li", at, element("span", event_words(event)))


def _value(estimate: Estimate, form: str) -> str:
    return NOTHING if estimate.value is None else form.format(estimate.value)


def _interval(estimate: Estimate, form: str) -> str:
    if estimate.ci is None:
        return _sentence(estimate.why)
    return f"95 % interval {form.format(estimate.ci[0])} to {form.format(estimate.ci[1])}"


def _percent(measured: Measured) -> str:
    return NOTHING if measured.estimate.value is None else percent(measured.estimate.value)


def _of(measured: Measured, what: str) -> str:
    return f"of {measured.n:,} {what}" if measured.n else _sentence(measured.estimate.why)


def _duration(hours: float | None) -> str:
    if hours is None:
        return NOTHING
    if hours == 0:
        return "Done"
    return f"{hours * 60:.0f} min" if hours < 1 else f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


def _durations(left: Estimate) -> str:
    if left.ci is None:
        return _sentence(left.why)
    return f"{_duration(left.ci[0])} to {_duration(left.ci[1])} at this pace"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
