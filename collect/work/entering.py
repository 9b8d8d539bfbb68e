"""Writing an answer into the store inside a turn: the preference, the lease, the place on the comparison."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from firsthand.collect.work.answers import Answer, as_seen
from firsthand.collect.work.information import Votes, counted_votes, information
from firsthand.collect.work.overlap import hand_on
from firsthand.collect.work.turns import IS_CURRENT, Turn, change_work, locked_work, stamp
from firsthand.records import Side, Source, Verdict, dump
from firsthand.store import schema
from firsthand.store.driver import run

UNDONE = "undone"
"""The reason of the skip that takes the place of a withdrawn verdict."""
HOLD = timedelta(minutes=30)
"""How long a withdrawn item is held; asking for items renews it."""
TICK = timedelta(microseconds=1)
CLOCKS_DIFFER = 1.0
"""Seconds that an answer may claim beyond those that its rater can have had."""


_PREFERENCES, _LEASES = schema.preferences, schema.leases
_CURRENT = ("comparison_id", "annotator", "shown_first", "prompt_sha256", "repeat")
_RETIRE = (
    _PREFERENCES.update()
    .where(IS_CURRENT, *(_PREFERENCES.c[name] == sa.bindparam(f"of_{name}") for name in _CURRENT))
    .values(is_current=False)
    .returning(_PREFERENCES.c.id, _PREFERENCES.c.created_at)
)
_NEW_PREFERENCE = _PREFERENCES.insert()
_KNOW_RATER = sa.text(
    "INSERT INTO annotators (name, source, simulated) VALUES (:name, :source, :no) ON CONFLICT DO NOTHING"
)
_CHANGE_LEASE = _LEASES.update().where(_LEASES.c.id == sa.bindparam("lease"))
_CLAIMED_SINCE = (
    sa.select(_LEASES.c.granted_at, _PREFERENCES.c.seconds)
    .join(
        _PREFERENCES,
        sa.and_(
            _PREFERENCES.c.comparison_id == _LEASES.c.comparison_id,
            _PREFERENCES.c.annotator == _LEASES.c.rater,
            _PREFERENCES.c.shown_first == _LEASES.c.shown_first,
            IS_CURRENT,
        ),
    )
    .where(
        _LEASES.c.rater == sa.bindparam("rater"),
        _LEASES.c.done_at.is_not(None),
        _LEASES.c.done_at >= sa.bindparam("since"),
        _LEASES.c.id != sa.bindparam("lease"),
        _PREFERENCES.c.seconds.is_not(None),
    )
    .order_by(_LEASES.c.done_at)
)
_NEWEST_ANSWER = sa.select(sa.func.max(_LEASES.c.done_at)).where(
    _LEASES.c.rater == sa.bindparam("rater"), _LEASES.c.done_at.is_not(None)
)


def enter(turn: Turn, lease: Any, answer: Answer) -> bool:
    """Make `answer` the current preference of the rater of `lease`, which is done then.

    False, and nothing is changed, where the rater has no place on the comparison any more.
    """
    work = locked_work(turn, lease.comparison_id)
    state = "skipped" if answer.verdict is Verdict.SKIP else "done"
    places = _places(work, lease, state)
    if places is None:
        return False
    _write_preference(turn, lease, answer)
    _change_lease(turn, lease, state=state, done_at=_after_all_others(turn, lease.rater), answer=None)
    changed = {**places, **_judged(turn, lease, work)}
    change_work(turn, work, **changed, **hand_on(turn, work, work | changed))
    return True


def withdraw(turn: Turn, lease: Any) -> bool:
    """Supersede the answer to `lease` by a skip with the reason UNDONE, and hold the lease again.

    False, and nothing is changed, where the rater has no place on the comparison any more.
    """
    work = locked_work(turn, lease.comparison_id)
    places = _places(work, lease, "held")
    if places is None:
        return False
    _write_preference(turn, lease, Answer(Verdict.SKIP, skip_reason=UNDONE))
    _change_lease(turn, lease, state="held", done_at=None, expires_at=stamp(turn.now + HOLD))
    change_work(turn, work, **places, **_judged(turn, lease, work))
    return True


def put_aside(turn: Turn, lease: Any, answer: Answer) -> None:
    """Keep an answer that can't count, so that nothing a rater says is lost."""
    _change_lease(turn, lease, answer=dump({**asdict(answer), "at": stamp(turn.now)}))


def _places(work: dict[str, Any], lease: Any, state: str) -> dict[str, int] | None:
    """How many raters have the comparison and have skipped it once `lease` is in `state`; None where it is full.

    Only new work has places: everyone may judge gold, a repeat is a second look.
    """
    has, had = (one in ("held", "done") for one in (state, lease.state))
    if lease.kind == "adjudication" and has and not had and not work["disputed"]:
        return None
    if lease.kind != "new":
        return {}
    if has and not had and work["taken"] >= work["target"]:
        return None
    skips = (state == "skipped") - (lease.state == "skipped")
    return {"taken": work["taken"] + has - had, "skipped": work["skipped"] + skips}


def _write_preference(turn: Turn, lease: Any, answer: Answer) -> None:
    """Append the preference; the one it supersedes, if any, stays and is no longer current."""
    side = Side(lease.shown_first)
    repeat = int(lease.kind == "repeat")
    key = {"comparison_id": lease.comparison_id, "annotator": lease.rater, "shown_first": side.value}
    key |= {"prompt_sha256": "", "repeat": repeat}
    retired = run(turn.connection, _RETIRE, {f"of_{name}": key[name] for name in _CURRENT}).first()
    if retired is None:
        run(turn.connection, _KNOW_RATER, {"name": lease.rater, "source": Source.HUMAN.value, "no": False})
    now = stamp(turn.now)
    # A clock that was set back must not make the new verdict look like the older one.
    created_at = max(now, _tick_after(retired.created_at)) if retired and retired.created_at else now
    detail = {"kind": lease.kind, "policy": lease.policy, "propensity": lease.propensity}
    detail |= {"skip_reason": answer.skip_reason, "flag": answer.flag}
    row = {
        **key,
        "verdict": as_seen(answer.verdict, side).value,
        "strength": answer.strength,
        "seconds": _believed(turn, lease, answer.seconds),
        "rationale": answer.rationale,
        "criteria": dump({name: as_seen(verdict, side).value for name, verdict in answer.criteria.items()}),
        "gold": lease.kind == "adjudication" and answer.verdict is not Verdict.SKIP,
        "created_at": created_at,
        "detail": dump({name: value for name, value in detail.items() if value is not None}),
        "recorded_at": now,
        "supersedes": retired.id if retired else None,
        "is_current": True,
    }
    run(turn.connection, _NEW_PREFERENCE, row)


def _believed(turn: Turn, lease: Any, claimed: float | None) -> float | None:
    """The active time that a page claims, but no more than the rater can have had for the item.

    That is what has passed since it was given, less what their answers since then claim: nobody judges two at once.
    """
    granted = datetime.fromisoformat(lease.granted_at)
    # A clock that was set back says nothing.
    if claimed is None or turn.now < granted:
        return claimed
    free = max(granted, _claimed_until(turn, lease))
    return round(max(0.0, min(claimed, (turn.now - free).total_seconds() + CLOCKS_DIFFER)), 3)


def _claimed_until(turn: Turn, lease: Any) -> datetime:
    """The earliest end of what the rater's answers since `lease` was given claim, one after the other.

    Each begins as early as it can, when its item was given, and not when it was recorded: answers that waited for the
    server arrive together.
    """
    end = datetime.min.replace(tzinfo=UTC)
    values = {"rater": lease.rater, "since": lease.granted_at, "lease": lease.id}
    for answer in run(turn.connection, _CLAIMED_SINCE, values).rows:
        end = max(end, datetime.fromisoformat(answer.granted_at)) + timedelta(seconds=answer.seconds)
    return end


def _change_lease(turn: Turn, lease: Any, **values: Any) -> None:
    run(turn.connection, _CHANGE_LEASE, {"lease": lease.id, **values})


def _after_all_others(turn: Turn, rater: str) -> str:
    """The time of an answer: now, but after the rater's other answers also where the clock was set back."""
    last = run(turn.connection, _NEWEST_ANSWER, {"rater": rater}).scalar()
    return max(stamp(turn.now), _tick_after(last)) if last else stamp(turn.now)


def _judged(turn: Turn, lease: Any, work: dict[str, Any]) -> dict[str, Any]:
    """What `work` holds of the votes on the comparison, now that one of people's has changed."""
    if lease.kind in ("gold", "repeat"):
        return {}
    votes = dict(counted_votes(turn.connection, lease.comparison_id)).get(lease.comparison_id, Votes())
    votes = replace(votes, judges_p_a=work["judges_p_a"], judges_weight=work["judges_weight"])
    return {"disputed": votes.disputed, "information": information(votes)}


def _tick_after(time: str) -> str:
    return stamp(datetime.fromisoformat(time) + TICK)
