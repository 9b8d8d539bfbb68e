"""T5, the control: a judge's labels exchanged among comparisons that look alike, whoever wrote their responses.

What a model still learns from such labels of the judge's own kind is not the judge's doing: the labels agree with
people as often as before, at each margin of people and each difference in length, and no longer know the authors.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from firsthand.bootstrap import FloatArray, IntArray

MARGINS = (1e-9, 0.5, 1 - 1e-9)
"""Where classes of people's margin |2 p - 1| begin: tie, slight, clear, all of one mind."""
LENGTHS = (-np.log(1.5), 0.0, np.log(1.5))
"""Where classes of the log ratio of lengths begin: preferred side much shorter, shorter, longer, much longer."""


def permuted(labels: pd.DataFrame, comparisons: pd.DataFrame, seed: int) -> pd.DataFrame:
    """`labels` of a judge with chosen, p_chosen and margin permuted within strata of human margin x length.

    comparisons: by id, with p_human, length_a and length_b. Each comparison is read from the side that people prefer,
    from the longer one where they are split or nobody voted (a class of its own).
    """
    facts = comparisons.loc[labels["comparison_id"]]
    p_human = facts["p_human"].to_numpy(np.float64)
    longer = np.log1p(facts["length_a"].to_numpy(np.float64)) - np.log1p(facts["length_b"].to_numpy(np.float64))
    side = _sides(p_human, longer)
    agrees = (labels["chosen"].to_numpy() == "a") == (side > 0)
    taken = _shuffled(_strata(p_human, side * longer), seed)
    chosen = np.where(agrees[taken] == (side > 0), "a", "b")
    values = {name: labels[name].to_numpy()[taken] for name in ("p_chosen", "margin")}
    return labels.assign(chosen=chosen, **values)


def _sides(p_human: FloatArray, longer: FloatArray) -> FloatArray:
    """+1 where the comparison is read from A, -1 where from B."""
    side = np.sign(np.nan_to_num(p_human, nan=0.5) - 0.5)
    side = np.where(side == 0, np.sign(longer), side)
    return np.where(side == 0, 1.0, side)


def _strata(p_human: FloatArray, length: FloatArray) -> IntArray:
    margin = np.where(np.isnan(p_human), -1, np.digitize(np.abs(2 * p_human - 1), MARGINS))
    return (margin * (len(LENGTHS) + 1) + np.digitize(length, LENGTHS)).astype(np.int64)


def _shuffled(strata: IntArray, seed: int) -> npt.NDArray[np.intp]:
    """For each place the one whose value it takes, of the same stratum."""
    taken = np.arange(len(strata))
    generator = np.random.default_rng(seed)
    for stratum in np.unique(strata):
        places = np.flatnonzero(strata == stratum)
        taken[places] = generator.permutation(places)
    return taken
