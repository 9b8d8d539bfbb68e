"""One rater's turn at the store: a transaction in which they are given work or answer it.

Turns of one rater follow each other, over all server processes; turns of several raters run beside each other on
PostgreSQL. Locks are taken in one order (rater, account, lease, work by comparison, pools), so that no two turns wait
for each other.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from firsthand.store import Store, schema
from firsthand.store.driver import run, run_text

SKIPS_ENOUGH = 3
"""A comparison that so many raters skipped is offered to no more of them; as many again each time it is requeued."""

RATERS = 7263515
"""The space of the locks, one a rater, that turns hold on PostgreSQL."""

# Written out: SQLite uses a partial index only where the query repeats its condition word for word.
IS_OPEN, IS_GOLD, IS_DISPUTED = (sa.text(f"work.{name}") for name in ("is_open", "is_gold", "disputed"))
IS_CURRENT = sa.text("preferences.is_current")

# Statements are built once, here and beside this file: to build one takes longer than to run it.
_LOCK_RATER = sa.text("SELECT pg_advisory_xact_lock(:space, hashtext(:rater))")
_STATE = (
    sa.select(schema.accounts.c.state, schema.accounts.c.state_reason, schema.accounts.c.role, schema.accounts.c.tags)
    .where(schema.accounts.c.id == sa.bindparam("rater"))
    .with_for_update(read=True)
)
_THE_WORK = schema.work.c.comparison_id == sa.bindparam("comparison")
_WORK = sa.select(schema.work).where(_THE_WORK).with_for_update()
_FREE_WORK = sa.select(schema.work).where(_THE_WORK).with_for_update(skip_locked=True)
_CHANGE_WORK = schema.work.update().where(_THE_WORK)
_RESIZE_POOL = sa.text(
    "INSERT INTO pools (tag, overlap, taken, information, size) VALUES (:tag, :overlap, :taken, :information, :by)"
    " ON CONFLICT (tag, overlap, taken, information) DO UPDATE SET size = pools.size + excluded.size"
)

# SQLite lets one writer in at a time and has the others poll; threads of one process queue up here instead.
_one_turn_at_a_time = threading.Lock()


class Pool(NamedTuple):
    """What comparisons have in common that are equally good to give out."""

    tag: str
    overlap: bool
    taken: int
    information: int


class Standing(NamedTuple):
    """What a rater may do at this moment, by their account.

    paused: why they may not rate; None where they may. role, tags: None of a rater without an account, who may do all
    that they were leased.
    """

    paused: str | None
    role: str | None
    tags: frozenset[str] | None

    @property
    def settles(self) -> bool:
        """Whether they may settle what raters contradict each other on."""
        return self.role in ("expert", "admin", None)

    def fits(self, kind: str, tag: str) -> bool:
        """Whether a lease of this kind, on work with this tag, is still for them."""
        if kind == "adjudication" and self.role != "expert":
            # An admin takes up disputes of any domain.
            return self.settles
        return self.tags is None or holds(self.tags, tag)


ANYONE = Standing(None, None, None)
"""Of a rater without an account."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An open transaction, its time by the database's clock, and what it changes in the sizes of the pools.

    standing: the rater's, which can't change before the transaction ends.
    """

    connection: sa.Connection
    now: datetime
    standing: Standing
    resized: Counter[Pool] = field(default_factory=Counter)
    _moments: Iterator[int] = field(default_factory=count)

    @property
    def paused(self) -> str | None:
        """Why the rater may not rate; None where they may."""
        return self.standing.paused

    def next_moment(self) -> datetime:
        """Now, a microsecond later at each call: what is given in one turn keeps its order."""
        return self.now + timedelta(microseconds=next(self._moments))


@contextmanager
def turn_of(store: Store, rater: str) -> Iterator[Turn]:
    """A turn of `rater`: committed at the end, on disk when this returns; undone by any exception."""
    queue = _one_turn_at_a_time if store.engine.dialect.name == "sqlite" else nullcontext()
    with queue, store.engine.connect().execution_options(row_locks=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            run(connection, _LOCK_RATER, {"space": RATERS, "rater": rater})
        turn = Turn(connection, clock(connection), standing_of(connection, rater))
        yield turn
        resize_pools(turn)


def clock(connection: sa.Connection) -> datetime:
    """The time by the one clock that all servers share: the database's."""
    if connection.dialect.name == "postgresql":
        moment: datetime = run_text(connection, "SELECT clock_timestamp()").fetchone()[0]
        return moment.astimezone(UTC)
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """`moment` as the store writes times: UTC, ISO 8601 with microseconds, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def standing_of(connection: sa.Connection, rater: str) -> Standing:
    """What `rater` may do now. Their account can't change before the transaction ends."""
    found = run(connection, _STATE, {"rater": rater}).first()
    if found is None:
        return ANYONE
    paused = f"{found.state}: {found.state_reason}" if found.state_reason else str(found.state)
    return Standing(None if found.state == "active" else paused, found.role, frozenset(orjson.loads(found.tags)))


def holds(tags: frozenset[str], tag: str) -> bool:
    """Whether who knows the domains `tags` may be given work with the tag; "" is for everyone."""
    return tag == "" or any(tag == name or tag.startswith(f"{name}/") for name in tags if name)


def locked_work(turn: Turn, comparison_id: str) -> dict[str, Any]:
    """The row of `work` on a comparison, which nobody else changes before the turn ends."""
    row: dict[str, Any] = run(turn.connection, _WORK, {"comparison": comparison_id}).first()._asdict()
    return row


def free_work(turn: Turn, comparison_id: str) -> dict[str, Any] | None:
    """`locked_work`, or None where another turn has it in hand: two turns never wait for each other's."""
    found = run(turn.connection, _FREE_WORK, {"comparison": comparison_id}).first()
    return None if found is None else found._asdict()


def first_open_work(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The query for the first open row of `work` by position that fulfils the conditions; no row of another turn."""
    work = schema.work
    query = sa.select(work).where(IS_OPEN, *conditions).order_by(work.c.position).limit(1)
    return query.with_for_update(of=work, skip_locked=True)


def open_work(turn: Turn, query: sa.Select[Any], values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The row that a query of first_open_work finds, locked."""
    found = run(turn.connection, query, values).first()
    return None if found is None else found._asdict()


def change_work(turn: Turn, row: dict[str, Any], **values: Any) -> None:
    """Change a locked row of `work`: whether it is open follows, and so do the sizes of the pools."""
    new = row | values
    new["is_open"] = is_open(new)
    if new == row:
        return
    changed = {name: value for name, value in new.items() if value != row[name]}
    run(turn.connection, _CHANGE_WORK, {"comparison": row["comparison_id"], **changed})
    if row["is_open"]:
        turn.resized[_pool(row)] -= 1
    if new["is_open"]:
        turn.resized[_pool(new)] += 1


def is_open(row: Mapping[str, Any]) -> bool:
    """Whether one more rater is wanted for the comparison in a row of `work`."""
    return bool(row["taken"] < row["target"] and skips_left(row))


def skips_left(row: Any) -> Any:
    """Whether few enough skipped a comparison to offer it still: of a row of `work`, or a condition on its columns."""
    return row["skipped"] < SKIPS_ENOUGH * (1 + row["requeued"])


def _pool(row: dict[str, Any]) -> Pool:
    return Pool(row["tag"], bool(row["overlap"]), row["taken"], row["information"])


def resize_pools(turn: Turn) -> None:
    """Write what the turn has changed in the sizes of the pools; the last thing that it does."""
    rows = [{**pool._asdict(), "by": by} for pool, by in sorted(turn.resized.items()) if by]
    for row in rows:
        run(turn.connection, _RESIZE_POOL, row)
