"""Settling a contradiction of one's choice: leased as an expert's adjudications are, and recorded so."""

from collections import Counter
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from firsthand.collect.serve_config import Assignment
from firsthand.collect.work.granting import Request, lease_dispute, release_expired
from firsthand.collect.work.items import SYSTEM_CHANCE, Item, item_of
from firsthand.collect.work.raters import WAS_SEEN, Rater
from firsthand.collect.work.turns import IS_CURRENT, Turn, turn_of
from firsthand.errors import InputError
from firsthand.records import Side
from firsthand.store import Store, schema
from firsthand.store.secret import store_secret

_LEASES, _WORK, _PREFERENCES = schema.leases, schema.work, schema.preferences


def take_up(store: Store, assignment: Assignment, rater: Rater, comparison: str) -> Item:
    """Lease a comparison that people contradict each other on to `rater`, who settles it with `record`.

    What they hold for this already they get again. Raises InputError where they may not: they are paused, had a say on
    it themselves, somebody else is settling it, or there is nothing to settle.
    """
    secret = store_secret(store.engine)
    with turn_of(store, rater.id) as turn:
        if turn.paused:
            raise InputError(f"your account is {turn.paused}")
        release_expired(turn)
        until = turn.now + timedelta(minutes=assignment.lease_minutes)
        held = _held(turn, comparison)
        if held is None:
            _refuse_raters(turn, rater, comparison)
            _lock_dispute(turn, comparison)
            lease_dispute(Request(turn, assignment, rater, secret, until, SYSTEM_CHANCE, Counter()), comparison)
            held = _held(turn, comparison)
        elif held.rater != rater.id:
            raise InputError("somebody else is settling this comparison at the moment")
        return item_of(turn.connection, held.id)


def put_back(store: Store, rater: str, lease: str) -> None:
    """Give up a comparison that was taken up, so that others can settle it; nothing where it is settled already."""
    with turn_of(store, rater) as turn:
        theirs = sa.and_(_LEASES.c.id == lease, _LEASES.c.rater == rater, _LEASES.c.kind == "adjudication")
        turn.connection.execute(_LEASES.update().where(theirs, _LEASES.c.state == "held").values(state="expired"))


def shown_of(store: Store, rater: str, lease: str) -> tuple[str, Side] | None:
    """The comparison of an adjudication of theirs, and which side of it they saw first; None where it is not theirs."""
    theirs = sa.and_(_LEASES.c.id == lease, _LEASES.c.rater == rater, _LEASES.c.kind == "adjudication")
    query = sa.select(_LEASES.c.comparison_id, _LEASES.c.shown_first).where(theirs)
    with store.engine.connect().execution_options(read_only=True) as connection:
        row = connection.execute(query).first()
    return None if row is None else (row.comparison_id, Side(row.shown_first))


def _held(turn: Turn, comparison: str) -> Any:
    query = sa.select(_LEASES.c.id, _LEASES.c.rater).where(
        _LEASES.c.comparison_id == comparison, _LEASES.c.kind == "adjudication", _LEASES.c.state == "held"
    )
    return turn.connection.execute(query).first()


def _refuse_raters(turn: Turn, rater: Rater, comparison: str) -> None:
    """Whoever rated a comparison, skipped it or has it on the screen can't be the judge of it."""
    lease = sa.select(_LEASES.c.id).where(_LEASES.c.comparison_id == comparison, _LEASES.c.rater == rater.id, WAS_SEEN)
    vote = sa.select(_PREFERENCES.c.id).where(
        _PREFERENCES.c.comparison_id == comparison, _PREFERENCES.c.annotator == rater.id, IS_CURRENT
    )
    if any(turn.connection.execute(query.limit(1)).first() for query in (lease, vote)):
        raise InputError("you rate this comparison yourself: somebody else has to settle it")


def _lock_dispute(turn: Turn, comparison: str) -> None:
    query = sa.select(_WORK.c.disputed).where(_WORK.c.comparison_id == comparison).with_for_update()
    if not turn.connection.execute(query).scalar():
        raise InputError("nobody contradicts anybody on this comparison any more")
