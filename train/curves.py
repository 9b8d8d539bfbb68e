"""Curves over training steps as inline SVG, each with its figures in words for those who can't see it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firsthand.markup import Html, element

WIDTH, HEIGHT = 420, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 14, 34
"""Room for the axes, in the plot's own units."""
TICKS = (0.5, 1.0, 2.0, 2.5, 5.0, 10.0)
MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: its name, the style's colour, whether it is dashed, and points (step, value, interval or None)."""

    name: str
    colour: str
    dashed: bool
    points: Sequence[tuple[int, float, tuple[float, float] | None]]


def plot(title: str, curves: Sequence[Curve], steps: int) -> Html:
    """The curves over steps 0 to `steps`; thin upright lines are the intervals."""
    drawn = [curve for curve in curves if curve.points]
    if not drawn:
        return element("p", f"{title}: nothing yet")
    ends = [end for curve in drawn for _, value, ci in curve.points for end in (value, *(ci or ()))]
    scale = _Scale(steps, *_ticks(min(ends), max(ends)))
    marks = [*_axes(scale)]
    for shift, curve in zip((-1.5, 1.5), drawn, strict=False):
        marks += _line(scale, curve, shift)
    words = "; ".join(f"{curve.name} {_last(curve)}" for curve in drawn)
    return element("svg", *marks, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=f"{title}: {words}")


def thinned(points: Sequence[tuple[int, float]]) -> list[tuple[int, float, None]]:
    """At most MOST_POINTS points, each the mean of its neighbours, at the last one's step."""
    each = max(1, -(-len(points) // MOST_POINTS))
    blocks = [points[start : start + each] for start in range(0, len(points), each)]
    return [(block[-1][0], float(np.mean([value for _, value in block])), None) for block in blocks]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a step and a value lie in the plot."""

    steps: int
    ticks: Sequence[float]
    places: int

    def x(self, step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * step / max(self.steps, 1)

    def y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)


def _ticks(low: float, high: float) -> tuple[list[float], int]:
    """Four to eight round numbers around low to high, and their decimals."""
    room = max(high - low, 1e-3 * max(abs(high), 1.0))
    power = 10.0 ** np.floor(np.log10(room / 4))
    each = next(tick for tick in TICKS if tick * power * 6 >= room) * power
    first, last = np.floor(low / each), np.ceil(high / each)
    last = max(last, first + 1)
    places = max(0, int(np.ceil(-np.log10(each) + 0.5)))
    return [float(tick * each) for tick in np.arange(first, last + 1)], places


def _axes(scale: _Scale) -> list[Html]:
    marks = []
    for tick in scale.ticks:
        y = scale.y(tick)
        marks.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, stroke="var(--line)"))
        marks.append(element("text", f"{tick:.{scale.places}f}", x=LEFT - 6, y=y + 4, text_anchor="end"))
    for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end")):
        step = round(scale.steps * share)
        marks.append(element("text", f"{step:,}", x=scale.x(step), y=HEIGHT - BOTTOM + 18, text_anchor=anchor))
    marks.append(element("text", "step", x=scale.x(scale.steps * 0.75), y=HEIGHT - BOTTOM + 18, text_anchor="middle"))
    return marks


def _line(scale: _Scale, curve: Curve, shift: float) -> list[Html]:
    colour = f"var(--{curve.colour})"
    path = " ".join(f"{scale.x(step):.1f},{scale.y(value):.1f}" for step, value, _ in curve.points)
    dash = {"stroke_dasharray": "5 4"} if curve.dashed else {}
    marks = [element("polyline", points=path, fill="none", stroke=colour, stroke_width=2, **dash)]
    for step, value, ci in curve.points:
        if ci is not None:
            x = scale.x(step) + shift
            low, high = (scale.y(end) for end in ci)
            marks.append(element("line", x1=x, x2=x, y1=low, y2=high, stroke=colour, stroke_width=1.5, opacity=0.6))
            marks.append(element("circle", cx=scale.x(step), cy=scale.y(value), r=3, fill=colour))
    return marks


def _last(curve: Curve) -> str:
    step, value, ci = curve.points[-1]
    interval = "" if ci is None else f" ({ci[0]:.3g} to {ci[1]:.3g})"
    return f"{value:.3g}{interval} at step {step:,}"
