"""The live page of a training run: agreement with people and with the synthetic labels as training goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from firsthand.markup import Html, element, join
from firsthand.page import data_table, document
from firsthand.train.curves import Curve, plot, thinned

REFRESH_SECONDS = 20
LOOKS = {"human": ("labelled by people", "blue", False), "synthetic": ("labelled by judges", "bad", True)}
PLOTS = (
    (
        "accuracy",
        "Accuracy on held-out pairs",
        "The share of pairs whose chosen response scores higher; 0.5 is a coin.",
    ),
    ("reward_gap", "Reward gap", "Mean reward of the chosen response less that of the other one."),
    ("brier", "Brier score", "How good sigmoid(gap) is as a probability: lower is better, always saying 50 % is 0.25."),
)
STYLE = """
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 0 20px; }
"""


@dataclass(frozen=True, slots=True)
class RunState:
    """What the page shows. rows: one a logged step (train/live.py); steps: of the whole run; sentence: the verdict."""

    title: str
    rows: Sequence[dict[str, Any]]
    steps: int
    finished: bool
    tone: str
    sentence: str


def progress_page(run: RunState) -> str:
    """The page as HTML; it loads itself again until the run is finished."""
    return document(
        run.title,
        _verdict(run),
        element("div", *(_curves(run, *of) for of in PLOTS), _loss(run), class_="curves"),
        _figures(run),
        style=STYLE,
        refresh=None if run.finished else REFRESH_SECONDS,
    )


def _verdict(run: RunState) -> Html:
    step = run.rows[-1]["step"] if run.rows else 0
    state = "Finished" if run.finished else "Running; this page loads itself again"
    return element(
        "section",
        element("p", f"{state}: step {step:,} of {run.steps:,}", class_="status"),
        element("p", run.sentence, class_="sentence"),
        class_=f"verdict {run.tone}",
    )


def _curves(run: RunState, figure: str, title: str, about: str) -> Html:
    curves = [
        Curve(name, colour, dashed, _points(run.rows, f"eval_{source}_{figure}"))
        for source, (name, colour, dashed) in LOOKS.items()
    ]
    return element(
        "section",
        element("h2", title),
        element("p", about, " Thin upright lines are 95 % intervals over prompts.", class_="lead"),
        _legend(curves),
        plot(title, curves, run.steps),
    )


def _loss(run: RunState) -> Html:
    points = thinned([(row["step"], row["loss"]) for row in run.rows if "loss" in row])
    return element(
        "section",
        element("h2", "Training loss"),
        plot("Training loss", [Curve("loss", "soft", False, points)], run.steps),
    )


def _figures(run: RunState) -> Html:
    heads = ["step", *(f"{figure.replace('_', ' ')}, {source}" for figure, _, _ in PLOTS for source in LOOKS)]
    body = [
        [f"{row['step']:,}", *(_cell(row, f"eval_{source}_{figure}") for figure, _, _ in PLOTS for source in LOOKS)]
        for row in run.rows
        if any(f"eval_{source}_accuracy" in row for source in LOOKS)
    ]
    return element("section", element("h2", "Figures"), data_table(heads, body))


def _points(rows: Sequence[dict[str, Any]], key: str) -> list[tuple[int, float, tuple[float, float] | None]]:
    found = []
    for row in rows:
        if key in row:
            ci = (row[f"{key}_low"], row[f"{key}_high"]) if f"{key}_low" in row else None
            found.append((row["step"], row[key], ci))
    return found


def _legend(curves: Sequence[Curve]) -> Html:
    entries = []
    for curve in curves:
        if curve.points:
            dash = {"stroke_dasharray": "5 4"} if curve.dashed else {}
            stroke = element("line", x1=0, x2=28, y1=5, y2=5, stroke=f"var(--{curve.colour})", stroke_width=2, **dash)
            # The style of all pages gives drawings the whole width.
            entries.append(element("svg", stroke, viewBox="0 0 28 10", style="display:inline-block; width:28px"))
            entries.append(element("span", f" {curve.name}  "))
    return element("p", join(entries))


def _cell(row: dict[str, Any], key: str) -> str:
    if key not in row:
        return ""
    interval = f" ({row[f'{key}_low']:.3f} to {row[f'{key}_high']:.3f})" if f"{key}_low" in row else ""
    return f"{row[key]:.3f}{interval}"
