"""What a verdict asks of the database must not take longer on a larger store."""

import sqlite3

import sqlalchemy as sa
from rating_work import A, assignment, prepared

from firsthand.collect.work.items import Rater, next_items
from firsthand.collect.work.rounds import record_and_go_on
from firsthand.collect.work.verdicts import history
from firsthand.store import Store

LARGE = ("preferences", "comparisons", "prompts", "work", "leases")


def test_nothing_is_looked_for_in_a_whole_table(store: Store):
    plan = assignment(0.5, gold_share=0.2, repeat_share=0.3)
    prepared(store, 40, plan)
    ann, asked = Rater("ann"), []

    @sa.event.listens_for(store.engine, "checkout")
    def listen(connection: sqlite3.Connection, *_pool) -> None:
        connection.set_trace_callback(asked.append)

    items = next_items(store, plan, ann)
    for _ in range(15):
        items = record_and_go_on(store, plan, ann, items[0].lease, A).items
    history(store, ann.id)
    kinds = ("SELECT", "UPDATE", "DELETE", "INSERT")
    statements = [statement for statement in dict.fromkeys(asked) if statement.startswith(kinds)]
    assert len(statements) > 50
    with sqlite3.connect(store.engine.url.database) as connection:
        for statement in statements:
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
            whole = [step for step in steps for table in LARGE if step == f"SCAN {table}"]
            assert not whole, (statement, steps)
    connection.close()
