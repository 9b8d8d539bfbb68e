"""Curves over generations as inline SVG: a line for each loop, its name at its end, whiskers for the intervals."""

import math
from collections.abc import Sequence
from itertools import pairwise

from firsthand.evaluate.generations.curves import Curve
from firsthand.evaluate.generations.outcome import TWIN
from firsthand.evaluate.generations.text import loop_name
from firsthand.markup import Html, element

WIDTH, HEIGHT = 360, 250
LEFT, RIGHT, TOP, BOTTOM = 40, 62, 10, 40
"""Room for the axes, and for the names at the lines' ends."""
APART = 14
"""Between two names, at least."""
SHIFT = 5
"""Of a loop's marks against the next one's, so that whiskers do not hide each other."""
LOOPS = 5
"""Colours and marks there are; of more loops the sixth looks like the first."""


def curves_chart(curves: Sequence[Curve], percent: bool) -> Html:
    """The curves of one measure; dots: the truth of a simulated world."""
    low, high = _span(curves)
    if percent:
        low, high = max(low, 0.0), min(high, 1.0)
    ticks = _ticks(low, high)
    scale = _Scale(curves, ticks[0], ticks[-1])
    marks = [*_grid(scale, ticks, percent)]
    for place, curve in enumerate(curves):
        marks += _line(scale, curve, place, len(curves))
    marks += _names(scale, curves)
    words = "; ".join(_words(curve, percent) for curve in curves)
    return element(
        "svg", *marks, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=f"{curves[0].measure}: {words}"
    )


def shown(value: float, percent: bool) -> str:
    """A value as the axis and the words show it."""
    return f"{100 * value:.0f} %" if percent else f"{value:.2f}".rstrip("0").rstrip(".")


class _Scale:
    """Where generations and values are drawn."""

    def __init__(self, curves: Sequence[Curve], low: float, high: float) -> None:
        self.generations = sorted({generation for curve in curves for generation in curve.generations})
        self.low, self.high = low, high

    def x(self, generation: int) -> float:
        span = max(self.generations[-1] - self.generations[0], 1)
        inner = WIDTH - LEFT - RIGHT - 2 * APART
        return LEFT + APART + inner * (generation - self.generations[0]) / span

    def y(self, value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.high - value) / (self.high - self.low)


def _span(curves: Sequence[Curve]) -> tuple[float, float]:
    values = [
        value
        for curve in curves
        for row in (curve.value, curve.low, curve.high, curve.exact)
        for value in row
        if value is not None and math.isfinite(value)
    ]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.05 * (high - low) or max(abs(high), 1.0) * 0.05
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Three to seven round values from the one at or below `low` to the one at or above `high`."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    first = math.floor(low / step)
    return [step * number for number in range(first, math.ceil(high / step) + 1)]


def _grid(scale: _Scale, ticks: Sequence[float], percent: bool) -> list[Html]:
    marks = []
    for tick in ticks:
        y = scale.y(tick)
        marks.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="zero" if tick == 0 else "grid"))
        marks.append(element("text", shown(tick, percent), x=LEFT - 6, y=y + 4, text_anchor="end"))
    every = max(1, len(scale.generations) // 8)
    for generation in scale.generations[::every]:
        x, y = scale.x(generation), HEIGHT - BOTTOM + 18
        marks += [element("text", str(generation), x=x, y=y, text_anchor="middle")]
    middle = (LEFT + WIDTH - RIGHT) / 2
    marks.append(element("text", "generation", x=middle, y=HEIGHT - 4, text_anchor="middle"))
    return marks


def _line(scale: _Scale, curve: Curve, place: int, count: int) -> list[Html]:
    kind = _kind(curve, place)
    shift = SHIFT * (place - (count - 1) / 2)
    points = [
        (scale.x(generation) + shift, value, low, high)
        for generation, value, low, high in zip(curve.generations, curve.value, curve.low, curve.high, strict=True)
        if value is not None and math.isfinite(value)
    ]
    path = " ".join(f"{x:.1f},{scale.y(value):.1f}" for x, value, _, _ in points)
    marks = [element("polyline", points=path, class_=f"curve {kind}")]
    if curve.exact:
        truth = " ".join(
            f"{scale.x(generation) + shift:.1f},{scale.y(value):.1f}"
            for generation, value in zip(curve.generations, curve.exact, strict=True)
        )
        marks.append(element("polyline", points=truth, class_=f"truth {kind}"))
    for x, value, low, high in points:
        if low is not None and high is not None:
            marks.append(element("line", x1=x, x2=x, y1=scale.y(low), y2=scale.y(high), class_=f"whisker {kind}"))
        marks.append(_mark(x, scale.y(value), kind, place, curve.ratio == TWIN))
    return marks


def _mark(x: float, y: float, kind: str, place: int, twin: bool) -> Html:
    """The twin's mark is an open circle; those of the loops differ in shape too."""
    if twin:
        return element("circle", cx=x, cy=y, r=4, class_=f"dot open {kind}")
    shapes = ("0,-5 5,4 -5,4", "-4,-4 4,-4 4,4 -4,4", "0,-6 6,0 0,6 -6,0", "0,5 5,-4 -5,-4", "-5,-2 0,-6 5,-2 3,4 -3,4")
    return element(
        "polygon", points=shapes[(place - 1) % LOOPS], transform=f"translate({x:.1f} {y:.1f})", class_=f"dot {kind}"
    )


def _names(scale: _Scale, curves: Sequence[Curve]) -> list[Html]:
    """The loops' names beside their last points, moved apart where they would overlap."""
    ends = []
    for place, curve in enumerate(curves):
        last = [value for value in curve.value if value is not None and math.isfinite(value)]
        if last:
            ends.append([scale.y(last[-1]), place])
    ends.sort()
    for above, below in pairwise(ends):
        below[0] = max(below[0], above[0] + APART)
    over = max(0.0, ends[-1][0] - (HEIGHT - BOTTOM)) if ends else 0.0
    return [
        element(
            "text",
            "twin" if curves[int(place)].ratio == TWIN else f"{curves[int(place)].ratio:g}",
            x=WIDTH - RIGHT + 8,
            y=y - over + 4,
            class_=f"name {_kind(curves[int(place)], int(place))}",
        )
        for y, place in ends
    ]


def _kind(curve: Curve, place: int) -> str:
    return "twin" if curve.ratio == TWIN else f"loop-{(place - 1) % LOOPS + 1}"


def _words(curve: Curve, percent: bool) -> str:
    values = ", ".join("unknown" if value is None else shown(value, percent) for value in curve.value)
    return f"{loop_name(curve.ratio)} {values}"
