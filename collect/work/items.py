"""What a rater is given to judge: the leases they hold, topped up with new ones."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from firsthand.collect.serve_config import Assignment
from firsthand.collect.work.granting import Request, grant_item, regain, release_expired, release_unfit
from firsthand.collect.work.raters import Rater, open_pools
from firsthand.collect.work.turns import Standing, Turn, clock, stamp, standing_of, turn_of
from firsthand.records import Comparison, Side
from firsthand.store import Store, schema
from firsthand.store.driver import run
from firsthand.store.rows import comparison_of
from firsthand.store.secret import store_secret

__all__ = ["Item", "Kind", "Rater", "items_in", "next_items"]

SYSTEM_CHANCE = random.SystemRandom()


class Kind(StrEnum):
    """Why a rater is asked: only the server knows.

    GOLD: a trusted verdict exists. REPEAT: they judged it before, with the sides exchanged. ADJUDICATION: raters
    contradict each other and an expert decides.
    """

    NEW = "new"
    GOLD = "gold"
    REPEAT = "repeat"
    ADJUDICATION = "adjudication"


@dataclass(frozen=True, slots=True)
class Item:
    """A comparison leased to one rater until expires_at (UTC, ISO 8601); kept on the server, but for the lease's id."""

    lease: str
    comparison: Comparison
    shown_first: Side
    kind: Kind
    expires_at: str


@dataclass(frozen=True, slots=True)
class Given:
    """What a rater is given, and how many comparisons they could be given beyond it."""

    items: list[Item]
    still_open: int


def next_items(
    store: Store, assignment: Assignment, rater: Rater, count: int = 2, chance: random.Random = SYSTEM_CHANCE
) -> list[Item]:
    """The next items of `rater`, at most `count`: the leases they hold, oldest first, then newly granted ones.

    After a reload or a restart the same items come, with the same sides. Fewer than `count`: there is no more work for
    them now. None for a rater who is paused. What their role or tags are not enough for any more is let go. What is
    returned is on disk.
    """
    secret = store_secret(store.engine)
    lease = timedelta(minutes=assignment.lease_minutes)
    with store.engine.connect().execution_options(read_only=True) as connection:
        held = _held(connection, rater)
        late = stamp(clock(connection) + lease / 2)
        if len(held) >= count and held[0].expires_at > late:
            standing = standing_of(connection, rater.id)
            if standing.paused is None and _fitting(held, standing) == held:
                return [_item(row) for row in held[:count]]
    with turn_of(store, rater.id) as turn:
        return [] if turn.paused else items_in(turn, assignment, rater, secret, count, chance).items


def items_in(
    turn: Turn,
    assignment: Assignment,
    rater: Rater,
    secret: bytes,
    count: int = 2,
    chance: random.Random = SYSTEM_CHANCE,
) -> Given:
    """`next_items` inside a turn of a rater who is not paused; `secret` is the store's."""
    until = turn.now + timedelta(minutes=assignment.lease_minutes)
    release_unfit(turn, rater)
    missing = count - _renew(turn, rater, until)
    release_expired(turn)
    missing -= regain(turn, rater, until, missing)
    sizes = open_pools(turn.connection, rater, turn.resized)
    request = Request(turn, assignment, rater, secret, until, chance, sizes)
    for _ in range(missing):
        if not grant_item(request):
            break
    held = _fitting(_held(turn.connection, rater), turn.standing)
    return Given([_item(row) for row in held[:count]], sizes.total())


def item_of(connection: sa.Connection, lease: str) -> Item:
    """The item of one lease."""
    return _item(connection.execute(_LEASED.where(schema.leases.c.id == lease)).one())


def _held(connection: sa.Connection, rater: Rater) -> Sequence[Any]:
    """The leases that `rater` holds, with their comparisons, oldest first."""
    return run(connection, _HELD, {"rater": rater.id}).rows


def _fitting(held: Sequence[Any], standing: Standing) -> Sequence[Any]:
    return [row for row in held if standing.fits(row.kind, row.work_tag)]


def _leased_query() -> sa.Select[Any]:
    leases, comparisons, prompts, work = schema.leases, schema.comparisons, schema.prompts, schema.work
    return (
        sa.select(
            *(leases.c.id.label("lease"), leases.c.shown_first, leases.c.kind, leases.c.expires_at),
            *(work.c.tag.label("work_tag"), comparisons, prompts.c.messages),
        )
        .join(work, work.c.comparison_id == leases.c.comparison_id)
        .join(comparisons, comparisons.c.id == leases.c.comparison_id)
        .join(prompts, prompts.c.id == comparisons.c.prompt_id)
    )


def _renew(turn: Turn, rater: Rater, until: datetime) -> int:
    """What a rater holds who is at work is theirs for a full lease again; returns how many leases that are."""
    return run(turn.connection, _RENEW, {"of_rater": rater.id, "expires_at": stamp(until)}).changed


def _item(row: Any) -> Item:
    return Item(row.lease, comparison_of(row), Side(row.shown_first), Kind(row.kind), row.expires_at)


_LEASED = _leased_query()
_HELD = _LEASED.where(schema.leases.c.rater == sa.bindparam("rater"), schema.leases.c.state == "held").order_by(
    schema.leases.c.granted_at, schema.leases.c.id
)
_RENEW = schema.leases.update().where(
    schema.leases.c.rater == sa.bindparam("of_rater"), schema.leases.c.state == "held"
)
