"""Intervals by resampling prompts: the cluster bootstrap that every figure of `evaluate` uses.

Comparisons of one prompt resemble each other, so prompts are drawn, not rows. A statistic is written as a
function of sums over rows; a draw then only weighs the prompts' sums, which costs one matrix product.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from firsthand.estimates import Estimate

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
Sums: TypeAlias = Mapping[str, FloatArray]
"""Sums by name, each of shape (..., *shape of one row's value)."""
Statistic: TypeAlias = Callable[[Sums], FloatArray]
"""Maps sums with any leading axes to values of those axes; NaN where undefined."""

DRAWS = 2_000
LEVEL = 0.95
SEED = 13

WEIGHTS_AT_ONCE = 2**22
"""Weights in one matrix product."""
DRAWN_AT_ONCE = 2**16
"""Prompts drawn at a time, few enough to be counted in the processor's nearest memory."""
MAX_UNDEFINED = 0.05


@dataclass(frozen=True, slots=True)
class Resampled:
    """Sums over all rows, and over each draw of prompts.

    total: {name: (*shape)}; draws: {name: (draws, *shape)}; clusters: how many prompts were drawn from.
    """

    total: Sums
    draws: Sums
    clusters: int

    def estimate(self, statistic: Statistic, why: str = "no rows to measure it on") -> Estimate:
        """The statistic with its percentile interval; `why` is said where it is undefined on all rows."""
        value = float(statistic(self.total))
        if not np.isfinite(value):
            return Estimate(None, None, why)
        if self.clusters < 2:
            return Estimate(value, None, "an interval needs at least two prompts")
        drawn = np.asarray(statistic(self.draws))
        undefined = 1.0 - np.isfinite(drawn).mean()
        if undefined > MAX_UNDEFINED:
            return Estimate(value, None, f"undefined in {undefined:.0%} of the resamples; more prompts are needed")
        low, high = percentile_interval(drawn[np.isfinite(drawn)])
        if high - low < 1e-12:
            reason = f"all {self.clusters:,} prompts agree, so that resampling them can't show how uncertain it is"
            return Estimate(value, None, reason)
        return Estimate(value, (low, high))

    def p_value(self, statistic: Statistic) -> float | None:
        """Two-sided p of the statistic being 0, by the normal approximation; None where nothing can be tested."""
        value, spread = float(statistic(self.total)), float(np.nanstd(statistic(self.draws)))
        return 2.0 * float(ndtr(-abs(value) / spread)) if spread > 0 and np.isfinite(value) else None


def resample_prompts(rows: Sums, prompts: IntArray, *, draws: int = DRAWS, seed: int = SEED) -> Resampled:
    """Draw prompts with replacement, as many as there are, `draws` times, and sum the rows of each draw.

    rows: {name: (N, *shape)}, what each of N rows adds to a sum; prompts: (N,), the prompt of each row, any integers.
    Memory does not grow with `draws` x prompts. Equal input and seed give equal draws.
    """
    flat = np.concatenate([_two_axes(values) for values in rows.values()], axis=1)
    _, cluster = np.unique(prompts, return_inverse=True)
    sums = sums_by(flat, cluster)
    return Resampled(_named(sums.sum(axis=0), rows), _named(_draw(sums, draws, seed), rows), len(sums))


def resample_each(
    sets: Sequence[Sums], prompts: Sequence[IntArray], *, draws: int = DRAWS, seed: int = SEED
) -> list[Resampled]:
    """`resample_prompts` of each set of rows; sets of the same prompts share the draws, which cost the most."""
    alike: dict[bytes, list[int]] = {}
    for number, of_set in enumerate(prompts):
        alike.setdefault(of_set.tobytes(), []).append(number)
    found: dict[int, Resampled] = {}
    for numbers in alike.values():
        rows = {f"{number} {name}": values for number in numbers for name, values in sets[number].items()}
        together = resample_prompts(rows, prompts[numbers[0]], draws=draws, seed=seed)
        for number in numbers:
            keys = {name: f"{number} {name}" for name in sets[number]}
            found[number] = Resampled(
                {name: together.total[key] for name, key in keys.items()},
                {name: together.draws[key] for name, key in keys.items()},
                together.clusters,
            )
    return [found[number] for number in range(len(sets))]


def sums_by(values: FloatArray, groups: IntArray) -> FloatArray:
    """Sum the rows of `values` (N, K) by group: (G, K), groups being 0 to G - 1."""
    count = int(groups.max()) + 1 if len(groups) else 0
    return np.stack([np.bincount(groups, column, count) for column in values.T], axis=1)


def percentile_interval(drawn: FloatArray, level: float = LEVEL) -> tuple[float, float]:
    """The percentile interval of bootstrap values (D,) (Efron and Tibshirani 1993, chapter 13)."""
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(drawn, [tail, 1.0 - tail])
    return float(low), float(high)


def ratio(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> FloatArray:
    """The quotient, element by element; NaN where the denominator is 0."""
    over, under = np.broadcast_arrays(np.asarray(numerator, np.float64), np.asarray(denominator, np.float64))
    quotient: FloatArray = np.divide(over, under, out=np.full(over.shape, np.nan), where=under != 0)
    return quotient


def _draw(sums: FloatArray, draws: int, seed: int) -> FloatArray:
    """The sums of each draw: (draws, K) from the sums of each cluster (C, K)."""
    clusters = len(sums)
    if clusters == 0:
        return np.zeros((draws, sums.shape[1]))
    generator = np.random.default_rng(seed)
    at_once = max(1, WEIGHTS_AT_ONCE // clusters)
    found = []
    for start in range(0, draws, at_once):
        weights = np.empty((min(at_once, draws - start), clusters))
        few = max(1, DRAWN_AT_ONCE // clusters)
        for part in (weights[first : first + few] for first in range(0, len(weights), few)):
            drawn = generator.integers(0, clusters, part.shape)
            drawn += np.arange(len(part))[:, None] * clusters
            part[:] = np.bincount(drawn.ravel(), minlength=part.size).reshape(part.shape)
        found.append(weights @ sums)
    return np.concatenate(found)


def _two_axes(values: FloatArray) -> FloatArray:
    return np.asarray(values, np.float64).reshape(len(values), int(np.prod(values.shape[1:])))


def _named(flat: FloatArray, rows: Sums) -> dict[str, FloatArray]:
    """Cut the last axis of `flat` back into the named shapes of `rows`."""
    named, start = {}, 0
    for name, values in rows.items():
        width = int(np.prod(values.shape[1:]))
        named[name] = flat[..., start : start + width].reshape((*flat.shape[:-1], *values.shape[1:]))
        start += width
    return named
