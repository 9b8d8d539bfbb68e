"""Charts as inline SVG, each with its figures in words for those who can't see it."""

from collections.abc import Sequence

import numpy as np

from firsthand.estimates import Estimate
from firsthand.evaluate.calibration import Bin
from firsthand.evaluate.table import percent
from firsthand.markup import Html, element

SIZE, LEFT, TOP, BOTTOM = 360, 44, 12, 44
"""Of the reliability plot, in its own units: the whole square, and the room for the axes."""


def share_bar(name: str, share: Estimate, colour: str) -> Html:
    """A bar from 0 to 100 % with its interval; the dashed line is the coin's 50 %."""
    if share.value is None:
        return element("div", element("span", name), element("span", "undefined", class_="figure"), class_="bar")
    words = f"{percent(share.value)}{_interval(share)}"
    marks = [
        _line("0%", "100%", "var(--track)", 16),
        _line("0%", _x(share.value), f"var(--{colour})", 16),
        element(
            "line", x1="50%", x2="50%", y1=0, y2=28, stroke="var(--soft)", stroke_width=1.5, stroke_dasharray="3 3"
        ),
    ]
    if share.ci is not None:
        low, high = share.ci
        marks.append(_line(_x(low), _x(high), "var(--ink)", 2))
        marks += [
            element("line", x1=_x(end), x2=_x(end), y1=8, y2=20, stroke="var(--ink)", stroke_width=2)
            for end in (low, high)
        ]
    figure = element("span", percent(share.value), element("small", _interval(share)), class_="figure")
    drawing = element("svg", *marks, height=28, role="img", aria_label=f"{name}: {words}")
    return element("div", element("span", name), element("div", drawing, class_="track"), figure, class_="bar")


def reliability_plot(bins: Sequence[Bin], whose: str = "the model") -> Html:
    """How often it was right against how sure `whose` answer was; on the diagonal, it is as sure as it may be."""
    filled = [(cell.confidence, cell.accuracy, cell.rows) for cell in bins if cell.rows]
    most = max((rows for _, _, rows in filled), default=1)
    marks = [*_grid(whose), _diagonal()]
    for confidence, accuracy, rows in filled:
        if confidence is not None and accuracy is not None:
            x, y, ideal = _across(confidence), _up(accuracy), _up(confidence)
            marks.append(
                element("line", x1=x, x2=x, y1=ideal, y2=y, stroke="var(--blue)", stroke_width=1.5, opacity=0.5)
            )
            marks.append(
                element("circle", cx=x, cy=y, r=3 + 7 * float(np.sqrt(rows / most)), fill="var(--blue)", opacity=0.85)
            )
    words = "; ".join(
        f"{percent(confidence or 0)} sure, {percent(accuracy or 0)} right ({rows:,} rows)"
        for confidence, accuracy, rows in filled
    )
    return element("svg", *marks, viewBox=f"0 0 {SIZE} {SIZE}", role="img", aria_label=f"Reliability plot: {words}")


def _grid(whose: str) -> list[Html]:
    marks = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _up(share)
        marks.append(element("line", x1=LEFT, x2=SIZE, y1=y, y2=y, stroke="var(--line)"))
        marks.append(element("text", f"{share:.0%}", x=LEFT - 8, y=y + 4, text_anchor="end"))
    for share in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        anchor = "end" if share == 1.0 else "middle"
        marks.append(element("text", f"{share:.0%}", x=_across(share), y=SIZE - BOTTOM + 18, text_anchor=anchor))
    middle = (LEFT + SIZE) / 2
    marks.append(element("text", f"how sure {whose} was", x=middle, y=SIZE - 4, text_anchor="middle"))
    return marks


def _diagonal() -> Html:
    return element(
        "line",
        x1=_across(0.5),
        y1=_up(0.5),
        x2=_across(1.0),
        y2=_up(1.0),
        stroke="var(--soft)",
        stroke_width=1.5,
        stroke_dasharray="4 4",
    )


def _across(confidence: float) -> float:
    return LEFT + (SIZE - LEFT) * (confidence - 0.5) * 2


def _up(share: float) -> float:
    return TOP + (SIZE - TOP - BOTTOM) * (1 - share)


def _x(share: float) -> str:
    return f"{100 * share:.2f}%"


def _line(start: str, end: str, colour: str, width: float) -> Html:
    return element("line", x1=start, x2=end, y1=14, y2=14, stroke=colour, stroke_width=width)


def _interval(share: Estimate) -> str:
    return "" if share.ci is None else f" ({100 * share.ci[0]:.1f} to {100 * share.ci[1]:.1f})"
