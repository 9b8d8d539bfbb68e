"""A run of the simulated world as a user would see it: finite mixes, a finite anchor with people's votes, few samples.

Its `exact` curves tell what the same world does with endless data (simulator.py).
"""

import numpy as np
from scipy.special import expit

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.evaluate.audit.table import AuditTable, B, Votes
from firsthand.evaluate.audit.targets import Target
from firsthand.evaluate.generations.config import GenerationsConfig, World
from firsthand.evaluate.generations.outcome import TWIN, Generation, Loops
from firsthand.evaluate.generations.simulator import (
    State,
    Types,
    collapse_ratio,
    described,
    exact_curves,
    fit,
    judged,
    tilted,
    types_of,
)
from firsthand.lineage import Relation

JUDGE, OWN = "judge", "judge's kin"
AUTHORS = (OWN, "other-1", "other-2", "other-3")
PER_PROMPT = 2
"""Comparisons of the anchor on one prompt."""
RIDGE = 1.0
"""Of a fit to finitely many rows, as a normal prior of variance 1 on each number."""
DIVERSITY = "different types"


def simulated_loops(config: GenerationsConfig, world: World) -> Loops:
    """Run every loop and its twin once for every seed, on one anchor drawn by the first of them."""
    anchor, quality, style = draw_anchor(world, np.random.default_rng([config.seeds[0], 0]))
    types = types_of(world)
    models: list[Generation] = []
    for seed in config.seeds:
        chance = np.random.default_rng([seed, 1])
        models.append(Generation(TWIN, 0, seed, 0, 0, None, _probed(world, types.first, chance)))
        for ratio in (TWIN, *config.ratios):
            state = State(types.first, 0.0, 0.0)
            for generation in range(1, config.generations + 1):
                state, rows = _next(world, types, state, ratio, chance)
                gap = state.a * quality + state.c * style
                models.append(Generation(ratio, generation, seed, *rows, gap, _probed(world, state.p, chance)))
    ratios = (TWIN, *config.ratios)
    return Loops(
        anchor,
        JUDGE,
        Target(OWN, (0,), Relation.SAME_FAMILY),
        tuple(models),
        engine="simulator",
        facts={f"world: {name}": value for name, value in world.model_dump().items()},
        exact={ratio: exact_curves(world, ratio, config.generations) for ratio in ratios},
        collapses_at=collapse_ratio(world, config.generations, config.keeps),
    )


def draw_anchor(world: World, chance: np.random.Generator) -> tuple[AuditTable, FloatArray, FloatArray]:
    """The anchor, two thirds of it with the judge's kin, and how much better A is and how much more of its style."""
    pairs = world.comparisons
    kin = np.arange(pairs) % 3 < 2
    first = np.where(kin, 0, 1 + chance.integers(0, 3, pairs))
    second = np.where(kin, 1 + chance.integers(0, 3, pairs), 1 + first % 3)
    swap = chance.random(pairs) < 0.5
    author = np.where(swap[:, None], np.stack([second, first], axis=1), np.stack([first, second], axis=1))
    style = (author[:, 0] == 0).astype(np.float64) - (author[:, 1] == 0)
    quality = world.quality_of_style * style + chance.normal(0, np.sqrt(2), pairs)
    prompt = np.arange(pairs) // PER_PROMPT
    everyone = np.arange(pairs)
    p_a = judged(world, quality, style)
    table = AuditTable(
        prompt=prompt,
        author=author,
        length=np.full((pairs, 2), 400.0),
        authors=AUTHORS,
        raters=tuple(f"rater-{number}" for number in range(world.votes)),
        judges=(JUDGE,),
        people=_people(world, quality, chance),
        judged=Votes(everyone, np.zeros(pairs, np.int64), _side(p_a), np.zeros(pairs, np.int64), p_a),
        simulated=tuple(f"rater-{number}" for number in range(world.votes)),
    )
    return table, quality, style


def _people(world: World, quality: FloatArray, chance: np.random.Generator) -> Votes:
    pair = np.repeat(np.arange(len(quality)), world.votes)
    rater = np.tile(np.arange(world.votes), len(quality))
    for_a = chance.random(len(pair)) < expit(quality[pair])
    return Votes(pair, rater, np.where(for_a, 0, B), np.zeros(len(pair), np.int64), np.full(len(pair), np.nan))


def _side(p_a: FloatArray) -> IntArray:
    return np.where(p_a > 0.5, 0, B).astype(np.int64)


def _next(
    world: World, types: Types, before: State, ratio: float, chance: np.random.Generator
) -> tuple[State, tuple[int, int]]:
    """The next generation, and the human and synthetic rows that it was trained on."""
    synthetic = round(ratio * world.rows)
    rows = (world.rows - synthetic, synthetic)
    first = chance.choice(len(types.first), (rows[0], 2), p=types.first)
    own = chance.choice(len(before.p), (synthetic, 2), p=before.p)
    drawn = np.concatenate([first, own])
    quality, style = (values[drawn[:, 0]] - values[drawn[:, 1]] for values in (types.quality, types.style))
    is_human = np.arange(world.rows) < rows[0]
    chosen_first = chance.random(world.rows) < np.where(is_human, expit(quality), judged(world, quality, style))
    if world.update == "dpo":
        columns = np.stack([quality, style], axis=1)
        learned = fit(columns, chosen_first.astype(np.float64), np.ones(world.rows), RIDGE)
        return tilted(world, types, before, *learned), rows
    chosen = np.where(chosen_first, drawn[:, 0], drawn[:, 1])
    counts = np.bincount(chosen, minlength=len(types.first))
    return described(types, counts / counts.sum()), rows


def _probed(world: World, p: FloatArray, chance: np.random.Generator) -> dict[str, FloatArray]:
    """The share of different types among the samples on each probe prompt."""
    drawn = np.sort(chance.choice(len(p), (world.probes, world.samples), p=p), axis=1)
    different = 1 + (np.diff(drawn, axis=1) != 0).sum(axis=1)
    return {DIVERSITY: different / world.samples}
