"""Charts of an audit: inline SVG in shares of its width; marks differ in shape, and each has its figures in words."""

from collections.abc import Sequence

from firsthand.estimates import Estimate
from firsthand.evaluate.audit.finding import Finding, Interval, Verdict
from firsthand.evaluate.audit.picture import Picture
from firsthand.evaluate.audit.words import name, pair_name, points_words, signed
from firsthand.evaluate.table import percent
from firsthand.markup import Html, element

HEIGHT, MIDDLE = 40, 20
"""Of one row, in pixels."""
SIDE = 11
"""Of a square mark."""
LEGEND = "■ detected, □ ruled out, ● inconclusive; lines: {level} intervals; band: effects within the margin."
"""What the marks of `effects_chart` mean; level: of its intervals."""


def picture_chart(picture: Picture, finding: Finding) -> Html:
    """What people chose, what the judge chose, and what it would have chosen without the affinity, in three rows."""
    judge, target = name(finding.judge), name(finding.target)
    rows = (
        (f"people chose {target}", picture.people, _circle),
        (f"{judge} chose {target}", picture.judge, _square),
        (f"{judge} without the affinity", picture.without, _open_square),
    )
    drawn = []
    for words, share, mark in rows:
        marks = [_upright(tick, "grid") for tick in (0, 25, 50, 75, 100)]
        if share is picture.without and picture.judge.value is not None and share.value is not None:
            marks.append(_flat(100 * picture.judge.value, 100 * share.value, "moved"))
            marks.append(_upright(100 * picture.judge.value, "moved"))
        if share.value is not None:
            marks += [*_interval(share.ci, 100), mark(100 * share.value)]
        drawn.append(_row(words, marks, *_figure(share)))
    ticks = [element("span", f"{tick} %") for tick in (0, 25, 50, 75, 100)]
    axis = element("div", element("span"), element("div", *ticks, class_="ticks"), element("span"), class_="row axis")
    return element("div", *drawn, axis, class_="rows")


def effects_chart(findings: Sequence[Finding], margin: float) -> Html:
    """The effects in points with their intervals, one row each; the band is the margin."""
    shown = [finding for finding in findings if finding.points is not None]
    ends = [abs(end) for finding in shown for end in (*(finding.points_ci or ()), finding.points or 0.0)]
    widest = 5.0 * (1 + max([1.5 * margin, *ends]) // 5)
    drawn = [_effect(finding, margin, widest) for finding in shown]
    ticks = [element("span", f"{signed(tick, 0)}") for tick in (-widest, 0.0, widest)]
    axis = element("div", element("span"), element("div", *ticks, class_="ticks"), element("span"), class_="row axis")
    return element("div", *drawn, axis, class_="rows")


def _effect(finding: Finding, margin: float, widest: float) -> Html:
    def at(points: float) -> float:
        return 50 + 50 * points / widest

    points = finding.points or 0.0
    band = element("rect", x=_x(at(-margin)), y=0, width=_x(at(margin) - at(-margin)), height=HEIGHT, class_="band")
    edges = [_upright(at(edge), "edge") for edge in (-margin, margin)]
    ci = None if finding.points_ci is None else (at(finding.points_ci[0]) / 100, at(finding.points_ci[1]) / 100)
    mark = {Verdict.DETECTED: _square, Verdict.RULED_OUT: _open_square}.get(finding.verdict, _circle)
    marks = [band, *edges, _upright(50, "zero"), *_interval(ci, 100), mark(at(points))]
    return _row(pair_name(finding), marks, finding.verdict.value, points_words(finding))


def _row(words: str, marks: Sequence[Html], figure: str, detail: str) -> Html:
    drawing = element("svg", *marks, height=HEIGHT, role="img", aria_label=f"{words}: {figure} {detail}".strip())
    figures = element("span", element("b", figure), element("small", detail), class_="figures")
    return element("div", element("span", words), element("div", drawing, class_="track"), figures, class_="row")


def _figure(share: Estimate) -> tuple[str, str]:
    if share.value is None:
        return "undefined", share.why
    detail = "" if share.ci is None else f"{100 * share.ci[0]:.1f} to {100 * share.ci[1]:.1f}"
    return percent(share.value), detail


def _interval(ci: Interval | None, scale: float) -> list[Html]:
    if ci is None:
        return []
    low, high = (scale * end for end in ci)
    ends = [
        element("line", x1=_x(end), x2=_x(end), y1=MIDDLE - 5, y2=MIDDLE + 5, class_="interval") for end in (low, high)
    ]
    return [_flat(low, high, "interval"), *ends]


def _circle(at: float) -> Html:
    return element("circle", cx=_x(at), cy=MIDDLE, r=6, class_="mark")


def _square(at: float) -> Html:
    return _box(at, "mark")


def _open_square(at: float) -> Html:
    return _box(at, "mark open")


def _box(at: float, kind: str) -> Html:
    moved = f"translate({-SIDE / 2} 0)"
    return element("rect", x=_x(at), y=MIDDLE - SIDE / 2, width=SIDE, height=SIDE, transform=moved, class_=kind)


def _upright(at: float, kind: str) -> Html:
    return element("line", x1=_x(at), x2=_x(at), y1=0, y2=HEIGHT, class_=kind)


def _flat(start: float, end: float, kind: str) -> Html:
    return element("line", x1=_x(start), x2=_x(end), y1=MIDDLE, y2=MIDDLE, class_=kind)


def _x(hundredths: float) -> str:
    return f"{hundredths:.2f}%"
