"""Figures over the generations of several loops, on the same prompts, and the contrasts between them.

Every figure is a mean over prompts to first order: its influence says what each prompt adds to it (Hampel 1974). So the
error of any weighted sum of figures, w'v, follows from the prompts' weighted influences; loops on the same prompts are
compared prompt by prompt. With S >= 2 seeds there is a second error, of the training: the spread of w'v between them.

    Var(w'v) = C / (C - 1) sum_c (w' mean_s I_cs)^2 + var_s(w'v_s) / S

with C prompts; the degrees of freedom of Student's t are Satterthwaite's (1946) for the two parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from firsthand.bootstrap import FloatArray, IntArray, sums_by

NOTHING = 1e-9
"""An error below this is rounding: no prompt and no seed tells the figures apart."""


@dataclass(frozen=True, slots=True)
class Series:
    """K figures. value: (K,); influence: (C, K), of each of C prompts, in the same order for every series."""

    value: FloatArray
    influence: FloatArray

    def beside(self, other: "Series") -> "Series":
        """The figures of both, on the same prompts."""
        return Series(
            np.concatenate([self.value, other.value]), np.concatenate([self.influence, other.influence], axis=1)
        )


@dataclass(frozen=True, slots=True)
class Contrast:
    """A weighted sum of figures with its standard error and degrees of freedom."""

    value: float
    error: float
    degrees: float

    def quantile(self, alpha: float) -> float:
        """How many errors the interval of level 1 - alpha reaches to either side."""
        return float(student.isf(alpha / 2, self.degrees))

    def interval(self, alpha: float) -> tuple[float, float]:
        """The interval of level 1 - alpha."""
        wide = self.quantile(alpha) * self.error
        return self.value - wide, self.value + wide

    def p(self) -> float:
        """Two-sided, of 0."""
        return float(2 * student.sf(abs(self.value) / self.error, self.degrees)) if self.error > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of several seeds: mean (K,); by_prompt, by_seed: (K, K), the two parts of its covariance."""

    mean: FloatArray
    by_prompt: FloatArray
    by_seed: FloatArray
    prompts: int
    seeds: int

    @property
    def covariance(self) -> FloatArray:
        """Of the mean: (K, K)."""
        return self.by_prompt + self.by_seed

    def of(self, weights: FloatArray) -> Contrast:
        """The sum of the figures with `weights` (K,)."""
        # Where nothing differs, rounding may leave a little less than 0.
        prompt = max(0.0, float(weights @ self.by_prompt @ weights))
        seed = max(0.0, float(weights @ self.by_seed @ weights))
        parts = prompt**2 / (self.prompts - 1) + (seed**2 / (self.seeds - 1) if self.seeds > 1 else 0.0)
        degrees = (prompt + seed) ** 2 / parts if parts > 0 else float(self.prompts - 1)
        error = float(np.sqrt(prompt + seed))
        return Contrast(float(weights @ self.mean), error if error > NOTHING else 0.0, degrees)


def pooled(seeds: Sequence[Series]) -> Figures:
    """One set of figures from those of each seed; raises ValueError with fewer than two prompts."""
    values = np.stack([series.value for series in seeds])
    influence = np.mean([series.influence for series in seeds], axis=0)
    prompts, figures = influence.shape
    if prompts < 2:
        raise ValueError("an error needs at least two prompts")
    by_prompt = influence.T @ influence * (prompts / (prompts - 1))
    count = len(seeds)
    by_seed = np.atleast_2d(np.cov(values.T, ddof=1)) / count if count > 1 else np.zeros((figures, figures))
    return Figures(values.mean(axis=0), by_prompt, by_seed, prompts, count)


def means(rows: FloatArray, prompt: IntArray) -> Series:
    """The mean of each column of `rows` (N, K), whose rows belong to the prompts (N,)."""
    value = rows.mean(axis=0)
    _, cluster = np.unique(prompt, return_inverse=True)
    return Series(value, sums_by(rows - value, cluster) / len(rows))


def log_means(rows: FloatArray) -> Series:
    """The logarithm of the mean of each column of `rows` (C, K), a row for each prompt: a contrast is a log ratio.

    By the delta method the influence of prompt c is (x_c - mean) / (C mean).
    """
    mean = rows.mean(axis=0)
    return Series(np.log(mean), (rows / mean - 1) / len(rows))


def slope_weights(generations: Sequence[int]) -> FloatArray:
    """The weights w of the least-squares slope: w_g = (g - mean) / sum (g - mean)^2; needs two generations."""
    away = np.asarray(generations, np.float64) - np.mean(generations)
    weights: FloatArray = away / (away @ away)
    return weights


def last_weights(count: int) -> FloatArray:
    """Weights that take the last of `count` figures."""
    weights = np.zeros(count)
    weights[-1] = 1
    return weights


def against_twin(weights: FloatArray) -> FloatArray:
    """Weights of the difference loop minus twin, for figures of the loop beside those of its twin."""
    return np.concatenate([weights, -weights])
