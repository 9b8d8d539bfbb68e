"""L1: whether the affinity that the models inherit grows from generation to generation; with L2 (growth.py).

L1 is the slope of gamma over the trained generations, less that of the human-only twin (a difference in differences):
what both loops share, such as people's own taste for an author, is in both slopes.

Points are those of an even choice: a change of x log-odds moves one of 50 % by 100 (s(x) - 1/2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from firsthand.evaluate.audit.finding import Finding, Verdict, verdict_of
from firsthand.evaluate.audit.power import mde
from firsthand.evaluate.audit.targets import Target
from firsthand.evaluate.generations.affinities import Affinities, affinities, length_covariate, refusal
from firsthand.evaluate.generations.config import GenerationsConfig
from firsthand.evaluate.generations.curves import Curve, curve
from firsthand.evaluate.generations.growth import growth_findings
from firsthand.evaluate.generations.inherited import (
    DETECTOR,
    SLOPE,
    Inherited,
    caveats,
    comparisons_on,
    refused,
    target_name,
)
from firsthand.evaluate.generations.outcome import TWIN, Loops
from firsthand.evaluate.generations.seeds import next_step, with_seeds
from firsthand.evaluate.generations.series import Contrast, Figures, against_twin, pooled, slope_weights
from firsthand.evaluate.multiple import holm
from firsthand.evaluate.table import plain

AFFINITY, SHARPNESS = "affinity for", "sharpness"


@dataclass(frozen=True, slots=True)
class Amplified:
    """L1 and L2 as findings, and the curves of the affinities."""

    findings: list[Finding]
    curves: list[Curve]


def amplification(loops: Loops, config: GenerationsConfig) -> Amplified:
    """Every loop's slope and growth, for the judge's own kind and for long responses."""
    findings: list[Finding] = []
    if loops.own is None:
        findings += [_no_kin(loops, ratio) for ratio in loops.ratios()]
    tested: list[Inherited] = []
    curves: list[Curve] = []
    for target in _targets(loops):
        missing = refusal(loops.anchor, target, loops.of(loops.ratios()[0], loops.seeds()[0])[0])
        if missing is not None:
            findings += [refused(loops, ratio, target, missing.why, missing.next_step) for ratio in loops.ratios()]
            continue
        twins = [affinities(loops.anchor, target, loops.of(TWIN, seed)) for seed in loops.seeds()]
        for ratio in (*loops.ratios(), TWIN):
            found = (
                twins
                if ratio == TWIN
                else [affinities(loops.anchor, target, loops.of(ratio, seed)) for seed in loops.seeds()]
            )
            figures = _figures(found, twins)
            if figures is None:
                findings += [_unconverged(loops, ratio, target)] if ratio != TWIN else []
                continue
            curves += _curves(loops, config, target, ratio, figures, found)
            if ratio != TWIN:
                tested.append(Inherited(ratio, target, figures, comparisons_on(loops, target)))
    return Amplified(_slopes(loops, config, tested) + growth_findings(loops, config, tested) + findings, curves)


def even_choice(log_odds: float) -> float:
    """By how many percentage points so many log-odds move an even choice."""
    return float(100 * (expit(log_odds) - 0.5))


def _targets(loops: Loops) -> list[Target | None]:
    """The judge's own kind, and longer responses where the anchor's differ in length."""
    own: list[Target | None] = [loops.own] if loops.own else []
    return [*own, None] if length_covariate(loops.anchor) else own


def _figures(loop: Sequence[Affinities | None], twin: Sequence[Affinities | None]) -> Figures | None:
    pairs = [(one, other) for one, other in zip(loop, twin, strict=True) if one is not None and other is not None]
    if len(pairs) < len(loop):
        return None
    return pooled([one.series.beside(other.series) for one, other in pairs])


def _curves(
    loops: Loops,
    config: GenerationsConfig,
    target: Target | None,
    ratio: float,
    figures: Figures,
    found: Sequence[Affinities | None],
) -> list[Curve]:
    steps = loops.generations()
    exact = None if target is None else loops.exact.get(ratio, {}).get("affinity")
    curves = [curve(f"{AFFINITY} {target_name(target)}", ratio, steps, figures, config.alpha, exact)]
    if target is None:
        sharpness = np.mean([one.sharpness for one in found if one is not None], axis=0)
        nothing = (None,) * len(steps)
        curves.append(Curve(SHARPNESS, ratio, tuple(steps), tuple(sharpness.tolist()), nothing, nothing))
    return curves


def _slopes(loops: Loops, config: GenerationsConfig, tested: Sequence[Inherited]) -> list[Finding]:
    steps = loops.generations()
    if len(steps) < 2:
        why = "There is one trained generation; a slope needs two."
        return [refused(loops, one.ratio, one.target, why, "Run more generations.") for one in tested]
    weights = against_twin(slope_weights(steps))
    contrasts = [one.figures.of(weights) for one in tested]
    adjusted = holm([contrast.p() for contrast in contrasts])
    return [
        _slope(loops, config, one, contrast, p) for one, contrast, p in zip(tested, contrasts, adjusted, strict=True)
    ]


def _slope(loops: Loops, config: GenerationsConfig, one: Inherited, found: Contrast, p_adjusted: float) -> Finding:
    span = loops.generations()[-1] - loops.generations()[0]
    low, high = found.interval(config.alpha)
    points, points_ci = even_choice(span * found.value), (even_choice(span * low), even_choice(span * high))
    verdict = with_seeds(verdict_of(points, points_ci, p_adjusted, config.margin_points, config.alpha), found, loops)
    whom, at = plain(target_name(one.target)), f"At ratio {one.ratio:g}"
    size = f"{abs(found.value):.2f} log-odds a generation ({low:+.2f} to {high:+.2f} against the twin)"
    last = loops.generations()[-1]
    if verdict is Verdict.DETECTED:
        word = "grows" if found.value > 0 else "falls"
        why = (
            f"{at} the models' affinity for {whom} {word} by {size}, beyond the human-only twin's: an even choice "
            f"moves by {abs(points):.1f} points until generation {last}."
        )
        step = (
            "Take a smaller ratio, route pairs of the judge's kind to people, or start each generation from the base."
        )
    elif verdict is Verdict.RULED_OUT:
        why = (
            f"{at} the models' affinity for {whom} moves an even choice by no more than {config.margin_points:g} "
            f"points until generation {last}, against the human-only twin ({points:+.1f}, {points_ci[0]:+.1f} to "
            f"{points_ci[1]:+.1f})."
        )
        step = "As far as this affinity goes, the loop may run so many generations."
    else:
        why = (
            f"{at} it can't be told whether the models' affinity for {whom} grows: an even choice moves by "
            f"{points:+.1f} points until generation {last} ({points_ci[0]:+.1f} to {points_ci[1]:+.1f}) against the "
            "twin."
        )
        step = "Take a larger anchor with more votes, more seeds, or more generations."
    return Finding(
        detector=DETECTOR,
        judge=loops.judge,
        target=one.name,
        relation=one.relation,
        verdict=verdict,
        direction="favours" if found.value > 0 else "disfavours",
        estimate=found.value,
        unit=SLOPE,
        ci=(low, high),
        points=points,
        points_ci=points_ci,
        p=found.p(),
        p_adjusted=p_adjusted,
        n=one.n,
        n_prompts=one.figures.prompts,
        mde_points=mde(25 * span * found.error, config.margin_points, config.alpha),
        why=why,
        caveats=caveats(loops),
        next_step=next_step(step, verdict, loops),
    )


def _no_kin(loops: Loops, ratio: float) -> Finding:
    return Finding(
        detector=DETECTOR,
        judge=loops.judge,
        target=f"its own kind, ratio {ratio:g}",
        verdict=Verdict.NOT_TESTABLE,
        unit=SLOPE,
        why=f"No author of the anchor is known to be of the kind of {plain(loops.judge)}, so that its affinity for its "
        "own kind can't be followed.",
        next_step="Name its kind in models.own, or let people compare responses of its kind with others.",
    )


def _unconverged(loops: Loops, ratio: float, target: Target | None) -> Finding:
    why = "The fit did not converge: the votes do not tell the model's numbers apart."
    return refused(loops, ratio, target, why, "Let several people rate more comparisons of the anchor.")
