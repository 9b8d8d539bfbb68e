"""How far every figure of a sweep would move with other prompts to train on, to measure on, and other seeds.

A figure t is a contrast of models, averaged over S seeds. Other anchor prompts move it by V_anchor, told from the
influence of each prompt. Other training prompts move it by V_train: the whole sweep of one seed is trained again on a
random half of the training prompts, each counted twice, and on the other half, so that what models share moves together
(repeated half-samples; McCarthy 1969). With t1 and t2 of the two halves, y(q) what prompt q of the anchor adds to t,
and means over the splits and variances over the seeds,

    V_train = mean((t1 - t2)^2 - sum_q (y1(q) - y2(q))^2) / 4,
    V_seed = Var(t) - sum_q Var(y(q)),
    V = V_anchor + V_train - (1 - 1/S) V_seed,

since a split trains one seed alone; at least V_train / S of it counts. The sums over q are what the difference of two
models owes to this anchor, which V_anchor holds already. Two halves share no prompt, so that neither is a noisier copy
of the other: draws with replacement would count the loss of accuracy that their own noise costs, and say three times
the variance of a figure, such as accuracy, that falls with the square of a model's error; halves say at most twice.
Where the models can't be trained again but others of the same rows can (the full engine's and the fast one's), V_train
is those others', and V = V_anchor + V_train + V_seed / S: the seeds are not taken off, so that V is rather too wide
than too narrow. With nothing to train again, V = V_anchor + V_seed / S, and says nothing of other training prompts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.evaluate.sweep.cells import by_seed, in_order
from firsthand.evaluate.sweep.measures import Measure, Scores, Values, scores_of
from firsthand.evaluate.sweep.outcome import Refit, Sweep


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its standard error, NaN where undefined; rows and prompts of the anchor that it rests on."""

    value: float
    error: float
    prompts: int
    rows: int

    def interval(self, alpha: float) -> tuple[float, float] | None:
        """Value -+ t error, with Student's t for prompts - 1; None where it can't be told."""
        if self.prompts < 2 or not (np.isfinite(self.value) and np.isfinite(self.error)):
            return None
        wide = self.wide(alpha)
        return self.value - wide, self.value + wide

    def share_interval(self, alpha: float) -> tuple[float, float] | None:
        """The interval of a share, which ends at 0 and 1."""
        ci = self.interval(alpha)
        return None if ci is None else (max(0.0, ci[0]), min(1.0, ci[1]))

    def wide(self, alpha: float) -> float:
        """Half of the interval."""
        return float(student.isf(alpha / 2, self.prompts - 1)) * self.error if self.prompts > 1 else float("nan")

    def p(self) -> float:
        """Two-sided, of the value being 0; 1 where it can't be told."""
        if self.prompts < 2 or not np.isfinite(self.error) or self.value == 0:
            return 1.0
        return float(2 * student.sf(abs(self.value) / self.error, self.prompts - 1)) if self.error else 0.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A measure and contrasts of cells: (R, C), each row the weights of the cells in one figure."""

    measure: Measure
    contrasts: FloatArray


def figures(
    sweep: Sweep, refit: Refit | None, wanted: Mapping[str, Wanted], refits: int, seed: int
) -> dict[str, list[Figure]]:
    """Of each that is wanted, its figures (R). Equal input and seed give equal figures.

    refits: how often the sweep is trained again, two for each split into halves; without a refit, or with fewer than
    two, the errors leave out other training prompts.
    """
    splits = {name: _Splits() for name in wanted}
    if refit is not None:
        for half, other in _halves(sweep.training_prompts, refits // 2, seed):
            pair = [_measured(wanted, scores_of(in_order(refit(counts)))) for counts in (half, other)]
            for name in wanted:
                splits[name].add(pair[0][name], pair[1][name])
    seeds = {name: Seeds() for name in wanted}
    for group in by_seed(sweep.points):
        for name, taken in _measured(wanted, scores_of(group)).items():
            seeds[name].add(taken)
    return {name: _figures(seeds[name], splits[name], sweep.engine == "full") for name in wanted}


def _measured(wanted: Mapping[str, Wanted], scores: Scores) -> dict[str, Values]:
    """The contrasts of all that is wanted, each measure taken once, of the cells that any contrast of it weighs."""
    found = {}
    for measure in {each.measure: None for each in wanted.values()}:
        names = [name for name, each in wanted.items() if each.measure is measure]
        used = np.any([wanted[name].contrasts.any(axis=0) for name in names], axis=0)
        taken = measure(scores.part(used))
        for name in names:
            contrasts = wanted[name].contrasts[:, used]
            value, influence = contrasted(contrasts, taken.value), contrasted(contrasts, taken.influence)
            found[name] = Values(value, influence, taken.prompts, taken.rows)
    return {name: found[name] for name in wanted}


class Seeds:
    """What the models of each seed say of contrasts: their values (R,) and what each prompt adds to them (R, Q)."""

    def __init__(self) -> None:
        self.taken: list[Values] = []

    def add(self, taken: Values) -> None:
        """One more seed."""
        self.taken.append(taken)

    def mean(self) -> FloatArray:
        """(R,)."""
        return np.asarray(np.mean([taken.value for taken in self.taken], axis=0))

    def influence(self) -> FloatArray:
        """What each prompt adds to the mean: (R, Q)."""
        return np.asarray(np.mean([taken.influence for taken in self.taken], axis=0))

    def of_anchor(self) -> FloatArray:
        """The variance of the mean over anchor prompts: (R,)."""
        return over_prompts(self.influence(), self.taken[0].prompts)

    def of_seeds(self) -> FloatArray:
        """V_seed, never below 0: (R,)."""
        if len(self.taken) < 2:
            return np.zeros(len(self.taken[0].value))
        whole = np.var([taken.value for taken in self.taken], axis=0, ddof=1)
        owed = np.var([taken.influence for taken in self.taken], axis=0, ddof=1).sum(axis=1)
        return np.asarray(np.maximum(0.0, whole - owed), np.float64)


class _Splits:
    """The running mean over splits of (t1 - t2)^2 less what it owes to the anchor: (R,)."""

    def __init__(self) -> None:
        self.total: FloatArray | float = 0.0
        self.count = 0

    def add(self, half: Values, other: Values) -> None:
        """One more split."""
        owed = ((half.influence - other.influence) ** 2).sum(axis=1)
        self.total = self.total + (half.value - other.value) ** 2 - owed
        self.count += 1

    def of_training(self) -> FloatArray:
        """V_train, never below 0: (R,)."""
        return np.asarray(np.maximum(0.0, np.asarray(self.total) / (4 * self.count)), np.float64)


def over_prompts(influence: FloatArray, prompts: int) -> FloatArray:
    """The variance over `prompts` prompts of what has the influence (R, Q): (R,)."""
    return np.asarray((influence**2).sum(axis=1) * prompts / max(1, prompts - 1))


def contrasted(contrasts: FloatArray, values: FloatArray) -> FloatArray:
    """Weighted sums (R, ...) of the cells' values (C, ...), undefined where a cell with weight is."""
    whole = np.asarray(np.tensordot(contrasts, np.nan_to_num(values), axes=1), np.float64)
    unknown = np.isnan(values)
    if unknown.any():
        whole[np.tensordot(contrasts != 0, unknown.astype(np.float64), axes=1) > 0] = np.nan
    return whole


def _figures(seeds: Seeds, splits: _Splits, others: bool) -> list[Figure]:
    """others: the splits trained models of another engine."""
    count, of_seeds = len(seeds.taken), seeds.of_seeds()
    if splits.count and others:
        trained = splits.of_training() + of_seeds / count
    elif splits.count:
        of_training = splits.of_training()
        trained = np.maximum(of_training - (1 - 1 / count) * of_seeds, of_training / count)
    else:
        trained = of_seeds / count
    error = np.sqrt(seeds.of_anchor() + trained)
    first = seeds.taken[0]
    pairs = zip(seeds.mean().tolist(), error.tolist(), strict=True)
    return [Figure(value, wide, first.prompts, first.rows) for value, wide in pairs]


def _halves(prompts: int, splits: int, seed: int) -> Iterator[tuple[IntArray, IntArray]]:
    """How often each prompt counts in a random half and in the other: 2 or 0, (prompts,) each."""
    generator = np.random.default_rng(seed)
    for _ in range(splits):
        half = np.zeros(prompts, np.int64)
        half[generator.permutation(prompts)[: prompts // 2]] = 2
        yield half, 2 - half
