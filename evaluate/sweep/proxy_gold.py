"""T4, the proxy-gold gap over best-of-n: what a model promises of the answer it picks, and what people say of it.

Of each prompt whose responses people compared with one another, the model picks the best of n drawn without repeats.
With the k responses ranked by its score, the one at place r is picked with the chance C(k - r, n - 1) / C(k, n).
Gold: how often people prefer the pick to what it was compared with. Proxy: how often the model expects to, sigma of the
difference of scores: unlike all else that is measured of a sweep it grows with a model's sharpness, so that a sharper
model which ranks alike has a larger gap. Chosen harder, a proxy promises ever more than it holds (Gao et al. 2022,
arXiv 2210.10760); drawn freely, best of n is log n - (n - 1) / n nats from the responses as they come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, log

import numpy as np
from scipy.sparse import block_diag, csr_matrix
from scipy.special import expit

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.evaluate.sweep.cells import Cell, Line, against, alone, lines
from firsthand.evaluate.sweep.measures import Measure, Scores, Values
from firsthand.evaluate.sweep.outcome import EvalTable
from firsthand.evaluate.sweep.resample import Figure, Wanted
from firsthand.evaluate.sweep.settings import AnalysisConfig


@dataclass(frozen=True, slots=True)
class _Linked:
    """A prompt whose k responses its comparisons (R) link. solve: (k, R), from gaps to scores; gold: (k,)."""

    prompt: int
    rows: IntArray
    solve: FloatArray
    gold: FloatArray


@dataclass(frozen=True, slots=True)
class _Sets:
    """Prompts with k responses each: numbers of the prompts (G,), of the responses (G, k), people's shares (G, k)."""

    prompt: IntArray
    response: IntArray
    gold: FloatArray


@dataclass(frozen=True, slots=True)
class Choices:
    """Where a best of n can be picked. solve: (T, M), from gaps to the scores of T responses; prompts: of the table."""

    solve: csr_matrix
    sets: tuple[_Sets, ...]
    prompts: int
    largest: int


@dataclass(frozen=True, slots=True)
class ProxyGold:
    """Of an arm, over n (1, 2, ...): proxy and gold of the human-only twin and of the largest ratio (N,).

    gap: the growth of proxy - gold from n = 1 to the largest n, against the twin; gold_lost: of gold alone.
    """

    arm: str
    ratio: float
    n: tuple[int, ...]
    nats: tuple[float, ...]
    twin_proxy: list[Figure]
    twin_gold: list[Figure]
    proxy: list[Figure]
    gold: list[Figure]
    gap: Figure
    gold_difference: Figure
    prompts: int


def choices(table: EvalTable, config: AnalysisConfig) -> Choices:
    """The prompts whose compared responses hang together, for the largest n that enough prompts have responses for."""
    linked = _linked(table)
    sizes = np.array([len(each.gold) for each in linked])
    largest = config.largest_n
    while largest > 1 and (sizes >= largest).sum() < config.least_rows:
        largest -= 1
    prompts = len(np.unique(table.prompt))
    return _joined([each for each in linked if len(each.gold) >= max(2, largest)], len(table), prompts, largest)


def wanted_proxy_gold(table: EvalTable, cells: Sequence[Cell], config: AnalysisConfig) -> dict[str, Wanted]:
    """Proxy and gold at every n, of the twin and of the largest ratio of each arm that replaces human rows."""
    arms = lines(cells, "replace")
    given = choices(table, config) if arms else None
    if given is None or given.largest < 2:
        return {}
    found = {}
    for line in arms:
        ends = [line.numbers[0], line.numbers[-1]]
        for n in range(1, given.largest + 1):
            for proxy in (True, False):
                found[_name(line, n, proxy)] = Wanted(best_of(given, n, proxy), alone(cells, ends))
        growth = _growth(given)
        found[_name(line, 0, True)] = Wanted(growth, against(cells, ends[1:], ends[0]))
        found[_name(line, 0, False)] = Wanted(best_of(given, given.largest, False), against(cells, ends[1:], ends[0]))
    return found


def proxy_gold(cells: Sequence[Cell], found: dict[str, list[Figure]], config: AnalysisConfig) -> list[ProxyGold]:
    """The curves from the figures of `wanted_proxy_gold`; none where too few prompts have responses to choose from."""
    curves = []
    for line in lines(cells, "replace"):
        steps = [n for n in range(1, config.largest_n + 1) if _name(line, n, True) in found]
        if steps:
            curves.append(_curve(line, steps, found))
    return curves


def best_of(given: Choices, n: int, proxy: bool) -> Measure:
    """The mean over prompts of proxy or gold of the best of n."""

    def measure(scores: Scores) -> Values:
        picked = np.concatenate([_picked(group, _scores(given, scores), n, proxy) for group in given.sets], axis=1)
        return _over_prompts(given, picked)

    return measure


def _growth(given: Choices) -> Measure:
    """How much more the proxy grows than gold does, from n = 1 to the largest n."""

    def measure(scores: Scores) -> Values:
        found = _scores(given, scores)
        parts = [
            _picked(group, found, given.largest, True)
            - _picked(group, found, 1, True)
            - _picked(group, found, given.largest, False)
            + _picked(group, found, 1, False)
            for group in given.sets
        ]
        return _over_prompts(given, np.concatenate(parts, axis=1))

    return measure


def _picked(group: _Sets, scores: FloatArray, n: int, proxy: bool) -> FloatArray:
    """Of P models and the prompts of a group, proxy or gold of the best of n: (P, G)."""
    own = scores[:, group.response]
    count = own.shape[-1]
    order = np.argsort(-own, axis=-1, kind="stable")
    if proxy:
        expected = expit(own[..., :, None] - own[..., None, :]).sum(axis=-1) - 0.5
        worth = expected / (count - 1)
    else:
        worth = np.broadcast_to(group.gold, own.shape)
    chance = np.array([comb(count - place, n - 1) / comb(count, n) for place in range(1, count + 1)])
    picked: FloatArray = np.take_along_axis(worth, order, axis=-1) @ chance
    return picked


def _scores(given: Choices, scores: Scores) -> FloatArray:
    """The scores of the responses, each prompt's around 0: (P, T)."""
    solved: FloatArray = (given.solve @ scores.gap.T).T
    return solved


def _over_prompts(given: Choices, values: FloatArray) -> Values:
    """The mean over the prompts that have sets, with the influence of every prompt of the table."""
    at = np.concatenate([group.prompt for group in given.sets])
    mean = values.mean(axis=1)
    influence = np.zeros((len(values), given.prompts))
    influence[:, at] = (values - mean[:, None]) / len(at)
    return Values(mean, influence, len(at), len(at))


def _linked(table: EvalTable) -> list[_Linked]:
    """The prompts in which a chain of comparisons leads from each response to each."""
    found = []
    solved: dict[bytes, FloatArray | None] = {}
    order = np.argsort(table.prompt, kind="stable")
    for prompt, rows in enumerate(np.split(order, np.flatnonzero(np.diff(table.prompt[order])) + 1)):
        _, ends = np.unique(table.response[rows], return_inverse=True)
        ends = ends.reshape(-1, 2)
        shape = ends.tobytes()
        if shape not in solved:
            solved[shape] = _solve(ends)
        solve = solved[shape]
        if solve is not None:
            shares = np.stack([table.p_human[rows], 1 - table.p_human[rows]], axis=1)
            gold = np.bincount(ends.ravel(), shares.ravel()) / np.bincount(ends.ravel())
            found.append(_Linked(prompt, rows, solve, gold))
    return found


def _solve(ends: IntArray) -> FloatArray | None:
    """What makes scores of gaps (k, R), by least squares; None where no chain links all responses."""
    design = np.zeros((len(ends), int(ends.max()) + 1))
    design[np.arange(len(ends)), ends[:, 0]] += 1
    design[np.arange(len(ends)), ends[:, 1]] -= 1
    if np.linalg.matrix_rank(design) < design.shape[1] - 1:
        return None
    return np.asarray(np.linalg.pinv(design), np.float64)


def _joined(linked: Sequence[_Linked], rows: int, prompts: int, largest: int) -> Choices:
    """The prompts by how many responses they have, and one matrix from all gaps to all scores."""
    sets: list[_Sets] = []
    blocks, columns = [], []
    start = 0
    for size in sorted({len(each.gold) for each in linked}):
        same = [each for each in linked if len(each.gold) == size]
        firsts = start + size * np.arange(len(same))
        blocks += [each.solve for each in same]
        columns += [each.rows for each in same]
        gold = np.stack([each.gold for each in same])
        sets.append(_Sets(np.array([each.prompt for each in same]), firsts[:, None] + np.arange(size), gold))
        start += size * len(same)
    if not sets:
        return Choices(csr_matrix((0, rows)), (), prompts, 1)
    order = np.concatenate(columns)
    placed = csr_matrix((np.ones(len(order)), (np.arange(len(order)), order)), shape=(len(order), rows))
    return Choices(csr_matrix(block_diag(blocks) @ placed), tuple(sets), prompts, largest)


def _curve(line: Line, steps: Sequence[int], found: dict[str, list[Figure]]) -> ProxyGold:
    proxy = [found[_name(line, n, True)] for n in steps]
    gold = [found[_name(line, n, False)] for n in steps]
    return ProxyGold(
        arm=line.arm.name,
        ratio=line.ratios[-1],
        n=tuple(steps),
        nats=tuple(log(n) - (n - 1) / n for n in steps),
        twin_proxy=[each[0] for each in proxy],
        twin_gold=[each[0] for each in gold],
        proxy=[each[1] for each in proxy],
        gold=[each[1] for each in gold],
        gap=found[_name(line, 0, True)][0],
        gold_difference=found[_name(line, 0, False)][0],
        prompts=gold[0][0].prompts,
    )


def _name(line: Line, n: int, proxy: bool) -> str:
    """Of the figures at n; n = 0: of what grows with n, against the twin."""
    return f"{'proxy' if proxy else 'gold'} {n} {line.arm.name}"
