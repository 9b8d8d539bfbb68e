"""What stands beside a sweep's accuracies: the baseline `longer wins`, and the same models by the other engine."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from firsthand.evaluate.sweep.cells import Cell, alone, by_seed, cells_of
from firsthand.evaluate.sweep.measures import Measure, Scores, Values, accuracy, longer_side, scores_of
from firsthand.evaluate.sweep.outcome import EvalTable, Point, Sweep
from firsthand.evaluate.sweep.resample import Figure, Wanted

SAME_RATIO = 0.02
"""Realised ratios that differ by less are one."""


@dataclass(frozen=True, slots=True)
class Right:
    """The accuracy of a cell, and the same minus that of `longer wins` on the same comparisons."""

    cell: Cell
    accuracy: Figure
    minus_longer: Figure


@dataclass(frozen=True, slots=True)
class Twice:
    """A cell that both engines trained: its accuracy, and its accuracy minus that of human-only, by each."""

    cell: Cell
    this: float
    other: float
    this_moved: float
    other_moved: float


@dataclass(frozen=True, slots=True)
class Engines:
    """Two engines on the same cells. rank: Spearman's correlation of their accuracies, None where one is constant.

    apart: the cell on which their accuracies differ most. misled: the cells that one moves above human-only and the
    other below.
    """

    this: str
    other: str
    cells: tuple[Twice, ...]
    rank: float | None
    apart: Twice
    misled: tuple[Twice, ...]


def wanted_accuracy(table: EvalTable, cells: Sequence[Cell]) -> dict[str, Wanted]:
    """The accuracy of every cell, and what it has over `longer wins`."""
    every = alone(cells, range(len(cells)))
    right, longer = accuracy(table), longer_wins(table)

    def minus_longer(scores: Scores) -> Values:
        return right(scores) - longer(scores)

    return {
        "accuracy": Wanted(right, every),
        "minus longer": Wanted(minus_longer, every),
        "longer": Wanted(longer, every[:1]),
    }


def longer_wins(table: EvalTable) -> Measure:
    """The accuracy of preferring the longer response, whatever the model."""
    side = longer_side(table)
    return lambda scores: accuracy(table)(Scores(np.broadcast_to(side, scores.gap.shape)))


def rights(cells: Sequence[Cell], found: dict[str, list[Figure]]) -> tuple[list[Right], Figure]:
    """The accuracies of all cells, and that of `longer wins`."""
    triples = zip(cells, found["accuracy"], found["minus longer"], strict=True)
    return [Right(*each) for each in triples], found["longer"][0]


def engines(sweep: Sweep) -> Engines | None:
    """How the two engines agree; None where there are not two cells that both trained."""
    if not sweep.other:
        return None
    this, other = _accuracies(sweep.table, sweep.points), _accuracies(sweep.table, sweep.other)
    pairs = [(mine, theirs) for mine in this for theirs in other if _same(mine[0], theirs[0])]
    if len(pairs) < 2:
        return None
    cells = tuple(
        Twice(mine[0], mine[1], theirs[1], mine[1] - _base(mine[0], this), theirs[1] - _base(theirs[0], other))
        for mine, theirs in pairs
    )
    ours, theirs = [each.this for each in cells], [each.other for each in cells]
    constant = len(set(ours)) == 1 or len(set(theirs)) == 1
    return Engines(
        this=sweep.engine,
        other=sweep.other_engine,
        cells=cells,
        rank=None if constant else float(spearmanr(ours, theirs).statistic),
        apart=max(cells, key=lambda each: abs(each.this - each.other)),
        misled=tuple(each for each in cells if each.this_moved * each.other_moved < 0),
    )


def _accuracies(table: EvalTable, points: Sequence[Point]) -> list[tuple[Cell, float]]:
    measure = accuracy(table)
    mean = np.mean([measure(scores_of(group)).value for group in by_seed(points)], axis=0)
    return list(zip(cells_of(points), mean.tolist(), strict=True))


def _same(cell: Cell, other: Cell) -> bool:
    if cell.arm != other.arm or abs(cell.ratio - other.ratio) > SAME_RATIO:
        return False
    return abs(cell.human_rows - other.human_rows) <= SAME_RATIO * max(cell.human_rows, other.human_rows, 1)


def _base(cell: Cell, among: Sequence[tuple[Cell, float]]) -> float:
    """The accuracy of the human-only cell of the same arm, NaN where it has none; of a learning curve, the last."""
    bases = [(other.human_rows, value) for other, value in among if other.arm == cell.arm and other.synthetic_rows == 0]
    return max(bases)[1] if bases else float("nan")
