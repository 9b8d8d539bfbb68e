"""What a rater may be given."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from firsthand.collect.work.turns import Pool, holds
from firsthand.store import schema
from firsthand.store.driver import run

WAS_SEEN = schema.leases.c.state != "expired"
"""The condition that a rater is not asked again about what the lease is on."""


@dataclass(frozen=True, slots=True)
class Rater:
    """Who is at work: id is the annotator's name; tags are the domains they know; an expert also settles disputes."""

    id: str
    tags: frozenset[str] = frozenset()
    is_expert: bool = False


def routed_to(tags: frozenset[str], tag: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The condition that work with the tag in column `tag` may go to a rater who holds `tags`.

    Work without a tag goes to everyone, work with one to those who hold it; who holds `law` also holds `law/contracts`
    (`holds`, for a tag at hand).
    """
    held = (sa.or_(tag == name, tag.startswith(f"{name}/", autoescape=True)) for name in sorted(tags) if name)
    return sa.or_(tag == "", *held)


def unseen() -> sa.ColumnElement[bool]:
    """The condition that the rater, a parameter, was not asked about the row of `work`."""
    leases = schema.leases
    seen = sa.select(leases.c.id).where(
        leases.c.comparison_id == schema.work.c.comparison_id,
        leases.c.rater == sa.bindparam("rater"),
        WAS_SEEN,
    )
    return ~seen.correlate(schema.work).exists()


def open_pools(connection: sa.Connection, rater: Rater, resized: Mapping[Pool, int] | None = None) -> Counter[Pool]:
    """How many comparisons of each pool are open to `rater`; takes longer with the rater's own work alone.

    resized: what the turn that asks has changed and not written yet.
    """
    sizes: Counter[Pool] = Counter()
    for *pool, size in run(connection, _pools(rater.tags), {}).rows:
        sizes[Pool(*pool)] = size
    for changed, by in (resized or {}).items():
        if holds(rater.tags, changed.tag):
            sizes[changed] += by
    for *pool, seen in run(connection, _SEEN_OF_POOLS, {"rater": rater.id}).rows:
        sizes[Pool(*pool)] -= seen
    return +sizes


@lru_cache(maxsize=256)
def _pools(tags: frozenset[str]) -> sa.Select[Any]:
    pools = schema.pools.c
    query = sa.select(pools.tag, pools.overlap, pools.taken, pools.information, pools.size)
    return query.where(pools.size > 0, routed_to(tags, pools.tag))


def _seen_of_pools() -> sa.Select[Any]:
    """How many of each pool's comparisons the rater was asked about; they are only theirs no more."""
    work, leases = schema.work, schema.leases
    pool = (work.c.tag, work.c.overlap, work.c.taken, work.c.information)
    return (
        sa.select(*pool, sa.func.count(leases.c.comparison_id.distinct()))
        .join(work, work.c.comparison_id == leases.c.comparison_id)
        .where(leases.c.rater == sa.bindparam("rater"), WAS_SEEN, work.c.is_open)
        .group_by(*pool)
    )


_SEEN_OF_POOLS = _seen_of_pools()
