"""Giving a rater one more item: which kind, which comparison, and the lease on it."""

import random
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from firsthand.collect.serve_config import Assignment
from firsthand.collect.work.drawing import draw
from firsthand.collect.work.raters import Rater, open_pools, routed_to, unseen
from firsthand.collect.work.sides import side_shown_first
from firsthand.collect.work.turns import (
    IS_DISPUTED,
    IS_GOLD,
    Pool,
    Turn,
    change_work,
    first_open_work,
    free_work,
    open_work,
    stamp,
)
from firsthand.records import Side
from firsthand.store import schema
from firsthand.store.driver import run

REPEAT_AFTER = 10
"""Verdicts that lie at least between a comparison and its repeat."""
RELEASED_AT_ONCE = 50
"""Expired leases that one turn ends at most."""
TRIES = 5

_WORK, _LEASES = schema.work, schema.leases
_EXPIRED = (
    sa.select(_LEASES.c.id, _LEASES.c.comparison_id, _LEASES.c.kind)
    .where(_LEASES.c.state == "held", _LEASES.c.expires_at <= sa.bindparam("now"))
    .order_by(_LEASES.c.expires_at)
    .limit(RELEASED_AT_ONCE)
    .with_for_update(skip_locked=True)
)
_HELD = (
    sa.select(_LEASES.c.id, _LEASES.c.comparison_id, _LEASES.c.kind, _WORK.c.tag)
    .join(_WORK, _WORK.c.comparison_id == _LEASES.c.comparison_id)
    .where(_LEASES.c.rater == sa.bindparam("rater"), _LEASES.c.state == "held")
    .with_for_update(of=_LEASES, skip_locked=True)
)
_CHANGE_LEASE = _LEASES.update().where(_LEASES.c.id == sa.bindparam("lease"))
_GRANT = sa.text(
    "INSERT INTO leases"
    " (id, comparison_id, rater, shown_first, kind, state, policy, propensity, granted_at, expires_at) VALUES"
    " (:id, :comparison_id, :rater, :shown_first, :kind, :state, :policy, :propensity, :granted_at, :expires_at)"
    " ON CONFLICT (comparison_id, rater, shown_first) DO UPDATE SET kind = excluded.kind, state = excluded.state,"
    " policy = excluded.policy, propensity = excluded.propensity, granted_at = excluded.granted_at,"
    " expires_at = excluded.expires_at"
)
_PLACE_ON = first_open_work(_WORK.c.comparison_id == sa.bindparam("comparison"))
_IN_POOL = sa.and_(*(_WORK.c[name] == sa.bindparam(name) for name in Pool._fields), unseen())
_PLACE_FROM = first_open_work(_IN_POOL, _WORK.c.position >= sa.bindparam("pivot"))
_PLACE_BEFORE = first_open_work(_IN_POOL, _WORK.c.position < sa.bindparam("pivot"))


def release_expired(turn: Turn) -> None:
    """End leases whose time is over, so that others can have the comparisons; those in another turn are left to it."""
    for row in run(turn.connection, _EXPIRED, {"now": stamp(turn.now)}).rows:
        _release(turn, row)


def release_unfit(turn: Turn, rater: Rater) -> None:
    """End the leases of the turn's rater that are for others, now that their role or their tags have changed."""
    for row in run(turn.connection, _HELD, {"rater": rater.id}).rows:
        if not turn.standing.fits(row.kind, row.tag):
            _release(turn, row)


def _release(turn: Turn, lease: Any) -> None:
    """End a lease; nothing where another turn has its comparison in hand: the next turn comes back to it."""
    if lease.kind == "new":
        work = free_work(turn, lease.comparison_id)
        if work is None:
            return
        change_work(turn, work, taken=work["taken"] - 1)
    run(turn.connection, _CHANGE_LEASE, {"lease": lease.id, "state": "expired"})


def regain(turn: Turn, rater: Rater, until: datetime, count: int) -> int:
    """Give back to `rater` at most `count` of their own expired leases whose place is free; returns how many."""
    if count <= 0:
        return 0
    regained = 0
    for row in run(turn.connection, _expired_of(rater.tags), {"rater": rater.id, "count": count}).rows:
        if row.kind == "new":
            place = open_work(turn, _PLACE_ON, {"comparison": row.comparison_id})
            if place is None:
                continue
            change_work(turn, place, taken=place["taken"] + 1)
        held = {"state": "held", "granted_at": stamp(turn.next_moment()), "expires_at": stamp(until)}
        run(turn.connection, _CHANGE_LEASE, {"lease": row.id, **held})
        regained += 1
    return regained


@lru_cache(maxsize=256)
def _expired_of(tags: frozenset[str]) -> sa.Select[Any]:
    """The rater's own expired leases whose place is free."""
    leases, work, kind = schema.leases, schema.work, schema.leases.c.kind
    return (
        sa.select(leases.c.id, leases.c.comparison_id, leases.c.kind)
        .join(work, work.c.comparison_id == leases.c.comparison_id)
        .where(leases.c.rater == sa.bindparam("rater"), leases.c.state == "expired", routed_to(tags, work.c.tag))
        .where(sa.or_(sa.and_(kind == "new", work.c.is_open), kind == "gold", kind == "repeat"))
        .order_by(leases.c.granted_at)
        .limit(sa.bindparam("count"))
        .with_for_update(of=leases, skip_locked=True)
    )


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for an item in which turn; `until` is when a lease granted now ends, `secret` the store's.

    sizes: how many comparisons of each pool are open to the rater, kept up to date as items are granted.
    """

    turn: Turn
    assignment: Assignment
    rater: Rater
    secret: bytes
    until: datetime
    chance: random.Random
    sizes: Counter[Pool]


def grant_item(request: Request) -> bool:
    """Lease one more comparison to the rater; returns whether there was one.

    An expert settles disputes first. Of the other items gold_share have a trusted verdict and repeat_share were judged
    by the rater before, as long as there are such comparisons; the rest is new. Without new work there is no item.
    """
    if request.rater.is_expert and _grant_adjudication(request):
        return True
    if not request.sizes:
        return False
    gold, repeat = request.assignment.gold_share, request.assignment.repeat_share
    toss = request.chance.random()
    if toss < gold and _grant_gold(request):
        return True
    if gold <= toss < gold + repeat and _grant_repeat(request):
        return True
    return _grant_new(request)


def _grant_adjudication(request: Request) -> bool:
    """The first dispute that no other expert is settling."""
    leases, work = schema.leases, schema.work
    in_hand = sa.select(leases.c.id).where(
        leases.c.comparison_id == work.c.comparison_id, leases.c.kind == "adjudication", leases.c.state == "held"
    )
    query = (
        sa.select(work.c.comparison_id)
        .where(IS_DISPUTED, routed_to(request.rater.tags, work.c.tag), unseen())
        .where(~in_hand.correlate(work).exists())
        .order_by(work.c.position)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = request.turn.connection.execute(query, {"rater": request.rater.id}).scalar()
    if found is not None:
        lease_dispute(request, found)
        _look_again(request)
    return found is not None


def lease_dispute(request: Request, comparison: str) -> None:
    """Let the rater settle a comparison that people contradict each other on, whose work is locked."""
    _lease(request, comparison, "adjudication", _coin(request, comparison), "queue", None)


def _grant_gold(request: Request) -> bool:
    work = schema.work
    fitting = sa.select(work.c.comparison_id).where(IS_GOLD, routed_to(request.rater.tags, work.c.tag), unseen())
    found = _any_of(request, fitting, work.c.position)
    if found is not None:
        comparison, propensity = found
        _lease(request, comparison, "gold", _coin(request, comparison), "random", propensity)
    return found is not None


def _grant_repeat(request: Request) -> bool:
    """A comparison that the rater judged at least REPEAT_AFTER verdicts ago, with its sides exchanged."""
    leases, again = schema.leases, schema.leases.alias()
    mine = leases.c.rater == sa.bindparam("rater")
    answered = sa.select(leases.c.done_at).where(mine, leases.c.done_at.is_not(None))
    before = answered.order_by(leases.c.done_at.desc()).offset(REPEAT_AFTER).limit(1).scalar_subquery()
    repeated = sa.select(again.c.id).where(
        again.c.comparison_id == leases.c.comparison_id, again.c.rater == leases.c.rater, again.c.kind == "repeat"
    )
    fitting = sa.select(leases.c.comparison_id).where(
        *(mine, leases.c.state == "done", leases.c.kind == "new", leases.c.done_at <= before),
        ~repeated.correlate(leases).exists(),
    )
    found = _any_of(request, fitting, leases.c.done_at)
    if found is not None:
        comparison, propensity = found
        _lease(request, comparison, "repeat", _coin(request, comparison).swapped(), "random", propensity)
    return found is not None


def _grant_new(request: Request) -> bool:
    sizes = request.sizes
    for _ in range(TRIES):
        drawn = draw(sizes, request.assignment, request.chance)
        place = _place_in(request, drawn.pool)
        if place is not None:
            change_work(request.turn, place, taken=place["taken"] + 1)
            sizes -= Counter([drawn.pool])
            comparison = place["comparison_id"]
            _lease(request, comparison, "new", _coin(request, comparison), drawn.policy, drawn.propensity)
            return True
        # Others took the last ones of the pool while this turn looked.
        _look_again(request)
        del sizes[drawn.pool]
        if not sizes:
            break
    return False


def _look_again(request: Request) -> None:
    """Count anew what is open to the rater."""
    request.sizes.clear()
    request.sizes.update(open_pools(request.turn.connection, request.rater, request.turn.resized))


def _place_in(request: Request, pool: Pool) -> dict[str, Any] | None:
    """A comparison of `pool` for the rater: the first from a random position on that no other turn has in hand."""
    values = {**pool._asdict(), "rater": request.rater.id, "pivot": request.chance.random()}
    return open_work(request.turn, _PLACE_FROM, values) or open_work(request.turn, _PLACE_BEFORE, values)


def _any_of(request: Request, fitting: sa.Select[Any], order: sa.ColumnElement[Any]) -> tuple[str, float] | None:
    """One of the comparisons that the query finds, all with the same chance, and that chance."""
    connection, rater = request.turn.connection, {"rater": request.rater.id}
    count = connection.execute(sa.select(sa.func.count()).select_from(fitting.subquery()), rater).scalar_one()
    if not count:
        return None
    drawn = fitting.order_by(order).offset(request.chance.randrange(count)).limit(1)
    return str(connection.execute(drawn, rater).scalar_one()), 1 / count


def _coin(request: Request, comparison: str) -> Side:
    return side_shown_first(request.secret, request.rater.id, comparison)


def _lease(request: Request, comparison: str, kind: str, side: Side, policy: str, propensity: float | None) -> None:
    """Lease `comparison`; a lease of the rater that had expired is given again under its old id."""
    values = {"kind": kind, "state": "held", "policy": policy, "propensity": propensity}
    values |= {"granted_at": stamp(request.turn.next_moment()), "expires_at": stamp(request.until)}
    key = {"id": secrets.token_hex(16), "comparison_id": comparison}
    key |= {"rater": request.rater.id, "shown_first": side.value}
    run(request.turn.connection, _GRANT, {**key, **values})
