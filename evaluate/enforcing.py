"""Rules at work: raters whose figures cross a limit are warned, then paused, each with the evidence."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from firsthand.collect.accounts.account import State
from firsthand.collect.accounts.rows import change_state, record_event
from firsthand.collect.admin.figures import Quality
from firsthand.collect.admin.log import WARNED, last_resumed_in, standing_warnings_in
from firsthand.collect.serve_config import Rules
from firsthand.evaluate.rules import Decision, decide
from firsthand.store import Store, schema


def enforce(store: Store, quality: Quality, rules: Rules) -> list[Decision]:
    """Pause every active rater whose figures cross a limit that pauses, warn for the others; returns what was done.

    A limit warns once until the rater is resumed. Someone resumed since the figures were measured is left alone: the
    figures to come judge by what they do from then on. Servers of one store take turns: what one of them has done, or
    an admin, the next one sees.
    """
    crossed = [decisions for figures in quality.raters if (decisions := decide(figures, rules))]
    if not crossed or not _due(store, crossed, quality):
        return []
    with store.engine.begin() as connection:
        done = list(_still_due(connection, crossed, quality))
        for decision in done:
            _carry_out(connection, decision)
    return done


def _due(store: Store, crossed: Sequence[Sequence[Decision]], quality: Quality) -> bool:
    """Whether there is anything to do, asked without keeping others from writing."""
    with store.engine.connect().execution_options(read_only=True) as connection:
        return any(True for _ in _still_due(connection, crossed, quality))


def _still_due(
    connection: sa.Connection, crossed: Sequence[Sequence[Decision]], quality: Quality
) -> Iterator[Decision]:
    """What is to be done of the decisions on each rater, pauses first: a pause, or the warnings not given yet."""
    accounts = schema.accounts.c
    active = set(connection.execute(sa.select(accounts.id).where(accounts.state == State.ACTIVE.value)).scalars())
    resumed, warned = last_resumed_in(connection), standing_warnings_in(connection)
    for decisions in crossed:
        rater = decisions[0].rater
        if rater not in active or resumed.get(rater, "") > quality.measured_at:
            continue
        if decisions[0].level == "pause":
            yield decisions[0]
            continue
        known = {event.detail.get("rule") for event in warned.get(rater, ())}
        yield from (decision for decision in decisions if decision.rule not in known)


def _carry_out(connection: sa.Connection, decision: Decision) -> None:
    reason = f"{decision.evidence}."
    if decision.level == "pause":
        change_state(connection, decision.rater, State.PAUSED, reason, None)
    else:
        record_event(connection, decision.rater, WARNED, None, {"rule": decision.rule, "reason": reason})
