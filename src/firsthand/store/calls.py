"""The journal of calls: what models answered, kept so that nothing is asked twice, and how calls failed.

Append-only. An answer is kept once for each (kind, key); a failure is recorded but never stands for an answer, so
that what failed is asked again.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from firsthand.records import dump
from firsthand.store import Store
from firsthand.store.engine import among
from firsthand.store.schema import calls as table

if TYPE_CHECKING:
    from firsthand.endpoint.reply import CallFailed

ANSWER = "answer"
_IS_ANSWER = table.c.outcome == sa.literal_column(f"'{ANSWER}'")


@dataclass(frozen=True, slots=True)
class Call:
    """One call that ended.

    kind: generate or judge. key: a content hash of what was asked. outcome: `answer`, or the kind of failure. reply:
    what came back, or what was said of the failure. model: as the endpoint names it. cost: USD.
    """

    kind: str
    key: str
    outcome: str
    reply: dict[str, Any]
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None


def failed_call(kind: str, key: str, failure: "CallFailed") -> Call:
    """What the journal keeps of a call without an answer."""
    return Call(
        kind,
        key,
        failure.kind.value,
        {"message": failure.message},
        prompt_tokens=failure.prompt_tokens,
        completion_tokens=failure.completion_tokens,
        cost=failure.cost,
        seconds=failure.seconds,
    )


def answered(store: Store, kind: str, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """The replies of those `keys` that were answered, by key; pass a few thousand keys at a time."""
    if not keys:
        return {}
    with store.engine.connect().execution_options(read_only=True) as connection:
        asked = sa.and_(table.c.kind == kind, _IS_ANSWER, among(connection, table.c.key, keys))
        rows = connection.execute(sa.select(table.c.key, table.c.reply).where(asked))
        return {row.key: orjson.loads(row.reply) for row in rows}


def failed_calls(store: Store, kind: str) -> dict[str, int]:
    """How many calls failed, by key. One read of the journal: its index knows only answers, and failures are few."""
    query = sa.select(table.c.key, sa.func.count()).where(table.c.kind == kind, sa.not_(_IS_ANSWER))
    with store.engine.connect().execution_options(read_only=True) as connection:
        return {row[0]: row[1] for row in connection.execute(query.group_by(table.c.key))}


def record(store: Store, calls: Sequence[Call]) -> None:
    """Add `calls` in one transaction; when this returns they are on disk. A second answer to a key is not kept."""
    if not calls:
        return
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    rows = [{**asdict(call), "reply": dump(call.reply), "recorded_at": now} for call in calls]
    dialect = postgresql if store.engine.dialect.name == "postgresql" else sqlite
    adding = dialect.insert(table).on_conflict_do_nothing(index_elements=["kind", "key"], index_where=_IS_ANSWER)
    with store.engine.begin() as connection:
        connection.execute(adding, rows)
