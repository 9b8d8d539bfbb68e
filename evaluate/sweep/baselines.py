"""What stands beside a sweep's accuracies: the baseline `longer wins`, and the same models by the other engine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.stats import spearmanr

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.multiple import holm
from firsthand.evaluate.sweep.cells import Cell, alone, by_seed, cells_of
from firsthand.evaluate.sweep.measures import Measure, Scores, Values, accuracy, longer_side, scores_of
from firsthand.evaluate.sweep.outcome import EvalTable, Point, Sweep
from firsthand.evaluate.sweep.resample import Figure, Seeds, Wanted, over_prompts

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

    ordered: how many pairs of the cells each engine, this and the other, is shown to find unequally accurate; where it
    is none, the order that rank compares may be chance. apart: the cell on which their accuracies differ most. misled:
    the cells that one moves above human-only and the other below, where the two movements are shown to differ.
    """

    this: str
    other: str
    cells: tuple[Twice, ...]
    rank: float | None
    ordered: tuple[int, int]
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


def engines(sweep: Sweep, alpha: float) -> Engines | None:
    """How the two engines agree; None where there are not two cells that both trained.

    alpha: the chance that noise alone has an engine mislead anywhere, by Holm's method, and that it has an engine order
    any pair of equals. Two figures differ by what the prompts of the anchor and the draws of the seeds explain or by
    more; of one seed each, the draws are left out.
    """
    if not sweep.other:
        return None
    this, other = _trained(sweep.table, sweep.points), _trained(sweep.table, sweep.other)
    pairs = [
        (mine, nearest)
        for mine, cell in enumerate(this.cells)
        if (nearest := _nearest(cell, other.cells)) is not None and _nearest(other.cells[nearest], this.cells) == mine
    ]
    if len(pairs) < 2:
        return None
    cells = tuple(
        Twice(this.cells[mine], this.right[mine], other.right[theirs], this.moved[mine], other.moved[theirs])
        for mine, theirs in pairs
    )
    mixed = [number for number, each in enumerate(cells) if each.cell.synthetic_rows]
    adjusted = holm([_apart(this, other, *pairs[number]).p() for number in mixed])
    shown = [cells[number] for number, p in zip(mixed, adjusted, strict=True) if p < alpha]
    ours, theirs = [each.this for each in cells], [each.other for each in cells]
    constant = len(set(ours)) == 1 or len(set(theirs)) == 1
    return Engines(
        this=sweep.engine,
        other=sweep.other_engine,
        cells=cells,
        rank=None if constant else float(spearmanr(ours, theirs).statistic),
        ordered=(
            _ordered(sweep.table, sweep.points, [mine for mine, _ in pairs], alpha),
            _ordered(sweep.table, sweep.other, [theirs for _, theirs in pairs], alpha),
        ),
        apart=max(cells, key=lambda each: abs(each.this - each.other)),
        misled=tuple(each for each in shown if each.this_moved * each.other_moved < 0),
    )


@dataclass(frozen=True, slots=True)
class _Trained:
    """An engine's C cells.

    right: (C,), their accuracy. moved: (C,), the same minus that of human-only; influence: (C, Q), each prompt's part
    in that; of_seeds: (C,), its variance between seeds.
    """

    cells: tuple[Cell, ...]
    right: list[float]
    moved: list[float]
    influence: FloatArray
    of_seeds: FloatArray
    seeds: int
    prompts: int
    rows: int


def _trained(table: EvalTable, points: Sequence[Point]) -> _Trained:
    cells = cells_of(points)
    every = range(len(cells))
    bases = [_base(cells, number) for number in every]
    right = _contrasted(table, points, alone(cells, every))
    moved = _contrasted(table, points, alone(cells, every) - alone(cells, bases))
    return _Trained(
        cells=cells,
        right=right.mean().tolist(),
        moved=moved.mean().tolist(),
        influence=moved.influence(),
        of_seeds=moved.of_seeds(),
        seeds=len(moved.taken),
        prompts=moved.taken[0].prompts,
        rows=moved.taken[0].rows,
    )


def _apart(this: _Trained, other: _Trained, mine: int, theirs: int) -> Figure:
    """The movement of a cell by the one engine minus that by the other; the variance of the seeds is pooled."""
    influence = this.influence[[mine]] - other.influence[[theirs]]
    weighed = (this.seeds - 1) * this.of_seeds[mine] + (other.seeds - 1) * other.of_seeds[theirs]
    of_seeds = weighed / max(1, this.seeds + other.seeds - 2) * (1 / this.seeds + 1 / other.seeds)
    error = float(np.sqrt(over_prompts(influence, this.prompts)[0] + of_seeds))
    return Figure(this.moved[mine] - other.moved[theirs], error, this.prompts, this.rows)


def _ordered(table: EvalTable, points: Sequence[Point], numbers: Sequence[int], alpha: float) -> int:
    """How many pairs of these cells are shown to differ in accuracy, by Holm's method.

    Two or three seeds hardly tell the variance of one pair between them: that of all pairs is pooled.
    """
    firsts, seconds = zip(*combinations(numbers, 2), strict=True)
    cells = cells_of(points)
    seeds = _contrasted(table, points, alone(cells, firsts) - alone(cells, seconds))
    first = seeds.taken[0]
    error = np.sqrt(seeds.of_anchor() + seeds.of_seeds().mean() / len(seeds.taken))
    found = zip(seeds.mean().tolist(), error.tolist(), strict=True)
    return sum(p < alpha for p in holm([Figure(*each, first.prompts, first.rows).p() for each in found]))


def _contrasted(table: EvalTable, points: Sequence[Point], contrasts: FloatArray) -> Seeds:
    """Contrasts (R, C) of the cells' accuracies, by each seed."""
    measure, seeds = accuracy(table), Seeds()
    for group in by_seed(points):
        taken = measure(scores_of(group))
        seeds.add(replace(taken, value=contrasts @ taken.value, influence=contrasts @ taken.influence))
    return seeds


def _nearest(cell: Cell, others: Sequence[Cell]) -> int | None:
    """Which of the others is the same cell; the nearest where ratios lie close."""
    same = [number for number, each in enumerate(others) if _same(cell, each)]

    def apart(number: int) -> tuple[float, float]:
        return abs(cell.ratio - others[number].ratio), abs(cell.human_rows - others[number].human_rows)

    return min(same, key=apart, default=None)


def _same(cell: Cell, other: Cell) -> bool:
    """Whether two engines of one configuration mean the same cell; those of a learning curve differ by rows alone."""
    if cell.arm != other.arm or abs(cell.ratio - other.ratio) > SAME_RATIO:
        return False
    if (cell.synthetic_rows == 0) != (other.synthetic_rows == 0):
        return False
    curve = cell.arm.design == "human"
    return not curve or abs(cell.human_rows - other.human_rows) <= SAME_RATIO * cell.human_rows


def _base(cells: Sequence[Cell], number: int) -> int:
    """The human-only cell of the same arm, of a learning curve the last; the cell itself where there is none."""
    arm = cells[number].arm
    bases = [(of.human_rows, base) for base, of in enumerate(cells) if of.arm == arm and of.synthetic_rows == 0]
    return max(bases)[1] if bases else number
