"""What both engines give back."""

from dataclasses import dataclass

from firsthand.evaluate.sweep.outcome import EvalTable, Point
from firsthand.evaluate.sweep.read import Facts

STYLE_ALONE = "style alone"
"""The fact `features of` where no language model was read."""


@dataclass(frozen=True, slots=True)
class Ran:
    """Every model of a sweep, on the comparisons of `table`."""

    points: tuple[Point, ...]
    table: EvalTable
    facts: Facts
