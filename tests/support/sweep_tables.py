"""Small tables and sweeps for the tests of the sweep's statistics."""

from collections.abc import Sequence

import numpy as np

from firsthand.evaluate.sweep.analysis import Analysis, AnalysisConfig, analyse
from firsthand.evaluate.sweep.outcome import Arm, Design, EvalTable, Point, Sweep
from firsthand.evaluate.sweep.resample import Figure
from firsthand.evaluate.sweep.simulate import JudgeWorld, SweepWorld, simulate
from firsthand.lineage import Relation


def table_of(
    p_human: Sequence[float],
    *,
    prompt: Sequence[int] | None = None,
    author: Sequence[tuple[int, int]] | None = None,
    length: Sequence[tuple[float, float]] | None = None,
    response: Sequence[tuple[int, int]] | None = None,
    tag: Sequence[int] | None = None,
    tags: tuple[str, ...] = (),
) -> EvalTable:
    """A table of as many comparisons as there are shares; each has its own prompt unless said otherwise."""
    count = len(p_human)
    return EvalTable(
        comparison_id=tuple(f"c{number}" for number in range(count)),
        prompt=np.arange(count) if prompt is None else np.array(prompt),
        p_human=np.array(p_human, np.float64),
        votes=np.full(count, 2),
        response=np.arange(2 * count).reshape(count, 2) if response is None else np.array(response),
        author=np.full((count, 2), -1) if author is None else np.array(author),
        authors=("own", "other"),
        length=np.ones((count, 2)) if length is None else np.array(length, np.float64),
        tag=np.full(count, -1) if tag is None else np.array(tag),
        tags=tags,
    )


def point(design: Design, ratio: float, gap: Sequence[float], *, seed: int = 0, human: int = 100) -> Point:
    """A model that added or replaced so that its rows make the ratio."""
    synthetic = round(human * ratio / (1 - ratio)) if design == "add" else round(human * ratio)
    people = human if design == "add" else human - synthetic
    name = "human" if design == "human" else "all"
    return Point(Arm(name, design), ratio, seed, people, synthetic, np.array(gap, np.float64))


def sweep_of(table: EvalTable, points: Sequence[Point], own: tuple[int, ...] = (0,)) -> Sweep:
    """A sweep whose training rows come from 50 prompts."""
    return Sweep(table, "gpt-x", own, tuple(points), "fast", 50, Relation.SAME_MODEL if own else Relation.UNKNOWN)


def figure(value: float, error: float = 0.01, rows: int = 1_000, prompts: int = 1_000) -> Figure:
    """A figure on many prompts."""
    return Figure(value, error, prompts, rows)


def simulated_analysis(judge: JudgeWorld, seed: int = 0, refits: int = 10) -> Analysis:
    """A whole analysis of a small simulated sweep with every design."""
    world = SweepWorld(
        judge,
        human=300,
        synthetic=900,
        anchor=400,
        ratios=(0.0, 0.5, 1.0),
        add=(0.0, 0.5, 0.75),
        shares=(0.2, 0.5, 1.0),
        seeds=2,
        permuted=True,
    )
    sweep, refit = simulate(world, seed)
    return analyse(sweep, refit, AnalysisConfig(refits=refits))
