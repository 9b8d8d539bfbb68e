"""Which comparisons people should label next, in the order in which the rating page gives them out, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from firsthand.collect.serve_config import Assignment
from firsthand.collect.work.information import Votes
from firsthand.collect.work.planning import Plan, judges_worth, make_plan, read_doubts
from firsthand.collect.work.renewing import remembered_assignment
from firsthand.collect.work.worth import Because, Reason, doubts_on
from firsthand.store import Store, schema
from firsthand.store.secret import store_secret


@dataclass(frozen=True, slots=True)
class Proposal:
    """A comparison that a person should label next.

    worth: from 0 (certain already) to 1, what `information` tells of it. people: who have labelled it or hold it;
    wanted: how many shall. because: why, at least one reason.
    """

    comparison_id: str
    author_a: str | None
    author_b: str | None
    tags: dict[str, str]
    worth: float
    people: int
    wanted: int
    because: tuple[Because, ...]

    def as_json(self) -> dict[str, Any]:
        """The proposal as `--json` prints it."""
        reasons = [{"reason": one.reason.value, "text": one.text} for one in self.because]
        return {
            "comparison_id": self.comparison_id,
            "author_a": self.author_a,
            "author_b": self.author_b,
            "tags": self.tags,
            "worth": self.worth,
            "people": self.people,
            "wanted": self.wanted,
            "because": reasons,
        }


def propose(store: Store, count: int, assignment: Assignment) -> list[Proposal]:
    """The `count` open comparisons whose label is worth most, first those begun that several people shall label.

    It is the order in which the policy `informative` gives them out; those worth the same come in the store's random
    order. Nothing is written. Raises InputError where order.rules can't be read.
    """
    secret, doubts = store_secret(store.engine), read_doubts(store, assignment)
    with store.engine.connect().execution_options(read_only=True) as connection:
        plan = make_plan(connection, assignment, doubts, secret)
    several = assignment.overlap.raters

    def rank(row: dict[str, Any]) -> tuple[bool, int, float]:
        return not _is_begun(row, several), -row["information"], row["position"]

    chosen = sorted((row for row in plan.rows.values() if row["is_open"]), key=rank)[:count]
    return [_proposal(row, plan, several) for row in chosen]


def worth_before_people(store: Store) -> dict[str, int] | None:
    """What a label on each comparison was worth, in tenths, before a person saw it; None where nobody was sent by it.

    The policy `informative` sends people by worth, and by nothing else but chance: of the comparisons of one worth,
    those with a label are a random part. What judges said after the last person was sent, sent nobody: it is left out,
    and so is the cover of tags, which changes as labels come.
    """
    leases = schema.leases.c
    sent = sa.select(sa.func.max(leases.granted_at)).where(leases.policy == "informative", leases.done_at.is_not(None))
    assignment = remembered_assignment(store)
    with store.engine.connect().execution_options(read_only=True) as connection:
        last = connection.execute(sent).scalar()
        if assignment is None or last is None:
            return None
        doubts = read_doubts(store, assignment)
        return judges_worth(connection, doubts, recorded_until=last)


def _is_begun(row: dict[str, Any], several: int) -> bool:
    """Whether the comparison shall have several people's labels, has one and lacks another."""
    return bool(row["overlap"] and 1 <= row["taken"] < several)


def _proposal(row: dict[str, Any], plan: Plan, several: int) -> Proposal:
    id_ = row["comparison_id"]
    pair = plan.pairs[id_]
    return Proposal(
        id_,
        pair.author_a,
        pair.author_b,
        dict(pair.tags),
        row["information"] / 10,
        row["taken"],
        row["target"],
        tuple(_because(row, plan, several)) or (Because(Reason.UNSEEN, "only judges have labelled it"),),
    )


def _because(row: dict[str, Any], plan: Plan, several: int) -> Iterator[Because]:
    id_ = row["comparison_id"]
    votes: Votes = plan.votes.get(id_, Votes())
    if _is_begun(row, several):
        kind = "an own-family pair" if id_ in plan.own_family else "a pair chosen for several people"
        yield Because(Reason.SECOND_LABEL, f"{kind} with {row['taken']} of {several} labels")
    if votes.for_a and votes.for_b:
        yield Because(Reason.PEOPLE, f"people disagree: {votes.for_a} for A, {votes.for_b} for B")
    if id_ in plan.uncovered:
        yield Because(Reason.UNCOVERED_TAG, f"people have labelled {plan.uncovered[id_]} of its tag")
    yield from doubts_on(plan.judgments.get(id_, []), plan.doubts, plan.pairs[id_])
