"""L2: how many times an affinity grows from one generation to the next, A = gamma_{g+1} / gamma_g.

The interval is Fieller's, with the covariance of the two affinities; it is refused where gamma_g is not told from 0.
"""

from collections.abc import Sequence

import numpy as np

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.finding import Finding, Interval, Verdict
from firsthand.evaluate.generations.config import GenerationsConfig
from firsthand.evaluate.generations.fieller import fieller
from firsthand.evaluate.generations.inherited import DETECTOR, TIMES, Inherited, caveats, refused, target_name
from firsthand.evaluate.generations.outcome import Loops
from firsthand.evaluate.generations.seeds import may_tell, next_step
from firsthand.evaluate.generations.series import Contrast, Figures
from firsthand.evaluate.multiple import holm
from firsthand.evaluate.table import plain

LEARNING = "Read it beside the twin's curve: a model that goes on learning follows everything more strongly."


def growth(figures: Figures, step: int, alpha: float) -> tuple[float, Interval | None]:
    """Gamma of figure step + 1 over that of figure `step`, with its interval; None: the latter is not told from 0."""
    below, above = (figures.of(np.eye(len(figures.mean))[place]) for place in (step, step + 1))
    t = max(below.quantile(alpha), above.quantile(alpha))
    covariance = figures.covariance[step, step + 1]
    ratio = above.value / below.value if below.value else float("nan")
    return ratio, fieller(above.value, below.value, above.error**2, below.error**2, float(covariance), t)


def growth_findings(loops: Loops, config: GenerationsConfig, tested: Sequence[Inherited]) -> list[Finding]:
    """The growth in the last generation of every loop."""
    steps = loops.generations()
    if len(steps) < 2:
        return []
    place = len(steps) - 2
    rises = [one.figures.of(_rise(one.figures, place)) for one in tested]
    found = [growth(one.figures, place, config.alpha) for one in tested]
    known = [number for number, (_, ci) in enumerate(found) if ci is not None]
    adjusted = dict(zip(known, holm([rises[number].p() for number in known]), strict=True))
    return [
        _refused(loops, config, one, place)
        if ci is None
        else _finding(loops, config, one, times, ci, rises[number], adjusted[number])
        for number, (one, (times, ci)) in enumerate(zip(tested, found, strict=True))
    ]


def _finding(
    loops: Loops,
    config: GenerationsConfig,
    one: Inherited,
    times: float,
    ci: Interval,
    rise: Contrast,
    p_adjusted: float,
) -> Finding:
    (low, high), last = ci, loops.generations()[-1]
    whose = f"At ratio {one.ratio:g} the models' affinity for {plain(target_name(one.target))}"
    words = f"{times:.2f} times ({low:.2f} to {high:.2f}) from generation {last - 1} to {last}"
    told = may_tell(rise, loops)
    if told and p_adjusted < config.alpha and low > 1:
        verdict, why = Verdict.DETECTED, f"{whose} grows {words}."
    elif told and high <= 1:
        verdict, why = Verdict.RULED_OUT, f"{whose} does not grow: {words}."
    else:
        verdict, why = Verdict.INCONCLUSIVE, f"{whose} changes {words}: it may grow or not."
    return Finding(
        detector=DETECTOR,
        judge=loops.judge,
        target=one.name,
        relation=one.relation,
        verdict=verdict,
        direction="favours" if times > 1 else "disfavours",
        estimate=times,
        unit=TIMES,
        ci=ci,
        p=rise.p(),
        p_adjusted=p_adjusted,
        n=one.n,
        n_prompts=one.figures.prompts,
        why=why,
        caveats=caveats(loops),
        next_step=next_step(LEARNING, verdict, loops),
    )


def _refused(loops: Loops, config: GenerationsConfig, one: Inherited, place: int) -> Finding:
    low, high = one.figures.of(np.eye(len(one.figures.mean))[place]).interval(config.alpha)
    why = (
        f"At ratio {one.ratio:g} the affinity of generation {loops.generations()[place]} for "
        f"{plain(target_name(one.target))} is not told from 0 ({low:+.2f} to {high:+.2f} log-odds), so that nothing "
        "can be said of how many times it grew."
    )
    return refused(loops, one.ratio, one.target, why, "Go by the slope; a larger anchor would tell.", TIMES)


def _rise(figures: Figures, place: int) -> FloatArray:
    """Weights of a figure's difference to the one before."""
    weights = np.zeros(len(figures.mean))
    weights[[place, place + 1]] = -1, 1
    return weights
