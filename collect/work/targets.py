"""Work as the database keeps it: brought into line with the store and the plan, its pools counted."""

from typing import Any

import sqlalchemy as sa

from firsthand.collect.serve_config import Assignment
from firsthand.collect.work.planning import Rows, make_plan, read_doubts
from firsthand.collect.work.renewing import ASSIGNMENT
from firsthand.store import Store, schema
from firsthand.store.secret import store_secret


def prepare_work(store: Store, assignment: Assignment) -> None:
    """Bring the work into line with the store and with `assignment`: call it when the site starts and after imports.

    Every comparison with both texts shall have assignment.raters raters. Of those without a trusted verdict,
    ceil(overlap.share x their number) shall have overlap.raters at least, pairs with an author of a judge's own family
    first; among equals what has several raters already, and what too many have skipped last. Comparisons with a trusted
    verdict are for checks only. A second call changes nothing. Raters at work wait until it is done. Raises
    InputError where order.rules can't be read.
    """
    secret = store_secret(store.engine)
    doubts = read_doubts(store, assignment)
    with store.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("LOCK TABLE work IN EXCLUSIVE MODE"))
        plan = make_plan(connection, assignment, doubts, secret)
        _write(connection, plan.known, plan.rows)
        _count_pools(connection)
        _remember(connection, assignment)


def _remember(connection: sa.Connection, assignment: Assignment) -> None:
    settings = schema.settings
    connection.execute(settings.delete().where(settings.c.name == ASSIGNMENT))
    connection.execute(settings.insert().values(name=ASSIGNMENT, value=assignment.model_dump_json()))


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
