"""Arena battles: two conversations with the same user turns, and which model won."""

from collections.abc import Iterable, Mapping
from typing import Any

from firsthand import checks
from firsthand.collect.formats.form import Format, Line, alone
from firsthand.errors import RecordError

VERDICTS = {
    "model_a": "a",
    "model_b": "b",
    "tie": "tie",
    "tie (bothbad)": "both_bad",
    "both_bad": "both_bad",
}
"""Words that are not here go on as they are, and are refused."""


def conversation(name: str, messages: Any) -> tuple[list[Any], list[Any]]:
    """A conversation's first user messages, and the answer with what follows it.

    So all turns of one opening question share a prompt id.
    """
    if not isinstance(messages, list) or not all(isinstance(message, Mapping) for message in messages):
        raise RecordError(f"{name} is {str(messages)[:80]!r}; expected a list of messages")
    first = next((at for at, message in enumerate(messages) if message.get("role") == "assistant"), None)
    if not first:
        raise RecordError(f"{name} holds no answer of an assistant after the user's message")
    return messages[:first], messages[first:]


def _convert(row: Mapping[str, Any]) -> Iterable[Line]:
    prompt, response_a = conversation("conversation_a", row.get("conversation_a"))
    other_prompt, response_b = conversation("conversation_b", row.get("conversation_b"))
    if prompt != other_prompt:
        raise RecordError("the two conversations do not start with the same message")
    winner = row.get("winner")
    if not isinstance(winner, str):
        raise RecordError(f"winner is {checks.shown(winner)}; expected one of {', '.join(VERDICTS)}")
    return (
        {
            "prompt": prompt,
            "response_a": response_a,
            "response_b": response_b,
            "author_a": row.get("model_a"),
            "author_b": row.get("model_b"),
            "annotator": row.get("judge"),
            "verdict": VERDICTS.get(winner, winner),
            "shown_first": "a",
            "tags": _tags(row),
        },
    )


def _tags(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(row[name]) for name in ("language", "turn") if row.get(name) is not None}


REQUIRED = frozenset("model_a model_b conversation_a conversation_b winner".split())
FORMAT = Format(
    name="arena",
    summary="model_a, model_b, conversation_a, conversation_b, winner (model_a, model_b, tie, tie (bothbad))",
    matches=lambda row: row.keys() >= REQUIRED,
    required=REQUIRED,
    optional=frozenset("judge language turn".split()),
    converter=alone(_convert),
)
