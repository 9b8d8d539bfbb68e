"""What the journal knows of an author's responses: their texts, and what it took to write and to pick them."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from firsthand.collect.generate.requests import KIND
from firsthand.errors import InputError
from firsthand.records import Message
from firsthand.store import Store, schema
from firsthand.store.calls import ANSWER
from firsthand.store.engine import among

AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Answer:
    """One response that `collect generate` had written. whole: it ended by itself, not at max_tokens."""

    prompt_id: str
    system: str | None
    text: str
    whole: bool
    temperature: float


@dataclass(slots=True)
class Written:
    """All of one author.

    answers: every response, of a best-of-n author every candidate. tokens: written; read: of the prompts, and by the
    reward model that picked. seconds: of writing and picking; cost: US dollars, None where no call had a price.
    picks: by n and the reward model's version, how many responses were picked.
    """

    answers: list[Answer] = field(default_factory=list)
    tokens: int = 0
    read: int = 0
    seconds: float = 0.0
    cost: float | None = None
    picks: Counter[tuple[int, str]] = field(default_factory=Counter)


def written_by(store: Store, authors: Collection[str]) -> dict[str, Written]:
    """What the journal holds of each of `authors`; those that it knows nothing of are left out."""
    found: dict[str, Written] = {}
    for call in _calls(store):
        reply = orjson.loads(call.reply)
        author = reply.get("author")
        if author not in authors:
            continue
        written = found.setdefault(author, Written())
        written.tokens += call.completion_tokens or 0
        written.read += call.prompt_tokens or 0
        written.seconds += call.seconds or 0.0
        if call.cost is not None:
            written.cost = (written.cost or 0.0) + call.cost
        if "text" in reply:
            written.answers.append(_answer(reply))
        elif reply["picked"] is not None:
            written.picks[reply["n"], reply["reward_model"]] += 1
    return found


def check_picks(author: str, written: Written, best_of: int, reward_model: str | None) -> None:
    """Raise InputError unless all of the author's responses are the best of `best_of` by one reward model.

    reward_model: its version.
    """
    if set(written.picks) != {(best_of, reward_model)}:
        found = "; ".join(
            f"{count:,} are the best of {n} by {'the' if version == reward_model else 'another'} reward model"
            for (n, version), count in written.picks.items()
        )
        raise InputError(
            f"the responses of {author!r} have to be the best of {best_of} by the model in reward_or_dpo.reward, but "
            f"{found or 'none of them was picked'}; give each reward model and each number an author of its own"
        )


def prompts_of(store: Store, ids: Collection[str]) -> dict[str, list[Message]]:
    """The messages of the prompts `ids`, at best some thousands, as far as the store has them."""
    table = schema.prompts
    with store.engine.connect().execution_options(read_only=True) as connection:
        rows = connection.execute(sa.select(table).where(among(connection, table.c.id, ids)))
        return {row.id: orjson.loads(row.messages) for row in rows}


def _calls(store: Store) -> Iterator[Any]:
    table = schema.calls
    columns = (table.c.reply, table.c.prompt_tokens, table.c.completion_tokens, table.c.seconds)
    query = sa.select(*columns, table.c.cost).where(table.c.kind == KIND, table.c.outcome == ANSWER)
    with store.engine.connect().execution_options(read_only=True, yield_per=AT_ONCE) as connection:
        yield from connection.execute(query.order_by(table.c.id))


def _answer(reply: dict[str, Any]) -> Answer:
    return Answer(
        prompt_id=reply["prompt_id"],
        system=reply["system"],
        text=reply["text"],
        whole=reply["finish"] != "length",
        temperature=float(reply["parameters"]["temperature"]),
    )
