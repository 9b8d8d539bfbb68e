"""What a rater may be given."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from firsthand.collect.work.turns import Pool
from firsthand.store import schema

SEEN = ("held", "done", "skipped")
"""States of a lease after which a rater is not asked again."""


@dataclass(frozen=True, slots=True)
class Rater:
    """Who is at work: id is the annotator's name; tags are the domains they know; an expert also settles disputes."""

    id: str
    tags: frozenset[str] = frozenset()
    is_expert: bool = False


def routed_to(rater: Rater, tag: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The condition that work with the tag in column `tag` may go to `rater`.

    Work without a tag goes to everyone, work with one to those who hold it; who holds `law` also holds `law/contracts`.
    """
    held = (sa.or_(tag == name, tag.startswith(f"{name}/", autoescape=True)) for name in sorted(rater.tags) if name)
    return sa.or_(tag == "", *held)


def _holds(rater: Rater, tag: str) -> bool:
    """`routed_to` for a tag at hand."""
    return tag == "" or any(tag == name or tag.startswith(f"{name}/") for name in rater.tags if name)


def unseen_by(rater: Rater) -> sa.ColumnElement[bool]:
    """The condition that `rater` was not asked about the row of `work`."""
    leases = schema.leases
    seen = sa.select(leases.c.id).where(
        leases.c.comparison_id == schema.work.c.comparison_id, leases.c.rater == rater.id, leases.c.state.in_(SEEN)
    )
    return ~seen.correlate(schema.work).exists()


def open_pools(connection: sa.Connection, rater: Rater, resized: Mapping[Pool, int] | None = None) -> Counter[Pool]:
    """How many comparisons of each pool are open to `rater`; takes longer with the rater's own work alone.

    resized: what the turn that asks has changed and not written yet.
    """
    pools, work, leases = schema.pools, schema.work, schema.leases
    sizes: Counter[Pool] = Counter()
    for row in connection.execute(sa.select(pools).where(pools.c.size > 0, routed_to(rater, pools.c.tag))):
        sizes[Pool(row.tag, row.overlap, row.taken, row.information)] = row.size
    for pool, by in (resized or {}).items():
        if _holds(rater, pool.tag):
            sizes[pool] += by
    shared = (work.c.tag, work.c.overlap, work.c.taken, work.c.information)
    seen = (
        sa.select(*shared, sa.func.count(leases.c.comparison_id.distinct()).label("seen"))
        .join(work, work.c.comparison_id == leases.c.comparison_id)
        .where(leases.c.rater == rater.id, leases.c.state.in_(SEEN), work.c.is_open)
        .group_by(*shared)
    )
    for row in connection.execute(seen):
        sizes[Pool(row.tag, row.overlap, row.taken, row.information)] -= row.seen
    return +sizes
