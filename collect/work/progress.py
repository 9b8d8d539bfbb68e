"""How far a rater has come."""

from dataclasses import dataclass

import sqlalchemy as sa

from firsthand.collect.work.raters import Rater, open_pools
from firsthand.store import Store, schema


@dataclass(frozen=True, slots=True)
class Progress:
    """rated: items the rater has answered, skips included; open_for_them: comparisons they could still be given."""

    rated: int
    open_for_them: int


def progress(store: Store, rater: Rater) -> Progress:
    """How far `rater` has come; its time grows with the rater's work, not with the store's."""
    leases = schema.leases
    answered = sa.select(sa.func.count()).select_from(leases)
    with store.engine.connect().execution_options(read_only=True) as connection:
        rated = connection.execute(
            answered.where(leases.c.rater == rater.id, leases.c.done_at.is_not(None))
        ).scalar_one()
        return Progress(rated, sum(open_pools(connection, rater).values()))
