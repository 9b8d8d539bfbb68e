"""A figure over the generations of one loop, with its intervals: what the page draws and the JSON holds."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.generations.series import Figures


@dataclass(frozen=True, slots=True)
class Curve:
    """`measure` of the loop at `ratio`; value, low, high: by generation, None where it is not known.

    exact: the truth of a simulated world, by generation; empty for real models.
    """

    measure: str
    ratio: float
    generations: tuple[int, ...]
    value: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    exact: tuple[float, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Its keys and values."""
        return asdict(self)


def curve(
    measure: str,
    ratio: float,
    generations: Sequence[int],
    figures: Figures,
    alpha: float,
    exact: FloatArray | None = None,
    exponent: bool = False,
) -> Curve:
    """The first `generations` of the figures, with intervals of level 1 - alpha; exponent: of their logarithms."""
    count = len(figures.mean)
    contrasts = [figures.of(np.eye(count)[place]) for place in range(len(generations))]
    rows = np.array([(one.value, *one.interval(alpha)) for one in contrasts])
    value, low, high = (tuple(column) for column in (np.exp(rows) if exponent else rows).T.tolist())
    truth = () if exact is None else tuple(float(exact[generation]) for generation in generations)
    return Curve(measure, ratio, tuple(generations), value, low, high, truth)
