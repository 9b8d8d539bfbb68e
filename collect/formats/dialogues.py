"""hh-rlhf dialogues: chosen and rejected are one text each, "\\n\\nHuman: … \\n\\nAssistant: …", alike at first."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from firsthand.collect.formats.form import Format, Line, alone, shared_turns
from firsthand.errors import RecordError

_TURN = re.compile(r"\n\n(Human|Assistant):")
_ROLES = {"Human": "user", "Assistant": "assistant"}


def is_dialogue(row: Mapping[str, Any]) -> bool:
    """Whether chosen and rejected are dialogues of this kind."""
    texts = (row.get("chosen"), row.get("rejected"))
    return all(isinstance(text, str) and text.startswith("\n\nHuman:") for text in texts)


def _convert(row: Mapping[str, Any]) -> Iterable[Line]:
    chosen, rejected = _messages("chosen", row.get("chosen")), _messages("rejected", row.get("rejected"))
    shared = shared_turns(chosen, rejected)
    return (
        {"prompt": chosen[:shared], "response_a": chosen[shared:], "response_b": rejected[shared:], "verdict": "a"},
    )


def _messages(name: str, text: Any) -> list[dict[str, str]]:
    if not isinstance(text, str) or not text.startswith("\n\nHuman:"):
        raise RecordError(f'{name} does not start with "\\n\\nHuman:"; it is no dialogue of this format')
    parts = _TURN.split(text)
    return [
        {"role": _ROLES[role], "content": content.strip()}
        for role, content in zip(parts[1::2], parts[2::2], strict=True)
    ]


FORMAT = Format(
    name="hh-rlhf",
    summary='chosen and rejected, each a dialogue "\\n\\nHuman: … \\n\\nAssistant: …"',
    matches=is_dialogue,
    required=frozenset({"chosen", "rejected"}),
    optional=frozenset(),
    converter=alone(_convert),
)
