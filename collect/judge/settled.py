"""One name, one judge: a judge whose verdicts are in the store stays as it was when it gave them."""

from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from firsthand.errors import InputError
from firsthand.records import Source, dump
from firsthand.store import Store, schema

PANEL = "panel"
"""The method of a panel's verdicts."""


def check_annotator(store: Store, name: str, family: str | None, *, panel: bool = False) -> None:
    """Raise InputError where the store knows `name` as a person, as a script, or as of another family.

    Or, where it is to be a panel, as a judge, and the other way round.
    """
    known = store.annotators().get(name)
    if known and (known.source is not Source.SYNTHETIC or known.simulated):
        kind = "a simulated judge" if known.source is Source.SYNTHETIC else "a person"
        raise InputError(f"the store knows {name!r} as {kind}; give the judge another name")
    detail = earlier_detail(store, name) if known else None
    if detail is not None and (was_panel := detail.get("method") == PANEL) is not panel:
        kinds = ("a judge", "a panel")
        raise InputError(
            f"the store knows {name!r} as {kinds[was_panel]}, here it is {kinds[panel]}; give it another name"
        )
    earlier = store.families().get(name, family)
    if family is not None and earlier != family:
        raise InputError(
            f"the judge {name!r} is of family {family!r} here but {earlier!r} in the store; make them agree"
        )


def earlier_detail(store: Store, name: str, sha256: str | None = None) -> dict[str, Any] | None:
    """How a verdict of `name` came about, if there is one. sha256: of what it was asked with; None for anything."""
    table = schema.preferences
    query = sa.select(table.c.detail).where(table.c.annotator == name).limit(1)
    if sha256 is not None:
        query = query.where(table.c.prompt_sha256 == sha256)
    with store.engine.connect().execution_options(read_only=True) as connection:
        detail = connection.execute(query).scalar()
    return None if detail is None else dict(orjson.loads(detail))


def check_settled(store: Store, name: str, sha256: str, facts: Mapping[str, Any]) -> None:
    """Raise InputError where earlier verdicts of `name` came about otherwise than `facts` say."""
    earlier = earlier_detail(store, name, sha256)
    for fact, now in facts.items():
        if earlier is not None and earlier.get(fact) != now:
            raise InputError(
                f"the judge {name!r} gave its verdicts with {fact} {dump(earlier.get(fact))}, now {dump(now)}; "
                "give the changed judge another name, or change it back"
            )
