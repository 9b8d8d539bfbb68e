"""L3: whether a loop loses diversity that its human-only twin keeps, and from which generation on.

The figure is the ratio of the mean diversities over the probe prompts, loop to twin, in the last generation, on a
logarithmic scale; prompt by prompt, so that what a prompt allows is in both. A loop has collapsed where it keeps less
than the configuration's `keeps` of its twin's diversity.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.generations.config import GenerationsConfig
from firsthand.evaluate.generations.curves import Curve, curve
from firsthand.evaluate.generations.outcome import TWIN, Loops
from firsthand.evaluate.generations.seeds import caveat, may_tell, next_step
from firsthand.evaluate.generations.series import Contrast, Figures, Series, log_means, pooled
from firsthand.evaluate.multiple import holm

BoolArray: TypeAlias = npt.NDArray[np.bool_]
DETECTOR = "diversity"
OF_TWIN = "of the twin's"
FEWEST_PROMPTS = 5
"""Probe prompts on which all sets can be compared."""


@dataclass(frozen=True, slots=True)
class Diverse:
    """L3 as findings, and the curves of diversity."""

    findings: list[Finding]
    curves: list[Curve]


def diversity(loops: Loops, config: GenerationsConfig) -> Diverse:
    """Every loop and measure."""
    findings: list[Finding] = []
    curves: list[Curve] = []
    measures = list(loops.first(loops.seeds()[0]).diversity)
    if not measures:
        why = "No diversity was measured."
        return Diverse([_refused(loops, ratio, "", why) for ratio in loops.ratios()], [])
    tested: list[tuple[float, str, Figures]] = []
    for measure in measures:
        known = _known(loops, measure)
        if known.sum() < FEWEST_PROMPTS:
            why = (
                f"Only {int(known.sum())} probe prompts have two responses that are long enough in every generation; "
                f"{FEWEST_PROMPTS} are needed."
            )
            findings += [_refused(loops, ratio, measure, why) for ratio in loops.ratios()]
            continue
        for ratio in (*loops.ratios(), TWIN):
            figures = pooled([_series(loops, measure, ratio, seed, known) for seed in loops.seeds()])
            steps = [0, *loops.generations()]
            exact = loops.exact.get(ratio, {}).get("diversity")
            curves.append(curve(measure, ratio, steps, figures, config.alpha, exact, exponent=True))
            if ratio != TWIN:
                tested.append((ratio, measure, figures))
    contrasts = [figures.of(_last(loops)) for _, _, figures in tested]
    adjusted = holm([_short_of(contrast, config).p() for contrast in contrasts])
    for (ratio, measure, figures), contrast, p in zip(tested, contrasts, adjusted, strict=True):
        findings.append(_finding(loops, config, ratio, measure, figures, contrast, p))
    return Diverse(findings, curves)


def _short_of(contrast: Contrast, config: GenerationsConfig) -> Contrast:
    """What the log ratio has above that of a loop on the verge of collapse."""
    return replace(contrast, value=contrast.value - float(np.log(config.keeps)))


def _known(loops: Loops, measure: str) -> BoolArray:
    """The probe prompts on which every model could be measured: (P,)."""
    values = np.stack([model.diversity[measure] for model in loops.models])
    known: BoolArray = np.isfinite(values.sum(axis=0))
    return known


def _series(loops: Loops, measure: str, ratio: float, seed: int, known: BoolArray) -> Series:
    """Generation 0 to G of the loop, then 1 to G of its twin."""
    models = [loops.first(seed), *loops.of(ratio, seed), *loops.of(TWIN, seed)]
    floor = 1e-6  # where every response is the same on every prompt, the logarithm of 0 would say nothing
    return log_means(np.stack([np.maximum(model.diversity[measure][known], floor) for model in models], axis=1))


def _last(loops: Loops, generation: int | None = None) -> FloatArray:
    """Weights of the log ratio, loop to twin, of a generation (the last)."""
    count = len(loops.generations())
    place = count if generation is None else generation
    weights = np.zeros(2 * count + 1)
    weights[place], weights[count + place] = 1, -1
    return weights


def _finding(
    loops: Loops,
    config: GenerationsConfig,
    ratio: float,
    measure: str,
    figures: Figures,
    contrast: Contrast,
    p_adjusted: float,
) -> Finding:
    low, value, high = (float(np.exp(end)) for end in sorted([contrast.value, *contrast.interval(config.alpha)]))
    last, at = loops.generations()[-1], f"At ratio {ratio:g}"
    size = f"{value:.0%} ({low:.0%} to {high:.0%}) of the twin's {measure}"
    own, twin = (
        float(np.exp(figures.of(weights).value))
        for weights in (_since_first(loops, 0), _since_first(loops, len(loops.generations())))
    )
    beside = f"of the first generator's, the loop keeps {own:.0%} and the twin {twin:.0%}"
    told = may_tell(contrast, loops)
    if told and p_adjusted < config.alpha and value < config.keeps:
        verdict = Verdict.DETECTED
        why = f"{at} the loop collapses{_since(loops, config, figures)}: generation {last} keeps {size}; {beside}."
        step = "Take a smaller ratio, accumulate generations, or add fresh human comparisons."
    elif told and low > config.keeps:
        verdict = Verdict.RULED_OUT
        why = f"{at} the loop does not collapse: generation {last} keeps {size}; {beside}."
        step = ""
    else:
        verdict = Verdict.INCONCLUSIVE
        why = f"{at} it can't be told whether the loop collapses: generation {last} keeps {size}; {beside}."
        step = "Measure on more probe prompts, or with more samples."
    return Finding(
        detector=DETECTOR,
        judge=loops.judge,
        target=f"{measure}, ratio {ratio:g}",
        verdict=verdict,
        direction="disfavours" if value < 1 else "favours",
        estimate=value,
        unit=OF_TWIN,
        ci=(low, high),
        points=100 * (value - 1),
        points_ci=(100 * (low - 1), 100 * (high - 1)),
        p=_short_of(contrast, config).p(),
        p_adjusted=p_adjusted,
        n=figures.prompts,
        n_prompts=figures.prompts,
        why=why,
        caveats=(caveat(loops),),
        next_step=next_step(step, verdict, loops),
    )


def _since(loops: Loops, config: GenerationsConfig, figures: Figures) -> str:
    """` from generation g on`: the first of those without a break to the last that keep less than `keeps`."""
    first = None
    for generation in reversed(loops.generations()):
        if figures.of(_last(loops, generation)).value >= np.log(config.keeps):
            break
        first = generation
    return f" from generation {first} on" if first is not None else ""


def _since_first(loops: Loops, skipped: int) -> FloatArray:
    """Weights of the log ratio of the last generation to generation 0; skipped: figures before it (the twin's)."""
    count = len(loops.generations())
    weights = np.zeros(2 * count + 1)
    weights[0] = -1
    weights[count + skipped] = 1
    return weights


def _refused(loops: Loops, ratio: float, measure: str, why: str) -> Finding:
    return Finding(
        detector=DETECTOR,
        judge=loops.judge,
        target=f"{measure}, ratio {ratio:g}" if measure else f"ratio {ratio:g}",
        verdict=Verdict.NOT_TESTABLE,
        why=why,
        next_step="Take more probes.prompts and probes.samples, longer responses, or a smaller probes.fewest_words.",
    )
