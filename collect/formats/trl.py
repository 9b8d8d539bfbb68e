"""TRL's preference format: chosen and rejected, with the prompt beside them or inside both."""

from collections.abc import Iterable, Mapping
from typing import Any

from firsthand.collect.formats.dialogues import is_dialogue
from firsthand.collect.formats.form import Format, Line, alone, shared_start, shared_turns
from firsthand.errors import RecordError

PROVENANCE = ("source", "annotator", "simulated", "created_at")
"""Columns that `train mix` and `collect export` write beside the texts, read back under the same names."""


def _matches(row: Mapping[str, Any]) -> bool:
    return "chosen" in row and "rejected" in row and not is_dialogue(row)


def _convert(row: Mapping[str, Any]) -> Iterable[Line]:
    prompt, chosen, rejected = _parts(row.get("prompt"), row.get("chosen"), row.get("rejected"))
    line = {
        "prompt": prompt,
        "response_a": chosen,
        "response_b": rejected,
        "author_a": row.get("author_chosen"),
        "author_b": row.get("author_rejected"),
        "verdict": "a",
    }
    return (line | {name: row[name] for name in PROVENANCE if row.get(name) is not None},)


def _parts(prompt: Any, chosen: Any, rejected: Any) -> tuple[Any, Any, Any]:
    """Prompt and responses; messages that repeat the prompt, or share its turns, are parted after them."""
    if isinstance(chosen, str) and isinstance(rejected, str):
        return (prompt, chosen, rejected) if prompt is not None else _split_texts(chosen, rejected)
    if not isinstance(chosen, list) or not isinstance(rejected, list):
        return prompt, chosen, rejected
    given = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt or []
    if not isinstance(given, list):
        return prompt, chosen, rejected
    if chosen[: len(given)] == given == rejected[: len(given)]:
        chosen, rejected = chosen[len(given) :], rejected[len(given) :]
    end = shared_turns(chosen, rejected)
    return given + chosen[:end], chosen[end:], rejected[end:]


def _split_texts(chosen: str, rejected: str) -> tuple[str, str, str]:
    """An implicit prompt of plain texts: what both start with, up to the end of its last line or word."""
    shared = chosen[: shared_start(chosen, rejected)]
    end = max(shared.rfind("\n") + 1, shared.rfind(" ") + 1)
    if not shared[:end].strip():
        raise RecordError("there is no prompt, and chosen and rejected start with no text in common")
    return shared[:end], chosen[end:], rejected[end:]


FORMAT = Format(
    name="trl",
    summary="chosen and rejected, texts or messages, with or without prompt",
    matches=_matches,
    required=frozenset({"chosen", "rejected"}),
    optional=frozenset({"prompt", "author_chosen", "author_rejected", *PROVENANCE}),
    converter=alone(_convert),
)
