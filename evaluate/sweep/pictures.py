"""Which curves a sweep's page draws."""

import math
from collections.abc import Sequence

from firsthand.evaluate.audit.words import name
from firsthand.evaluate.sweep.analysis import Analysis
from firsthand.evaluate.sweep.baselines import Right
from firsthand.evaluate.sweep.charts import Axes, Curve, Level, plot
from firsthand.evaluate.sweep.proxy_gold import ProxyGold
from firsthand.evaluate.sweep.resample import Figure
from firsthand.evaluate.sweep.settings import AnalysisConfig
from firsthand.evaluate.sweep.skew import SkewCurve
from firsthand.evaluate.sweep.worth import Worth
from firsthand.markup import Html

SHARES = tuple((share / 4, f"{share / 4:.0%}") for share in range(5))
RATIO = "share of synthetic rows"
DESIGNS = {
    "add": "added to all human rows",
    "replace": "in place of human rows",
    "permuted": "in place of human rows, labels permuted",
}


def accuracy_plot(analysis: Analysis) -> Html:
    """Accuracy against the ratio, for every arm that adds to or replaces human rows."""
    arms = dict.fromkeys(each.cell.arm for each in analysis.accuracy if each.cell.arm.design in ("add", "replace"))
    curves = []
    for arm in arms:
        rows = [each for each in analysis.accuracy if each.cell.arm == arm]
        ratios = [each.cell.ratio for each in rows]
        curves.append(_curve(f"{name(arm.name)}, {DESIGNS[arm.design]}", ratios, _accuracies(rows), analysis.config))
    levels = [Level("longer wins", analysis.longer_wins.value)]
    return plot(Axes(RATIO, "accuracy against people", SHARES, percent=True), curves, levels)


def learning_plot(analysis: Analysis, worth: Worth) -> Html:
    """Accuracy against human rows alone, on a log axis, with the accuracy of the model of `worth`."""
    rows = sorted(
        {each.cell.human_rows: each for each in analysis.accuracy if each.cell.synthetic_rows == 0}.values(),
        key=lambda each: each.cell.human_rows,
    )
    at = [math.log(each.cell.human_rows) for each in rows]
    mixed = next(
        each.accuracy.value
        for each in analysis.accuracy
        if each.cell.arm.name == worth.arm and each.cell.arm.design == "replace" and each.cell.ratio == worth.ratio
    )
    ticks = [(x, f"{each.cell.human_rows:,.0f}") for x, each in zip(at, rows, strict=True)]
    curve = _curve("human rows alone", at, _accuracies(rows), analysis.config)
    level = Level(f"{worth.ratio:.0%} synthetic, {worth.human_rows + worth.synthetic_rows:,.0f} rows", mixed)
    return plot(Axes("human rows", "accuracy against people", _thinned(ticks), percent=True), [curve], [level])


def skew_plot(curve: SkewCurve, config: AnalysisConfig) -> Html:
    """Inherited skew in points against the ratio, with the margin and the interval of the tolerance ratio."""
    drawn = [_curve("inherited skew", curve.ratios, curve.inherited, config, scale=100)]
    if math.isfinite(curve.style[-1].value):
        drawn.append(_curve("of it carried by style", curve.ratios, curve.style, config, scale=100, band=False))
    found = curve.tolerance
    span = None if found.low is None else (found.low, curve.ratios[-1] if found.high is None else found.high)
    margin = Level(f"margin, {config.margin_points:g} points", config.margin_points)
    return plot(Axes(RATIO, "percentage points", SHARES), drawn, [margin], span)


def best_of_plot(each: ProxyGold) -> Html:
    """Promised and held over n, of the model of the largest ratio and of its human-only twin."""

    def line(words: str, figures: Sequence[Figure]) -> Curve:
        nothing = [math.nan] * len(each.n)
        return Curve(words, each.n, [figure.value for figure in figures], nothing, nothing)

    curves = [
        line(f"held, {each.ratio:.0%} synthetic ({name(each.arm)})", each.gold),
        line(f"promised, {each.ratio:.0%} synthetic", each.proxy),
        line("held, human rows alone", each.twin_gold),
        line("promised, human rows alone", each.twin_proxy),
    ]
    ticks = [(float(n), str(n)) for n in each.n]
    return plot(Axes("n answers to pick from", "preferred to another answer", ticks, percent=True), curves)


def _accuracies(rows: Sequence[Right]) -> list[Figure]:
    return [each.accuracy for each in rows]


def _curve(
    words: str,
    x: Sequence[float],
    figures: Sequence[Figure],
    config: AnalysisConfig,
    scale: float = 1,
    band: bool = True,
) -> Curve:
    """The figures with their intervals; scale: 1 for shares, 100 for differences in points."""
    interval = Figure.share_interval if scale == 1 else Figure.interval
    ends = [interval(figure, config.alpha) if band else None for figure in figures]
    return Curve(
        words,
        x,
        [scale * figure.value for figure in figures],
        [math.nan if ci is None else scale * ci[0] for ci in ends],
        [math.nan if ci is None else scale * ci[1] for ci in ends],
    )


def _thinned(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """The first, the last, and those between that leave room for each other."""
    (first, _), (last, _) = ticks[0], ticks[-1]
    kept = [ticks[0]]
    for tick in ticks[1:-1]:
        if min(tick[0] - kept[-1][0], last - tick[0]) > 0.15 * (last - first):
            kept.append(tick)
    return [*kept, ticks[-1]]
