"""Charts of the admin page: inline SVG in shares of its width, each with its figures in words."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from firsthand.collect.admin.figures import Measured, Moment, Throughput
from firsthand.estimates import Estimate
from firsthand.markup import Html, element

NOTHING = "—"
LEFT, RIGHT, TOP, BOTTOM = 9.0, 98.0, 8.0, 84.0
"""Where a plot begins and ends, in hundredths of the drawing."""


def course_chart(moments: Sequence[Moment], overall: Estimate) -> Html:
    """Agreement of each group of comparisons with its interval; the dashed line is that of all of them."""
    known = [(moment, moment.alpha.value) for moment in moments if moment.alpha.value is not None]
    lows = [moment.alpha.ci[0] for moment, _ in known if moment.alpha.ci] + [value for _, value in known]
    floor = min(0.0, *lows) if lows else 0.0
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0] if floor > -0.25 else [-1.0, -0.5, 0.0, 0.5, 1.0]
    low = min(floor, ticks[0])

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (value - low) / (1.0 - low)

    places = [(_between(number + 0.5, len(known)), moment, value) for number, (moment, value) in enumerate(known)]
    marks = [mark for tick in ticks for mark in _gridline(y(tick), f"{tick:g}")]
    if overall.value is not None:
        marks.append(_line(LEFT, y(overall.value), RIGHT, y(overall.value), "overall"))
    marks += [
        _line(x, y(value), next_x, y(next_value), "course")
        for (x, _, value), (next_x, _, next_value) in pairwise(places)
    ]
    for x, moment, value in places:
        words = f"{_number(value)} on {moment.comparisons:,} comparisons until {_day(moment.at)}"
        if moment.alpha.ci:
            marks.append(_line(x, y(moment.alpha.ci[0]), x, y(moment.alpha.ci[1]), "whisker"))
            words += f", interval {_number(moment.alpha.ci[0])} to {_number(moment.alpha.ci[1])}"
        point = element("circle", element("title", words), cx=_share(x), cy=_share(y(value)), r=4.5, class_="point")
        marks.append(point)
    if places:
        marks += _ends(*_span(places[0][1].at, places[-1][1].at))
    said = "; ".join(f"{_day(moment.at)} {_number(value)}" for moment, value in known)
    return element("svg", *marks, class_="chart", role="img", aria_label=f"Agreement as the work went on: {said}")


def throughput_chart(throughput: Throughput) -> Html:
    """Verdicts given in each hour or day."""
    counts = throughput.counts
    most = max((count for _, count in counts), default=0)
    top = _round_up(most)
    marks = [mark for share in (0, 0.5, 1) for mark in _gridline(_height(share), f"{top * share:,.0f}")]
    width = (RIGHT - LEFT) / max(1, len(counts))
    for number, (start, count) in enumerate(counts):
        if count:
            y = _height(count / top)
            words = f"{count:,} verdicts, {_moment(start, throughput.unit)}"
            x, across, high = _share(_between(number + 0.14, len(counts))), _share(width * 0.72), _share(BOTTOM - y)
            bar = element("rect", element("title", words), x=x, y=_share(y), width=across, height=high, class_="bar")
            marks.append(bar)
    marks += _ends(_moment(counts[0][0], throughput.unit), _moment(counts[-1][0], throughput.unit))
    said = f"Verdicts by {throughput.unit}, at most {most:,}, {sum(count for _, count in counts):,} in all"
    return element("svg", *marks, class_="chart", role="img", aria_label=said)


def meter(measured: Measured, name: str, tone: str) -> Html:
    """A share as a small bar with its interval; `tone` is good, warn, bad or plain."""
    value, ci = measured.estimate.value, measured.estimate.ci
    if value is None:
        return unknown(measured.estimate)
    marks = [
        element("rect", x=0, y=6, width="100%", height=4, rx=2, class_="track"),
        element("rect", x=0, y=6, width=_share(100 * value), height=4, rx=2, class_=f"fill {tone}"),
    ]
    words = f"{name}: {percent(value)} of {measured.n:,}"
    if ci:
        marks.append(element("line", x1=_share(100 * ci[0]), x2=_share(100 * ci[1]), y1=8, y2=8, class_="range"))
        words += f", interval {percent(ci[0])} to {percent(ci[1])}"
    drawing = element("svg", element("title", words), *marks, class_="meter", role="img", aria_label=words)
    return element("span", element("b", percent(value)), element("small", f"n {measured.n:,}"), drawing, class_="cell")


def unknown(estimate: Estimate) -> Html:
    """In the place of a figure that is undefined; pointing at it tells why."""
    return element("span", NOTHING, class_="none", title=estimate.why)


def percent(share: float) -> str:
    """A share of one as a whole percentage."""
    return f"{100 * share:.0f} %"


def _gridline(y: float, label: str) -> list[Html]:
    return [
        _line(LEFT, y, RIGHT, y, "grid"),
        element("text", label, x=_share(LEFT - 1.5), y=_share(y), dy="0.35em", text_anchor="end"),
    ]


def _ends(first: str, last: str) -> list[Html]:
    end = [element("text", last, x=_share(RIGHT), y="97%", text_anchor="end")] if last != first else []
    return [element("text", first, x=_share(LEFT), y="97%"), *end]


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    return element("line", x1=_share(x1), y1=_share(y1), x2=_share(x2), y2=_share(y2), class_=kind)


def _between(place: float, places: int) -> float:
    return LEFT + (RIGHT - LEFT) * place / max(1, places)


def _height(share: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * share


def _round_up(most: int) -> int:
    """The next number of the kind 2, 4, 10, 20, 40, 100 and so on: its half is whole too."""
    step = 1
    while True:
        for leading in (2, 4, 10):
            if leading * step >= most:
                return leading * step
        step *= 10


def _share(value: float) -> str:
    return f"{value:.2f}%"


def _number(value: float) -> str:
    return f"{value:.2f}"


def _span(first: str, last: str) -> tuple[str, str]:
    """Both ends in words: the days, or the hours of one day."""
    unit = "hour" if _day(first) == _day(last) else "day"
    return _moment(first, unit), _moment(last, unit)


def _day(at: str) -> str:
    return f"{datetime.fromisoformat(at):%-d %b}"


def _moment(at: str, unit: str) -> str:
    return f"{datetime.fromisoformat(at):%-d %b, %H:%M}" if unit == "hour" else _day(at)
