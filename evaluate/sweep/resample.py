"""The whole-sweep bootstrap: how far every figure would move with other prompts to train on, to measure on, and seeds.

A figure t is a contrast of models, averaged over S seeds. Other anchor prompts move it by V_anchor, told from the
influence of each prompt. Other training prompts move it by V_train: each draw takes training prompts with replacement
and trains every model of one seed again, so that what models share moves together. With y(q) the part of prompt q,

    V_train = Var_draws(t*) - sum_q Var_draws(y*(q)),        V_seed = Var_seeds(t) - sum_q Var_seeds(y(q)),
    V = V_anchor + V_train - (1 - 1/S) V_seed,

since a draw trains one seed alone; at least V_train / S of it counts. The sums over q are the interaction of draws
with anchor prompts (two-way analysis of variance), which V_anchor holds already. The draws give the spread and not the
place: a model trained on a resample is noisier than the one that it stands for, which pulls what rests on signs toward
0. Where nothing can be trained again, V = V_anchor + V_seed / S, and says nothing of other training prompts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from firsthand.evaluate.bootstrap import FloatArray, IntArray
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

    refits: draws; without a refit, or with none drawn, the errors leave out other training prompts.
    """
    again = {name: _Spread() for name in wanted}
    if refit is not None:
        for taken in _resamples(sweep.training_prompts, refits, seed):
            _add(again, wanted, scores_of(in_order(refit(taken))))
    seeds = {name: _Spread() for name in wanted}
    for group in by_seed(sweep.points):
        _add(seeds, wanted, scores_of(group))
    return {name: _figures(seeds[name], again[name]) for name in wanted}


def _add(spreads: Mapping[str, "_Spread"], wanted: Mapping[str, Wanted], scores: Scores) -> None:
    """One more draw of all that is wanted, each measure taken once."""
    taken = {measure: measure(scores) for measure in {each.measure for each in wanted.values()}}
    for name, each in wanted.items():
        spreads[name].add(taken[each.measure], each.contrasts)


class _Spread:
    """Running sums over draws of contrasts: of their values (R,) and of what each prompt adds to them (R, Q)."""

    def __init__(self) -> None:
        self.values: list[FloatArray] = []
        self.parts = self.squares = np.zeros((0, 0))
        self.prompts = self.rows = 0

    def add(self, measured: Values, contrasts: FloatArray) -> None:
        """One more draw."""
        self.values.append(contrasted(contrasts, measured.value))
        parts = contrasted(contrasts, measured.influence)
        first = len(self.values) == 1
        self.parts = parts if first else self.parts + parts
        self.squares = parts**2 if first else self.squares + parts**2
        self.prompts, self.rows = measured.prompts, measured.rows

    def mean(self) -> FloatArray:
        """(R,)."""
        mean: FloatArray = np.mean(self.values, axis=0)
        return mean

    def of_anchor(self) -> FloatArray:
        """The variance of the mean over anchor prompts: (R,)."""
        part = self.parts / len(self.values)
        sums: FloatArray = (part**2).sum(axis=1) * self.prompts / max(1, self.prompts - 1)
        return sums

    def of_draws(self) -> FloatArray:
        """The variance of one draw, less the interaction of draws with prompts; never below 0: (R,)."""
        count = len(self.values)
        if count < 2:
            return np.zeros(len(self.parts))
        interaction = (self.squares - self.parts**2 / count).sum(axis=1) / (count - 1)
        return np.maximum(0.0, np.var(self.values, axis=0, ddof=1) - interaction)


def contrasted(contrasts: FloatArray, values: FloatArray) -> FloatArray:
    """Weighted sums (R, ...) of the cells' values (C, ...), in which a cell without weight may be undefined."""
    whole = np.tensordot(contrasts, np.nan_to_num(values), axes=1)
    undefined = np.tensordot(contrasts != 0, np.isnan(values).astype(np.float64), axes=1) > 0
    return np.where(undefined, np.nan, whole)


def _figures(seeds: _Spread, again: _Spread) -> list[Figure]:
    count, of_seeds = len(seeds.values), seeds.of_draws()
    if again.values:
        of_train = again.of_draws()
        trained = np.maximum(of_train - (1 - 1 / count) * of_seeds, of_train / count)
    else:
        trained = of_seeds / count
    error = np.sqrt(seeds.of_anchor() + trained)
    pairs = zip(seeds.mean().tolist(), error.tolist(), strict=True)
    return [Figure(value, wide, seeds.prompts, seeds.rows) for value, wide in pairs]


def _resamples(prompts: int, draws: int, seed: int) -> Iterator[IntArray]:
    """How often each prompt is drawn: (prompts,)."""
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        yield generator.multinomial(prompts, np.full(prompts, 1 / prompts)).astype(np.int64)
