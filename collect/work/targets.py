"""What work there is: how many raters each comparison shall have, who may be given it, and what it would tell."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from firsthand.collect.serve_config import Assignment
from firsthand.collect.work.information import Votes, counted_votes, information
from firsthand.collect.work.sides import position
from firsthand.collect.work.turns import is_open
from firsthand.lineage import Lineage, Relation, relation
from firsthand.records import Annotator, Source
from firsthand.store import Store, schema
from firsthand.store.secret import store_secret

OWN_FAMILY = (Relation.SAME_MODEL, Relation.INHERITED, Relation.SAME_SERIES, Relation.SAME_FAMILY)

ASSIGNMENT = "assignment"
"""The setting that holds how work was last prepared."""

Rows = dict[str, dict[str, Any]]
"""Rows of `work` by comparison."""


def prepare_work(store: Store, assignment: Assignment) -> None:
    """Bring the work into line with the store and with `assignment`: call it when the site starts and after imports.

    Every comparison with both texts shall have assignment.raters raters. Of those without a trusted verdict,
    ceil(overlap.share x their number) shall have overlap.raters at least, pairs with an author of a judge's own family
    first; what has several raters already counts. Comparisons with a trusted verdict are for checks only. A second call
    changes nothing. Raters at work wait until it is done.
    """
    secret = store_secret(store.engine)
    judges = [judge for judge in store.annotators().values() if judge.source is Source.SYNTHETIC]
    families = store.families()
    with store.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("LOCK TABLE work IN EXCLUSIVE MODE"))
        work = schema.work
        known = {row.comparison_id: dict(row._mapping) for row in connection.execute(sa.select(work))}
        votes = dict(counted_votes(connection))
        rows: Rows = {}
        own_family: set[str] = set()
        is_own = _own_family_test(judges, families)
        for row in _with_texts(connection):
            old = known.get(row.id, {})
            rows[row.id] = _work_row(row, old, votes.get(row.id, Votes()), secret, assignment.route_by)
            if is_own(row.author_a) or is_own(row.author_b):
                own_family.add(row.id)
        _count_leases(connection, rows)
        _choose_overlap(rows, own_family, assignment)
        _set_targets(rows.values(), assignment)
        _write(connection, known, rows)
        _count_pools(connection)
        _remember(connection, assignment)


def prepare_imported_work(store: Store) -> None:
    """`prepare_work` as the site that rates from this store last did it; nothing where none has."""
    settings = schema.settings.c
    with store.engine.connect().execution_options(read_only=True) as connection:
        known = connection.execute(sa.select(settings.value).where(settings.name == ASSIGNMENT)).scalar()
    if known is not None:
        prepare_work(store, Assignment.model_validate_json(known))


def _remember(connection: sa.Connection, assignment: Assignment) -> None:
    settings = schema.settings
    connection.execute(settings.delete().where(settings.c.name == ASSIGNMENT))
    connection.execute(settings.insert().values(name=ASSIGNMENT, value=assignment.model_dump_json()))


def _with_texts(connection: sa.Connection) -> Iterable[Any]:
    table = schema.comparisons
    query = sa.select(table.c.id, table.c.author_a, table.c.author_b, table.c.tags)
    return connection.execute(query.where(table.c.response_a.is_not(None), table.c.response_b.is_not(None)))


def _work_row(
    comparison: Any, old: Mapping[str, Any], votes: Votes, secret: bytes, route_by: str | None
) -> dict[str, Any]:
    """A row of `work` but for its overlap and target; taken holds the people who have voted."""
    return {
        "comparison_id": comparison.id,
        "position": old.get("position", position(secret, comparison.id)),
        "tag": orjson.loads(comparison.tags).get(route_by, "") if route_by else "",
        "is_gold": votes.gold,
        "overlap": bool(old.get("overlap", False)),
        "disputed": votes.disputed,
        "information": information(votes),
        "requeued": old.get("requeued", 0),
        "taken": votes.people,
        "skipped": 0,
    }


def _own_family_test(judges: Iterable[Annotator], families: Mapping[str, str]) -> Any:
    """Whether an author is a judge of the store, or of a judge's family."""
    known = [
        Lineage(name, judge.family or families.get(name))
        for judge in judges
        for name in {judge.name, judge.model or judge.name}
    ]
    verdicts: dict[str | None, bool] = {None: False}

    def is_own(author: str | None) -> bool:
        if author is not None and author not in verdicts:
            lineage = Lineage(author, families.get(author))
            verdicts[author] = any(relation(judge, lineage) in OWN_FAMILY for judge in known)
        return verdicts[author]

    return is_own


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


def _choose_overlap(rows: Rows, own_family: set[str], assignment: Assignment) -> None:
    """Choose what several people shall label early on.

    First what they have labelled already, then what was chosen before and is begun, then own-family pairs, then the
    store's random order.
    """
    ratable = [row for row in rows.values() if not row["is_gold"]]

    def rank(row: dict[str, Any]) -> tuple[bool, bool, bool, float]:
        has_several = row["taken"] >= assignment.overlap.raters
        is_begun = row["overlap"] and row["taken"] > 0
        return not has_several, not is_begun, row["comparison_id"] not in own_family, row["position"]

    # Rounded before the ceiling: 0.07 x 100 is 7.000000000000001.
    wanted = math.ceil(round(assignment.overlap.share * len(ratable), 9))
    ratable.sort(key=rank)
    for place, row in enumerate(ratable):
        row["overlap"] = place < wanted
    for row in rows.values():
        row["overlap"] = row["overlap"] and not row["is_gold"]


def _set_targets(rows: Iterable[dict[str, Any]], assignment: Assignment) -> None:
    several = max(assignment.raters, assignment.overlap.raters)
    for row in rows:
        planned = several if row["overlap"] else assignment.raters
        row["target"] = 0 if row["is_gold"] else planned + row["requeued"]
        row["is_open"] = is_open(row)


def _write(connection: sa.Connection, known: Rows, rows: Rows) -> None:
    table = schema.work
    new = [row for name, row in rows.items() if name not in known]
    if new:
        connection.execute(table.insert(), new)
    changed = [row for name, row in rows.items() if name in known and row != known[name]]
    if changed:
        parameters = [{f"new_{name}": value for name, value in row.items()} for row in changed]
        values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in changed[0] if name != "comparison_id"}
        statement = table.update().where(table.c.comparison_id == sa.bindparam("new_comparison_id")).values(values)
        connection.execute(statement, parameters)


def _count_pools(connection: sa.Connection) -> None:
    pools, work = schema.pools, schema.work
    shared = (work.c.tag, work.c.overlap, work.c.taken, work.c.information)
    counted = sa.select(*shared, sa.func.count()).where(work.c.is_open).group_by(*shared)
    connection.execute(pools.delete())
    connection.execute(pools.insert().from_select([column.name for column in pools.c], counted))
