"""Simulated worlds in which people label a part of what judges judged, and a reward model learns from the mix."""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from firsthand.collect.work.information import Votes, information
from firsthand.collect.work.worth import Doubts, Judgment, Pair, joint_word
from firsthand.records import Annotator, Source

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

AUTHORS, TRAITS = 5, 6
RANDOM_SHARE = 0.2


@dataclass(frozen=True)
class Setting:
    """A panel of judges: how much each favours its own author (logits), likes the first trait, and follows the order.

    sharp: how closely it follows quality; noise: of its own, in logits; probabilities: whether it states them.
    """

    judges: int = 1
    kin: tuple[float, ...] = (0.0,)
    taste: tuple[float, ...] = (0.0,)
    order: float = 0.0
    sharp: float = 1.0
    noise: float = 0.7
    probabilities: bool = True
    both_orders: bool = True


@dataclass(frozen=True)
class World:
    """N comparisons: features and authors of the pairs, people's votes (1: A), the judges' P(A) in each order."""

    features: Floats
    authors: Ints
    votes: Floats
    judged: Floats
    anchor_features: Floats
    anchor_votes: Floats
    judges: int
    names: list[str] = field(default_factory=list)


def make_world(generator: np.random.Generator, setting: Setting, comparisons: int = 1_200) -> World:
    """Authors differ in quality, responses in traits; people like both, and see what no trait shows."""
    quality = generator.normal(0, 0.7, AUTHORS)
    likes = generator.normal(0, 0.5, TRAITS)

    def pairs(count: int) -> tuple[Floats, Ints, Floats, Floats]:
        authors = np.array([generator.choice(AUTHORS, 2, replace=False) for _ in range(count)])
        traits = generator.normal(0, 1, (count, TRAITS))
        one_hot = np.eye(AUTHORS)[authors[:, 0]] - np.eye(AUTHORS)[authors[:, 1]]
        better = quality[authors[:, 0]] - quality[authors[:, 1]] + traits @ likes + generator.normal(0, 0.8, count)
        votes = (generator.random(count) < 1 / (1 + np.exp(-1.5 * better))).astype(float)
        return np.hstack([one_hot, traits]), authors, better, votes

    features, authors, better, votes = pairs(comparisons)
    anchor, _, _, anchor_votes = pairs(2_000)
    orders = 2 if setting.both_orders else 1
    judged = np.zeros((setting.judges, orders, comparisons))
    for judge in range(setting.judges):
        own = (authors[:, 0] == judge).astype(float) - (authors[:, 1] == judge)
        pull = setting.kin[judge] * own + setting.taste[judge] * features[:, AUTHORS]
        logit = 1.5 * setting.sharp * better + pull + generator.normal(0, setting.noise, comparisons)
        for order in range(orders):
            shown = setting.order * (1 if order == 0 else -1) + generator.normal(0, 0.3, comparisons)
            p = 1 / (1 + np.exp(-(logit + shown)))
            judged[judge, order] = p if setting.probabilities else (p > 0.5)
    return World(features, authors, votes, judged, anchor, anchor_votes, setting.judges)


def worth(world: World) -> Ints:
    """What a label on each comparison is worth, in tenths, as the rating page and `status --next` reckon it."""
    names = [f"author-{number}" for number in range(AUTHORS)]
    judges = {name: Annotator(name, Source.SYNTHETIC) for name in names[: world.judges]}
    doubts = Doubts(judges, {name: name for name in names})
    found = []
    for place, (a, b) in enumerate(world.authors):
        said = [judgment(names[judge], world.judged[judge, :, place]) for judge in range(world.judges)]
        p_a, weight = joint_word(said, doubts, Pair(names[a], names[b], {}), uncovered=False)
        found.append(information(Votes(judges_p_a=p_a, judges_weight=weight)))
    return np.array(found)


def judgment(name: str, orders: Floats) -> Judgment:
    flipped = (orders.min() - 0.5) * (orders.max() - 0.5) < 0
    return Judgment(name, float(orders.mean()), bool(flipped))


def routed_order(generator: np.random.Generator, tenths: Ints) -> Ints:
    """The order in which the queue gives comparisons out: the worthiest first, a share at random among the rest."""
    best = list(np.lexsort((generator.random(len(tenths)), -tenths))[::-1])
    anyone = list(generator.permutation(len(tenths)))
    taken: set[int] = set()
    order = []
    while len(order) < len(tenths):
        pile = anyone if generator.random() < RANDOM_SHARE else best
        one = pile.pop()
        if one not in taken:
            taken.add(one)
            order.append(one)
    return np.array(order)


def anchor_accuracy(world: World, labelled: Ints) -> float:
    """How often a reward model agrees with people on the anchor: people's labels win, judges label all the rest."""
    is_labelled = np.zeros(len(world.votes), bool)
    is_labelled[labelled] = True
    said = world.judged.mean(axis=1)
    judge, place = np.nonzero((said != 0.5) & ~is_labelled)
    features = np.vstack([world.features[is_labelled], world.features[place]])
    chosen = np.concatenate([world.votes[is_labelled], said[judge, place] > 0.5])
    score = world.anchor_features @ fitted(features, chosen)
    return float(((score > 0) == (world.anchor_votes > 0.5)).mean())


def fitted(features: Floats, chosen: Floats, ridge: float = 1.0) -> Floats:
    """The weights of a Bradley-Terry model, by Newton's method."""
    weights = np.zeros(features.shape[1])
    for _ in range(8):
        p = 1 / (1 + np.exp(-(features @ weights)))
        slope = features.T @ (p - chosen) + ridge * weights
        bend = (features * (p * (1 - p))[:, None]).T @ features + ridge * np.eye(len(weights))
        weights = weights - np.linalg.solve(bend, slope)
    return weights
