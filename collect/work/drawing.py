"""Which of the open comparisons comes next, and with what chance.

Comparisons are drawn in two steps: a pool of equally good ones, by its size, then one of the pool by its position, a
keyed hash of its id. Over the keys all of a pool have the same chance, so that the chance of each is known without
counting.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from firsthand.collect.serve_config import Assignment, Order
from firsthand.collect.work.turns import Pool


@dataclass(frozen=True, slots=True)
class Draw:
    """A pool that was drawn, by which policy, and the chance that each comparison of the pool had in this draw."""

    pool: Pool
    policy: str
    propensity: float


def draw(sizes: Mapping[Pool, int], assignment: Assignment, chance: random.Random) -> Draw:
    """Draw from the pools that a rater may be given; `sizes` holds one at least, each of at least 1.

    Comparisons chosen for overlap that have a first rater and lack a second come before all others: at any time the
    share that several people have labelled is then about the one asked for. Else, with s = order.random_share, N open
    comparisons and n of them that the policy likes best,

        propensity = s / N + (1 - s) / n   for those n,      s / N   for the others,

    which sums to 1 over the N.
    """
    begun = {pool: size for pool, size in sizes.items() if _is_begun_overlap(pool, assignment)}
    if begun:
        return Draw(_one_of(begun, chance), "overlap", 1 / sum(begun.values()))
    order = assignment.order
    best = _best(sizes, order)
    policy = "random" if chance.random() < order.random_share else order.policy
    pool = _one_of(best if policy == order.policy else sizes, chance)
    propensity = order.random_share / sum(sizes.values())
    if pool in best:
        propensity += (1 - order.random_share) / sum(best.values())
    return Draw(pool, policy, propensity)


def _is_begun_overlap(pool: Pool, assignment: Assignment) -> bool:
    return pool.overlap and 1 <= pool.taken < assignment.overlap.raters


def _best(sizes: Mapping[Pool, int], order: Order) -> dict[Pool, int]:
    """The pools that the policy likes best."""
    if order.policy == "random":
        return dict(sizes)
    if order.policy == "least_covered":
        least = min(pool.taken for pool in sizes)
        return {pool: size for pool, size in sizes.items() if pool.taken == least}
    most = max(pool.information for pool in sizes)
    return {pool: size for pool, size in sizes.items() if pool.information == most}


def _one_of(sizes: Mapping[Pool, int], chance: random.Random) -> Pool:
    pools = sorted(sizes)
    (pool,) = chance.choices(pools, [sizes[pool] for pool in pools])
    return pool
