"""What is measured of a model on the table: accuracy, and how far it leans to a side.

Everything rests on the sign of a gap, never on its size, so that a model's sharpness does not count.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import FloatArray, sums_by
from firsthand.evaluate.sweep.outcome import EvalTable, Point

BoolArray: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scores:
    """The gaps of P models, (P, M): score of A minus score of B; swapped: with the style features exchanged."""

    gap: FloatArray
    swapped: FloatArray | None = None

    def part(self, chosen: BoolArray) -> "Scores":
        """Those of the chosen models (P,)."""
        return Scores(self.gap[chosen], None if self.swapped is None else self.swapped[chosen])


@dataclass(frozen=True, slots=True)
class Values:
    """A measure of P models. value: (P,). influence: (P, Q), what each of Q prompts adds to the error of the value.

    The influence of prompt q on a mean of x over rows is the sum of (x - mean) over its rows, by the count of all rows;
    the variance over prompts is then Q / (Q - 1) sum_q influence^2 (linearisation; Woodruff 1971, clusters as Liang and
    Zeger 1986). NaN where there are no rows. prompts: how many have rows. rows: how many there are, of a difference
    the fewer.
    """

    value: FloatArray
    influence: FloatArray
    prompts: int
    rows: int

    def __sub__(self, other: "Values") -> "Values":
        return Values(
            self.value - other.value,
            self.influence - other.influence,
            min(self.prompts, other.prompts),
            min(self.rows, other.rows),
        )


Measure: TypeAlias = Callable[[Scores], Values]


def scores_of(points: Sequence[Point]) -> Scores:
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


def side_of(table: EvalTable, authors: Sequence[int]) -> FloatArray:
    """+1 where A alone is by one of `authors`, -1 where B alone is, else 0, as where an author is unknown: (M,)."""
    known = (table.author >= 0).all(axis=1)
    theirs = np.isin(table.author, np.asarray(authors, np.int64))
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
    return lambda scores: mean_over(table, _sides_with(scores.gap, people), rows)


def skew(table: EvalTable, side: FloatArray, rows: BoolArray) -> Measure:
    """T1: how much more often than not the model prefers the side, of `rows`: share minus 1/2."""
    return lambda scores: mean_over(table, _sides_with(scores.gap, side) - 0.5, rows & (side != 0))


def style_skew(table: EvalTable, side: FloatArray, rows: BoolArray) -> Measure:
    """T1: the part of the skew that goes with the style: half of what exchanging the style features takes away.

    A response that keeps its content and takes the other's style loses what its own style gave it and gains what the
    other's gave; half of the difference is one style's part. NaN where no features were exchanged.
    """

    def measure(scores: Scores) -> Values:
        swapped = np.full_like(scores.gap, np.nan) if scores.swapped is None else scores.swapped
        moved = _sides_with(scores.gap, side) - _sides_with(swapped, side)
        return mean_over(table, moved / 2, rows & (side != 0))

    return measure


def gold_gap(table: EvalTable, side: FloatArray) -> Measure:
    """T2: accuracy where people chose the side, minus accuracy where they chose against it."""
    people = np.sign(table.p_human - 0.5)

    def measure(scores: Scores) -> Values:
        right = _sides_with(scores.gap, people)
        return mean_over(table, right, people * side > 0) - mean_over(table, right, people * side < 0)

    return measure


def mean_over(table: EvalTable, values: FloatArray, rows: BoolArray) -> Values:
    """The mean of values (P, M) over the chosen rows, with the influence of each prompt."""
    _, number = np.unique(table.prompt, return_inverse=True)
    count, prompts = int(rows.sum()), len(np.unique(number[rows]))
    if count == 0:
        nothing = np.full(len(values), np.nan)
        return Values(nothing, np.full((len(values), int(number.max(initial=-1)) + 1), np.nan), 0, 0)
    mean = values[:, rows].mean(axis=1)
    apart = np.where(rows, values - mean[:, None], 0.0) / count
    return Values(mean, sums_by(apart.T, number).T, prompts, count)


def _sides_with(gap: FloatArray, side: FloatArray) -> FloatArray:
    """1 where the gap has the sign of the side, 0 where the other, 1/2 where it is 0: (P, M)."""
    agreed: FloatArray = 0.5 * (1.0 + np.sign(gap) * np.sign(side))
    return agreed
