"""What is measured of a model on the table: accuracy, and how far it leans to a side.

A measure takes the gaps of P models on M comparisons and D weightings of the comparisons, and gives (P, D): one number
for each model and weighting, NaN where nothing is weighed. Everything rests on the sign of a gap, never on its size, so
that a model's sharpness does not count.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from firsthand.evaluate.bootstrap import FloatArray, IntArray, ratio
from firsthand.evaluate.sweep.outcome import EvalTable, Point

BoolArray: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scores:
    """The gaps of P models, (P, M): score of A minus score of B; swapped: with the style features exchanged."""

    gap: FloatArray
    swapped: FloatArray | None = None


Measure: TypeAlias = Callable[[Scores, FloatArray], FloatArray]


def scores_of(points: tuple[Point, ...]) -> Scores:
    """The gaps of the points, in their order."""
    swapped = [point.gap_swapped for point in points if point.gap_swapped is not None]
    whole = len(swapped) == len(points)
    return Scores(np.stack([point.gap for point in points]), np.stack(swapped) if whole else None)


def decided(table: EvalTable) -> BoolArray:
    """The comparisons on which most people chose the same side: (M,)."""
    return np.asarray(table.p_human != 0.5)


def probes(table: EvalTable, margin: float) -> BoolArray:
    """The comparisons on which people are split, or nearly: |p_human - 1/2| <= margin, (M,)."""
    return np.asarray(np.abs(table.p_human - 0.5) <= margin + 1e-12)


def side_of(table: EvalTable, authors: tuple[int, ...]) -> FloatArray:
    """+1 where A alone is by one of `authors`, -1 where B alone is, else 0: (M,)."""
    known = (table.author >= 0).all(axis=1)
    theirs = np.isin(table.author, authors)
    side: FloatArray = known * (theirs[:, 0].astype(np.float64) - theirs[:, 1])
    return side


def longer_side(table: EvalTable) -> FloatArray:
    """+1 where A is the longer response, -1 where B is, 0 where they are equally long: (M,)."""
    side: FloatArray = np.sign(table.length[:, 0] - table.length[:, 1])
    return side


def accuracy(table: EvalTable, chosen: BoolArray | None = None) -> Measure:
    """The share of the decided comparisons on which the model sides with most people; an equal score counts half.

    chosen: (M,), only among these.
    """
    people = np.sign(table.p_human - 0.5)
    rows = decided(table) if chosen is None else decided(table) & chosen

    def measure(scores: Scores, weight: FloatArray) -> FloatArray:
        return _share(_sides_with(scores.gap, people), rows, weight)

    return measure


def skew(side: FloatArray, rows: BoolArray) -> Measure:
    """How much more often than not the model prefers the side, of `rows`: share minus 1/2 (T1)."""
    chosen = rows & (side != 0)

    def measure(scores: Scores, weight: FloatArray) -> FloatArray:
        return _share(_sides_with(scores.gap, side), chosen, weight) - 0.5

    return measure


def style_skew(side: FloatArray, rows: BoolArray) -> Measure:
    """The part of the skew that goes with the style: half of what exchanging the style features takes away (T1).

    A response that keeps its content and takes the other's style loses what its own style gave it and gains what the
    other's gave; half of the difference is one style's part. Undefined where no features were exchanged.
    """
    chosen = rows & (side != 0)

    def measure(scores: Scores, weight: FloatArray) -> FloatArray:
        if scores.swapped is None:
            return np.full((len(scores.gap), weight.shape[1]), np.nan)
        moved = _sides_with(scores.gap, side) - _sides_with(scores.swapped, side)
        return _share(moved / 2, chosen, weight)

    return measure


def gold_gap(table: EvalTable, side: FloatArray) -> Measure:
    """Accuracy where people chose the side, minus accuracy where they chose against it (T2)."""
    people = np.sign(table.p_human - 0.5)
    toward, against = people * side > 0, people * side < 0

    def measure(scores: Scores, weight: FloatArray) -> FloatArray:
        right = _sides_with(scores.gap, people)
        return _share(right, toward, weight) - _share(right, against, weight)

    return measure


def prompt_numbers(table: EvalTable) -> tuple[IntArray, int]:
    """The prompts numbered from 0 in the order of their number: (M,), and how many."""
    found, number = np.unique(table.prompt, return_inverse=True)
    return number.astype(np.int64), len(found)


def _sides_with(gap: FloatArray, side: FloatArray) -> FloatArray:
    """1 where the gap has the sign of the side, 0 where the other, 1/2 where it is 0: (P, M)."""
    agreed: FloatArray = 0.5 * (1.0 + np.sign(gap) * np.sign(side))
    return agreed


def _share(values: FloatArray, rows: BoolArray, weight: FloatArray) -> FloatArray:
    """The weighted mean of the values (P, M) over `rows`: (P, D)."""
    kept = weight[rows]
    return ratio(values[:, rows] @ kept, kept.sum(axis=0))
