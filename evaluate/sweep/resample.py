"""The whole-sweep bootstrap: how far every figure would move with other prompts to train on, to measure on, and seeds.

Each draw takes training prompts with replacement, trains every model of one seed again, takes anchor prompts with
replacement and measures anew, so that what models share moves together. From the spread of the draws comes

    V = Var_draws(t*) - (1 - 1/S) Var_seeds(t),      at least Var_draws(t*) / 2,

the variance of a figure t that is a mean over S seeds, since a draw trains one seed alone. The draws give the spread
and not the place: a model trained on a resample is noisier than the one that it stands for, which pulls what rests on
signs toward 0. Where nothing can be trained again, V is the spread over anchor prompts plus Var_seeds(t) / S, and says
nothing of other training prompts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from firsthand.evaluate.bootstrap import FloatArray, IntArray
from firsthand.evaluate.sweep.measures import Measure, Scores, prompt_numbers, scores_of
from firsthand.evaluate.sweep.outcome import Arm, Point, Refit, Sweep
from firsthand.evaluate.sweep.settings import AnalysisConfig

MOST_UNDEFINED = 0.05
"""Share of the draws; of more, no interval is given."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a sweep trains once a seed: an arm at a ratio. The ratio and the rows are means over the seeds."""

    arm: Arm
    ratio: float
    human_rows: float
    synthetic_rows: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its standard error, NaN where it is undefined or can't be told."""

    value: float
    error: float

    def interval(self, alpha: float) -> tuple[float, float] | None:
        """value -+ z error; None where either is undefined."""
        if not (np.isfinite(self.value) and np.isfinite(self.error)):
            return None
        wide = float(norm.isf(alpha / 2)) * self.error
        return self.value - wide, self.value + wide

    def p(self) -> float:
        """Two-sided, of the value being 0: 2 (1 - Phi(|value| / error))."""
        if not np.isfinite(self.error):
            return 1.0
        if self.error == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(2 * norm.sf(abs(self.value) / self.error))


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure of C cells. seeds: (S, C); drawn: (D, C); refitted: whether the draws trained anew."""

    seeds: FloatArray
    drawn: FloatArray
    refitted: bool

    def figure(self, contrast: FloatArray) -> Figure:
        """The weighted sum of cells (C,) with its standard error."""
        used = contrast != 0
        seeds, drawn = self.seeds[:, used] @ contrast[used], self.drawn[:, used] @ contrast[used]
        return Figure(float(seeds.mean()), self._error(seeds, drawn[np.isfinite(drawn)], len(drawn)))

    def cell(self, number: int) -> Figure:
        """The measure of one cell."""
        return self.figure(self._unit(number))

    def difference(self, number: int, other: int) -> Figure:
        """The measure of one cell minus that of another."""
        return self.figure(self._unit(number) - self._unit(other))

    def _unit(self, number: int) -> FloatArray:
        return np.eye(self.seeds.shape[1])[number]

    def _error(self, seeds: FloatArray, drawn: FloatArray, draws: int) -> float:
        if len(drawn) < max(2, (1 - MOST_UNDEFINED) * draws) or not np.isfinite(seeds).all():
            return float("nan")
        of_draws = float(drawn.var(ddof=1))
        of_seeds = float(seeds.var(ddof=1)) if len(seeds) > 1 else 0.0
        if not self.refitted:
            return float(np.sqrt(of_draws + of_seeds / len(seeds)))
        return float(np.sqrt(max(of_draws - (1 - 1 / len(seeds)) * of_seeds, of_draws / 2)))


@dataclass(frozen=True, slots=True)
class Resampled:
    """The cells of a sweep and its measures by name."""

    cells: tuple[Cell, ...]
    measured: dict[str, Measured]
    draws: int
    refitted: bool


def by_seed(points: Sequence[Point]) -> list[tuple[Point, ...]]:
    """The points of each seed, by arm and ratio; raises ValueError where the seeds hold different cells."""
    seeds = sorted({point.seed for point in points})
    found = [tuple(sorted((point for point in points if point.seed == seed), key=_place)) for seed in seeds]
    arms = [[point.arm for point in group] for group in found]
    if any(other != arms[0] for other in arms):
        raise ValueError("the seeds of a sweep must hold the same arms and ratios")
    return found


def resample(sweep: Sweep, refit: Refit | None, measures: dict[str, Measure], config: AnalysisConfig) -> Resampled:
    """Measure every cell on all prompts and on each draw. Equal input and seed give equal draws."""
    groups = by_seed(sweep.points)
    number, prompts = prompt_numbers(sweep.table)
    everything = np.ones((len(sweep.table), 1))
    scores = [scores_of(group) for group in groups]
    seeds = {name: np.stack([measure(s, everything)[:, 0] for s in scores]) for name, measure in measures.items()}
    generator = np.random.default_rng(config.seed)
    if refit is not None and config.refits:
        drawn = _refitted(sweep, refit, measures, (number, prompts), config.refits, generator)
        draws = config.refits
    else:
        weight = _counts(prompts, config.draws, generator)[:, number].T
        drawn = {name: np.mean([measure(s, weight).T for s in scores], axis=0) for name, measure in measures.items()}
        draws, refit = config.draws, None
    measured = {name: Measured(seeds[name], drawn[name], refit is not None) for name in measures}
    return Resampled(_cells(groups), measured, draws, refit is not None)


def _refitted(
    sweep: Sweep,
    refit: Refit,
    measures: dict[str, Measure],
    prompts: tuple[IntArray, int],
    draws: int,
    generator: np.random.Generator,
) -> dict[str, FloatArray]:
    number, count = prompts
    rows: dict[str, list[FloatArray]] = {name: [] for name in measures}
    for _ in range(draws):
        taken = _counts(sweep.training_prompts, 1, generator)[0]
        points = tuple(sorted(refit(taken), key=_place))
        scores: Scores = scores_of(points)
        weight = _counts(count, 1, generator)[0][number].astype(np.float64)[:, None]
        for name, measure in measures.items():
            rows[name].append(measure(scores, weight)[:, 0])
    return {name: np.stack(values) for name, values in rows.items()}


def _counts(prompts: int, draws: int, generator: np.random.Generator) -> IntArray:
    """How often each prompt is drawn: (draws, prompts)."""
    return generator.multinomial(prompts, np.full(prompts, 1 / prompts), draws).astype(np.int64)


def _place(point: Point) -> tuple[str, str, float, int]:
    return point.arm.name, point.arm.design, point.ratio, point.human_rows


def _cells(groups: Sequence[tuple[Point, ...]]) -> tuple[Cell, ...]:
    return tuple(
        Cell(
            same[0].arm,
            float(np.mean([point.ratio for point in same])),
            float(np.mean([point.human_rows for point in same])),
            float(np.mean([point.synthetic_rows for point in same])),
        )
        for same in zip(*groups, strict=True)
    )
