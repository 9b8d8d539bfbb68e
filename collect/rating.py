"""What a rater does to the store: the next comparison to judge, and the verdict on it."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from firsthand.collect.work.sides import side_shown_first
from firsthand.errors import RecordError
from firsthand.lines import as_line, parse_line
from firsthand.records import Comparison, Entry, Side, Source, Verdict
from firsthand.store import Store, schema
from firsthand.store.rows import comparison_of
from firsthand.store.secret import store_secret

SHORTEST_LOOK = 0.5
"""Seconds; a verdict sooner than this after a comparison was shown is a second click meant for the one before."""

_one_vote_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Task:
    """A comparison as one rater sees it; kept on the server.

    shown_first: which of comparison.a and comparison.b stands first. since: time.monotonic() when shown, in seconds.
    """

    rater: str
    comparison: Comparison
    shown_first: Side
    since: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the comparisons that can be rated (both texts are known) the rater has judged or skipped."""

    rated: int
    total: int


def next_task(store: Store, rater: str) -> Task | None:
    """The first comparison, by id, that `rater` has not judged; None when there is none left.

    Ids are content hashes, so their order has nothing to do with prompts or authors; all raters share it, so that
    they soon judge the same comparisons and their agreement can be measured.
    """
    comparisons = schema.comparisons
    query = (
        sa.select(comparisons, schema.prompts.c.messages)
        .join(schema.prompts, schema.prompts.c.id == comparisons.c.prompt_id)
        .where(_has_text(), ~_judged_by(rater))
        .order_by(comparisons.c.id)
        .limit(1)
    )
    with _reading(store) as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    comparison = comparison_of(row)
    side = side_shown_first(store_secret(store.engine), rater, comparison.id)
    return Task(rater, comparison, side, time.monotonic())


def record_verdict(store: Store, task: Task, verdict: Verdict) -> bool:
    """Record that the rater of `task` said `verdict`, where A is the response shown first; returns whether it counted.

    It does not count when the rater has judged the comparison already (a second click, another tab) or could not have
    looked at it (SHORTEST_LOOK). Raises RecordError when the store refuses the record.
    """
    seconds = time.monotonic() - task.since
    if seconds < SHORTEST_LOOK:
        return False
    line = as_line(Entry(task.comparison)) | {
        "annotator": task.rater,
        "source": Source.HUMAN.value,
        "verdict": (verdict.swapped() if task.shown_first is Side.B else verdict).value,
        "shown_first": task.shown_first.value,
        "seconds": round(seconds, 3),
        "created_at": datetime.now(UTC).isoformat(),
    }
    with _one_vote_at_a_time:
        if _has_judged(store, task):
            return False
        outcome = store.add([parse_line(line)])[0]
    if isinstance(outcome, RecordError):
        raise outcome
    return True


def progress(store: Store, rater: str) -> Progress:
    """How far `rater` has come."""
    count = sa.select(sa.func.count()).select_from(schema.comparisons).where(_has_text())
    with _reading(store) as connection:
        return Progress(
            rated=connection.execute(count.where(_judged_by(rater))).scalar_one(),
            total=connection.execute(count).scalar_one(),
        )


def _has_judged(store: Store, task: Task) -> bool:
    query = sa.select(schema.comparisons.c.id).where(
        schema.comparisons.c.id == task.comparison.id, _judged_by(task.rater)
    )
    with _reading(store) as connection:
        return connection.execute(query).first() is not None


def _has_text() -> sa.ColumnElement[bool]:
    return sa.and_(schema.comparisons.c.response_a.is_not(None), schema.comparisons.c.response_b.is_not(None))


def _judged_by(rater: str) -> sa.ColumnElement[bool]:
    preferences = schema.preferences
    return (
        sa.select(preferences.c.id)
        .where(preferences.c.comparison_id == schema.comparisons.c.id, preferences.c.annotator == rater)
        .where(preferences.c.is_current)
        .correlate(schema.comparisons)
        .exists()
    )


def _reading(store: Store) -> sa.Connection:
    return store.engine.connect().execution_options(read_only=True)
