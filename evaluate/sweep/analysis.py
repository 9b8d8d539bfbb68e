"""From the models of a sweep to what they say: every statistic, its verdicts, and what to do."""

from dataclasses import dataclass

from firsthand.errors import InputError
from firsthand.evaluate.audit.finding import Finding
from firsthand.evaluate.sweep.baselines import Engines, Right, engines, rights, wanted_accuracy
from firsthand.evaluate.sweep.cells import Cell, cells_of, lines
from firsthand.evaluate.sweep.findings import findings
from firsthand.evaluate.sweep.outcome import Refit, Sweep
from firsthand.evaluate.sweep.permuted import Control, controls, wanted_controls
from firsthand.evaluate.sweep.proxy_gold import ProxyGold, proxy_gold, wanted_proxy_gold
from firsthand.evaluate.sweep.recommend import Recommendation, recommend
from firsthand.evaluate.sweep.resample import Figure, figures
from firsthand.evaluate.sweep.settings import AnalysisConfig
from firsthand.evaluate.sweep.skew import SkewCurve, skew_curves, targets, wanted_skew
from firsthand.evaluate.sweep.verdicts import Effect, effects_of, wanted_effects
from firsthand.evaluate.sweep.worth import Worth, wanted_worth, worths

__all__ = ["Analysis", "AnalysisConfig", "analyse"]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a sweep says. refitted: whether the intervals hold what other training prompts would change."""

    sweep: Sweep
    config: AnalysisConfig
    cells: tuple[Cell, ...]
    accuracy: list[Right]
    longer_wins: Figure
    effects: list[Effect]
    worth: list[Worth]
    skew: list[SkewCurve]
    picked: list[ProxyGold]
    controls: list[Control]
    findings: list[Finding]
    engines: Engines | None
    recommendation: Recommendation
    refitted: bool


def analyse(sweep: Sweep, refit: Refit | None, config: AnalysisConfig) -> Analysis:
    """All statistics of a sweep; raises InputError where it holds nothing to compare.

    refit: trains the models again on resampled prompts, for the intervals; None where that costs too much.
    """
    cells = cells_of(sweep.points)
    if not lines(cells, "add") and not lines(cells, "replace"):
        raise InputError(
            "the sweep has no arm with ratio 0 and a ratio above it: there is nothing to compare; put 0 and at least "
            "one more ratio under ratios"
        )
    sides = targets(sweep)
    wanted = {
        **wanted_accuracy(sweep.table, cells),
        **wanted_effects(sweep.table, cells),
        **wanted_worth(sweep.table, cells),
        **wanted_skew(sweep, sides, cells, config),
        **wanted_proxy_gold(sweep.table, cells, config),
        **wanted_controls(sweep, sides, cells, config),
    }
    found = figures(sweep, refit, wanted, config.refits, config.seed)
    refitted = refit is not None and config.refits > 1
    accuracies, longer = rights(cells, found)
    moved = effects_of(sweep.table, cells, found, config)
    curves = skew_curves(sides, cells, found, config)
    picked = proxy_gold(cells, found, config)
    held = controls(sides, cells, found)
    both = engines(sweep, config.alpha)
    return Analysis(
        sweep=sweep,
        config=config,
        cells=cells,
        accuracy=accuracies,
        longer_wins=longer,
        effects=moved,
        worth=worths(cells, found, config),
        skew=curves,
        picked=picked,
        controls=held,
        findings=findings(sweep, curves, picked, held, config, refitted),
        engines=both,
        recommendation=recommend(sweep, moved, curves, (accuracies, longer, both), config),
        refitted=refitted,
    )
