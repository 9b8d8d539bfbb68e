"""Plots of a sweep: inline SVG that keeps its text size at any width, each with its figures in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from firsthand.markup import Html, element

HEIGHT = 240
"""Of the plotting area, in pixels."""
SIDE = 9
"""Of a square mark."""
KINDS = ("first", "second", "third", "fourth")
"""How lines differ: by colour and dashes (sweep.css), and by the mark."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line with its band; low and high hold NaN where there is none."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line."""

    name: str
    y: float


@dataclass(frozen=True, slots=True)
class Axes:
    """What the plot spans. x_ticks: where and what; percent: y as a share of one, else points."""

    x_words: str
    y_words: str
    x_ticks: Sequence[tuple[float, str]]
    percent: bool = False


def plot(
    axes: Axes, curves: Sequence[Curve], levels: Sequence[Level] = (), span: tuple[float, float] | None = None
) -> Html:
    """The plot with its legend. span: an interval on the x axis that is marked below it."""
    low, high = _range(curves, levels)
    left, right = axes.x_ticks[0][0], axes.x_ticks[-1][0]

    def across(x: float) -> float:
        return 100 * (x - left) / (right - left)

    def up(y: float) -> float:
        return HEIGHT * (high - y) / (high - low)

    drawn = [
        *_grid(axes, (low, high), across, up),
        *(_band(curve, KINDS[place % len(KINDS)], across, up) for place, curve in enumerate(curves)),
        *(_level(level, place, up) for place, level in enumerate(levels)),
        *(_line(curve, KINDS[place % len(KINDS)], across, up) for place, curve in enumerate(curves)),
        *(_span(span, across) if span else ()),
        *(mark for place, curve in enumerate(curves) for mark in _marks(curve, place, across, up)),
    ]
    drawing = element("svg", *drawn, height=HEIGHT, role="img", aria_label=_words(axes, curves, levels))
    return element(
        "figure",
        element("p", axes.y_words, class_="axis-name"),
        element("div", drawing, class_="plot"),
        element("p", axes.x_words, class_="axis-name across"),
        _legend(curves, levels, span is not None),
        class_="sweep",
    )


def _range(curves: Sequence[Curve], levels: Sequence[Level]) -> tuple[float, float]:
    """The lowest and the highest value, with a little room."""
    values = [value for curve in curves for part in (curve.y, curve.low, curve.high) for value in part]
    finite = [value for value in [*values, *(level.y for level in levels)] if np.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    room = 0.06 * (high - low) or 0.01
    return low - room, high + room


def _grid(
    axes: Axes, ends: tuple[float, float], across: Callable[[float], float], up: Callable[[float], float]
) -> list[Html]:
    marks = []
    for value in _round_steps(*ends):
        words = f"{value:.0%}" if axes.percent else f"{value:+g}" if value else "0"
        marks.append(element("line", x1="0%", x2="100%", y1=up(value), y2=up(value), class_="grid"))
        marks.append(element("text", words, x=-8, y=up(value) + 4, text_anchor="end"))
    for place, (x, words) in enumerate(axes.x_ticks):
        anchor = "start" if place == 0 else "end" if place == len(axes.x_ticks) - 1 else "middle"
        marks.append(element("text", words, x=_share(across(x)), y=HEIGHT + 20, text_anchor=anchor))
    return marks


def _round_steps(low: float, high: float) -> list[float]:
    """Four to eight round numbers between the two."""
    rough = (high - low) / 5
    size = 10.0 ** np.floor(np.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    return [round(float(value), 10) for value in step * np.arange(np.ceil(low / step), np.floor(high / step) + 1)]


def _band(curve: Curve, kind: str, across: Callable[[float], float], up: Callable[[float], float]) -> Html:
    known = [
        (across(x), up(low), up(high))
        for x, low, high in zip(curve.x, curve.low, curve.high, strict=True)
        if np.isfinite(low) and np.isfinite(high)
    ]
    edge = [*((x, high) for x, _, high in known), *((x, low) for x, low, _ in reversed(known))]
    return _stretched(element("polygon", points=_path(edge), class_=f"band {kind}"))


def _line(curve: Curve, kind: str, across: Callable[[float], float], up: Callable[[float], float]) -> Html:
    path = _path([(across(x), up(y)) for x, y in zip(curve.x, curve.y, strict=True) if np.isfinite(y)])
    return _stretched(element("polyline", points=path, class_=f"line {kind}", vector_effect="non-scaling-stroke"))


def _stretched(shape: Html) -> Html:
    """A shape in hundredths of the width and in pixels of the height."""
    box = f'viewBox="0 0 100 {HEIGHT}" preserveAspectRatio="none" width="100%" height="{HEIGHT}"'
    return Html(f"<svg {box}>{shape}</svg>")


def _marks(curve: Curve, place: int, across: Callable[[float], float], up: Callable[[float], float]) -> list[Html]:
    kind = KINDS[place % len(KINDS)]
    return [
        _mark(_share(across(x)), up(y), place, kind) for x, y in zip(curve.x, curve.y, strict=True) if np.isfinite(y)
    ]


def _mark(x: str, y: float, place: int, kind: str) -> Html:
    if place % 2:
        moved = f"translate({-SIDE / 2} {-SIDE / 2})"
        return element("rect", x=x, y=y, width=SIDE, height=SIDE, transform=moved, class_=f"mark {kind}")
    return element("circle", cx=x, cy=y, r=5, class_=f"mark {kind}")


def _level(level: Level, place: int, up: Callable[[float], float]) -> Html:
    return element("line", x1="0%", x2="100%", y1=up(level.y), y2=up(level.y), class_=f"level level-{place}")


def _span(span: tuple[float, float], across: Callable[[float], float]) -> list[Html]:
    start, end = (_share(min(100.0, max(0.0, across(x)))) for x in span)
    return [
        element("rect", x=start, y=0, width=_share(across(span[1]) - across(span[0])), height=HEIGHT, class_="span"),
        *(element("line", x1=edge, x2=edge, y1=0, y2=HEIGHT, class_="span") for edge in (start, end)),
    ]


def _legend(curves: Sequence[Curve], levels: Sequence[Level], span: bool) -> Html:
    items = [
        _key(curve.name, element("line", x1=0, x2=28, y1=8, y2=8, class_=f"line {kind}"), _mark("14", 8, place, kind))
        for place, curve in enumerate(curves)
        for kind in [KINDS[place % len(KINDS)]]
    ]
    items += [
        _key(level.name, element("line", x1=0, x2=28, y1=8, y2=8, class_=f"level level-{place}"))
        for place, level in enumerate(levels)
    ]
    if span:
        items.append(
            _key("interval of the tolerance ratio", element("rect", x=2, y=1, width=24, height=14, class_="span"))
        )
    return element("ul", *items, class_="legend")


def _key(words: str, *shapes: Html) -> Html:
    return element("li", element("svg", *shapes, width=28, height=16, aria_hidden="true"), words)


def _words(axes: Axes, curves: Sequence[Curve], levels: Sequence[Level]) -> str:
    """The figures in words."""

    def value(y: float) -> str:
        return f"{y:.1%}" if axes.percent else f"{y:+.1f}"

    told = [
        f"{curve.name}: " + ", ".join(f"{value(y)} at {_tick(axes, x)}" for x, y in zip(curve.x, curve.y, strict=True))
        for curve in curves
    ]
    told += [f"{level.name}: {value(level.y)}" for level in levels]
    return f"{axes.y_words} against {axes.x_words}. " + "; ".join(told)


def _tick(axes: Axes, x: float) -> str:
    return next((words for at, words in axes.x_ticks if abs(at - x) < 1e-9), f"{x:.2g}")


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points)


def _share(hundredths: float) -> str:
    return f"{hundredths:.2f}%"
