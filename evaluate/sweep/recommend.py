"""One sentence on what to do, and the ratio that it names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from firsthand.evaluate.audit.words import interval, signed
from firsthand.evaluate.sweep.baselines import Engines, Right
from firsthand.evaluate.sweep.outcome import Sweep
from firsthand.evaluate.sweep.resample import Figure
from firsthand.evaluate.sweep.settings import AnalysisConfig
from firsthand.evaluate.sweep.skew import LONGER, SkewCurve
from firsthand.evaluate.sweep.verdicts import Effect, Help
from firsthand.evaluate.sweep.words import engines_words
from firsthand.evaluate.table import counted

Beside: TypeAlias = tuple[Sequence[Right], Figure, Engines | None]
"""Every accuracy, that of `longer wins`, and what the other engine says."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do. ratio: of synthetic rows, 0: people's alone, None: nothing can be said. arm: how they are chosen.

    rows: human and synthetic ones together, as the sweep trained on. replaces: synthetic rows stand in place of human
    ones, of which there are more.
    """

    verdict: Help
    ratio: float | None
    arm: str
    rows: int
    sentence: str
    warnings: tuple[str, ...]
    replaces: bool = False


def recommend(
    sweep: Sweep, effects: Sequence[Effect], curves: Sequence[SkewCurve], beside: Beside, config: AnalysisConfig
) -> Recommendation:
    """The most accurate ratio that is shown to help and that the tolerance ratio allows; else people's rows alone."""
    said = _recommend(sweep, [effect for effect in effects if not effect.tag], curves, config)
    return replace(said, warnings=(*_scripted(sweep), *said.warnings, *_beside(beside, config)))


def _recommend(
    sweep: Sweep, effects: Sequence[Effect], curves: Sequence[SkewCurve], config: AnalysisConfig
) -> Recommendation:
    tested = [effect for effect in effects if effect.verdict is not Help.NOT_TESTABLE]
    if not tested:
        rows = max((effect.difference.rows for effect in effects), default=0)
        sentence = (
            f"Nothing can be said of the labels of {sweep.judge}: the human anchor holds "
            f"{counted(rows, 'decided comparison')}, and at least {config.least_rows} of several prompts are needed."
        )
        return Recommendation(Help.NOT_TESTABLE, None, "", 0, sentence, ())
    helpful = [effect for effect in tested if effect.verdict is Help.HELP]
    allowed = [effect for effect in helpful if effect.ratio < _cap(effect.arm, curves)]
    if allowed:
        return _use(sweep, max(allowed, key=lambda effect: effect.accuracy.value), curves, config)
    if helpful:
        return _too_much(sweep, max(helpful, key=lambda effect: effect.accuracy.value), curves, config)
    harmful = [effect for effect in tested if effect.verdict is Help.HURT]
    if harmful:
        return _hurts(sweep, harmful, config)
    return _no_evidence(sweep, tested, config)


def _use(sweep: Sweep, best: Effect, curves: Sequence[SkewCurve], config: AnalysisConfig) -> Recommendation:
    sentence = (
        f"Use {best.ratio:.0%} synthetic rows: with {best.synthetic_rows:,.0f} labels of {sweep.judge}"
        f"{_filtered(best)} {_beside_whom(best)} {best.human_rows:,.0f} human rows, the model sides with people "
        f"{_points(best, config)} more often than with human rows alone."
    )
    warnings = (*_warnings(sweep, best.arm, curves, config), *_longer(best, curves, config))
    replaces = best.design == "replace"
    return Recommendation(Help.HELP, best.ratio, best.arm, _all_rows(best), sentence, warnings, replaces)


def _too_much(sweep: Sweep, best: Effect, curves: Sequence[SkewCurve], config: AnalysisConfig) -> Recommendation:
    sentence = (
        f"Keep to people's rows, or filter the labels of {sweep.judge} further: they help ({_points(best, config)} at "
        f"{best.ratio:.0%}), but from {_cap(best.arm, curves):.0%} on the model may lean to the judge's own kind by "
        f"{config.margin_points:g} points or more. A sweep of smaller ratios would tell whether fewer of them help."
    )
    return Recommendation(Help.HELP, 0.0, best.arm, _people_alone(best), sentence, ())


def _hurts(sweep: Sweep, harmful: Sequence[Effect], config: AnalysisConfig) -> Recommendation:
    worst = min(harmful, key=lambda effect: effect.difference.value)
    shares = ", ".join(f"{each.ratio:.0%}{_filtered(each)}" for each in sorted(harmful, key=lambda each: each.ratio))
    sentence = (
        f"Keep to people's rows: labels of {sweep.judge} hurt at {shares} synthetic rows, by {_points(worst, config)} "
        f"at worst ({worst.ratio:.0%}{_filtered(worst)}), and are shown to help at no ratio."
    )
    return Recommendation(Help.HURT, 0.0, worst.arm, _people_alone(worst), sentence, ())


def _no_evidence(sweep: Sweep, tested: Sequence[Effect], config: AnalysisConfig) -> Recommendation:
    best = max(tested, key=lambda effect: effect.difference.value)
    sentence = (
        f"Keep to people's rows for now: at no ratio are labels of {sweep.judge} shown to help or to hurt; the best, "
        f"{best.ratio:.0%}{_filtered(best)}, moves accuracy by {_points(best, config)}."
    )
    return Recommendation(Help.NO_EVIDENCE, 0.0, best.arm, _people_alone(best), sentence, ())


def _cap(arm: str, curves: Sequence[SkewCurve]) -> float:
    """The ratio up to which the band of the inherited skew stays below the margin, where a crossing was detected."""
    found = [curve.tolerance for curve in curves if curve.arm == arm and curve.target.name != LONGER]
    return min((each.low for each in found if each.high is not None and each.low is not None), default=float("inf"))


def _warnings(sweep: Sweep, arm: str, curves: Sequence[SkewCurve], config: AnalysisConfig) -> tuple[str, ...]:
    own = [curve for curve in curves if curve.arm == arm and curve.target.name != LONGER]
    if not own and sweep.own:
        return (
            f"Whether the model inherits a taste for {sweep.judge}'s own kind wasn't measured: the sweep has no design "
            "replace.",
        )
    if not own:
        return (
            f"Whether the model inherits a taste for {sweep.judge}'s own kind can't be seen here: no response of the "
            "anchor is known to be of it.",
        )
    figure, found = own[0].inherited[-1], own[0].tolerance
    ci = figure.interval(config.alpha)
    if ci is None or figure.rows < config.least_rows:
        return (f"Too few close comparisons to tell whether the model inherits a taste for {own[0].target.name}.",)
    if found.low is not None:
        return (
            f"An inherited skew to {own[0].target.name} of {config.margin_points:g} points or more is not excluded: "
            f"the band reaches it from {found.low:.0%} synthetic rows on.",
        )
    return ()


def _scripted(sweep: Sweep) -> list[str]:
    scripts, votes = sweep.scripted
    if not scripts:
        return []
    return [
        f"{scripts:,} of {votes:,} votes taken for people's are simulated: scripts answered in their name. What rests "
        "on them says nothing about people."
    ]


def _longer(best: Effect, curves: Sequence[SkewCurve], config: AnalysisConfig) -> list[str]:
    """A warning where a crossing to the longer response was detected that may lie at the ratio named or below."""
    found = [curve.tolerance for curve in curves if curve.arm == best.arm and curve.target.name == LONGER]
    return [
        f"The model leans to {LONGER} by {config.margin_points:g} points or more beyond its human-only twin, from "
        f"{each.low:.0%} synthetic rows on at the earliest: compare responses at equal length."
        for each in found
        if each.high is not None and each.low is not None and each.low <= best.ratio
    ]


def _beside(beside: Beside, config: AnalysisConfig) -> list[str]:
    """What must be known of any recommendation: a baseline that no model beats, and an engine that misleads."""
    rights, longer, engines = beside
    mixed = [each for each in rights if each.cell.arm.design in ("add", "replace")]
    best = max(mixed, key=lambda each: each.accuracy.value)
    ends = best.minus_longer.interval(config.alpha)
    told = []
    if ends is not None and ends[0] <= 0:
        told.append(
            f"No model of this sweep is shown to beat preferring the longer response ({longer.value:.1%}): the best "
            f"reaches {best.accuracy.value:.1%}. What the labels do to a better model may differ."
        )
    if engines is not None and engines.misled:
        told.append(engines_words(engines))
    return told


def _all_rows(effect: Effect) -> int:
    return round(effect.human_rows + effect.synthetic_rows)


def _people_alone(effect: Effect) -> int:
    """The rows of the human-only model that the effect is held to."""
    return round(effect.human_rows) if effect.design == "add" else _all_rows(effect)


def _beside_whom(effect: Effect) -> str:
    return "beside all" if effect.design == "add" else "beside"


def _filtered(effect: Effect) -> str:
    return "" if effect.arm == "all" else f" (arm {effect.arm})"


def _points(effect: Effect, config: AnalysisConfig) -> str:
    ci = effect.difference.interval(config.alpha)
    ends = "" if ci is None else f" ({interval((100 * ci[0], 100 * ci[1]))})"
    return f"{signed(100 * effect.difference.value)} points{ends}"
