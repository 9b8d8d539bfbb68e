"""What people should look at again: comparisons that raters contradict each other on, or keep skipping."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from firsthand.collect.work.turns import IS_CURRENT, change_work, locked_work, turn_of
from firsthand.errors import InputError
from firsthand.records import Comparison, Preference
from firsthand.store import Store, schema
from firsthand.store.engine import among
from firsthand.store.rows import comparison_of, preference_of


@dataclass(frozen=True, slots=True)
class Dispute:
    """A comparison with its raters' current verdicts, by annotator; skips are among them.

    in_hand: an expert holds it for adjudication at this moment.
    """

    comparison: Comparison
    votes: tuple[tuple[str, Preference], ...]
    in_hand: bool


def disagreements(store: Store, limit: int = 100) -> list[Dispute]:
    """The first `limit` comparisons that some raters judged A and others B, with no expert's verdict yet.

    An expert settles one as an item of kind `adjudication`; its verdict is recorded as gold.
    """
    return _in_queue(store, schema.work.c.disputed, limit)


def given_up(store: Store, limit: int = 100) -> list[Dispute]:
    """The first `limit` comparisons that too many raters skipped to be offered to another one, no contradictions."""
    work = schema.work.c
    return _in_queue(store, sa.and_(~work.is_open, work.taken < work.target, ~work.disputed), limit)


def people_on(store: Store, comparison_id: str) -> list[tuple[str, Preference]]:
    """The raters' current verdicts on a comparison, by annotator; skips are among them, gold and repeats are not."""
    with store.engine.connect().execution_options(read_only=True) as connection:
        votes = _people_on(connection, [comparison_id])[comparison_id]
    return [(rater, preference) for rater, preference in votes if not preference.gold]


def requeue(store: Store, comparison_id: str) -> None:
    """Ask one more rater about a comparison, beyond the plan, even where many skipped it.

    Raises InputError where the comparison is none that raters judge: one without texts or with a trusted verdict.
    """
    work = schema.work.c
    with turn_of(store, "") as turn:
        known = sa.select(work.comparison_id).where(work.comparison_id == comparison_id, ~work.is_gold)
        if turn.connection.execute(known).first() is None:
            raise InputError(f"there is no comparison {comparison_id!r} to be rated; take an id from the queue")
        row = locked_work(turn, comparison_id)
        change_work(turn, row, target=row["target"] + 1, requeued=row["requeued"] + 1)


def _in_queue(store: Store, condition: sa.ColumnElement[bool], limit: int) -> list[Dispute]:
    comparisons, prompts, work, leases = schema.comparisons, schema.prompts, schema.work, schema.leases
    in_hand = sa.select(leases.c.id).where(
        leases.c.comparison_id == work.c.comparison_id, leases.c.kind == "adjudication", leases.c.state == "held"
    )
    query = (
        sa.select(comparisons, prompts.c.messages, in_hand.correlate(work).exists().label("in_hand"))
        .join(prompts, prompts.c.id == comparisons.c.prompt_id)
        .join(work, work.c.comparison_id == comparisons.c.id)
        .where(condition)
        .order_by(work.c.position)
        .limit(limit)
    )
    with store.engine.connect().execution_options(read_only=True) as connection:
        rows = connection.execute(query).all()
        votes = _people_on(connection, [row.id for row in rows])
    return [Dispute(comparison_of(row), tuple(votes[row.id]), bool(row.in_hand)) for row in rows]


def _people_on(connection: sa.Connection, ids: list[str]) -> dict[str, list[tuple[str, Preference]]]:
    preferences, annotators = schema.preferences, schema.annotators
    query = (
        sa.select(preferences)
        .join(annotators, annotators.c.name == preferences.c.annotator)
        .where(among(connection, preferences.c.comparison_id, ids), IS_CURRENT)
        .where(annotators.c.source == "human", preferences.c.repeat == 0)
        .order_by(preferences.c.annotator, preferences.c.id)
    )
    votes: dict[str, list[tuple[str, Any]]] = {id_: [] for id_ in ids}
    for row in connection.execute(query):
        votes[row.comparison_id].append((row.annotator, preference_of(row)))
    return votes
