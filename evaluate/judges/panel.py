"""How many independent judges a set of judges is worth."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from firsthand.bootstrap import FloatArray, Sums, ratio, resample_prompts
from firsthand.estimates import Estimate
from firsthand.evaluate.judges.bench import SPLIT, Bench


@dataclass(frozen=True, slots=True)
class Panel:
    """Judges that labelled the same comparisons.

    correlation: mean correlation of two judges' errors against the majority of people; effective: the number of
    judges with independent errors that they are worth, m / (1 + (m - 1) correlation).
    """

    judges: list[str]
    comparisons: int
    correlation: Estimate
    effective: Estimate


def panel_size(bench: Bench, panels: Collection[str], draws: int, seed: int) -> Panel | None:
    """The panel of the judges, over comparisons that all of them labelled; None with fewer than two judges.

    Left out are `panels`, whose errors are their members', and judges without a label where people have a majority:
    no comparison would be left that all of them labelled.
    """
    decided = bench.majority != SPLIT
    judges = [judge for judge in bench.judges if judge.name not in panels and decided[judge.unit].any()]
    if len(judges) < 2:
        return None
    wrong = np.full((bench.people.units, len(judges)), np.nan)
    for number, judge in enumerate(judges):
        wrong[judge.unit, number] = judge.choice != bench.majority[judge.unit]
    shared = np.isfinite(wrong).all(axis=1) & decided
    errors = wrong[shared]
    rows = {"one": np.ones(len(errors)), "wrong": errors, "both": errors[:, :, None] * errors[:, None, :]}
    resampled = resample_prompts(rows, bench.prompt[shared], draws=draws, seed=seed)
    why = "fewer than two judges err on the comparisons that all of them labelled"
    return Panel(
        judges=[judge.name for judge in judges],
        comparisons=len(errors),
        correlation=resampled.estimate(mean_correlation, why),
        effective=resampled.estimate(effective_size, why),
    )


def mean_correlation(sums: Sums) -> FloatArray:
    """Mean Pearson correlation of the errors of two judges, over the pairs for which it is defined.

    sums: `one` (...), `wrong` (..., m), `both` (..., m, m), the counts of comparisons, errors and shared errors.
    """
    share = ratio(sums["wrong"], sums["one"][..., None])
    spread = np.sqrt(share * (1.0 - share))
    covariance = ratio(sums["both"], sums["one"][..., None, None]) - share[..., :, None] * share[..., None, :]
    correlation = ratio(covariance, spread[..., :, None] * spread[..., None, :])
    one, other = np.triu_indices(share.shape[-1], 1)
    pairs = correlation[..., one, other]
    return ratio(np.nansum(pairs, axis=-1), np.isfinite(pairs).sum(axis=-1))


def effective_size(sums: Sums) -> FloatArray:
    """How many independent judges: m / (1 + (m - 1) r), r the mean correlation (Kish 1965).

    NaN where r is -1 / (m - 1) or less.
    """
    judges = sums["wrong"].shape[-1]
    worth = 1.0 + (judges - 1) * mean_correlation(sums)
    return ratio(judges, np.where(worth > 0, worth, np.nan))
