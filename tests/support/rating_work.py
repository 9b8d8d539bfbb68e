"""Stores with work in them, raters at work, and what must hold of both at any time."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from builders import fill, line

from firsthand.collect.serve_config import Assignment
from firsthand.collect.work.items import Item, Rater, next_items
from firsthand.collect.work.targets import prepare_work
from firsthand.collect.work.verdicts import Answer, Status, record
from firsthand.records import Verdict
from firsthand.store import Store, schema

A = Answer(Verdict.A)
SKIP = Answer(Verdict.SKIP, skip_reason="broken")


def assignment(share: float = 0.0, **keys: Any) -> Assignment:
    """`share` of overlap, and neither gold nor repeats unless asked for."""
    return Assignment.model_validate({"overlap": {"share": share}, "gold_share": 0, "repeat_share": 0, **keys})


def prepared(store: Store, number: int, plan: Assignment, **keys: Any) -> Store:
    """The store with `number` comparisons to be rated."""
    fill(store, [line(n, **keys) for n in range(number)])
    prepare_work(store, plan)
    return store


def work_off(
    store: Store, plan: Assignment, raters: Iterable[str | Rater], seed: int = 0, most: int = 10**6
) -> list[tuple[str, Item]]:
    """Let the raters take turns until nobody is given anything, or `most` items are answered; returns who got what."""
    chance = random.Random(seed)
    people = [Rater(rater) if isinstance(rater, str) else rater for rater in raters]
    given: list[tuple[str, Item]] = []
    while people and len(given) < most:
        for rater in list(people):
            items = next_items(store, plan, rater, 1, chance)
            if not items:
                people.remove(rater)
                continue
            assert record(store, rater.id, items[0].lease, A).status is Status.RECORDED
            given.append((rater.id, items[0]))
    return given


def rows(store: Store, table: sa.Table, **where: Any) -> list[dict[str, Any]]:
    query = sa.select(table).where(*(table.c[name] == value for name, value in where.items()))
    with store.engine.connect().execution_options(read_only=True) as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def raters_of(store: Store) -> dict[str, set[str]]:
    """Who has each comparison: holds a lease on it as new work, or has judged it."""
    have: dict[str, set[str]] = {row["comparison_id"]: set() for row in rows(store, schema.work)}
    for row in rows(store, schema.leases, kind="new", state="held"):
        have[row["comparison_id"]].add(row["rater"])
    people = {row["name"] for row in rows(store, schema.annotators, source="human")}
    for row in rows(store, schema.preferences, is_current=True, repeat=0):
        if (
            row["annotator"] in people
            and row["verdict"] != "skip"
            and not row["gold"]
            and '"kind":"gold"' not in row["detail"]
        ):
            have[row["comparison_id"]].add(row["annotator"])
    return have


def check_books(store: Store) -> None:
    """The places, the pools and the preferences tell the same story, and no comparison has too many raters."""
    have = raters_of(store)
    work = rows(store, schema.work)
    assert {row["comparison_id"]: row["taken"] for row in work} == {name: len(who) for name, who in have.items()}
    assert all(row["taken"] <= row["target"] for row in work if not row["is_gold"])
    pools = Counter((row["tag"], row["overlap"], row["taken"], row["information"]) for row in work if row["is_open"])
    kept = {
        (row["tag"], row["overlap"], row["taken"], row["information"]): row["size"]
        for row in rows(store, schema.pools)
        if row["size"]
    }
    assert kept == pools


def add_account(
    store: Store, name: str, state: str = "active", reason: str | None = None, role: str = "rater", tags: str = "[]"
) -> None:
    row = {
        "id": name,
        "role": role,
        "tags": tags,
        "state": state,
        "state_reason": reason,
        "generation": 0,
        "created_at": datetime.now(UTC).isoformat(),
    }
    with store.engine.begin() as connection:
        connection.execute(sa.insert(schema.accounts).values(row))
