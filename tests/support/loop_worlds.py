"""Loops in simulated worlds, many times over: how often the verdicts are wrong and the intervals hold the truth."""

from dataclasses import dataclass

import numpy as np

from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.generations.agreement import CLOSURE, agreement
from firsthand.evaluate.generations.amplification import amplification
from firsthand.evaluate.generations.collapse import diversity
from firsthand.evaluate.generations.config import GenerationsConfig, World
from firsthand.evaluate.generations.inherited import DETECTOR, SLOPE, TIMES
from firsthand.evaluate.generations.outcome import TWIN, Loops
from firsthand.evaluate.generations.sampled import draw_anchor, simulated_loops
from firsthand.evaluate.generations.simulator import distinct_share, evolve

GENERATIONS = 3


@dataclass(slots=True)
class Tally:
    """Counts over the worlds. slope, growth, kept: whether the interval held the truth, in each world that had one."""

    worlds: int
    amplified: int
    collapsed: int
    closed: int
    slope: list[bool]
    growth: list[bool]
    kept: list[bool]
    refused: int


def tally(world: World, worlds: int, seeds: int, first: int = 0) -> Tally:
    """One loop of the judge's labels alone beside its twin in each world."""
    found = Tally(worlds, 0, 0, 0, [], [], [], 0)
    for number in range(first, first + worlds):
        config = GenerationsConfig(
            generations=GENERATIONS,
            ratios=[1.0],
            seeds=[1000 * number + seed for seed in range(seeds)],
            world=world,
        )
        loops = simulated_loops(config, world)
        by_unit = {one.unit: one for one in amplification(loops, config).findings if one.detector == DETECTOR}
        slope, growth = by_unit[SLOPE], by_unit.get(TIMES)
        found.amplified += slope.verdict is Verdict.DETECTED
        mean_slope, times = true_affinity(world, loops, config)
        found.slope.append(slope.ci[0] <= mean_slope <= slope.ci[1])
        if growth is None or growth.ci is None:
            found.refused += 1
        else:
            found.growth.append(growth.ci[0] <= times <= growth.ci[1])
        (collapse,) = diversity(loops, config).findings
        found.collapsed += collapse.verdict is Verdict.DETECTED
        (closure,) = (one for one in agreement(loops, config).findings if one.detector == CLOSURE)
        found.closed += closure.verdict is Verdict.DETECTED
        found.kept.append(collapse.ci[0] <= true_kept(world) <= collapse.ci[1])
    return found


def true_affinity(world: World, loops: Loops, config: GenerationsConfig) -> tuple[float, float]:
    """The slope against the twin that endless data give; with one seed, that of the loops as they were drawn.

    And the growth in the last generation.
    """
    if len(loops.seeds()) > 1:
        loop, twin = ([state.c for state in evolve(world, ratio, GENERATIONS)][1:] for ratio in (1.0, TWIN))
    else:
        _, quality, style = draw_anchor(world, np.random.default_rng([config.seeds[0], 0]))
        columns = np.stack([quality, style], axis=1)
        loop, twin = (
            [np.linalg.lstsq(columns, one.gap, rcond=None)[0][1] for one in loops.of(ratio, loops.seeds()[0])]
            for ratio in (1.0, TWIN)
        )
    steps = range(1, GENERATIONS + 1)
    return float(np.polyfit(steps, np.array(loop) - np.array(twin), 1)[0]), loop[-1] / loop[-2]


def true_kept(world: World) -> float:
    """The loop's diversity over the twin's in the last generation, with endless data."""
    loop, twin = (distinct_share(list(evolve(world, ratio, GENERATIONS))[-1].p, world.samples) for ratio in (1.0, TWIN))
    return loop / twin
