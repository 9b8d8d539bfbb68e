"""Means corrected by people's labels: prediction-powered inference (Angelopoulos et al. 2023, arXiv 2311.01453).

A judge scored every comparison, people labelled some. The judge's mean over the others is cheap but bent; the labelled
ones tell by how much.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from firsthand.bootstrap import LEVEL, FloatArray, IntArray
from firsthand.estimates import Estimate

FEWEST_PROMPTS = 20
"""Labelled prompts below which no interval is given: the spread of so few tells too little of the error."""
ROUNDING = 1e-24
"""Sums of squares that only rounding leaves over."""
BoolArray = npt.NDArray[np.bool_]
Bound = Literal["both", "lower", "upper"]
"""Which ends an interval has; with one, all of the error is on its side."""


@dataclass(frozen=True, slots=True)
class Mean:
    """An estimated mean, its standard error, the degrees of freedom that it rests on, and the labelled prompts."""

    value: float
    error: float
    freedom: int
    prompts: int

    def estimate(self, bound: Bound = "both", level: float = LEVEL) -> Estimate:
        """The mean with its interval, value +- t error; a one-sided one reaches to infinity on its open side."""
        if self.prompts < FEWEST_PROMPTS:
            return Estimate(self.value, None, f"an interval needs {FEWEST_PROMPTS} labelled prompts at least")
        if self.error < 1e-12:
            return Estimate(self.value, None, "all labelled prompts agree, which can't show how uncertain it is")
        tail = (1 - level) / 2 if bound == "both" else 1 - level
        reach = float(student.ppf(1 - tail, self.freedom)) * self.error
        low = -np.inf if bound == "upper" else self.value - reach
        high = np.inf if bound == "lower" else self.value + reach
        return Estimate(self.value, (float(low), float(high)))


@dataclass(frozen=True, slots=True)
class Corrected:
    """What people and a judge say together of one mean.

    mean: the corrected mean; people: the mean of people's labels alone; power: lambda, how much of the judge was used.
    worth: how many labels without a judge would give the same error. labelled, unlabelled: rows; prompts: labelled
    ones.
    """

    mean: Mean
    people: Mean
    power: float
    worth: float
    labelled: int
    unlabelled: int
    prompts: int


def corrected_mean(
    label: FloatArray, score: FloatArray, prompt: IntArray, stratum: IntArray | None = None
) -> Corrected:
    """The mean that people would give all N rows, from their labels on some and a judge's score on each.

    label: (N,), what people said, NaN where they said nothing; score: (N,), the judge's on the same scale; prompt:
    (N,), rows of one prompt resemble each other; stratum: (N,), labelled rows are a random part of each stratum (one
    for all: of everything). With Y labels, f scores, L the labelled, U the other rows and W_k the share of stratum k,

        theta = sum_k W_k [ mean_Lk(Y) + lambda (mean_Uk(f) - mean_Lk(f)) ]

    (PPI++, equation 4; by strata: Fisch et al. 2024, arXiv 2406.04291). Its error is that of the sum of each prompt's
    contributions, a_g + lambda b_g + c_g: the parts of mean(Y), of mean(f) and of the strata's own means. lambda is
    power-tuned, - sum a_g b_g / sum b_g^2 cut to 0 to 1, which is Cov(Y, f) / ((1 + n/N) Var(f)) where no two rows
    share a prompt. Raises ValueError where a stratum has no label.
    """
    group = np.zeros(len(label), np.int64) if stratum is None else np.unique(stratum, return_inverse=True)[1]
    cluster = np.unique(prompt, return_inverse=True)[1]
    known = ~np.isnan(label)
    labels = np.where(known, label, 0.0)
    size, labelled, rest = (np.bincount(group, rows).astype(float) for rows in (np.ones(len(group)), known, ~known))
    if not labelled.all():
        raise ValueError("a stratum has no label")
    share = (size / size.sum())[group]
    by_people = np.where(known, share / labelled[group], 0.0)
    # Where all of a stratum is labelled, there is nothing left to ask the judge about.
    by_judge = np.where(known, -by_people, share / np.maximum(rest, 1)[group]) * (rest > 0)[group]

    of_people = labels - _means(labels, group, known)[group]
    of_judge = score - np.where(known, _means(score, group, known)[group], _means(score, group, ~known)[group])
    a, b = (np.bincount(cluster, values) for values in (by_people * of_people, by_judge * of_judge))
    spread = float(b @ b)
    power = min(max(-float(a @ b) / spread, 0.0), 1.0) if spread > ROUNDING else 0.0

    prompts = len(np.unique(cluster[known]))
    alone, together = (
        _mean(by_people * labels + lam * by_judge * score, a + lam * b, group, cluster, prompts, tuned)
        for lam, tuned in ((0.0, 0), (power, int(power > 0)))
    )
    worth = len(labels[known]) * (alone.error / together.error) ** 2 if together.error > 0 else float(known.sum())
    return Corrected(together, alone, power, worth, int(known.sum()), int((~known).sum()), prompts)


def _means(values: FloatArray, group: IntArray, rows: BoolArray) -> FloatArray:
    """The mean of `values` over `rows` in each group; 0 where there are none."""
    counts = np.bincount(group, rows)
    sums: FloatArray = np.bincount(group, np.where(rows, values, 0.0)) / np.maximum(counts, 1)
    return sums


def _mean(terms: FloatArray, parts: FloatArray, group: IntArray, cluster: IntArray, prompts: int, tuned: int) -> Mean:
    """The sum of all terms, and its error by prompts, scaled by prompts / (prompts - 1 - tuned parameters)."""
    size = np.bincount(group)
    value = float(terms.sum())
    of_strata = np.bincount(group, terms) * size.sum() / size
    between = np.bincount(cluster, (of_strata - value)[group]) / size.sum()
    whole = parts + between
    freedom = prompts - 1 - tuned
    error = float(np.sqrt(prompts / freedom * (whole @ whole))) if freedom > 0 else np.inf
    return Mean(value, error, freedom, prompts)
