"""A lower bound for how often labels agree with people, where comparisons of one prompt resemble each other.

Clopper and Pearson's bound (1934) is exact for independent rows. Rows of one prompt are not: at a within-prompt
correlation of 0.6 and five comparisons a prompt it admits a judge just below the target in 18 % of the cases instead
of 5 % (tests/calibration). Here the rows are counted as as many independent ones as they are worth (Kish 1965, design
effect), and the exact bound is taken with that number (Korn and Graubard 1998, Survey Methodology 24).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincinv
from scipy.stats import binom

from firsthand.bootstrap import FloatArray, IntArray, sums_by
from firsthand.evaluate.agreement import alpha_nominal, coincidences

CHANCE = 0.8
"""How likely the labels that `rows_needed` asks for shall be to suffice."""
MOST_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Agreed:
    """How many of `rows` labels, on `prompts` prompts, agree with people; and the independent rows they are worth."""

    rows: int
    prompts: int
    agreed: int
    effective: float

    @property
    def share(self) -> float:
        """Share of the rows that agree; NaN without rows."""
        return self.agreed / self.rows if self.rows else float("nan")

    @property
    def design_effect(self) -> float:
        """Rows for each independent row, at least 1."""
        return self.rows / self.effective if self.rows else 1.0

    def p_value(self, target: float) -> float:
        """P(so many agree or more) if the true share were `target`: I_target(x, n - x + 1), 1 without rows."""
        if self.agreed == 0:
            return 1.0
        x = self.share * self.effective
        return float(betainc(x, self.effective - x + 1.0, target))

    def lower(self, error: float) -> float:
        """The one-sided lower bound: the target that would have the p-value `error`."""
        if self.agreed == 0:
            return 0.0
        x = self.share * self.effective
        return float(betaincinv(x, self.effective - x + 1.0, error))

    def upper(self, error: float) -> float:
        """The one-sided upper bound."""
        if self.agreed == self.rows:
            return 1.0
        x = self.share * self.effective
        return float(betaincinv(x + 1.0, self.effective - x, 1.0 - error))


def count_agreed(agrees: FloatArray, prompts: IntArray) -> Agreed:
    """Count N rows from whether each agrees (1 or 0) and its prompt: (N,) each.

    n_eff = n / (1 + (n_w - 1) r): n_w = sum_j n_j^2 / n, the number of rows on a row's own prompt, and r the
    within-prompt correlation of agreement, 0 to 1. r is Krippendorff's alpha with prompts as units, taken with one
    more prompt of mean size on which judge and people never agree: where few rows disagree, r is little known, and with
    none at all the prompts, not the rows, are what is counted.
    """
    if not len(agrees):
        return Agreed(0, 0, 0, 0.0)
    _, cluster = np.unique(prompts, return_inverse=True)
    counts = sums_by(np.stack([agrees, 1.0 - agrees], axis=1), cluster)
    sizes = counts.sum(axis=1)
    rows = sizes.sum()
    own = (sizes**2).sum() / rows
    effective = rows / (1.0 + (own - 1.0) * _within_prompts(counts, float(sizes.mean())))
    return Agreed(len(agrees), len(counts), int(agrees.sum()), float(effective))


def rows_needed(share: float, target: float, error: float, design_effect: float) -> int | None:
    """Rows with which a judge that truly agrees on `share` passes with probability CHANCE; None for over MOST_ROWS."""
    if share <= target:
        return None
    sizes = np.unique(np.geomspace(1, MOST_ROWS, 2_000).astype(np.int64))
    least = binom.isf(error, sizes, target) + 1
    enough = np.asarray(binom.sf(least - 1, sizes, share)) >= CHANCE
    return int(np.ceil(sizes[enough.argmax()] * design_effect)) if enough.any() else None


def _within_prompts(counts: FloatArray, size: float) -> float:
    paired = counts[counts.sum(axis=1) > 1]
    if not len(paired):
        return 0.0
    correlation = float(alpha_nominal(coincidences(np.vstack([paired, [0.0, size]])).sum(axis=0)))
    # Undefined where no label on a prompt of several agrees: then nothing speaks for independent rows.
    return 1.0 if np.isnan(correlation) else min(max(correlation, 0.0), 1.0)
