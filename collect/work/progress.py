"""How far a rater has come."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from firsthand.collect.work.raters import Rater, open_pools
from firsthand.collect.work.turns import Pool
from firsthand.store import Store, schema
from firsthand.store.driver import run

_OF_RATER = sa.select(sa.func.count()).where(schema.leases.c.rater == sa.bindparam("rater"))
_RATED_AND_HELD = sa.select(
    _OF_RATER.where(schema.leases.c.done_at.is_not(None)).scalar_subquery(),
    _OF_RATER.where(schema.leases.c.state == "held").scalar_subquery(),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """rated: items the rater has answered, skips included; held: items they were given and have not answered.

    open_for_them: comparisons they could still be given.
    """

    rated: int
    held: int
    open_for_them: int


def progress(store: Store, rater: Rater) -> Progress:
    """How far `rater` has come; its time grows with the rater's work, not with the store's."""
    with store.engine.connect().execution_options(read_only=True) as connection:
        return progress_in(connection, rater)


def progress_in(connection: sa.Connection, rater: Rater, resized: Mapping[Pool, int] | None = None) -> Progress:
    """`progress` inside a transaction; resized: what it has changed in the sizes of pools and not written yet."""
    return Progress(*rated_and_held(connection, rater), open_pools(connection, rater, resized).total())


def rated_and_held(connection: sa.Connection, rater: Rater) -> tuple[int, int]:
    """How many items `rater` has answered, skips included, and how many they hold."""
    rated, held = run(connection, _RATED_AND_HELD, {"rater": rater.id}).first()
    return rated, held
