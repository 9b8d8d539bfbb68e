"""What a verdict or a line asks of the database must not take longer on a larger store."""

import sqlite3
from contextlib import closing

import sqlalchemy as sa
from rating_work import A, assignment, prepared

from firsthand.collect.work.items import Rater, next_items
from firsthand.collect.work.rounds import record_and_go_on
from firsthand.collect.work.verdicts import history
from firsthand.store import Outcome, Store

LARGE = ("preferences", "comparisons", "prompts", "work", "leases")


def test_nothing_is_looked_for_in_a_whole_table(store: Store):
    plan = assignment(0.5, gold_share=0.2, repeat_share=0.3)
    prepared(store, 40, plan)
    ann, asked = Rater("ann"), listened(store)

    items = next_items(store, plan, ann)
    for _ in range(15):
        items = record_and_go_on(store, plan, ann, items[0].lease, A).items
    history(store, ann.id)
    assert len(statements(asked)) > 50
    assert not scanning(store, asked)


def test_neither_are_lines_that_are_imported_again(store: Store):
    prepared(store, 40, assignment(0.5))
    entries = list(store.entries())
    asked = listened(store)
    assert store.add(entries) == [Outcome.KNOWN] * len(entries)
    assert len(statements(asked)) >= 2
    assert not scanning(store, asked)


def listened(store: Store) -> list[str]:
    """What is asked of the database from now on."""
    asked: list[str] = []

    @sa.event.listens_for(store.engine, "checkout")
    def listen(connection: sqlite3.Connection, *_pool) -> None:
        connection.set_trace_callback(asked.append)

    return asked


def statements(asked: list[str]) -> list[str]:
    kinds = ("SELECT", "WITH", "UPDATE", "DELETE", "INSERT")
    return [statement for statement in dict.fromkeys(asked) if statement.startswith(kinds)]


def scanning(store: Store, asked: list[str]) -> list[tuple[str, list[str]]]:
    """The statements that read a large table from end to end, and their plans."""
    connection = sqlite3.connect(store.engine.url.database)
    with closing(connection):
        plans = {
            statement: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
            for statement in statements(asked)
        }
    return [(one, steps) for one, steps in plans.items() if any(f"SCAN {table}" in steps for table in LARGE)]
