"""The loop in a world with a known answer, computed exactly.

A generator is a distribution p over types of responses x, a grid of qualities q and styles s (the judge's own style is
the upper end). People prefer x to y with probability s(q_x - q_y), s the logistic function; the judge with
s(r_x - r_y), r = kappa q + gamma s: kappa its sharpness, gamma its affinity. People's comparisons are always of the
first generator p_0, the judge's of the current one p_g; a share rho of a generation's labels is the judge's.

dpo: the reward f = a q + c s that fits these labels best, the minimum over (a, c) of

    (1 - rho) E_{p_0} CE(s(q_x - q_y), s(f_x - f_y)) + rho E_{p_g} CE(s(r_x - r_y), s(f_x - f_y)),

tilts the reference: p_{g+1} proportional to p_ref exp(step f), the solution of the regularised problem that DPO solves
(Rafailov et al. 2023, equation 4, step = 1 / beta), with p_ref the generator before (start: previous) or p_0 (base).

retrain: the next generator is the distribution of the chosen responses,

    p_{g+1} = (1 - rho) C(p_0, q) + rho C(p_g, r),   C(p, r)(x) = 2 p(x) sum_y p(y) s(r_x - r_y)

(Ferbach et al. 2024, arXiv 2407.09499, equation 3 with K = 2 and, for rho < 1, real data again in every round). With
rho = 1 the expected reward rises until only the types with the highest one are left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import expit

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.generations.config import World
from firsthand.evaluate.generations.outcome import TWIN

LEVELS, REACH = 9, 2.0
"""Qualities and styles: so many, from -REACH to REACH standard deviations of the first generator."""
NEWTON_STEPS = 50
GRID = 20
"""Ratios that are looked at before the one at which a world collapses is told apart from its neighbours."""
EXACT = ("affinity", "quality", "style", "diversity", "people", "judge")
"""The curves of `exact_curves`."""


@dataclass(frozen=True, slots=True)
class Types:
    """The types of responses: quality, style and their probability in the first generator, each (K,)."""

    quality: FloatArray
    style: FloatArray
    first: FloatArray


@dataclass(frozen=True, slots=True)
class State:
    """A generation: its distribution over the types (K,), and the reward a q + c s that it has learned in all."""

    p: FloatArray
    a: float
    c: float


def types_of(world: World) -> Types:
    """The grid, with a bivariate normal cut off at REACH as the first generator."""
    levels = np.linspace(-REACH, REACH, LEVELS)
    quality, style = (axis.ravel() for axis in np.meshgrid(levels, levels, indexing="ij"))
    r = world.quality_of_style
    density = np.exp(-(quality**2 - 2 * r * quality * style + style**2) / (2 * (1 - r**2)))
    return Types(quality, style, density / density.sum())


def evolve(world: World, ratio: float, generations: int) -> Iterator[State]:
    """Generation 0 and those after it, exactly: every expectation is a sum over all pairs of types."""
    types = types_of(world)
    state = State(types.first, 0.0, 0.0)
    yield state
    for _ in range(generations):
        if world.update == "dpo":
            state = tilted(world, types, state, *_exact_fit(world, types, state.p, ratio))
        else:
            state = described(types, _retrained(world, types, state.p, ratio))
        yield state


def tilted(world: World, types: Types, state: State, a: float, c: float) -> State:
    """The generator after a generation that learned the reward a q + c s."""
    reference, before = (state.p, state) if world.start == "previous" else (types.first, None)
    logits = np.log(np.maximum(reference, 1e-300)) + world.step * (a * types.quality + c * types.style)
    p = np.exp(logits - logits.max())
    learned = (before.a + a, before.c + c) if before else (a, c)
    return State(p / p.sum(), *learned)


def described(types: Types, p: FloatArray) -> State:
    """A generator with the reward a q + c s that comes closest, over the first one, to how it differs from that."""
    change = np.log(np.maximum(p, 1e-12)) - np.log(types.first)
    columns = np.stack([np.ones_like(p), types.quality, types.style], axis=1)
    weight = np.sqrt(types.first)[:, None]
    (_, a, c), *_ = np.linalg.lstsq(columns * weight, change * weight[:, 0], rcond=None)
    return State(p, float(a), float(c))


def judged(world: World, quality: FloatArray, style: FloatArray) -> FloatArray:
    """The judge's probability for A, given how much better and how much more of its style A is."""
    share: FloatArray = expit(world.sharpness * quality + world.affinity * style)
    return share


def fit(columns: FloatArray, share: FloatArray, weight: FloatArray, ridge: float = 1e-9) -> tuple[float, float]:
    """The (a, c) of least cross-entropy between `share` (N,) and s(columns (N, 2) @ (a, c)), by Newton's method."""
    value = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        fitted = expit(columns @ value)
        slope = columns.T @ (weight * (share - fitted)) - ridge * value
        bend = (columns * (weight * fitted * (1 - fitted))[:, None]).T @ columns + ridge * np.eye(2)
        step = np.linalg.solve(bend, slope)
        value += step * min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-10:
            break
    return float(value[0]), float(value[1])


@cache
def exact_curves(world: World, ratio: float, generations: int) -> dict[str, FloatArray]:
    """The true curves of EXACT over generations 0 to G: (G + 1,) each.

    affinity: c, what it has learned of the judge's style, in log-odds. quality, style: means over its responses.
    diversity: expected share of different types among the world's samples. people, judge: how often its choice between
    two responses of the first generator is theirs, 1/2 for generation 0.
    """
    types = types_of(world)
    states = list(evolve(world, ratio, generations))
    rows = [_measured(world, types, state) for state in states]
    return {name: np.array([row[name] for row in rows]) for name in EXACT}


def distinct_share(p: FloatArray, samples: int) -> float:
    """E[different types among `samples`] / samples = sum_x (1 - (1 - p_x)^samples) / samples."""
    return float((1 - (1 - p) ** samples).sum() / samples)


@cache
def collapse_ratio(world: World, generations: int, keeps: float) -> float | None:
    """The least ratio at which the last generation keeps less than `keeps` of its twin's diversity; None: none does."""
    grid = np.linspace(TWIN, 1.0, GRID + 1)
    twin = _diversity(world, TWIN, generations)
    below = [ratio for ratio in grid[1:] if _diversity(world, ratio, generations) < keeps * twin]
    if not below:
        return None
    low, high = below[0] - 1 / GRID, below[0]
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if _diversity(world, middle, generations) < keeps * twin else (middle, high)
    return float(high)


def _diversity(world: World, ratio: float, generations: int) -> float:
    *_, last = evolve(world, float(ratio), generations)
    return distinct_share(last.p, world.samples)


def _measured(world: World, types: Types, state: State) -> dict[str, float]:
    quality, style = _differences(types)
    weight = np.outer(types.first, types.first).ravel()
    score = state.a * quality + state.c * style
    chosen = np.where(np.abs(score) < 1e-12, 0.5, score > 0)
    by_people, by_judge = expit(quality), judged(world, quality, style)
    return {
        "affinity": state.c,
        "quality": float(state.p @ types.quality),
        "style": float(state.p @ types.style),
        "diversity": distinct_share(state.p, world.samples),
        "people": float(weight @ (chosen * by_people + (1 - chosen) * (1 - by_people))),
        "judge": float(weight @ (chosen * by_judge + (1 - chosen) * (1 - by_judge))),
    }


def _exact_fit(world: World, types: Types, p: FloatArray, ratio: float) -> tuple[float, float]:
    quality, style = _differences(types)
    columns = np.tile(np.stack([quality, style], axis=1), (2, 1))
    share = np.concatenate([expit(quality), judged(world, quality, style)])
    weight = np.concatenate([(1 - ratio) * np.outer(types.first, types.first).ravel(), ratio * np.outer(p, p).ravel()])
    return fit(columns, share, weight)


def _retrained(world: World, types: Types, p: FloatArray, ratio: float) -> FloatArray:
    reward = world.sharpness * types.quality + world.affinity * types.style
    mixed: FloatArray = (1 - ratio) * _chosen(types.first, types.quality) + ratio * _chosen(p, reward)
    total = float(mixed.sum())
    return mixed / total


def _chosen(p: FloatArray, reward: FloatArray) -> FloatArray:
    """The distribution of the chosen one of two draws from `p`."""
    chosen: FloatArray = 2 * p * (expit(reward[:, None] - reward[None, :]) @ p)
    return chosen


def _differences(types: Types) -> tuple[FloatArray, FloatArray]:
    """Quality and style of x minus y over all pairs: (K * K,) each."""
    return (
        np.subtract.outer(types.quality, types.quality).ravel(),
        np.subtract.outer(types.style, types.style).ravel(),
    )
