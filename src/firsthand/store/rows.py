"""Turning rows of the store back into records."""

from typing import Any

import orjson

from firsthand.records import Comparison, Content, Preference, Response, Side, Verdict


def comparison_of(row: Any) -> Comparison:
    """The comparison in a row of `comparisons` joined with its prompt's `messages`."""
    return Comparison(
        id=row.id,
        prompt_id=row.prompt_id,
        prompt=orjson.loads(row.messages),
        a=Response(row.response_a_id, _content(row.response_a), row.author_a, row.length_a, _origin(row.origin_a)),
        b=Response(row.response_b_id, _content(row.response_b), row.author_b, row.length_b, _origin(row.origin_b)),
        tags=orjson.loads(row.tags),
    )


def preference_of(row: Any) -> Preference:
    """The preference in a row of `preferences`."""
    return Preference(
        verdict=Verdict(row.verdict),
        p_a=row.p_a,
        strength=row.strength,
        shown_first=Side(row.shown_first),
        seconds=row.seconds,
        rationale=row.rationale,
        criteria=orjson.loads(row.criteria),
        prompt_sha256=row.prompt_sha256,
        repeat=row.repeat,
        swap_consistent=row.swap_consistent,
        gold=row.gold,
        created_at=row.created_at,
        detail=orjson.loads(row.detail),
    )


def _origin(value: str | None) -> dict[str, Any]:
    return {} if value is None else dict(orjson.loads(value))


def _content(value: str | None) -> Content | None:
    return None if value is None else orjson.loads(value)
