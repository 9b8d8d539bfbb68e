"""What `work` says of the votes on comparisons, brought up to date after votes were taken away."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from firsthand.collect.work.information import Votes, information, votes_on
from firsthand.collect.work.turns import ANYONE, Turn, change_work, clock, resize_pools
from firsthand.store import schema
from firsthand.store.engine import among


def judge_anew(connection: sa.Connection, comparisons: Sequence[str]) -> None:
    """Set whether raters contradict each other on the comparisons, and what a verdict would tell, by today's votes."""
    turn = Turn(connection, clock(connection), ANYONE)
    work = schema.work
    theirs = sa.select(work).where(among(connection, work.c.comparison_id, comparisons))
    rows = connection.execute(theirs.order_by(work.c.comparison_id).with_for_update()).all()
    votes = dict(votes_on(connection, comparisons))
    for row in rows:
        judges = {"judges_p_a": row.judges_p_a, "judges_weight": row.judges_weight}
        found = replace(votes.get(row.comparison_id, Votes()), **judges)
        change_work(turn, dict(row._mapping), disputed=found.disputed, information=information(found))
    resize_pools(turn)
