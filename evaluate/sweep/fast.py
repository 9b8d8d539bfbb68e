"""The fast engine: features of every response once, then a convex head for each arm, ratio and seed."""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.evaluate.sweep.config import SweepConfig
from firsthand.evaluate.sweep.engine import STYLE_ALONE, Ran
from firsthand.evaluate.sweep.features import Features, read_features
from firsthand.evaluate.sweep.head import Tally, choose_penalty, fit_head
from firsthand.evaluate.sweep.outcome import Point, Refit
from firsthand.evaluate.sweep.plan import Planned, plan
from firsthand.evaluate.sweep.read import Facts, Material
from firsthand.evaluate.sweep.space import Space, make_space
from firsthand.store import Store


@dataclass(frozen=True, slots=True)
class Trained:
    """A model of the sweep: what it was trained on, the penalty that was chosen, and the head (K,)."""

    planned: Planned
    tally: Tally
    penalty: float
    head: FloatArray


def run_fast(store: Store, material: Material, config: SweepConfig) -> tuple[Ran, Refit]:
    """Train every model of the sweep, and how to train again; equal store, configuration and features, equal points."""
    ids = list(material.comparisons.index)
    features = read_features(store, ids, config.features)
    start = time.perf_counter()
    prompt = material.comparisons["prompt"].to_numpy(np.int64)
    space = make_space(features, np.flatnonzero(prompt >= 0), config.features.components)
    row = {name: number for number, name in enumerate(ids)}
    held_out = np.array([row[name] for name in material.table.comparison_id], np.int64)
    planned = list(plan(material, config))
    points, first, penalties = [], [], []
    for each in tqdm(planned, desc="fast sweep", unit="model", disable=None):
        trained = _train(each, space, prompt, row, config)
        points.append(_point(each, trained.head, space, held_out))
        penalties.append(trained.penalty)
        if each.seed == config.seed:
            first.append(trained)
    facts = {
        **_facts(features, space, config),
        "models trained": len(points),
        "seconds of training": round(time.perf_counter() - start, 1),
        "penalties chosen": f"{min(penalties):g} to {max(penalties):g}",
    }

    def refit(counts: IntArray) -> tuple[Point, ...]:
        times = np.append(counts, 0)[prompt].astype(np.float64)
        return tuple(_point(each.planned, _again(each, space, times), space, held_out) for each in first)

    return Ran(tuple(points), material.table, facts), refit


def _train(planned: Planned, space: Space, prompt: IntArray, row: dict[str, int], config: SweepConfig) -> Trained:
    tally = tally_of(planned.rows(), row, config.soft_labels)
    penalty = choose_penalty(space.x, tally, prompt, planned.seed)
    return Trained(planned, tally, penalty, fit_head(space.x, tally, penalty))


def tally_of(rows: pd.DataFrame, row: dict[str, int], soft: bool) -> Tally:
    """The labels `rows` by comparison, a label counting by its weight; `row` numbers the comparisons.

    With soft labels a label is for the chosen response by its probability, else wholly.
    """
    place = rows["comparison_id"].map(row).to_numpy(np.int64)
    weight = rows["weight"].to_numpy(np.float64)
    p_chosen = rows["p_chosen"].to_numpy(np.float64) if soft else np.ones(len(rows))
    for_a = weight * np.where(rows["chosen"] == "a", p_chosen, 1 - p_chosen)
    return Tally(*(np.bincount(place, values, len(row)).astype(np.float64) for values in (weight, for_a)))


def _again(trained: Trained, space: Space, times: FloatArray) -> FloatArray:
    return fit_head(space.x, trained.tally.times(times), trained.penalty, trained.head)


def _point(planned: Planned, head: FloatArray, space: Space, held_out: IntArray) -> Point:
    x = space.x[held_out]
    gap = x @ head
    swapped = gap - 2 * (x[:, space.style] @ head[space.style])
    return Point(planned.arm, planned.ratio, planned.seed, planned.human_rows, planned.synthetic_rows, gap, swapped)


def _facts(features: Features, space: Space, config: SweepConfig) -> Facts:
    return {
        "features of": config.features.model or STYLE_ALONE,
        "responses": len(features.surface),
        "responses the model read now": features.computed,
        "seconds of reading": round(features.seconds, 1),
        "features of a comparison": space.x.shape[1],
    }
