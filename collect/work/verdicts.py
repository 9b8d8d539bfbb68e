"""What a rater says of an item: recorded once, amended, withdrawn, looked up."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from firsthand.collect.work.answers import Answer, Recorded, Status, as_seen, check_answer
from firsthand.collect.work.entering import enter, put_aside, withdraw
from firsthand.collect.work.turns import IS_CURRENT, Turn, stamp, turn_of
from firsthand.records import Comparison, Side, Verdict
from firsthand.store import Store, schema
from firsthand.store.driver import run
from firsthand.store.rows import comparison_of, preference_of

__all__ = ["Answer", "Past", "Recorded", "Status", "amend", "history", "record", "record_in", "undo"]

NOT_YOURS = Recorded(Status.REFUSED, "This item was not given to you; load the page again.")
TAKEN = Recorded(
    Status.REFUSED, "You held this item for too long and others have judged it meanwhile; your answer was put aside."
)
OTHERS = Recorded(
    Status.REFUSED,
    "This item is for others, now that your role or your domains have changed; your answer was put aside.",
)
SETTLED = Recorded(Status.REFUSED, "You settled this as an expert, which you are not any more; your answer stands.")
FULL = Recorded(Status.REFUSED, "Others have judged the comparison since you skipped it; your skip stands.")
RECORDED = Recorded(Status.RECORDED)

_LEASE = (
    sa.select(schema.leases, schema.work.c.tag)
    .join(schema.work, schema.work.c.comparison_id == schema.leases.c.comparison_id)
    .where(schema.leases.c.id == sa.bindparam("lease"), schema.leases.c.rater == sa.bindparam("rater"))
    .with_for_update(of=schema.leases)
)


@dataclass(frozen=True, slots=True)
class Past:
    """An answer that a rater gave before; done_at: UTC, ISO 8601."""

    lease: str
    comparison: Comparison
    shown_first: Side
    answer: Answer
    done_at: str


def record(store: Store, rater_id: str, lease: str, answer: Answer) -> Recorded:
    """Record the rater's answer to a leased item; when this returns, it is on disk.

    Sending the same again is safe: one lease is one verdict. An answer that comes too late to count is kept with the
    lease. Raises RecordError where the answer contradicts itself.
    """
    check_answer(answer)
    with turn_of(store, rater_id) as turn:
        return record_in(turn, rater_id, lease, answer)


def record_in(turn: Turn, rater_id: str, lease: str, answer: Answer) -> Recorded:
    """`record` inside a turn of the rater, for an answer that was checked."""
    row = _lease(turn, rater_id, lease)
    if row is None:
        return NOT_YOURS
    if row.state in ("done", "skipped"):
        return Recorded(Status.KNOWN, "You have answered this one already.")
    refusal = _refusal(turn) or _not_for_them(turn, row) or (None if enter(turn, row, answer) else TAKEN)
    if refusal:
        put_aside(turn, row, answer)
        return refusal
    in_time = row.state == "held" and row.expires_at > stamp(turn.now)
    return Recorded(Status.RECORDED if in_time else Status.LATE)


def amend(store: Store, rater_id: str, lease: str, answer: Answer) -> Recorded:
    """Let `answer` take the place of the one that the rater gave before; both stay on record.

    Raises RecordError where the answer contradicts itself.
    """
    check_answer(answer)
    with turn_of(store, rater_id) as turn:
        row = _lease(turn, rater_id, lease)
        if row is None:
            return NOT_YOURS
        if row.done_at is None:
            return Recorded(Status.REFUSED, "There is no answer of yours to change; give one first.")
        return _refusal(turn) or _stands(turn, row) or (RECORDED if enter(turn, row, answer) else FULL)


def undo(store: Store, rater_id: str) -> Recorded:
    """Withdraw the rater's last answer and lease them its item again, as the first of their items.

    The answer stays on record; a skip with the reason UNDONE supersedes it.
    """
    with turn_of(store, rater_id) as turn:
        leases = schema.leases
        last = sa.select(leases).where(leases.c.rater == rater_id, leases.c.done_at.is_not(None))
        row = turn.connection.execute(last.order_by(leases.c.done_at.desc()).limit(1).with_for_update()).first()
        if row is None:
            return Recorded(Status.REFUSED, "There is no answer of yours to withdraw.")
        return _refusal(turn) or _stands(turn, row) or (RECORDED if withdraw(turn, row) else FULL)


def history(store: Store, rater_id: str, n: int = 10) -> list[Past]:
    """The last `n` answers of the rater that stand, newest first."""
    leases, comparisons, prompts, preferences = schema.leases, schema.comparisons, schema.prompts, schema.preferences
    said = (column for column in preferences.c if column.name not in ("id", "comparison_id"))
    is_answer = sa.and_(
        preferences.c.comparison_id == leases.c.comparison_id,
        preferences.c.annotator == leases.c.rater,
        preferences.c.shown_first == leases.c.shown_first,
        IS_CURRENT,
    )
    query = (
        sa.select(leases.c.id.label("lease"), leases.c.done_at, comparisons, prompts.c.messages, *said)
        .join(comparisons, comparisons.c.id == leases.c.comparison_id)
        .join(prompts, prompts.c.id == comparisons.c.prompt_id)
        .join(preferences, is_answer)
        .where(leases.c.rater == rater_id, leases.c.done_at.is_not(None))
        .order_by(leases.c.done_at.desc())
        .limit(n)
    )
    with store.engine.connect().execution_options(read_only=True) as connection:
        rows = connection.execute(query).all()
    return [_past(row) for row in rows]


def _lease(turn: Turn, rater_id: str, lease: str) -> Any:
    """The rater's own lease of this id, locked; None where it is another's or there is none."""
    return run(turn.connection, _LEASE, {"lease": lease, "rater": rater_id}).first()


def _refusal(turn: Turn) -> Recorded | None:
    message = f"Your account is {turn.paused}. Nothing was recorded."
    return Recorded(Status.REFUSED, message) if turn.paused else None


def _not_for_them(turn: Turn, lease: Any) -> Recorded | None:
    return None if turn.standing.fits(lease.kind, lease.tag) else OTHERS


def _stands(turn: Turn, lease: Any) -> Recorded | None:
    """Why an answer can't be changed: gold is an expert's alone, also afterwards."""
    return SETTLED if lease.kind == "adjudication" and not turn.standing.settles else None


def _past(row: Any) -> Past:
    preference = preference_of(row)
    side = preference.shown_first
    answer = Answer(
        as_seen(preference.verdict, side),
        preference.strength,
        {name: as_seen(Verdict(value), side) for name, value in preference.criteria.items()},
        preference.rationale,
        preference.seconds,
        preference.detail.get("skip_reason"),
        preference.detail.get("flag"),
    )
    return Past(row.lease, comparison_of(row), side, answer, row.done_at)
