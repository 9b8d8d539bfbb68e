"""Worlds with a known answer for the sweep: responses with features, people, a judge, and linear models on both.

A response has features z ~ N(0, 1), the first of them shifted by `kin` where the own author wrote it, so that a model
can tell who wrote it. People value beta' z; the judge too, or not, and adds its affinity and its tastes.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.evaluate.sweep.head import Tally, fit_head
from firsthand.evaluate.sweep.outcome import Arm, Design, EvalTable, Point, Refit, Sweep
from firsthand.lineage import Relation

STYLE = (0, 1)
"""The features that an exchange of styles exchanges: who wrote a response shows in the first."""


@dataclass(frozen=True, slots=True)
class JudgeWorld:
    """A judge.

    accuracy: the chance that it chooses the better response, however close the two are. None: it votes by the log-odds
    sharpness x quality + affinity x own + taste x style.
    """

    accuracy: float | None = None
    sharpness: float = 1.0
    affinity: float = 0.0
    taste: float = 0.0


@dataclass(frozen=True, slots=True)
class SweepWorld:
    """A sweep. human, synthetic: training comparisons that people and that the judge labelled, one a prompt.

    anchor: comparisons with `votes` votes each. own_share: of the comparisons, those with a response of the own author.
    kin: how clearly the features show the own author. quality: standard deviation of the quality of a comparison, in
    people's log-odds. advantage: how much better own responses are, beyond what the features show of others. features:
    how many a response has. penalty: lambda of the heads.
    """

    judge: JudgeWorld
    human: int = 600
    synthetic: int = 600
    anchor: int = 600
    votes: int = 2
    own_share: float = 0.6
    kin: float = 1.5
    quality: float = 1.5
    advantage: float = 0.0
    features: int = 8
    ratios: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    seeds: int = 3
    add: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    permuted: bool = False
    penalty: float = 1.0


@dataclass(frozen=True, slots=True)
class _Rows:
    """Training comparisons: features of A minus B (N, F), own side (N,), 1 where A was chosen, by whom."""

    difference: FloatArray
    human: FloatArray
    judge: FloatArray
    permuted: FloatArray


def simulate(world: SweepWorld, seed: int) -> tuple[Sweep, Refit]:
    """Draw the world, train every model, and give the sweep with what trains it again."""
    chance = np.random.default_rng(seed)
    beta = chance.normal(size=world.features)
    beta[0] = world.advantage
    beta[1:] *= np.sqrt(world.quality**2 / 2 / (beta[1:] ** 2).sum())
    rows = _training_rows(world, beta, chance)
    table, gap_features, swapped_features = _anchor(world, beta, chance)
    orders = [np.random.default_rng((seed, number)) for number in range(world.seeds)]
    shuffled = [(order.permutation(world.human), order.permutation(world.synthetic)) for order in orders]

    heads: dict[tuple[int, int], FloatArray] = {}

    def train(number: int, counts: IntArray) -> tuple[Point, ...]:
        found = []
        for place, (arm, ratio, chosen, labels) in enumerate(_cells(world, rows, shuffled[number])):
            tally = Tally(np.ones(len(chosen)), labels).times(counts[chosen].astype(np.float64))
            head = fit_head(rows.difference[chosen], tally, world.penalty, heads.get((number, place)))
            heads.setdefault((number, place), head)
            people = int((chosen < world.human).sum())
            gap, swapped = gap_features @ head, swapped_features @ head
            found.append(Point(arm, ratio, number, people, len(chosen) - people, gap, swapped))
        return tuple(found)

    once = np.ones(world.human + world.synthetic, np.int64)
    points = tuple(point for number in range(world.seeds) for point in train(number, once))
    sweep = Sweep(
        table,
        "judge",
        (0,),
        points,
        "fast",
        world.human + world.synthetic,
        Relation.SAME_MODEL,
        {"all": {"seed": seed}},
    )
    return sweep, lambda counts: train(0, counts)


def _cells(
    world: SweepWorld, rows: _Rows, shuffled: tuple[IntArray, IntArray]
) -> list[tuple[Arm, float, IntArray, FloatArray]]:
    """Of each model of one seed: its arm, its ratio, the rows it trains on and their labels."""
    people, judged = shuffled[0], world.human + shuffled[1]
    size = min(world.human, world.synthetic)
    found: list[tuple[Arm, float, IntArray, FloatArray]] = []

    def add(name: str, design: Design, ratio: float, human: int, synthetic: int, labels: FloatArray) -> None:
        chosen = np.concatenate([people[:human], judged[:synthetic]])
        by_whom = np.where(chosen < world.human, rows.human[chosen], labels[chosen])
        found.append((Arm(name, design), ratio, chosen, by_whom))

    for ratio in world.ratios:
        synthetic = round(ratio * size)
        add("all", "replace", ratio, size - synthetic, synthetic, rows.judge)
        if world.permuted:
            add("all", "permuted", ratio, size - synthetic, synthetic, rows.permuted)
    for ratio in world.add:
        add("all", "add", ratio, world.human, round(world.human * ratio / (1 - ratio)), rows.judge)
    for share in world.shares:
        add("human", "human", 0.0, round(share * world.human), 0, rows.judge)
    return found


def _training_rows(world: SweepWorld, beta: FloatArray, chance: np.random.Generator) -> _Rows:
    count = world.human + world.synthetic
    author, features = _responses(world, count, chance)
    difference = features[:, 0] - features[:, 1]
    quality = difference @ beta
    human = (chance.random(count) < expit(quality)).astype(np.float64)
    judge = _judged(world.judge, quality, _own_side(author), difference[:, 1], chance)
    return _Rows(difference, human, judge, _permuted(human, judge, chance))


def _permuted(human: FloatArray, judge: FloatArray, chance: np.random.Generator) -> FloatArray:
    """The judge's labels, permuted among the comparisons on which people chose the same side."""
    found = judge.copy()
    for side in (0.0, 1.0):
        rows = np.flatnonzero(human == side)
        found[rows] = judge[chance.permutation(rows)]
    return found


def _anchor(
    world: SweepWorld, beta: FloatArray, chance: np.random.Generator
) -> tuple[EvalTable, FloatArray, FloatArray]:
    """The table, and the features of A minus B (M, F) as they are and with the style exchanged."""
    author, features = _responses(world, world.anchor, chance)
    difference = features[:, 0] - features[:, 1]
    votes = chance.binomial(world.votes, expit(difference @ beta))
    swapped = difference.copy()
    swapped[:, STYLE] *= -1
    table = EvalTable(
        comparison_id=tuple(f"c{number}" for number in range(world.anchor)),
        prompt=np.arange(world.anchor),
        p_human=votes / world.votes,
        votes=np.full(world.anchor, world.votes),
        response=np.arange(2 * world.anchor).reshape(world.anchor, 2),
        author=author,
        authors=("own", "other-1", "other-2", "other-3"),
        length=np.round(np.exp(6 + 0.3 * features[:, :, 1])).astype(np.float64),
        tag=np.arange(world.anchor) % 2,
        tags=("even", "odd"),
    )
    return table, difference, swapped


def _responses(world: SweepWorld, count: int, chance: np.random.Generator) -> tuple[IntArray, FloatArray]:
    """Authors (N, 2), the own one in a share of the comparisons, and features (N, 2, F)."""
    other = 1 + chance.integers(0, 3, (count, 2))
    author = np.where(other[:, :1] == other[:, 1:], np.stack([other[:, 0], 1 + other[:, 0] % 3], axis=1), other)
    own, side = chance.random(count) < world.own_share, chance.integers(0, 2, count)
    author[own, side[own]] = 0
    features = chance.normal(size=(count, 2, world.features))
    features[:, :, 0] += world.kin * (author == 0)
    return author, features


def _own_side(author: IntArray) -> FloatArray:
    side: FloatArray = (author[:, 0] == 0).astype(np.float64) - (author[:, 1] == 0)
    return side


def _judged(
    judge: JudgeWorld, quality: FloatArray, own: FloatArray, style: FloatArray, chance: np.random.Generator
) -> FloatArray:
    """1 where the judge chooses A."""
    drawn = chance.random(len(quality))
    log_odds = judge.sharpness * quality + judge.affinity * own + judge.taste * style
    chosen = drawn < expit(log_odds) if judge.accuracy is None else (quality > 0) == (drawn < judge.accuracy)
    return np.asarray(chosen, np.float64)
