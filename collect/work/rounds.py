"""One round of a rater's work, in one transaction: an answer is recorded and the next items are given.

In two it would be written to disk twice, and the rater would wait for both.
"""

from dataclasses import dataclass

from firsthand.collect.serve_config import Assignment
from firsthand.collect.work.answers import Answer, Recorded, check_answer
from firsthand.collect.work.items import Item, items_in
from firsthand.collect.work.progress import Progress, progress_in, rated_and_held
from firsthand.collect.work.raters import Rater
from firsthand.collect.work.turns import turn_of
from firsthand.collect.work.verdicts import record_in
from firsthand.store import Store
from firsthand.store.secret import store_secret


@dataclass(frozen=True, slots=True)
class Round:
    """What became of an answer, the rater's next items, and how far they have come."""

    recorded: Recorded
    items: list[Item]
    progress: Progress


def record_and_go_on(
    store: Store, assignment: Assignment, rater: Rater, lease: str, answer: Answer, count: int = 2
) -> Round:
    """Record an answer and give the next items, at most `count`: `record`, `next_items` and `progress` in one turn.

    When this returns, all of it is on disk; after an error, nothing of it is, and the answer can be sent again. Raises
    RecordError where the answer contradicts itself.
    """
    check_answer(answer)
    secret = store_secret(store.engine)
    with turn_of(store, rater.id) as turn:
        recorded = record_in(turn, rater.id, lease, answer)
        if turn.paused:
            return Round(recorded, [], progress_in(turn.connection, rater, turn.resized))
        given = items_in(turn, assignment, rater, secret, count)
        return Round(recorded, given.items, Progress(*rated_and_held(turn.connection, rater), given.still_open))
