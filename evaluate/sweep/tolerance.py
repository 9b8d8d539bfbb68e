"""T3, the tolerance ratio: the smallest synthetic share at which the model leans to a side by a margin more.

    rho*(m) = inf {rho : Inh(rho) >= m},      Inh(rho) = skew(rho) - skew(0),

with Inh fitted as a function that never falls (isotonic regression; Barlow et al. 1972) and joined by straight lines.
Its interval holds the ratios at which the band of Inh still holds m (a test inverted, as Fieller's): from where
Inh + t e first reaches m to where Inh - t e does. A band that never reaches m has no end there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.sweep.resample import Figure


@dataclass(frozen=True, slots=True)
class Tolerance:
    """ratio: where the margin is reached; low, high: its interval. None: not up to the largest ratio of the sweep.

    fitted: (R,), Inh as the isotonic regression has it.
    """

    ratio: float | None
    low: float | None
    high: float | None
    fitted: FloatArray


def tolerance(ratios: Sequence[float], inherited: Sequence[Figure], margin: float, alpha: float) -> Tolerance:
    """The tolerance ratio from Inh at rising ratios (R,), the first of which is 0 with Inh = 0."""
    values = np.array([figure.value for figure in inherited])
    errors = np.array([figure.error for figure in inherited])
    fitted = _rising(values, errors)
    wide = np.array([figure.wide(alpha) for figure in inherited])
    at = np.asarray(ratios, np.float64)
    return Tolerance(
        ratio=crossing(at, fitted, margin),
        low=crossing(at, np.maximum.accumulate(fitted + wide), margin),
        high=crossing(at, np.maximum.accumulate(fitted - wide), margin),
        fitted=fitted,
    )


def crossing(ratios: FloatArray, rising: FloatArray, level: float) -> float | None:
    """Where straight lines through a rising curve (R,) first reach `level`; None where they never do."""
    reached = np.flatnonzero(rising >= level)
    if not len(reached):
        return None
    last = int(reached[0])
    if last == 0:
        return float(ratios[0])
    before, after = rising[last - 1], rising[last]
    return float(ratios[last - 1] + (level - before) / (after - before) * (ratios[last] - ratios[last - 1]))


def _rising(values: FloatArray, errors: FloatArray) -> FloatArray:
    """The isotonic regression through 0 at ratio 0."""
    weight = 1.0 / np.maximum(errors, 1e-6) ** 2
    weight[0] = 1e12
    fitted: FloatArray = isotonic_regression(values, weights=weight).x
    return fitted
