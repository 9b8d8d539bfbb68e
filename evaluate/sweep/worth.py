"""What a synthetic row is worth in human rows, read off the learning curve of human rows.

A model of h human and s synthetic rows is as accurate as one of n' human rows alone; a synthetic row is then worth
(n' - h) / s of a human one. The curve is accuracy against the log of the human rows, isotonic, joined by straight lines
from a coin's 1/2 at one row. The interval of n' holds the curve's rows at which the difference of accuracies may be 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.accuracy import COIN
from firsthand.evaluate.sweep.cells import Cell, Line, alone, lines
from firsthand.evaluate.sweep.measures import accuracy
from firsthand.evaluate.sweep.outcome import EvalTable
from firsthand.evaluate.sweep.resample import Figure, Wanted
from firsthand.evaluate.sweep.settings import AnalysisConfig
from firsthand.evaluate.sweep.tolerance import crossing

LEAST_CURVE = 3
"""Points of the learning curve."""


@dataclass(frozen=True, slots=True)
class Worth:
    """Human rows that one synthetic row of an arm at a ratio is worth.

    as_human: n'. None, here and at an end of the interval: more than the learning curve reaches.
    """

    arm: str
    ratio: float
    human_rows: float
    synthetic_rows: float
    as_human: float | None
    value: float | None
    low: float | None
    high: float | None
    most_rows: float


def wanted_worth(table: EvalTable, cells: Sequence[Cell]) -> dict[str, Wanted]:
    """Of each cell that replaces human rows: the curve's accuracies minus its own, the last its own minus a coin's."""
    curve, found, measure = _curve(cells), {}, accuracy(table)
    if len(curve) >= LEAST_CURVE:
        for line in lines(cells, "replace"):
            for number in line.numbers[1:]:
                own = alone(cells, [number])
                contrasts = np.concatenate([alone(cells, curve) - own, own])
                found[_name(line, number)] = Wanted(measure, contrasts)
    return found


def worths(cells: Sequence[Cell], found: dict[str, list[Figure]], config: AnalysisConfig) -> list[Worth]:
    """The worth of every replaced cell, from the figures of `wanted_worth`."""
    curve = _curve(cells)
    rows = np.array([1.0, *(cells[number].human_rows for number in curve)])
    return [
        _worth(cells[number], rows, found[_name(line, number)], config)
        for line in lines(cells, "replace")
        for number in line.numbers[1:]
        if _name(line, number) in found and found[_name(line, number)][0].rows >= config.least_rows
    ]


def _curve(cells: Sequence[Cell]) -> list[int]:
    """The cells of human rows alone, by rows; of as many rows one."""
    by_rows = {cell.human_rows: number for number, cell in enumerate(cells) if cell.synthetic_rows == 0}
    return [by_rows[rows] for rows in sorted(by_rows) if rows > 1]


def _worth(cell: Cell, rows: FloatArray, figures: Sequence[Figure], config: AnalysisConfig) -> Worth:
    *apart, own = figures
    value = np.array([COIN - own.value, *(figure.value for figure in apart)])
    wide = np.array([own.wide(config.alpha), *(figure.wide(config.alpha) for figure in apart)])
    rising = np.asarray(isotonic_regression(value).x)

    def as_human(curve: FloatArray) -> float | None:
        at = crossing(np.log(rows), np.maximum.accumulate(curve), 0.0)
        return None if at is None else float(np.exp(at))

    def each(equal: float | None) -> float | None:
        return None if equal is None else (equal - cell.human_rows) / cell.synthetic_rows

    equal = as_human(rising)
    return Worth(
        arm=cell.arm.name,
        ratio=cell.ratio,
        human_rows=cell.human_rows,
        synthetic_rows=cell.synthetic_rows,
        as_human=equal,
        value=each(equal),
        low=each(as_human(rising + wide)),
        high=each(as_human(rising - wide)),
        most_rows=float(rows[-1]),
    )


def _name(line: Line, number: int) -> str:
    return f"worth {line.arm.name} {number}"
