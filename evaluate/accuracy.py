"""How often a score prefers the response that was chosen, beside two baselines on the same rows."""

from dataclasses import dataclass

import numpy as np

from firsthand.bootstrap import DRAWS, SEED, FloatArray, IntArray, Sums, ratio, resample_prompts
from firsthand.estimates import Estimate
from firsthand.score_gaps import correct

COIN = 0.5
PROMPTS_ALIKE = 6
"""So many prompts that all differ the same way are beyond chance: two-sided sign test, 2 / 2^6 = 0.031."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of rows where the chosen response scores higher, and differences of such shares.

    longer_wins: the share where the chosen response is the longer one. The differences are paired: each draw of
    prompts holds the same rows for both.
    """

    rows: int
    prompts: int
    model: Estimate
    longer_wins: Estimate
    minus_longer: Estimate
    minus_coin: Estimate

    @property
    def beats_baselines(self) -> bool | None:
        """Whether both differences are shown to be above 0; None where there are too few prompts to tell."""
        shown = [above_zero(difference, self.prompts) for difference in (self.minus_longer, self.minus_coin)]
        return False if False in shown else None if None in shown else True


def above_zero(difference: Estimate, prompts: int) -> bool | None:
    """Whether a difference is shown to be above 0: over its whole interval, or, without one, on all prompts.

    A resample of prompts that are all alike has no spread; the sign test then says how many are enough.
    """
    if difference.value is None:
        return None
    if difference.ci is not None:
        return difference.ci[0] > 0
    if difference.value <= 0:
        return False
    return True if prompts >= PROMPTS_ALIKE else None


def measure_accuracy(
    difference: FloatArray,
    length_difference: FloatArray,
    prompts: IntArray,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Accuracy:
    """Accuracy of N rows from their score and length (characters), chosen minus rejected, and their prompts: (N,)."""
    zero = np.zeros_like(difference)
    rows = {
        "rows": np.ones_like(difference),
        "model": correct(difference, zero),
        "longer": correct(length_difference, zero),
    }
    resampled = resample_prompts(rows, prompts, draws=draws, seed=seed)
    return Accuracy(
        rows=len(difference),
        prompts=resampled.clusters,
        model=resampled.estimate(lambda s: _share(s, "model")),
        longer_wins=resampled.estimate(lambda s: _share(s, "longer")),
        minus_longer=resampled.estimate(lambda s: _share(s, "model") - _share(s, "longer")),
        minus_coin=resampled.estimate(lambda s: _share(s, "model") - COIN),
    )


def _share(sums: Sums, name: str) -> FloatArray:
    return ratio(sums[name], sums["rows"])
