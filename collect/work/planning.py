"""What work there is: how many raters each comparison shall have, who may be given it, and what a label is worth."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa

from firsthand.admission import read_admission
from firsthand.collect.serve_config import Assignment
from firsthand.collect.work.information import Votes, counted_votes, information
from firsthand.collect.work.overlap import choose_overlap
from firsthand.collect.work.sides import position
from firsthand.collect.work.turns import is_open
from firsthand.collect.work.worth import Doubts, Judgment, Pair, all_judgments, joint_word
from firsthand.store import Store, schema

COVERED = 10
"""A tag is covered once so many of its comparisons have a label of a person."""

Rows = dict[str, dict[str, Any]]
"""Rows of `work` by comparison."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows that `work` held and those it shall hold, and what they rest on, by comparison.

    uncovered: comparisons that shall cover a tag, and how many labels the tag has.
    """

    known: Rows
    rows: Rows
    pairs: dict[str, Pair]
    votes: dict[str, Votes]
    judgments: dict[str, list[Judgment]]
    own_family: set[str]
    uncovered: dict[str, int]
    doubts: Doubts


def read_doubts(store: Store, assignment: Assignment) -> Doubts:
    """When judges are not taken at their word; raises InputError where the admission file can't be read."""
    rules = assignment.order.rules
    admission = read_admission(rules)[0] if rules else None
    return Doubts(store.annotators(), store.families(), admission)


def make_plan(connection: sa.Connection, assignment: Assignment, doubts: Doubts, secret: bytes) -> Plan:
    """The work on every comparison with both texts; nothing is written."""
    work = schema.work
    known = {row.comparison_id: dict(row._mapping) for row in connection.execute(sa.select(work))}
    votes, judgments = dict(counted_votes(connection)), dict(all_judgments(connection))
    pairs = {row.id: Pair(row.author_a, row.author_b, orjson.loads(row.tags)) for row in _with_texts(connection)}
    places = {id_: known[id_]["position"] if id_ in known else position(secret, id_) for id_ in pairs}
    uncovered = _uncovered(pairs, votes, places, assignment.order.cover or assignment.route_by)
    rows: Rows = {}
    own_family: set[str] = set()
    for id_, pair in pairs.items():
        word = joint_word(judgments.get(id_, ()), doubts, pair, id_ in uncovered)
        said = replace(votes.get(id_, Votes()), judges_p_a=word[0], judges_weight=word[1])
        rows[id_] = _work_row(id_, pair, known.get(id_, {}), said, places[id_], assignment.route_by)
        if doubts.has_own_family(pair):
            own_family.add(id_)
    _count_leases(connection, rows)
    choose_overlap(rows.values(), own_family, assignment.overlap)
    _set_targets(rows.values(), assignment)
    return Plan(known, rows, pairs, votes, judgments, own_family, uncovered, doubts)


def judges_worth(connection: sa.Connection, doubts: Doubts, recorded_until: str) -> dict[str, int]:
    """What a first label on each comparison with both texts is worth, in tenths, tags to cover aside.

    By what judges had said until then.
    """
    judgments = dict(all_judgments(connection, recorded_until))
    worth = {}
    for row in _with_texts(connection):
        pair = Pair(row.author_a, row.author_b, orjson.loads(row.tags))
        p_a, weight = joint_word(judgments.get(row.id, ()), doubts, pair, uncovered=False)
        worth[row.id] = information(Votes(judges_p_a=p_a, judges_weight=weight))
    return worth


def _with_texts(connection: sa.Connection) -> Iterable[Any]:
    table = schema.comparisons
    query = sa.select(table.c.id, table.c.author_a, table.c.author_b, table.c.tags)
    return connection.execute(query.where(table.c.response_a.is_not(None), table.c.response_b.is_not(None)))


def _uncovered(
    pairs: Mapping[str, Pair], votes: Mapping[str, Votes], places: Mapping[str, float], tag: str | None
) -> dict[str, int]:
    """Comparisons that shall cover the values of `tag`, and how many labels each value has.

    So many that the value has COVERED labels with them, by place; all the others of the tag are worth what the judges
    leave uncertain.
    """
    if tag is None:
        return {}
    labelled: Counter[str] = Counter()
    free: dict[str, list[str]] = {}
    for id_, pair in pairs.items():
        value = pair.tags.get(tag)
        said = votes.get(id_, Votes())
        if value is not None and (said.people or said.gold):
            labelled[value] += 1
        elif value is not None:
            free.setdefault(value, []).append(id_)
    chosen: dict[str, int] = {}
    for value, ids in free.items():
        ids.sort(key=places.__getitem__)
        chosen |= dict.fromkeys(ids[: max(COVERED - labelled[value], 0)], labelled[value])
    return chosen


def _work_row(
    id_: str, pair: Pair, old: Mapping[str, Any], votes: Votes, place: float, route_by: str | None
) -> dict[str, Any]:
    """A row of `work` but for its overlap and target; taken holds the people who have voted."""
    return {
        "comparison_id": id_,
        "position": place,
        "tag": pair.tags.get(route_by, "") if route_by else "",
        "is_gold": votes.gold,
        "overlap": bool(old.get("overlap", False)),
        "disputed": votes.disputed,
        "information": information(votes),
        "requeued": old.get("requeued", 0),
        "taken": votes.people,
        "skipped": 0,
        "judges_p_a": votes.judges_p_a,
        "judges_weight": votes.judges_weight,
    }


def _count_leases(connection: sa.Connection, rows: Rows) -> None:
    """Add to `taken` those who hold a comparison now, and to `skipped` those who skipped it."""
    leases = schema.leases
    query = (
        sa.select(leases.c.comparison_id, leases.c.state, sa.func.count().label("leases"))
        .where(leases.c.kind == "new", leases.c.state.in_(("held", "skipped")))
        .group_by(leases.c.comparison_id, leases.c.state)
    )
    for row in connection.execute(query):
        rows[row.comparison_id]["taken" if row.state == "held" else "skipped"] += row.leases


def _set_targets(rows: Iterable[dict[str, Any]], assignment: Assignment) -> None:
    several = max(assignment.raters, assignment.overlap.raters)
    for row in rows:
        planned = several if row["overlap"] else assignment.raters
        row["target"] = 0 if row["is_gold"] else planned + row["requeued"]
        row["is_open"] = is_open(row)
