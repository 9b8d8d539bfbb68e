"""The cells of a sweep: what it trains once a seed, and the contrasts of cells that figures are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.sweep.outcome import Arm, Design, Point


@dataclass(frozen=True, slots=True)
class Cell:
    """What a sweep trains once a seed: an arm at a ratio. The ratio and the rows are means over the seeds."""

    arm: Arm
    ratio: float
    human_rows: float
    synthetic_rows: float


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of one arm by rising ratio: numbers of cells. The first is the human-only one where its ratio is 0."""

    arm: Arm
    numbers: tuple[int, ...]
    ratios: tuple[float, ...]


def cells_of(points: Sequence[Point]) -> tuple[Cell, ...]:
    """The cells of a sweep, by arm and ratio."""
    return tuple(_cell(same) for same in zip(*by_seed(points), strict=True))


def by_seed(points: Sequence[Point]) -> list[tuple[Point, ...]]:
    """The points of each seed, in the order of the cells; raises ValueError where the seeds hold different ones."""
    seeds = sorted({point.seed for point in points})
    found = [in_order([point for point in points if point.seed == seed]) for seed in seeds]
    arms = [[point.arm for point in group] for group in found]
    if any(other != arms[0] for other in arms):
        raise ValueError("the seeds of a sweep must hold the same arms and ratios")
    return found


def in_order(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points by arm, ratio and human rows."""
    return tuple(sorted(points, key=lambda point: (*_names(point.arm), point.ratio, point.human_rows)))


def lines(cells: Sequence[Cell], design: Design) -> list[Line]:
    """The arms of a design that start at ratio 0 and go on from there."""
    found = []
    for arm in dict.fromkeys(cell.arm for cell in cells if cell.arm.design == design):
        numbers = tuple(number for number, cell in enumerate(cells) if cell.arm == arm)
        ratios = tuple(cells[number].ratio for number in numbers)
        if len(ratios) > 1 and ratios[0] == 0:
            found.append(Line(arm, numbers, ratios))
    return found


def alone(cells: Sequence[Cell], numbers: Sequence[int]) -> FloatArray:
    """Contrasts that are the cells themselves: (R, C)."""
    return np.asarray(np.eye(len(cells))[list(numbers)], np.float64)


def against(cells: Sequence[Cell], numbers: Sequence[int], base: int) -> FloatArray:
    """Contrasts that are the cells minus the cell `base`: (R, C)."""
    return np.asarray(alone(cells, numbers) - alone(cells, [base]), np.float64)


def _names(arm: Arm) -> tuple[str, str]:
    return arm.name, arm.design


def _cell(same: Sequence[Point]) -> Cell:
    return Cell(
        same[0].arm,
        float(np.mean([point.ratio for point in same])),
        float(np.mean([point.human_rows for point in same])),
        float(np.mean([point.synthetic_rows for point in same])),
    )
