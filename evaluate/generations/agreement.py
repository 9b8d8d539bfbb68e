"""L4 and L5: whether the last generation still agrees with people on the fixed anchor, or with the judge instead.

A model agrees with a person on a comparison where it gives the response that the person chose the higher score, half
where either is undecided. L4 is agreement with people in the last generation, less the human-only twin's. L5, closure,
is agreement with the judge less that with people there, again less the twin's: how far the gap has widened since the
first model, whose agreement with anybody is 1/2. A loop may close in its first generation, which a slope over the
trained ones does not show. It closes where it is nearer to the judge than the twin and not shown to be nearer to
people: a loop that learns better than its twin comes nearer to both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.finding import Finding, Verdict, verdict_of
from firsthand.evaluate.audit.picture import shares
from firsthand.evaluate.audit.power import mde
from firsthand.evaluate.generations.config import GenerationsConfig
from firsthand.evaluate.generations.curves import Curve, curve
from firsthand.evaluate.generations.outcome import TWIN, Generation, Loops, gap_of
from firsthand.evaluate.generations.seeds import caveat, next_step, with_seeds
from firsthand.evaluate.generations.series import (
    Contrast,
    Figures,
    Series,
    against_twin,
    last_weights,
    means,
    pooled,
)
from firsthand.evaluate.multiple import holm
from firsthand.evaluate.table import plain

ANCHOR, CLOSURE = "anchor", "closure"
PEOPLE, JUDGE = "agreement with people", "agreement with the judge"
BoolArray: TypeAlias = npt.NDArray[np.bool_]
FEWEST_PROMPTS = 10
"""Prompts of the anchor; with fewer their spread is hardly known."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """L4 and L5 as findings, and the curves of agreement."""

    findings: list[Finding]
    curves: list[Curve]


def agreement(loops: Loops, config: GenerationsConfig) -> Agreed:
    """Every loop's agreement with people and with the judge."""
    people = shares(loops.anchor.people, len(loops.anchor))
    rated = ~np.isnan(people)
    prompts = len(np.unique(loops.anchor.prompt[rated]))
    if prompts < FEWEST_PROMPTS:
        why = f"People rated {prompts} prompts of the anchor; {FEWEST_PROMPTS} are needed to say how sure a figure is."
        return Agreed([_refused(loops, ratio, what, why) for what in (ANCHOR, CLOSURE) for ratio in loops.ratios()], [])
    judge = choice_shares(shares(loops.anchor.judged, len(loops.anchor)))
    both = rated & ~np.isnan(judge)
    by_people = {ratio: _pooled(loops, ratio, [people], rated) for ratio in (*loops.ratios(), TWIN)}
    findings = _anchor_findings(loops, config, by_people, int(rated.sum()))
    curves = [curve(PEOPLE, ratio, loops.generations(), figures, config.alpha) for ratio, figures in by_people.items()]
    if len(np.unique(loops.anchor.prompt[both])) < FEWEST_PROMPTS:
        why = f"{plain(loops.judge)} gave a verdict on too few of the anchor's comparisons that people rated."
        return Agreed(findings + [_refused(loops, ratio, CLOSURE, why) for ratio in loops.ratios()], curves)
    by_both = {ratio: _pooled(loops, ratio, [judge, people], both) for ratio in (*loops.ratios(), TWIN)}
    curves += [curve(JUDGE, ratio, loops.generations(), figures, config.alpha) for ratio, figures in by_both.items()]
    return Agreed(findings + _closure_findings(loops, config, by_both, int(both.sum())), curves)


def agreements(models: Sequence[Generation], share: FloatArray) -> FloatArray:
    """How far each model's choice agrees with those of whom `share` (M,) is the share for A: (M, G)."""
    found = [np.where(gap == 0, 0.5, np.where(gap > 0, share, 1 - share)) for gap in map(gap_of, models)]
    return np.stack(found, axis=1)


def choice_shares(share: FloatArray) -> FloatArray:
    """A judge's probabilities as choices: 1, 0, or 1/2 for an even one."""
    return np.where(np.isnan(share), np.nan, np.where(share == 0.5, 0.5, share > 0.5))


def _pooled(loops: Loops, ratio: float, by: Sequence[FloatArray], rows: BoolArray) -> Figures:
    """Agreement of the loop with each of `by`, then that of the twin: 2 x len(by) x G figures."""

    def one(ratio: float, seed: int) -> Series:
        models = loops.of(ratio, seed)
        columns = [agreements(models, share)[rows] for share in by]
        return means(np.concatenate(columns, axis=1), loops.anchor.prompt[rows])

    return pooled([one(ratio, seed).beside(one(TWIN, seed)) for seed in loops.seeds()])


def _anchor_findings(loops: Loops, config: GenerationsConfig, found: dict[float, Figures], n: int) -> list[Finding]:
    weights = against_twin(last_weights(len(loops.generations())))
    contrasts = [found[ratio].of(weights) for ratio in loops.ratios()]
    adjusted = holm([contrast.p() for contrast in contrasts])
    last = loops.generations()[-1]
    findings = []
    for ratio, contrast, p in zip(loops.ratios(), contrasts, adjusted, strict=True):
        points, low, high = _in_points(contrast, config.alpha)
        verdict = with_seeds(verdict_of(points, (low, high), p, config.margin_points, config.alpha), contrast, loops)
        size = f"({points:+.1f} points, {low:+.1f} to {high:+.1f})"
        at = f"At ratio {ratio:g}, generation {last}"
        why = {
            Verdict.DETECTED: f"{at} agrees {'less' if points < 0 else 'more'} often with people than the human-only "
            f"twin {size}.",
            Verdict.RULED_OUT: f"{at} agrees with people as often as the human-only twin, to "
            f"{config.margin_points:g} points {size}.",
        }.get(verdict, f"{at}: it can't be told whether it agrees with people as often as the human-only twin {size}.")
        step = (
            "Take a smaller ratio, or stop at an earlier generation: the curve shows where it parts from the twin."
            if verdict is Verdict.DETECTED and points < 0
            else "Let people rate a larger anchor."
            if verdict is Verdict.INCONCLUSIVE
            else ""
        )
        findings.append(
            _finding(loops, ANCHOR, ratio, verdict, contrast, p, config, n, found[ratio].prompts, why, step)
        )
    return findings


def _closure_findings(loops: Loops, config: GenerationsConfig, found: dict[float, Figures], n: int) -> list[Finding]:
    last = last_weights(len(loops.generations()))
    nothing = np.zeros_like(last)
    gap = against_twin(np.concatenate([last, -last]))
    with_judge, with_people = (against_twin(np.concatenate(pair)) for pair in ((last, nothing), (nothing, last)))
    contrasts = [found[ratio].of(gap) for ratio in loops.ratios()]
    adjusted = holm([contrast.p() for contrast in contrasts])
    findings = []
    for ratio, contrast, p in zip(loops.ratios(), contrasts, adjusted, strict=True):
        points, low, high = _in_points(contrast, config.alpha)
        judge = _in_points(found[ratio].of(with_judge), config.alpha)
        people = _in_points(found[ratio].of(with_people), config.alpha)
        verdict = with_seeds(verdict_of(points, (low, high), p, config.margin_points, config.alpha), contrast, loops)
        closing = points > 0 and judge[1] > 0 and people[1] <= 0
        if verdict is Verdict.DETECTED and not closing:
            verdict = Verdict.RULED_OUT if points < 0 else Verdict.INCONCLUSIVE
        both = (
            f"against the human-only twin, agreement with {plain(loops.judge)} in generation {loops.generations()[-1]} "
            f"differs by {judge[0]:+.1f} points ({judge[1]:+.1f} to {judge[2]:+.1f}), with people by {people[0]:+.1f} "
            f"({people[1]:+.1f} to {people[2]:+.1f})"
        )
        against = f"the gap between them by {points:+.1f} ({low:+.1f} to {high:+.1f})"
        start = {Verdict.DETECTED: "the loop closes", Verdict.RULED_OUT: "the loop does not close"}.get(
            verdict, "it can't be told whether the loop closes"
        )
        step = "Do not judge this loop's models by this judge: ask people." if verdict is Verdict.DETECTED else ""
        why = f"At ratio {ratio:g} {start}: {both}; {against}."
        findings.append(
            _finding(loops, CLOSURE, ratio, verdict, contrast, p, config, n, found[ratio].prompts, why, step)
        )
    return findings


def _in_points(contrast: Contrast, alpha: float) -> tuple[float, float, float]:
    low, high = contrast.interval(alpha)
    return 100 * contrast.value, 100 * low, 100 * high


def _finding(
    loops: Loops,
    detector: str,
    ratio: float,
    verdict: Verdict,
    contrast: Contrast,
    p_adjusted: float,
    config: GenerationsConfig,
    n: int,
    n_prompts: int,
    why: str,
    step: str,
) -> Finding:
    points, low, high = _in_points(contrast, config.alpha)
    return Finding(
        detector=detector,
        judge=loops.judge,
        target=f"ratio {ratio:g}",
        verdict=verdict,
        direction="favours" if points > 0 else "disfavours",
        estimate=points,
        unit="points",
        ci=(low, high),
        points=points,
        points_ci=(low, high),
        p=contrast.p(),
        p_adjusted=p_adjusted,
        n=n,
        n_prompts=n_prompts,
        mde_points=mde(100 * contrast.error, config.margin_points, config.alpha),
        why=why,
        caveats=(caveat(loops),),
        next_step=next_step(step, verdict, loops),
    )


def _refused(loops: Loops, ratio: float, detector: str, why: str) -> Finding:
    return Finding(
        detector=detector,
        judge=loops.judge,
        target=f"ratio {ratio:g}",
        verdict=Verdict.NOT_TESTABLE,
        why=why,
        next_step="Take a larger anchor.fraction or let people rate more prompts.",
    )
