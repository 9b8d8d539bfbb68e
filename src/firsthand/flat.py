"""Entries as plain values, in the shape in which the store keeps them and one process hands them to another."""

import marshal
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

import orjson

from firsthand.records import (
    Annotator,
    Comparison,
    Content,
    Entry,
    Preference,
    Response,
    Side,
    Source,
    Verdict,
    dump,
)

FlatEntry: TypeAlias = tuple[str, tuple[Any, ...], "FlatAnnotator | None", tuple[Any, ...] | None, dict[str, str]]
"""The prompt (JSON), the comparison, the annotator, the preference, the families that the line states for authors.

The comparison's values are in the order of the store's columns, the preference's in that of PREFERENCE_VALUES.
"""
Key: TypeAlias = tuple[str, str, str, str, int]
"""(comparison, annotator, side shown first, judge's prompt hash, repeat): what may have one current verdict."""

KEY_VALUES = ("comparison_id", "annotator", "shown_first", "prompt_sha256", "repeat")
PREFERENCE_VALUES = (
    *("comparison_id", "annotator", "verdict", "p_a", "strength", "shown_first", "seconds", "rationale", "criteria"),
    *("prompt_sha256", "repeat", "swap_consistent", "gold", "created_at", "detail"),
)
key_of = itemgetter(*(PREFERENCE_VALUES.index(name) for name in KEY_VALUES))
"""The Key of a flat preference."""


class FlatAnnotator(NamedTuple):
    """An annotator as the store keeps it, and the family that the line states for it."""

    name: str
    source: str
    model: str | None
    simulated: bool
    family: str | None


known_annotator = lru_cache(maxsize=4096)(FlatAnnotator)


def packed(entries: Sequence[FlatEntry]) -> bytes:
    """`entries` for another process of the same Python; quicker to write than pickle, which looks for what repeats."""
    return marshal.dumps(
        [(prompt, pair, who and tuple(who), vote, stated) for prompt, pair, who, vote, stated in entries]
    )


def unpacked(data: bytes) -> list[FlatEntry]:
    """What `packed` was given."""
    entries = marshal.loads(data)  # noqa: S302 - what comes is firsthand's own
    return [(prompt, pair, who and known_annotator(*who), vote, stated) for prompt, pair, who, vote, stated in entries]


def text_characters(flat: FlatEntry) -> int:
    """How much text an entry holds."""
    a, b = flat[1][-4:-2]
    return len(flat[0]) + len(a or "") + len(b or "")


def entry_of(flat: FlatEntry) -> Entry:
    """The records of plain values: the inverse of `flatten`."""
    prompt, comparison, annotator, preference, families = flat
    id_, prompt_id, a_id, b_id, author_a, author_b, length_a, length_b, tags, a, b, origin_a, origin_b = comparison
    a_response, b_response = (
        Response(
            response_id,
            None if content is None else orjson.loads(content),
            author,
            length,
            {} if origin is None else orjson.loads(origin),
        )
        for response_id, content, author, length, origin in (
            (a_id, a, author_a, length_a, origin_a),
            (b_id, b, author_b, length_b, origin_b),
        )
    )
    known = Comparison(id_, prompt_id, orjson.loads(prompt), a_response, b_response, orjson.loads(tags))
    if annotator is None or preference is None:
        return Entry(known, families=families)
    who = Annotator(annotator.name, Source(annotator.source), annotator.model, annotator.family, annotator.simulated)
    return Entry(known, who, _preference_of(preference), families)


def _preference_of(flat: tuple[Any, ...]) -> Preference:
    values = dict(zip(PREFERENCE_VALUES[2:], flat[2:], strict=True))
    for name in ("criteria", "detail"):
        values[name] = orjson.loads(values[name])
    values |= {"verdict": Verdict(values["verdict"]), "shown_first": Side(values["shown_first"])}
    return Preference(**values)


def flatten(entry: Entry) -> FlatEntry:
    """`entry` as plain values."""
    annotator = preference = None
    if entry.annotator and entry.preference:
        annotator = _flat_annotator(entry.annotator)
        preference = _flat_preference(entry.comparison.id, annotator.name, entry.preference)
    return dump(entry.comparison.prompt), _flat_comparison(entry.comparison), annotator, preference, entry.families


def _flat_comparison(comparison: Comparison) -> tuple[Any, ...]:
    a, b = comparison.a, comparison.b
    return (
        comparison.id,
        comparison.prompt_id,
        a.id,
        b.id,
        a.author,
        b.author,
        a.length,
        b.length,
        json_object(comparison.tags),
        _content(a.content),
        _content(b.content),
        dump(a.origin) if a.origin else None,
        dump(b.origin) if b.origin else None,
    )


@lru_cache(maxsize=4096)
def _flat_annotator(annotator: Annotator) -> FlatAnnotator:
    return FlatAnnotator(annotator.name, annotator.source.value, annotator.model, annotator.simulated, annotator.family)


def _flat_preference(comparison_id: str, annotator: str, preference: Preference) -> tuple[Any, ...]:
    return (
        comparison_id,
        annotator,
        preference.verdict.value,
        preference.p_a,
        preference.strength,
        preference.shown_first.value,
        preference.seconds,
        preference.rationale,
        json_object(preference.criteria),
        preference.prompt_sha256,
        preference.repeat,
        preference.swap_consistent,
        preference.gold,
        preference.created_at,
        json_object(preference.detail),
    )


def _content(content: Content | None) -> str | None:
    return None if content is None else dump(content)


def json_object(values: dict[str, Any]) -> str:
    """Names and values as JSON."""
    return dump(values) if values else "{}"
